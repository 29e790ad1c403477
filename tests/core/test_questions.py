"""What questions are about: types and names."""

import dns.rdatatype
import pytest

from k8sresolve._core import questions
from k8sresolve._core.questions import TYPE_NAMES, is_under, type_name


@pytest.mark.parametrize("rdtype", TYPE_NAMES)
def test_types_have_their_names(rdtype):
    assert type_name(rdtype) == dns.rdatatype.to_text(rdtype)
    assert getattr(questions, type_name(rdtype)) == rdtype


def test_a_type_without_a_name_is_written_as_a_number():
    """RFC 3597, section 5"""
    assert type_name(65280) == "TYPE65280"


@pytest.mark.parametrize("domain", ["cluster.local", "cluster.local.", "Cluster.LOCAL", "CLUSTER.local."])
def test_a_name_is_under_its_domain_and_under_every_domain_that_holds_it(domain):
    assert is_under("cluster.local.", domain)
    assert is_under("Payments.Shop.svc.cluster.Local.", domain)
    assert not is_under("mycluster.local.", domain)
    assert not is_under("local.", domain)
    assert not is_under("cluster.local.example.", domain)
    assert not is_under(".", domain)


@pytest.mark.parametrize("domain", [None, ""])
def test_nothing_is_under_a_domain_that_is_not_known(domain):
    assert not is_under("cluster.local.", domain)
    assert not is_under(".", domain)
