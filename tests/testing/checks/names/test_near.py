import pytest

from k8sresolve.testing.checks.names.near import Names
from k8sresolve.testing.checks.telling import slip_for

MANY = Names(
    ["payments", *(f"pay-{number}" for number in range(20_000)), *(f"{number}-ts" for number in range(20_000))]
)


@pytest.mark.parametrize("slip", ["payment", "paymentss", "paymetns", "ayments", "pyaments", "qayments", "pament"])
def test_a_slip_is_found_among_many_and_few_are_looked_at(slip):
    near = MANY.near(slip)
    assert slip_for(slip, near) == "payments"
    assert len(near) <= 200


def test_of_few_names_all_are_near():
    names = [f"n{number:02}" for number in range(50)]
    assert sorted(Names(names).near("zz")) == names
    assert Names([]).near("zz") == []
