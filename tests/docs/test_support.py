"""Each public name is stable or provisional, as docs/support.md says, and never both."""

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

import k8sresolve
import k8sresolve.testing

DOCS = Path(__file__).parents[2] / "docs"
ROWS = re.findall(r"^\| (stable|provisional) \| (.*?) \|", (DOCS / "support.md").read_text(), re.MULTILINE)
EXPORTED = {
    **{name: f"k8sresolve.{name}" for name in k8sresolve.__all__},
    **{f"testing.{name}": f"k8sresolve.testing.{name}" for name in k8sresolve.testing.__all__},
}


def named(row: str) -> list[str]:
    """The names of a row in full."""
    names = re.findall(r"`([A-Za-z_.0-9]+)`", dict(ROWS)[row])
    return [name if name.startswith("k8sresolve") else f"k8sresolve.{name}" for name in names]


def is_below(name: str, places: list[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


PROVISIONAL = named("provisional")
PACKAGES = {"k8sresolve", "k8sresolve.testing"}  # whose names are told one by one
STABLE = [name for name in EXPORTED.values() if name not in PROVISIONAL] + [
    name for name in named("stable") if name not in PACKAGES
]
DOCUMENTED = sorted(
    {
        name
        for page in DOCS.glob("reference/*.md")
        for name in re.findall(r"^\.\. auto\w+:: (k8sresolve\.\S+)$", page.read_text(), re.MULTILINE)
    }
)


def test_the_rows_are_read() -> None:
    assert set(named("stable")) >= PACKAGES
    assert "k8sresolve.Watch" in PROVISIONAL
    assert "k8sresolve.Resolver.watch" in PROVISIONAL


@pytest.mark.parametrize("name", PROVISIONAL)
def test_what_is_provisional_is_there(name: str) -> None:
    assert resolve_name(name) is not None


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_the_reference_describes_is_in_one_class(name: str) -> None:
    assert [is_below(name, STABLE), is_below(name, PROVISIONAL)].count(True) == 1


def places_on(page: str) -> list[tuple[str, bool]]:
    """What a page describes, each with whether its section, or the page, says that it is provisional."""
    told, opening, place = False, True, []
    everywhere = False
    for line in page.splitlines():
        if line.startswith("## "):
            told, opening = False, False
        if line.startswith("*Provisional: "):
            told = True
            everywhere |= opening
        if found := re.match(r"\.\. auto\w+:: (k8sresolve\.\S+)$", line):
            place.append((found[1], told or everywhere))
    return place


@pytest.mark.parametrize("page", sorted((DOCS / "reference").glob("*.md")), ids=lambda page: page.stem)
def test_the_reference_says_of_what_is_provisional_that_it_is(page: Path) -> None:
    names = places_on(page.read_text())
    assert [name for name, told in names if is_below(name, PROVISIONAL) and not told] == []
    assert [name for name, told in names if is_below(name, STABLE) and told] == []
