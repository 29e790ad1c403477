"""musl's own ways of searching; most are in `tests/golden/test_search`."""

import pytest

from k8sresolve._core.search.walk import policy
from k8sresolve.config import ResolverConfig
from tests.core.search.driving import asked, drive


@pytest.mark.parametrize(("octets", "searched"), [(254, True), (255, False)])
def test_musl_passes_over_a_search_line_that_does_not_fit_its_buffer(octets, searched):
    entry = "a." * 100 + "b" * (octets - len("search a.test ") - 200)
    config = ResolverConfig(search=("a.test", entry), ndots=5)
    assert ("x.a.test." in asked("x", config, policy("musl"))) is searched


@pytest.mark.parametrize(
    ("version", "length", "entries"),
    [
        ("musl", 253, "cbd"),
        ("musl", 254, "cd"),
        ("musl-1.2.3", 253, "cbd"),
        ("musl-1.2.3", 254, "c"),
        ("musl-1.2.3", 255, "c"),
        ("musl-1.2.3", 256, "cd"),
    ],
)
def test_musl_1_2_3_stops_at_a_joined_name_that_only_its_buffer_can_hold(version, length, entries):
    typed = "x." * 110 + "x"
    config = ResolverConfig(search=("c", "b" * (length - len(typed) - 1), "d"), ndots=15000)
    end, batches = drive(typed, config, policy(version))
    assert "".join(name.split(".")[-2][0] for [name] in batches).rstrip("x") == entries
    assert end.failure == "nxdomain"
