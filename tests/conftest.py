"""What holds for the whole suite: a test can be named, on any terminal and by any process, none is held to a time, and
none needs what some machines lack without saying so, or heeds what is set for whoever runs it.

That an id is the same in every process, whatever its hash seed, is checked by `-n`: xdist runs nothing when its workers
have collected different tests.
"""

import gc
import os
import socket
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, given, settings, strategies

# Tests that need more or fewer examples say how many times as many.
settings.register_profile(
    "unhurried", settings.default, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# For who has run all of it already, and asks which branches are taken.
settings.register_profile("brief", settings.get_profile("unhurried"), max_examples=10)
settings.load_profile("unhurried")


# What this library, the command and the programs that tests start would heed. A test sets what it needs.
HEEDED = (
    "LOCALDOMAIN",
    "RES_OPTIONS",
    *(f"K8SRESOLVE_{name}" for name in ("ABSOLUTE", "CLUSTER_DOMAIN", "DISABLE", "NAMESPACE", "TIMEOUT")),
    "KUBERNETES_SERVICE_HOST",
    "COLUMNS",
    "NO_COLOR",
    "FORCE_COLOR",
)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


HAS_IPV6 = _has_ipv6()


def pytest_sessionstart() -> None:
    """Forget them: by now pytest knows whether it has colours."""
    for name in HEEDED:
        os.environ.pop(name, None)


@settings(max_examples=1, database=None)
@given(strategies.none())
def _settle(_: None) -> None:
    """Let Hypothesis make what it keeps, while it can see who refers to that."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from the tests themselves and all that they import: a million objects, which stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        _settle()
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    odd = [ascii(item.nodeid) for item in items if not (item.nodeid.isascii() and item.nodeid.isprintable())]
    if odd:
        raise pytest.UsageError(f"give these tests ids in printable ASCII: {', '.join(odd)}")
    needing = [] if HAS_IPV6 else [item for item in items if item.get_closest_marker("ipv6")]
    if needing:
        items[:] = [item for item in items if item not in needing]
        config.hook.pytest_deselected(items=needing)


def pytest_terminal_summary(terminalreporter) -> None:
    if not HAS_IPV6:
        terminalreporter.write_line("No ::1 on this machine: the tests that need IPv6 (-m ipv6) were not run.")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Write down what coverage counted: xdist gives a worker ten seconds to end, and a busy machine may take more."""
    coverage = sys.modules.get("coverage")
    counted = coverage.Coverage.current() if coverage is not None else None
    if counted is not None:
        counted.save()
