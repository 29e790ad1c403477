"""Plans that are kept: a name has the one that its policy makes for it, whatever names of that ending came before."""

from string import ascii_lowercase
from typing import get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.questions import AAAA, SRV, A
from k8sresolve._core.search.absolute import steps_for
from k8sresolve._core.search.plans import PLANS, runs
from k8sresolve._core.search.rules import PolicyRules
from k8sresolve._core.search.walk import Search, policy
from k8sresolve.config import Policy, ResolverConfig
from tests.core.search.driving import KUBERNETES, POD

WORDS = [
    "web",
    "x",
    "y",
    "cluster",
    "local",
    "svc",
    "pod",
    "ns",
    "onion",
    "10-0-0-7",
    "1",
    "-a",
    "A",
    "_http",
    "a\\.b",
    "é",
]
LABELS = st.sampled_from([*WORDS, "w" * 30, "w" * 61, "w" * 63, "w" * 64, ""])
NAMES = st.tuples(st.lists(LABELS, min_size=1, max_size=6), st.sampled_from(["", "."])).map(
    lambda parts: ".".join(parts[0]) + parts[1]
)
LONG = ".".join(["l" * 60] * 3)
DOMAINS = [
    "shop.svc.cluster.local",
    "svc.cluster.local",
    "cluster.local",
    "local",
    "pod.cluster.local",
    "shop.pod.cluster.local",
]
ENTRIES = st.sampled_from(
    [*DOMAINS, "corp.example", "Corp.Example.", ".", "", "onion", "x", LONG, f"{LONG}.{'l' * 50}"]
)
CONFIGS = st.builds(
    ResolverConfig,
    search=st.lists(ENTRIES, max_size=5).map(tuple),
    ndots=st.integers(0, 6),
    flags=st.sampled_from([frozenset(), frozenset({"no-tld-query"})]),
    absolute=st.lists(
        st.sampled_from(["corp.example", "web.local", "a.test", "x", "a.x", "cluster.local"]), max_size=2
    ).map(tuple),
    cluster_domain=st.sampled_from([None, "cluster.local", "local", "Cluster.Local", "x"]),
)


@given(
    config=CONFIGS,
    names=st.lists(NAMES, min_size=1, max_size=3),
    row=st.sampled_from(get_args(Policy)),
    rdtypes=st.sampled_from([(A,), (AAAA,), (A, AAAA), (SRV,)]),
)
def test_a_kept_plan_is_what_the_policy_plans_for_the_name(config, names, row, rdtypes):
    search = Search(config, policy(row))
    for name in names:
        planned = list(runs(steps_for(name, config, policy(row), rdtypes)))
        assert list(search._runs(name, rdtypes)) == planned
        lone = search.lone(name, rdtypes)
        assert lone is None or [(step.name, step.kind) for step in planned[0]] == [(lone, "asked")]


@pytest.mark.parametrize(
    ("names", "plans"),
    [
        (["web", "db", "10-0-0-7"], 1),
        (["web.shop", "db.shop", "db.other"], 2),
        (["10-0-0-7.shop.pod", "10-0-0-8.shop.pod"], 3),
        ([f"{'w' * 60}.{LONG}"] * 2, 3),
    ],
    ids=["one label", "a label and an ending", "a pod's name begins with its address", "too long for the search list"],
)
def test_of_names_that_end_alike_the_policy_is_asked_once(names, plans):
    asked = []

    def steps(name, config, rdtypes):
        asked.append(name)
        return KUBERNETES.steps(name, config, rdtypes)

    search = Search(POD, PolicyRules("kubernetes", steps, KUBERNETES.judge, KUBERNETES.failure, asks_beyond=True))
    for name in names:
        list(search._runs(name, (A,)))
    # That no plan can be kept is found out once, too; then each name has its own.
    assert len(asked) == plans


@pytest.mark.parametrize(
    ("name", "lone"),
    [
        ("web", "web.shop.svc.cluster.local."),
        ("web.shop", None),
        ("web.shop.svc.cluster.local", "web.shop.svc.cluster.local."),
        ("10-0-0-7.shop.pod", None),
        ("10.shop.svc.cluster.local", None),
        ("localhost", None),
        ("web.localhost", None),
        ("web.Svc.cluster.local", None),
        ("Web", None),
        ("-web", None),
        ("web-", None),
        ("we_b", None),
        ("", None),
        ("w" * 64, None),
        ("w" * 63, f"{'w' * 63}.shop.svc.cluster.local."),
    ],
    ids=[
        "one candidate in the cluster",
        "two at once",
        "as typed",
        "no plan is kept",
        "what may be an address",
        "this machine",
        "this machine by another name",
        "capital letters",
        "a capital letter",
        "a hyphen first",
        "a hyphen last",
        "an underscore",
        "nothing",
        "too long",
        "just not too long",
    ],
)
def test_the_first_candidate_is_told_where_it_is_asked_alone(name, lone):
    assert Search(POD, KUBERNETES).lone(name, (A,)) == lone


def test_a_first_candidate_in_capitals_is_not_told_since_it_is_no_key():
    search = Search(attrs.evolve(POD, search=("shop.svc.Cluster.local",)), KUBERNETES)
    assert search.lone("web", (A,)) is None
    assert search.lone("web.shop.svc.cluster.local", (A,)) == "web.shop.svc.cluster.local."


def test_so_many_plans_are_kept_and_no_more():
    search = Search(POD, KUBERNETES)
    for number in range(PLANS + 50):
        list(search._runs(f"web.ns-{number}", (A,)))
    assert search._planned.cache_info().currsize == PLANS


def test_the_domain_itself_has_another_plan_than_names_that_end_as_it_does():
    search = Search(attrs.evolve(POD, absolute=["example.com", "a.com"]), KUBERNETES)
    for name, count in (("a.com", 1), ("example.com", 1), ("sample.com", 3), ("b.com", 3), ("a.com", 1)):
        assert sum(len(run) for run in search._runs(name, (A,))) == count, name


def test_where_each_letter_is_a_domain_names_are_planned_one_by_one():
    search = Search(attrs.evolve(POD, absolute=[f"{letter}.com" for letter in ascii_lowercase]), KUBERNETES)
    assert [len(list(search._runs(name, (A,)))) for name in ("a.com", "z.com", "web", "web.org")] == [1, 1, 2, 2]
