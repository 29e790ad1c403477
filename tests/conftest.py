"""What holds for the whole suite: a test can be named, on any terminal and by any process, and none is held to a time.

That an id is the same in every process, whatever its hash seed, is checked by `-n`: xdist runs nothing when its workers
have collected different tests.
"""

import sys

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For who has run all of it already, and asks which branches are taken.
settings.register_profile("brief", settings.get_profile("unhurried"), max_examples=10)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    odd = [ascii(item.nodeid) for item in items if not (item.nodeid.isascii() and item.nodeid.isprintable())]
    if odd:
        raise pytest.UsageError(f"give these tests ids in printable ASCII: {', '.join(odd)}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Write down what coverage counted: xdist gives a worker ten seconds to end, and a busy machine may take more."""
    coverage = sys.modules.get("coverage")
    counted = coverage.Coverage.current() if coverage is not None else None
    if counted is not None:
        counted.save()
