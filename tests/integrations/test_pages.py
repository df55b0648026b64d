"""The pages of the libraries: each adapter has one, and what they say to copy runs."""

import re
from pathlib import Path

import pytest

from lexigym.agents.adapters.catalog import ADAPTERS

PAGES = Path(__file__).parents[2] / "docs" / "integrations"
# RLlib needs an environment of its own.
LIBRARIES = ("dm_env", "pettingzoo", "tianshou", "torchrl")


def test_each_adapter_has_a_page():
    text = "".join(page.read_text("utf-8") for page in PAGES.glob("*.md"))
    assert {name for name, _, _ in ADAPTERS} == set(re.findall(r'to="(\w+)"', text)) - {"one_hot"}


def test_every_program_of_a_page_is_run():
    """By this test or, where nothing but the suite's own packages is needed, with all pages."""
    with_programs = {
        page.stem for page in PAGES.glob("*.md") if "```py\n" in page.read_text("utf-8")
    }
    assert with_programs == {*LIBRARIES, "rllib"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("page", LIBRARIES)
def test_programs_run(page):
    pytest.importorskip(page)
    text = (PAGES / f"{page}.md").read_text("utf-8")
    for program in re.findall(r"^```py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        exec(program, {})
