"""K9: an alias whose target the nameserver left out is followed by one question, and by no more than one."""

import pytest

from k8sresolve._core.questions import AAAA, A, Empty, Found, NxDomain, Question
from k8sresolve._core.search.aliases import completed, unsaid
from tests.core.search.driving import DANGLING, GLIBC, KUBERNETES, NO, POLICIES, SERVFAIL, V4, V6, drive

pytestmark = pytest.mark.behaviour("K9")

ALONE = Empty(5.0, 0.0, ("elsewhere.test.",))  # an alias and neither a record nor an SOA
NAME = "payments.shop.svc.cluster.local."
BOTH = (A, AAAA)


@pytest.mark.parametrize(
    ("answers", "questions"),
    [
        ((ALONE,), (Question("elsewhere.test.", A),)),
        ((ALONE, ALONE), (Question("elsewhere.test.", A), Question("elsewhere.test.", AAAA))),
        ((ALONE, DANGLING), (Question("elsewhere.test.", A),)),
        ((V4, ALONE), ()),  # a host of one family, behind an alias, costs nothing more
        ((DANGLING,), ()),
        ((Empty(5.0),), ()),
        ((NxDomain(5.0, chain=("elsewhere.test.",)),), ()),
        ((SERVFAIL, NO), ()),
        ((Empty(105.0, 100.0, ("a.test.", "b.test."), at=100.0),), (Question("b.test.", A),)),
        ((Empty(105.0, 130.0, ("a.test.",), at=100.0),), ()),
    ],
)
def test_what_is_left_open_is_asked_for(answers, questions):
    assert unsaid(answers, BOTH) == questions


def test_what_is_found_is_found_through_the_alias_and_lasts_as_long_as_that():
    beyond = (Question("elsewhere.test.", A),)
    (found,) = completed((ALONE,), (A,), beyond, (Found(V4.data, 30, 30.0, ("further.test.",)),))
    assert found == Found(V4.data, 30, 5.0, ("elsewhere.test.", "further.test."))


def test_a_family_that_was_not_asked_for_again_keeps_its_answer():
    assert completed((ALONE, DANGLING), BOTH, (Question("elsewhere.test.", A),), (NO,)) == (ALONE, DANGLING)


@pytest.mark.parametrize("nothing", [NO, Empty(5.0), Empty(5.0, 0.0, ("further.test.",)), SERVFAIL])
def test_where_nothing_is_found_it_is_an_alias_of_nothing_as_before(nothing):
    end, batches = drive("payments", answers={NAME: ALONE, "elsewhere.test.": nothing})
    assert batches == [[NAME], ["elsewhere.test."]]
    assert (end.failure, end.tried[-1].answers) == ("nodata", (ALONE,))


def test_both_families_are_asked_for_at_once():
    end, batches = drive("payments", rdtypes=BOTH, answers={NAME: (ALONE, ALONE), "elsewhere.test.": (Empty(5.0), V6)})
    assert batches == [[NAME], ["elsewhere.test."]]
    assert end.found.answers[1].data == V6.data
    assert [question.rdtype for question, _ in end.found.beyond] == [A, AAAA]


@pytest.mark.parametrize("policy", [rules for name, rules in POLICIES.items() if name != "kubernetes"])
def test_c_libraries_and_go_ask_nothing_more(policy):
    end, batches = drive("payments", policy=policy, answers={NAME: ALONE, "elsewhere.test.": V4})
    assert ["elsewhere.test."] not in batches
    assert end.found is None


def test_an_alias_of_the_list_is_followed_before_the_next_candidate():
    end, batches = drive("payments", policy=KUBERNETES, answers={NAME: ALONE, "elsewhere.test.": V4, "payments.": V4})
    assert batches == [[NAME], ["elsewhere.test."]]
    assert end.found.step.name == NAME
    assert drive("payments", policy=GLIBC, answers={NAME: ALONE})[0].failure == "nodata"
