"""The pages of docs/ say what the code says, and their links and programs work."""

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lexigym

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GENERATE = DOCS / "generate.py"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def world(size: int = 3, kind: str | None = None, **others: object) -> None:
    """It turns.

    Observation:
        `"map"`: all of it.
        `"point"`: where one is, in a sentence that is so long that it takes two lines of this very
            docstring.
        That is all.

    Arguments:
        size: How large | wide.
        kind: One,
            or another.
        **others: The rest.
        `reset(options={"x": 1})` does more.
    """


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate_docs", GENERATE)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def main(generate, monkeypatch, tmp_path):
    """Run the generator on another folder, with two short pages."""
    pages = {"README.md": f"{generate.MARK}\n\nindex\n", "a/b.md": f"{generate.MARK}\n\nb\n"}
    monkeypatch.setattr(generate, "make_pages", lambda: pages)
    return lambda *options: generate.main([*options, "--folder", str(tmp_path)])


def without_code(text):
    return re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def pinned_babel():
    constraints = (ROOT / "constraints.txt").read_text("utf-8")
    return re.search(r"^babel==(\S+)", constraints, re.MULTILINE)[1]


@pytest.mark.skipif(
    importlib.metadata.version("babel") != pinned_babel(),
    reason="the pages are of the locale data in the pinned Babel",
)
def test_no_page_is_stale(tmp_path):
    # In a process of its own, from another folder: neither may matter.
    process = subprocess.run(
        [sys.executable, "-W", "error", GENERATE, "--check"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONHASHSEED": "random"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr


def test_everything_has_a_page_or_a_heading():
    from lexigym.agents.catalog import AGENTS
    from lexigym.envs.catalog import ENVIRONMENTS
    from lexigym.envs.datasets.catalog import DATASETS
    from lexigym.envs.scorers.catalog import SCORERS

    assert {f"environments/{entry['id']}.md" for entry in ENVIRONMENTS} <= set(PAGES)
    pages = {"agents.md": AGENTS, "datasets.md": DATASETS, "scorers.md": SCORERS}
    for page, catalogue in pages.items():
        headings = re.findall(r"^## (.*)", (DOCS / page).read_text("utf-8"), re.MULTILINE)
        assert headings == [name for name, _, _ in catalogue]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(generate, name):
    def anchors(path):
        headings = re.findall(r"^#+ (.*)", path.read_text("utf-8"), re.MULTILINE)
        return {generate.anchor(heading) for heading in headings}

    page = DOCS / name
    broken = []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", without_code(page.read_text("utf-8"))):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_linked():
    linked = {
        (page.parent / link).resolve()
        for page in DOCS.rglob("*.md")
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))
    }
    assert {(DOCS / name).resolve() for name in PAGES} <= linked


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_nothing_of_the_machine(name):
    text = (DOCS / name).read_text("utf-8")
    for secret in (str(ROOT), str(Path.home()), "site-packages", lexigym.__version__, "\x1b"):
        assert secret not in text


@pytest.mark.parametrize("name", PAGES)
def test_programs_run(name):
    for program in re.findall(
        r"^```python\n(.*?)^```$", (DOCS / name).read_text("utf-8"), re.M | re.S
    ):
        space = {}
        exec(program, space)
        for environment in (space.get("env"), space.get("envs")):
            if environment is not None:
                environment.close()


def test_sections_become_headings_lists_and_tables(generate):
    documentation = generate.Documentation.of(world)
    assert documentation.lead[0] == "It turns."
    assert list(documentation.sections) == ["Observation", "Arguments"]
    assert generate.prose(documentation.sections["Observation"]) == [
        '- `"map"`: all of it.\n- `"point"`: where one is, in a sentence that is so long that it '
        "takes two lines of this very docstring.",
        "That is all.",
    ]
    table, more = generate.argument_parts(world, documentation.sections["Arguments"])
    assert table.splitlines() == [
        "| argument | default | meaning |",
        "| --- | --- | --- |",
        r"| `size` | `3` | How large \| wide. |",
        "| `kind` | `None` | One, or another. |",
        "| `**others` | | The rest. |",
    ]
    assert more == '`reset(options={"x": 1})` does more.'


def test_an_argument_without_documentation_is_an_error(generate):
    with pytest.raises(ValueError, match="kind, "):
        generate.argument_parts(world, ["size: How large."])


def test_stale_pages_are_named_and_written(main, tmp_path, capsys):
    assert main("--check") == 1
    assert list(tmp_path.iterdir()) == []
    assert main() == 0
    assert main("--check") == 0
    capsys.readouterr()
    (tmp_path / "a" / "b.md").write_text("edited")
    assert main("--check") == 1
    assert capsys.readouterr().err.splitlines()[:-1] == ["stale: a/b.md"]
    assert main() == 0
    assert capsys.readouterr().out == "wrote a/b.md\n"
    assert main("--check") == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["README.md", "a", "b.md"]


def test_pages_of_the_past_go_and_pages_by_hand_stay(generate, main, tmp_path, capsys):
    main()
    (tmp_path / "old.md").write_text(f"{generate.MARK}\n\nold\n")
    (tmp_path / "by-hand.md").write_text("# By hand\n")
    capsys.readouterr()
    assert main("--check") == 1
    assert capsys.readouterr().err.splitlines()[:-1] == ["stale: old.md"]
    main()
    assert not (tmp_path / "old.md").exists()
    assert (tmp_path / "by-hand.md").exists()
