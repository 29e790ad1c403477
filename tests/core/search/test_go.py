"""Go's own ways of searching; most are in `tests/golden/test_search`."""

from k8sresolve._core.questions import AAAA, A
from k8sresolve._core.search.walk import policy
from tests.core.search.driving import NONE, POD, SERVFAIL, drive


def test_of_unlike_failures_go_is_told_the_graver():
    for pair in ((NONE, SERVFAIL), (SERVFAIL, NONE)):
        assert drive("x.", POD, policy("go"), (A, AAAA), {"x.": pair})[0].failure == "temporary"
