"""The package as it is listed, as it is laid out, and as it is built."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FACE = ROOT / "src" / "lexigym"
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
NO_PACKAGES = ("src", "tests", "examples", "benchmarks", "docs", "training")


def folders_with_code() -> set[str]:
    folders = [
        folder
        for folder in ROOT.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in NO_PACKAGES
    ]
    return {
        ".".join(("lexigym", *path.parent.relative_to(ROOT).parts))
        for folder in folders
        for path in folder.rglob("*.py")
        if not {"build", "dist"} & set(path.relative_to(ROOT).parts)
    }


def test_every_folder_with_code_is_listed():
    assert {"lexigym", *folders_with_code()} == set(SETUPTOOLS["packages"])


def test_every_folder_is_mapped_and_linked():
    top = {name for name in SETUPTOOLS["packages"] if name.count(".") == 1}
    mapped = {name: folder for name, folder in SETUPTOOLS["package-dir"].items() if "." in name}
    assert mapped == {name: name.removeprefix("lexigym.") for name in top}
    links = [path for path in FACE.iterdir() if path.is_symlink()]
    assert {f"lexigym.{link.name}" for link in links} == top
    for link in links:
        assert not link.readlink().is_absolute()
        assert link.resolve() == ROOT / link.name


def pins(path: Path) -> dict[str, str]:
    """Return the version of each package that a file of requirements pins."""
    lines = re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in lines}


@pytest.mark.parametrize(
    ("locked", "constraints"),
    [
        ("locked-build.txt", "constraints.txt"),
        ("locked-tests.txt", "constraints.txt"),
        ("locked-smollm2.txt", "constraints.txt"),
        ("locked-integrations.txt", "constraints-integrations.txt"),
        ("locked-rllib.txt", "constraints-rllib.txt"),
    ],
)
def test_what_is_locked_is_what_the_constraints_say(locked, constraints):
    versions = pins(ROOT / ".ci" / locked)
    assert versions
    assert versions.items() <= pins(ROOT / constraints).items()


def test_all_that_is_locked_has_its_hashes():
    for path in (ROOT / ".ci").glob("locked-*.txt"):
        requirements = path.read_text("utf-8").replace("\\\n", "").splitlines()
        assert requirements
        assert all(" --hash=sha256:" in each for each in requirements), path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build in a copy, since building leaves files behind, and without the links, as on Windows."""
    source = tmp_path_factory.mktemp("source")
    for name in (*SETUPTOOLS["package-dir"].values(), "pyproject.toml", "README.md", "LICENSE"):
        origin, target = ROOT / name, source / name
        if origin.is_dir():
            shutil.copytree(
                origin,
                target,
                symlinks=True,
                ignore=lambda folder, names: [
                    each
                    for each in names
                    if each == "__pycache__" or (Path(folder) / each).is_symlink()
                ],
            )
        else:
            shutil.copy(origin, target)
    output = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--wheel-dir", output, source),
        ],
        check=True,
    )
    return next(output.glob("*.whl"))


def test_the_wheel_holds_everything(wheel):
    with zipfile.ZipFile(wheel) as archive:
        built = {name for name in archive.namelist() if name.startswith("lexigym/")}
    expected = {
        f"lexigym/{path.relative_to(ROOT).as_posix()}"
        for package in folders_with_code()
        for path in (ROOT / Path(*package.split(".")[1:])).iterdir()
        if path.suffix in (".py", ".toml")
    }
    expected |= {
        f"lexigym/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "envs" / "datasets" / "data").rglob("*.t*")
    }
    expected |= {
        f"lexigym/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "agents" / "lm" / "shipped").iterdir()
    }
    expected |= {
        f"lexigym/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "leaderboard" / "page" / "assets").iterdir()
    }
    expected |= {
        f"lexigym/{path.name}" for path in FACE.iterdir() if path.suffix in (".py", ".typed")
    }
    assert built == expected


def test_the_wheel_works(wheel, tmp_path):
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    program = """
import sys, gymnasium, lexigym
from lexigym.leaderboard.experiment import load_experiment, suites
assert lexigym.__file__.startswith(sys.argv[1]), lexigym.__file__
gymnasium.make("lexigym:GridRobot-v0").close()
print(lexigym.__version__, *suites(), load_experiment("quick").name)
"""
    process = subprocess.run(
        [sys.executable, "-c", program, str(installed)],
        env=os.environ | {"PYTHONPATH": str(installed)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    version = wheel.name.split("-")[1]
    assert process.stdout.split() == [version, *suites_in(ROOT), "quick"]


def suites_in(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "experiments").glob("*.toml"))
