"""What is varied, from run to run, and what else is as it is."""

from dataclasses import dataclass

from .training import BATCH, Job


@dataclass(frozen=True)
class Experiment:
    varied: str  # a field of Job
    label: str
    scales: tuple[float, ...]
    batches: tuple[int, ...]

    def value(self, job: Job) -> float:
        return float(getattr(job, self.varied))

    def shown(self, value: float) -> str:
        return f"{value:.1e}" if self.varied == "scale" else f"{value:.0f}"

    def place(self, job: Job) -> str:
        return f"{self.label} {self.shown(self.value(job))}"


EXPERIMENTS = {
    "scale": Experiment("scale", "weight scale", (1e-4, 3e-4, 1e-3, 1e-2, 1e-1, 1.0), (BATCH,)),
    # At this scale all three networks learn.
    "batch": Experiment("batch", "batch size", (1e-1,), (2, 4, 8, 16, 32, 64, 128)),
}
