"""What faults do to messages, whatever these are."""

import pytest

from k8sresolve.testing.network import effects


@pytest.mark.parametrize("damage", [effects.cut, effects.with_other_question, effects.with_other_id, effects.noise])
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\0\1\x81\x80\0\1" + bytes(6), id="a header that promises a question"),
        pytest.param(b"\0\1\x81\x80\0\1" + bytes(7), id="the root without a type"),
        pytest.param(b"\0\1\x81\x80\0\1" + bytes(6) + b"\x3fx", id="a label that ends early"),
        pytest.param(effects.noise(bytes(40)), id="noise"),
    ],
)
def test_one_fault_may_damage_what_another_has_damaged(damage, message):
    assert damage(message)[1:2] == message[1:2]
