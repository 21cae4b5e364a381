"""The most memory that a network's steps take, parameters and libraries included: a process for each variant."""

import argparse
import subprocess
import sys

from memory import SELF, status
from networks import networks
from training import VARIANTS, Run, Variant

STEPS = 2


def peak(network: str, dtype: str, way: str, variant: Variant) -> int | None:
    """Return bytes; None where the system does not tell."""
    command = [sys.executable, __file__, network, dtype, way, variant.name]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return int(printed) if printed else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("network", "dtype", "way", "variant"):
        parser.add_argument(name)
    options = parser.parse_args()
    network = next(network for network in networks() if network.name == options.network)
    variant = next(variant for variant in VARIANTS if variant.name == options.variant)
    call = Run(network, options.dtype, variant).call(options.way)
    call()  # a compiler has memory of its own
    try:
        (SELF / "clear_refs").write_text("5")  # the peak is what is resident now
        for _ in range(STEPS):
            call()
        print(status("VmHWM"))
    except (OSError, KeyError):
        print()


if __name__ == "__main__":
    main()
