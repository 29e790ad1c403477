"""What the pages say of faults is what the methods that make them do, and all of it."""

import inspect
import re
from pathlib import Path
from typing import get_args

from k8sresolve.testing import LoggedQuery, Network
from k8sresolve.testing.network.faults import KINDS, FaultOutcome
from tests.docs import faults

REFERENCE = (Path(__file__).parents[2] / "docs/reference/testing.md").read_text()


def test_the_table_is_that_of_the_code():
    (shown,) = faults.BLOCK.findall(faults.PAGE.read_text())
    assert shown == faults.table(), "run `python -m tests.docs.faults`"


def test_the_reference_has_every_kind_of_fault_and_nothing_of_the_network_s_own():
    (left_out,) = re.findall(
        r"testing\.Network\n   :members:\n   :inherited-members:\n   :exclude-members: (.*)", REFERENCE
    )
    public = {name for name, _ in inspect.getmembers(Network, inspect.isfunction) if not name.startswith("_")}
    assert public - set(left_out.split(", ")) == {*KINDS, "restore"}


def test_every_outcome_of_a_fault_is_one_that_the_log_tells_of():
    told = re.findall(r'"([a-z ]+)"', inspect.getsource(LoggedQuery).partition("outcome: ")[2].partition("client: ")[0])
    assert {kind.outcome for kind in KINDS.values()} - {None} == set(get_args(FaultOutcome))
    assert set(get_args(FaultOutcome)) <= set(told)
