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
