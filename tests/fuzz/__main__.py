"""Give mutated inputs to a parser until something is wrong, or time is over.

python -m tests.fuzz pack-lines                  for 10 minutes
python -m tests.fuzz pack-lines --seconds 60
python -m tests.fuzz pack-lines --input FILE     once, with an input that was found
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]

# What counts the branches of functions is nothing that can be compiled.
os.environ["NUMBA_DISABLE_JIT"] = "1"
with atheris.instrument_imports(include=["lexigym"]):
    from .catalog import TARGETS, load_target

# Of one input, in seconds of a clock: the target itself counts the processor's.
LONGEST_WAIT = 60
MOST_MEGABYTES = 4_000


def main() -> None:
    """Run the command; libFuzzer ends the process."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what reaches new code")
    parser.add_argument("--input", type=Path, help="a file to try, once")
    arguments = parser.parse_args()
    with atheris.instrument_imports(include=["lexigym"]):
        target = load_target(arguments.target)
    if arguments.input is not None:
        target.run(arguments.input.read_bytes())
        return
    # What it takes to import everything is not the fault of an input.
    for seed in target.SEEDS:
        try:
            target.run(seed)
        except AssertionError:
            target.run(seed)
    corpus = arguments.corpus or Path(tempfile.mkdtemp(prefix=f"fuzz-{arguments.target}-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = corpus.parent / f"{corpus.name}.words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.WORDS))
    options = [
        f"-max_total_time={arguments.seconds}",
        f"-timeout={LONGEST_WAIT}",
        f"-rss_limit_mb={MOST_MEGABYTES}",
        f"-dict={words}",
        f"-artifact_prefix={corpus.parent}/{corpus.name}-",
        "-max_len=65536",
        "-len_control=0",
        "-print_final_stats=1",
        str(corpus),
    ]
    print(f"{arguments.target}: the inputs are in {corpus}", flush=True)
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
