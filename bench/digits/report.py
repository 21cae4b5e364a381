"""The table, the plot and the JSON of the runs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .experiments import Experiment
from .findings import FAILING, HOLDING, Results

TITLES = {"none": "no norm", "batchnorm": "BatchNorm", "layernorm": "LayerNorm"}
XLABELS = {"scale": "standard deviation of the weights at the start", "batch": "images in a batch"}


def table(results: Results, experiment: Experiment) -> str:
    """Return the test accuracies, a value of what is varied on each line."""
    columns = [(backend, norm) for norm in TITLES for backend in results]
    value = experiment.value
    values = sorted({value(job) for outcomes in results.values() for job in outcomes})
    accuracy = {(b, job.norm, value(job)): o.accuracy for b, outcomes in results.items() for job, o in outcomes.items()}
    lines = [
        f"{'test accuracy':<14}" + "".join(f"{TITLES[norm]:>11}" for _, norm in columns),
        f"{experiment.label:<14}" + "".join(f"{backend:>11}" for backend, _ in columns),
    ]
    lines += [
        f"{experiment.shown(v):<14}" + "".join(f"{accuracy[b, norm, v]:>11.1%}" for b, norm in columns) for v in values
    ]
    return "\n".join(lines)


def write_json(file: Path, results: Results, said: Sequence[str], broken: Sequence[str]) -> None:
    runs = [
        {**asdict(job), **asdict(outcome), "accuracy": outcome.accuracy}
        for outcomes in results.values()
        for job, outcome in outcomes.items()
    ]
    file.write_text(json.dumps({"runs": runs, "findings": said, "broken": broken}, indent=2) + "\n")


def plot(file: Path, results: Results, experiment: Experiment) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    marks = {"native": ("o", "-"), "numpy": ("x", "--")}
    for colour, (norm, title) in zip(("tab:red", "tab:blue", "tab:green"), TITLES.items(), strict=True):
        for backend, outcomes in results.items():
            points = sorted((experiment.value(job), o.accuracy) for job, o in outcomes.items() if job.norm == norm)
            marker, line = marks[backend]
            label = f"{title}, {backend}" if len(results) > 1 else title
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, linestyle=line, label=label)
    if experiment.varied == "scale":
        axes.axhline(HOLDING, color="grey", linewidth=0.8, label=f"what BatchNorm must reach, {HOLDING:.0%}")
        axes.axhline(
            FAILING, color="grey", linewidth=0.8, linestyle=":", label=f"below: the plain network fails, {FAILING:.0%}"
        )
    axes.set(xscale="log", xlabel=XLABELS[experiment.varied], ylabel="test accuracy", ylim=(0, 1.02))
    ticks = sorted({experiment.value(job) for outcomes in results.values() for job in outcomes})
    axes.set_xticks(ticks, [experiment.shown(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_title("A six-layer perceptron on scikit-learn's digits")
    axes.legend(fontsize="small")
    figure.savefig(file, dpi=150)
    pyplot.close(figure)
