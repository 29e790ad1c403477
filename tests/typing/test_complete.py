"""Users' type checkers are shown every public name, and of the client's also each method, property and field."""

import re
from pathlib import Path

import pytest

import k8sresolve
import k8sresolve.testing

HERE = Path(__file__).parent
CLIENT, KIT = ((HERE / name).read_text() for name in ("client.py", "kit.py"))


def uses(name: str, shown: str) -> int:
    """How often a name is used, its import apart."""
    return len(re.findall(rf"\b{name}\b", shown)) - 1


@pytest.mark.parametrize("name", k8sresolve.__all__)
def test_the_client_s_names_are_shown(name: str) -> None:
    assert uses(name, CLIENT) > 0


@pytest.mark.parametrize("name", k8sresolve.testing.__all__)
def test_the_kit_s_names_are_shown(name: str) -> None:
    assert uses(name, KIT) > 0


@pytest.mark.parametrize("name", [name for name in k8sresolve.__all__ if isinstance(getattr(k8sresolve, name), type)])
def test_the_parts_of_the_client_s_classes_are_shown(name: str) -> None:
    bases: tuple[type, ...] = getattr(k8sresolve, name).__mro__
    ours = [kind for kind in bases if kind.__module__.startswith("k8sresolve")]
    parts: set[str] = {part for kind in ours for part in vars(kind) if re.match("[a-z]", part)}
    assert {part for part in parts if not re.search(rf"(\.|def ){part}\b", CLIENT)} == set()
