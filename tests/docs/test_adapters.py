"""Every adapter is in the README's table, in the reference, and tested."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADAPTERS = sorted(path.stem for path in (ROOT / "k8sresolve/contrib").glob("[!_]*.py"))
SECTION = (ROOT / "README.md").read_text().partition("## With your client\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (.*?) \| (.*?) \| (.*?) \|$", SECTION, re.MULTILINE)[1:]
REFERENCE = (ROOT / "docs/reference/contrib.md").read_text()
TESTS = "".join(path.read_text() for path in sorted((ROOT / "tests/contrib").glob("test_*.py")))


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_has_a_line_that_says_a_name_of_its_own(name):
    (line,) = (line for adapters, line, _ in ROWS if f"`{name}`" in adapters)
    module = importlib.import_module(f"k8sresolve.contrib.{name}")
    own = {word for word, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__}
    assert {word for word in re.findall(r"\w+", line) if not word.startswith("_")} & own, line


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_is_in_the_reference(name):
    assert f"k8sresolve.contrib.{name}" in REFERENCE


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_is_tested(name):
    assert re.search(rf"k8sresolve\.contrib(\.{name}\b| import (.*, )?{name}\b)", TESTS)


def test_each_row_is_of_an_adapter_and_each_page_is_there():
    assert ADAPTERS
    assert {name for adapters, *_ in ROWS for name in re.findall(r"`(\w+)`", adapters)} == set(ADAPTERS)
    pages = re.findall(r"\]\((.*?)\)", SECTION)
    assert [page for page in pages if not (ROOT / page).is_file()] == []
