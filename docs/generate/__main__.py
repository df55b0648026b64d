"""Write what is generated in docs/ and in the READMEs, or check it.

python docs/generate            writes the files
python docs/generate --check    names the stale ones, and exits with 1 if there are any
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from board import make_board
from pages import MARK, make_pages

from lexigym.registry.atomic_file import atomic_file

ROOT = Path(__file__).parents[2]
DOCS = "docs"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files, or check them; return 1 if a checked one is stale."""
    parser = argparse.ArgumentParser(
        description="Write what is generated in docs/ and in the READMEs, or check it."
    )
    parser.add_argument("--check", action="store_true", help="write nothing, name stale files")
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout than this one")
    arguments = parser.parse_args(argv)
    stale = stale_files(arguments.root, make_files(arguments.root))
    for name, text in stale.items():
        if arguments.check:
            print(f"stale: {name}", file=sys.stderr)
        elif text is None:
            (arguments.root / name).unlink()
            print(f"removed {name}")
        else:
            with atomic_file(arguments.root / name) as temporary:
                temporary.write_bytes(text.encode())
            print(f"wrote {name}")
    if arguments.check and stale:
        print("run `python docs/generate`", file=sys.stderr)
    return int(arguments.check and bool(stale))


def make_files(root: Path) -> dict[str, str]:
    """Return the text of every file by its path under the root."""
    return {f"{DOCS}/{name}": text for name, text in make_pages().items()} | make_board(root)


def stale_files(root: Path, files: Mapping[str, str]) -> dict[str, str | None]:
    """Return what files should be, where they are something else; None for pages of the past."""
    stale: dict[str, str | None] = {}
    for name, text in files.items():
        path = root / name
        if not path.exists() or path.read_bytes() != text.encode():
            stale[name] = text
    for path in sorted((root / DOCS).rglob("*.md")):
        name = path.relative_to(root).as_posix()
        if name not in files and path.read_bytes().startswith(MARK.encode()):
            stale[name] = None
    return stale


if __name__ == "__main__":
    sys.exit(main())
