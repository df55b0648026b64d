"""Measure what `import lexigym` costs over `import gymnasium`: the ratio of the medians.

Run: python benchmarks/import_time.py [--repeats 21]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

MODULES = ("gymnasium", "lexigym")


def seconds_to_import(module: str) -> float:
    """Return the wall time of one import in a fresh interpreter, its own start excluded."""
    code = (
        "import time; start = time.perf_counter(); "
        f"import {module}; print(time.perf_counter() - start)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    return float(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=21)
    repeats = parser.parse_args().repeats
    seconds: dict[str, list[float]] = {module: [] for module in MODULES}
    for module in MODULES:
        seconds_to_import(module)
    started = time.perf_counter()
    # Interleaved, so that a busy moment of the machine falls on both.
    for _ in range(repeats):
        for module in MODULES:
            seconds[module].append(seconds_to_import(module))
    medians = {module: statistics.median(seconds[module]) for module in MODULES}
    for module, median in medians.items():
        print(f"import {module}: median {1e3 * median:.1f} ms of {repeats}")
    print(f"ratio: {medians['lexigym'] / medians['gymnasium']:.3f} (at most 1.3 is the aim)")
    print(f"measured in {time.perf_counter() - started:.0f} s on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
