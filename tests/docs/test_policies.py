"""The table of policies on its page is what the policies do, and has all of them."""

from typing import get_args

from k8sresolve.config import Policy
from tests.docs import policies


def test_the_table_is_that_of_the_code():
    (shown,) = policies.BLOCK.findall(policies.PAGE.read_text())
    assert shown == policies.table(), "run `python -m tests.docs.policies`"


def test_the_table_has_every_policy():
    assert set(policies.ORDER) == set(get_args(Policy))
