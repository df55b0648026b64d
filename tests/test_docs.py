"""The pages of docs/ say what the code says, and their links and programs work."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lexigym

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GENERATE = DOCS / "generate"
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
    """Import a module of the generator, as its main program does."""
    known = set(sys.modules)
    sys.path.insert(0, str(GENERATE))
    yield importlib.import_module
    sys.path.remove(str(GENERATE))
    for name in set(sys.modules) - known:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == GENERATE:
            del sys.modules[name]


@pytest.fixture
def main(generate, monkeypatch, tmp_path):
    """Run the generator on another checkout, with two short pages and a README."""
    spec = importlib.util.spec_from_file_location("generate_main", GENERATE / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files = {
        "docs/README.md": f"{module.MARK}\n\nindex\n",
        "docs/a/b.md": f"{module.MARK}\n\nb\n",
        "README.md": "with a table\n",
    }
    monkeypatch.setattr(module, "make_files", lambda root: files)
    return lambda *options: module.main([*options, "--root", str(tmp_path)])


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
        others = ["your own data"] if page == "datasets.md" else []
        assert headings == [*(name for name, _, _ in catalogue), *others]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(generate, name):
    def anchors(path):
        headings = re.findall(r"^#+ (.*)", path.read_text("utf-8"), re.MULTILINE)
        return {generate("parts").anchor(heading) for heading in headings}

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
    docstrings = generate("docstrings")
    documentation = docstrings.Documentation.of(world)
    assert documentation.lead[0] == "It turns."
    assert list(documentation.sections) == ["Observation", "Arguments"]
    assert docstrings.prose(documentation.sections["Observation"]) == [
        '- `"map"`: all of it.\n- `"point"`: where one is, in a sentence that is so long that it '
        "takes two lines of this very docstring.",
        "That is all.",
    ]
    table, more = docstrings.argument_parts(world, documentation.sections["Arguments"])
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
        generate("docstrings").argument_parts(world, ["size: How large."])


def test_stale_files_are_named_and_written(main, tmp_path, capsys):
    assert main("--check") == 1
    assert list(tmp_path.iterdir()) == []
    assert main() == 0
    assert main("--check") == 0
    capsys.readouterr()
    (tmp_path / "docs" / "a" / "b.md").write_text("edited")
    assert main("--check") == 1
    assert capsys.readouterr().err.splitlines()[:-1] == ["stale: docs/a/b.md"]
    assert main() == 0
    assert capsys.readouterr().out == "wrote docs/a/b.md\n"
    assert main("--check") == 0
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")]
    assert sorted(files) == ["README.md", "docs/README.md", "docs/a/b.md"]


def test_pages_of_the_past_go_and_pages_by_hand_stay(generate, main, tmp_path, capsys):
    main()
    old, by_hand = tmp_path / "docs" / "old.md", tmp_path / "docs" / "by-hand.md"
    old.write_text(f"{generate('pages').MARK}\n\nold\n")
    by_hand.write_text("# By hand\n")
    capsys.readouterr()
    assert main("--check") == 1
    assert capsys.readouterr().err.splitlines()[:-1] == ["stale: docs/old.md"]
    main()
    assert not old.exists()
    assert by_hand.exists()


def test_the_page_and_the_tables_are_those_of_the_committed_results(generate):
    for name, text in generate("board").make_board(ROOT).items():
        assert (ROOT / name).read_bytes().decode() == text, f"run `python docs/generate`: {name}"


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the board is made of."""
    shutil.copytree(DOCS / "leaderboard", tmp_path / "docs" / "leaderboard")
    for name in ("README.md", "README.zh-CN.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_what_stands_between_the_marks_is_written_anew(generate, checkout):
    readme = checkout / "README.md"
    whole = readme.read_bytes()
    board = generate("board")
    before, begin, rest = whole.decode().partition(board.BEGIN)
    readme.write_bytes((before + begin + rest[rest.index(board.END) :]).encode())
    assert board.make_board(checkout)["README.md"].encode() == whole


def test_a_readme_without_marks_is_an_error(generate, checkout):
    (checkout / "README.zh-CN.md").write_text("# lexigym\n", "utf-8")
    with pytest.raises(ValueError, match=r"README\.zh-CN\.md must have the lines"):
        generate("board").make_board(checkout)


def test_a_damaged_pack_is_an_error(generate, checkout):
    (checkout / "docs" / "leaderboard" / "other.jsonl").write_text('{"half": \n')
    with pytest.raises(ValueError, match=r"other\.jsonl"):
        generate("board").make_board(checkout)
