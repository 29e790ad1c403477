"""The fallback by itself: when it is imported, and that nothing of dnspython's leaves it.

That it reads as the hot codec does is in `test_reply` and `test_differential`.
"""

import contextlib
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.questions import TXT, A, Question
from k8sresolve._core.wire.fallback import read_unusual_reply
from k8sresolve._core.wire.names import Malformed
from k8sresolve._core.wire.query import encode_query
from tests.core.wire.messages import HTTP, QUESTION, WEB, WHOLE, a, cname, reply


def test_dnspython_is_imported_only_for_what_is_odd():
    program = f"""
import sys
from k8sresolve._core.questions import Question
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.reply import read_reply
query = encode_query(Question({WEB!r}, 1))
assert read_reply({WHOLE!r}, query, 1).data
assert "dns" not in sys.modules
assert read_reply({reply(QUESTION, [a(WEB, "10.0.0.1"), cname(WEB, "x.")])!r}, query, 1).data
assert "dns.rdata" in sys.modules
assert "dns.message" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@given(
    st.sampled_from([QUESTION, HTTP, (WEB, TXT)]),
    st.binary(max_size=80),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
)
def test_whatever_follows_the_question_is_read_or_malformed(question, octets, counts):
    message = reply(question, counts=(1, *counts)) + octets
    with contextlib.suppress(Malformed):
        assert read_unusual_reply(message, encode_query(Question(*question)), question[1]) is not None


@given(st.binary(max_size=60))
def test_octets_at_random_are_no_reply_or_malformed(octets):
    with contextlib.suppress(Malformed):
        read_unusual_reply(octets, encode_query(Question(WEB, A)), A)
