"""Who may import whom, and what `import lexigym` must not."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# For each folder, the modules of ours that it may import, besides its own.
ALLOWED = {
    "registry": (),
    "envs": ("lexigym.registry",),
    "agents": ("lexigym.registry",),
    "leaderboard": ("lexigym.registry", "lexigym.agents.protocol", "lexigym.agents.recordings"),
}
HEAVY = ("numba", "rich", "stable_baselines3", "torch", "transformers")


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Return the absolute names of all modules that a file imports, wherever in it."""
    parts = ("lexigym", *path.relative_to(ROOT).with_suffix("").parts)
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parts[: -node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            submodules = {f"{module}.{alias.name}" for alias in node.names}
            # "from .. import errors" names a module, "from ..errors import X" a thing in one.
            names |= submodules if node.level and node.module is None else {module}
    return names


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_only_what_it_may(folder):
    assert modules(folder)
    allowed = (f"lexigym.{folder}", *ALLOWED[folder])
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(folder)
        for name in sorted(imports(path))
        if within(name, ("lexigym", *ALLOWED)) and not within(name, allowed)
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("folder", "foreign"), [("envs", ("torch", "stable_baselines3", "sb3_contrib"))]
)
def test_environments_need_no_learning_library(folder, foreign):
    wrong = [path for path in modules(folder) if any(within(n, foreign) for n in imports(path))]
    assert not wrong


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_its_own_modules_relatively(folder):
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(folder)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and not node.level and within(node.module, ("lexigym",))
    ]
    assert not wrong


@pytest.mark.parametrize("module", ["lexigym", "lexigym.leaderboard.command_line"])
def test_importing_is_light(module):
    program = f"import sys, {module}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    path = [path for path in sys.path if path]
    output = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}; {program}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert output.split() == []


def test_importing_again_is_harmless():
    program = "import warnings; warnings.simplefilter('error'); import importlib, lexigym; "
    program += "importlib.reload(lexigym)"
    path = [path for path in sys.path if path]
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}; {program}"], check=True
    )


def test_the_public_names_exist():
    import lexigym

    assert sorted(lexigym.__all__) == lexigym.__all__
    for name in lexigym.__all__:
        assert getattr(lexigym, name) is not None
