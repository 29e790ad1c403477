"""The policies beside the resolvers whose names they bear, on one scripted nameserver: glibc, musl, musl 1.2.3 and Go.

Each lookup is made by the real program and by the library: the same names on the wire, in the same order, with the same
types, and the same end. K8SRESOLVE_SEED makes a run again, K8SRESOLVE_WORLDS makes it longer (30 lookups a world, each
under the four policies).
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.live import programs, scripted
from tests.live.sandbox import Sandbox, Server
from tests.live.scenarios import TYPES, Scenario, World, worlds

pytestmark = pytest.mark.live

SEED = int(os.environ.get("K8SRESOLVE_SEED") or random.SystemRandom().randrange(1 << 32))
WORLDS = int(os.environ.get("K8SRESOLVE_WORLDS") or 12)
EACH = 30
POLICIES = tuple(programs.RECIPES)

# What each resolver's word stands for among the outcomes of a lookup.
MEANS = {
    None: {None},
    "EAI_NONAME": {"nxdomain", "formerr", "unsendable"},
    "EAI_NODATA": {"nodata"},
    "EAI_AGAIN": {"servfail", "refused", "notimp", "timeout", "network", "temporary"},
    "HOST_NOT_FOUND": {"nxdomain"},
    "NO_DATA": {"nodata"},
    "TRY_AGAIN": {"servfail", "refused", "notimp", "timeout", "network", "temporary"},
    "NO_RECOVERY": {"formerr", "unsendable"},
    "NOT_FOUND": {"nxdomain", "nodata"},
    "TEMPORARY": {"servfail", "timeout", "network"},
    "FAILED": {"refused", "notimp", "formerr", "bad", "unsendable"},
}


# musl passes over every reply but NOERROR, NXDOMAIN and SERVFAIL, and so has none in the end.
MEANS_TO_MUSL = {error: MEANS[error] | {"formerr"} for error in ("EAI_AGAIN", "TRY_AGAIN")}


class Lookup(NamedTuple):
    """One lookup as one of the two made it: what was asked, in order, and how it ended."""

    asked: list[list[Any]]
    error: str | None
    data: list[str]


class Bench:
    """The nameserver with all scenarios, and what was asked of it."""

    def __init__(self, folder: Path, everything: list[World]) -> None:
        tables, self.log = folder / "tables.json", folder / "asked.log"
        tables.write_text(json.dumps({s.key: s.table for world in everything for s in world.scenarios}))
        server = Server([sys.executable, "-m", "tests.live.scripted", str(tables), str(self.log)], scripted.READY)
        self.sandbox = Sandbox(folder, [server])
        self.programs = {policy: programs.program(policy) for policy in POLICIES}
        self.round = 0

    def look_up(
        self, world: World, wanted: dict[str, list[Scenario]]
    ) -> Iterator[tuple[str, Scenario, Lookup, Lookup]]:
        """Make each policy's lookups of these scenarios, theirs and ours."""
        self.round += 1
        tags = {
            (p, who): f"{number}{who[0]}{self.round}" for number, p in enumerate(POLICIES) for who in ("theirs", "ours")
        }
        lookups = {
            policy: {who: [[s.call, s.tagged(tags[policy, who])] for s in wanted[policy]] for who in ("theirs", "ours")}
            for policy in wanted
        }
        plan = {"programs": {policy: self.programs[policy] for policy in wanted}, "lookups": lookups}
        results = self.sandbox.run("tests.live.policy_client", plan, resolv_conf=world.resolv_conf)
        asked = self.asked()
        for policy, scenarios in wanted.items():
            for place, scenario in enumerate(scenarios):
                both = [
                    Lookup(asked.get(f"{scenario.key}-{tags[policy, who]}", []), *results[policy][who][place])
                    for who in ("theirs", "ours")
                ]
                yield policy, scenario, both[0], both[1]

    def asked(self) -> dict[str, list[list[Any]]]:
        """What was asked, by the first label: each name in the order first asked, with the types, tags taken out.

        A name that comes again in other letter case is the same name: the library has its answer in the cache.
        """
        seen: dict[str, dict[str, tuple[str, set[str]]]] = {}
        for line in self.log.read_text(encoding="latin-1").splitlines():
            _, name, rdtype = line.rsplit(" ", 2)
            first, dot, rest = name.partition(".")
            key, _, _ = first.partition("-")
            names = seen.setdefault(first.lower(), {})
            _, types = names.setdefault(name.lower(), (f"{key}{dot}{rest}", set()))
            types.add(rdtype)
        return {first: [[name, sorted(types)] for name, types in names.values()] for first, names in seen.items()}


@pytest.fixture(scope="module")
def everything() -> list[World]:
    return list(worlds(random.Random(SEED), WORLDS, EACH))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, everything: list[World]) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("policies"), everything)
    with made.sandbox:
        yield made


@pytest.mark.timeout(600)  # to build the programs takes a minute, once
def test_a_policy_asks_and_ends_as_its_resolver(bench: Bench, everything: list[World], tally: Any) -> None:
    wrong, made, again = [], dict.fromkeys(POLICIES, 0), 0
    for world in everything:
        wanted = {policy: list(world.scenarios) for policy in POLICIES}
        unlike = [u for u in bench.look_up(world, wanted) if not agrees(*u)]
        for policy in POLICIES:
            made[policy] += len(world.scenarios)
        if unlike:
            # A busy machine loses packets that nobody meant to lose: what is not the policy's doing is not seen twice.
            again += len(unlike)
            wanted = {policy: [u[1] for u in unlike if u[0] == policy] for policy in {u[0] for u in unlike}}
            wrong += [(world, *u) for u in bench.look_up(world, wanted) if not agrees(*u)]
    for policy in POLICIES:
        bad = sum(1 for item in wrong if item[1] == policy)
        tally(f"as {policy}, seed {SEED}", made[policy] - bad, made[policy])
    text = "\n".join(told(*item) for item in wrong[:10])
    assert not wrong, (
        f"seed {SEED}: {len(wrong)} of {sum(made.values())} differ ({again} made twice), the first:\n{text}"
    )


def told(world: World, policy: str, scenario: Scenario, theirs: Lookup, ours: Lookup) -> str:
    return (
        f"{policy}: {scenario.call} {scenario.name}\n  {world.resolv_conf!r}\n  {scenario.table}\n"
        f"  theirs {theirs}\n  ours   {ours}"
    )


def agrees(policy: str, scenario: Scenario, theirs: Lookup, ours: Lookup) -> bool:
    if has_serial_mode(policy, scenario) and spares_aaaa(scenario):
        return True
    if has_serial_mode(policy, scenario):
        asked = [name for name, _ in theirs.asked] == [name for name, _ in ours.asked]
    else:
        asked = theirs.asked == ours.asked
    if takes_truncated(policy, scenario):
        return asked
    if not asked or theirs.data != ours.data:
        return False
    if theirs.error is None and not theirs.data:
        return ours.error == "nodata"  # res_search() calls a reply with nothing but a CNAME success
    means = MEANS | MEANS_TO_MUSL if policy.startswith("musl") else MEANS
    return is_race(policy, scenario) or ours.error in means[theirs.error]


def kinds(scenario: Scenario) -> Iterator[list[str]]:
    for outcomes in scenario.table.values():
        yield [str(outcomes[rdtype][0]) for rdtype in TYPES[scenario.call]]


def has_serial_mode(policy: str, scenario: Scenario) -> bool:
    """After a lost half of a pair glibc asks for A, and then for AAAA: that is its transport."""
    return policy == "glibc" and scenario.call == "unspec" and any("DROP" in both for both in kinds(scenario))


def spares_aaaa(scenario: Scenario) -> bool:
    """In that mode glibc does not ask for AAAA where A fails so, and takes A's failure for the pair's."""
    return any(a in ("SERVFAIL", "NOTIMP", "REFUSED") for a, _ in kinds(scenario))


def takes_truncated(policy: str, scenario: Scenario) -> bool:
    """Before 1.2.4 musl knows no TCP, and takes what a truncated reply holds, which here is nothing."""
    return policy == "musl-1.2.3" and any("TC" in both for both in kinds(scenario))


def is_race(policy: str, scenario: Scenario) -> bool:
    """Of A and AAAA that fail in different ways Go reports the one that came last, or first."""
    return policy == "go" and any(
        len({*both}) > 1 and "OK" not in both and "TC" not in both for both in kinds(scenario)
    )
