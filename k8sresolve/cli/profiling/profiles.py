"""A profile: who asks for what, what is wasted on search lists, and what would save it. Figures, not their telling."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from k8sresolve.cli.profiling.counting import Client, Counts
from k8sresolve.cli.profiling.replaying import Replay, absolute_domains, alike, is_replayable
from k8sresolve.cli.profiling.walks import Lookup, cluster_domain, is_of_a_walk, lookups, node_domains
from k8sresolve.cli.profiling.workloads import Pods, Who

WAYS = ("replayed", "ndots_2", "full_names", "library", "library_absolute", "library_cache")
MOST_REMEMBERED = 30_000
"""So many lookups are made again with a cache, those of whole clients, who stand for others that look up as often."""

_SEVERAL = 3  # names searched from a namespace, for it to count as one


@attrs.define
class Row:
    """What was asked by someone, or for a name: questions in the log, and by each way of asking.

    `wasted` are questions for names that a search list made, before the one that ended the walk; `lookups` are those
    that are behind the questions, as far as that is told.
    """

    name: str
    questions: int = 0
    negative: int = 0
    wasted: int = 0
    lookups: int = 0
    clients: set[str] = attrs.Factory(set[str])
    namespaces: set[str] = attrs.Factory(set[str])
    kind: str = ""
    end: str = ""
    ways: Counter[str] = attrs.Factory(Counter[str])


@attrs.frozen
class Profile:
    """What a log tells.

    `whos` are those who ask and `names` what was typed, most questions first. `logged` are the questions of lookups
    that were made again; `ways` are all questions by each way of asking, `library_cache` only where the log has times.
    `remembered` are the lookups that were made again with a cache, of `remembering` in all. `torn` are questions that
    walks must have asked whose other questions are not here.
    """

    counts: Counts
    domain: str
    is_domain_told: bool
    node_domains: Sequence[str]
    absolute: Sequence[str]
    whos: Sequence[Row]
    names: Sequence[Row]
    negative: int
    wasted: int
    logged: int
    ways: Mapping[str, int]
    remembered: int
    remembering: int
    torn: int

    @property
    def nodes(self) -> Sequence[Row]:
        """Those who ask for more than one pod."""
        return [row for row in self.whos if row.kind == "node"]


class Profiler:
    """Makes a profile of counts. `pods` tell whose addresses they are, `ttl` how long answers are valid, in seconds."""

    def __init__(self, counts: Counts, pods: Pods | None, domain: str | None, ttl: int) -> None:
        clients = counts.clients.values()
        told = cluster_domain(clients)
        self._counts = counts
        self._pods = pods
        self._ttl = ttl
        self._is_domain_told = domain is None and told is not None
        self._domain = domain or told or "cluster.local"
        self._beyond = node_domains(clients, self._domain)
        self._lookups = {client.address: self._of(client) for client in clients}
        everything = [lookup for found in self._lookups.values() for lookup in found]
        self._absolute = absolute_domains(everything, self._domain)

    def _of(self, client: Client) -> tuple[Lookup, ...]:
        who = self._pods.who(client.address) if self._pods else None
        return lookups(client, self._domain, self._beyond, who.namespace if who else None)

    def _who(self, client: Client) -> Who:
        if self._pods is not None:
            return self._pods.who(client.address)
        spaces = Counter(lookup.namespace for lookup in self._lookups[client.address] if lookup.search)
        # A pod has one search list. `db.prod` that is nowhere looks like one walk from `prod`.
        several = sum(count >= _SEVERAL for count in spaces.values()) > 1
        return Who(client.address, "node" if several else "pod")

    def profile(self, begin: Callable[[str, int], Callable[[], object]]) -> Profile:
        """Make it. `begin` is told of a part of the work and its size, and gives what is called at each step of it."""
        again = {
            address: [lookup for lookup in found if is_replayable(lookup)] for address, found in self._lookups.items()
        }
        first = {alike(lookup): lookup for found in again.values() for lookup in found}
        alone = self._remembering(again)
        standing = _standing(alone)
        chosen = list(dict.fromkeys(standing.values()))
        needed = [*first.values(), *(lookup for address in chosen for lookup in alone[address])]
        replay = Replay(needed, self._domain, self._absolute, self._ttl)
        step = begin("making lookups again", len(first))
        cold: dict[object, dict[str, int]] = {}
        for key, lookup in first.items():
            cold[key] = replay.cold(lookup)
            step()
        ways = {address: _cold(found, cold) for address, found in again.items()}
        step = begin("with a cache", sum(lookup.count for address in chosen for lookup in alone[address]))
        kept = {address: replay.remembered(alone[address], step) for address in chosen}
        self._remember(ways, alone, kept, standing, cold)
        return self._told(ways, again, cold, alone, chosen)

    def _remembering(self, again: Mapping[str, list[Lookup]]) -> dict[str, list[Lookup]]:
        """Tell whose lookups can be made again with a cache: those of one pod, at times that are known."""
        if not self._counts.is_timed:
            return {}
        return {
            client.address: timed
            for client in self._counts.clients.values()
            if self._who(client).kind == "pod"
            and (timed := [lookup for lookup in again[client.address] if len(lookup.times) == lookup.count])
        }

    @staticmethod
    def _remember(
        ways: Mapping[str, Counter[str]],
        alone: Mapping[str, list[Lookup]],
        kept: Mapping[str, int],
        standing: Mapping[str, str],
        cold: Mapping[object, dict[str, int]],
    ) -> None:
        """Add what a cache leaves of questions, for some as it does for who stands for them."""
        if not kept:
            return
        asked = {address: _cold(found, cold)["library_absolute"] for address, found in alone.items()}
        for address, counter in ways.items():
            other = standing.get(address)
            counter["library_cache"] = counter["library_absolute"]
            if other is not None:
                share = kept[other] / max(1, asked[other])
                counter["library_cache"] -= asked[address] - round(asked[address] * share)

    def _told(
        self,
        ways: Mapping[str, Counter[str]],
        again: Mapping[str, list[Lookup]],
        cold: Mapping[object, dict[str, int]],
        alone: Mapping[str, list[Lookup]],
        chosen: Sequence[str],
    ) -> Profile:
        whos: dict[str, Row] = {}
        names: dict[tuple[str, str], Row] = {}
        total: Counter[str] = Counter()
        logged = 0
        for client in self._counts.clients.values():
            who = self._who(client)
            row = whos.setdefault(who.name, Row(who.name, kind=who.kind))
            found = self._lookups[client.address]
            done = sum(lookup.questions for lookup in again[client.address])
            logged += done
            row.clients.add(client.address)
            row.questions += client.questions
            row.negative += client.negative
            row.namespaces |= {lookup.namespace for lookup in found if lookup.search}
            row.ways.update({way: count + client.questions - done for way, count in ways[client.address].items()})
            for lookup in found:
                row.wasted += lookup.wasted
                row.lookups += lookup.count
                _add(names, lookup, client, cold)
        for row in whos.values():
            total.update(row.ways)
        forgotten = self._counts.questions - sum(row.questions for row in whos.values())
        return Profile(
            counts=self._counts,
            domain=self._domain,
            is_domain_told=self._is_domain_told,
            node_domains=self._beyond,
            absolute=self._absolute,
            whos=_ordered(whos.values()),
            names=_ordered(names.values()),
            negative=self._counts.negative,
            wasted=sum(row.wasted for row in whos.values()),
            logged=logged,
            ways={way: total[way] + forgotten for way in WAYS if way in total},
            remembered=sum(lookup.count for address in chosen for lookup in alone[address]),
            remembering=sum(lookup.count for found in alone.values() for lookup in found),
            torn=sum(
                lookup.questions
                for found in self._lookups.values()
                for lookup in found
                if is_of_a_walk(lookup, self._domain)
            ),
        )


def _add(
    names: dict[tuple[str, str], Row], lookup: Lookup, client: Client, cold: Mapping[object, dict[str, int]]
) -> None:
    row = names.setdefault((lookup.name, lookup.end), Row(lookup.name, end=lookup.end if lookup.found else ""))
    row.clients.add(client.address)
    row.questions += lookup.questions
    row.wasted += lookup.wasted
    row.lookups += lookup.count
    row.namespaces |= {lookup.namespace} if lookup.search else set()
    known = cold.get(alike(lookup), {}) if is_replayable(lookup) else {}
    row.ways.update(
        {way: known[way] * lookup.count if known else lookup.questions for way in WAYS if way != "library_cache"}
    )


def _cold(lookups: Iterable[Lookup], cold: Mapping[object, dict[str, int]]) -> Counter[str]:
    counter: Counter[str] = Counter(dict.fromkeys(WAYS[:-1], 0))
    for lookup in lookups:
        counter.update({way: count * lookup.count for way, count in cold[alike(lookup)].items()})
    return counter


def _standing(alone: Mapping[str, list[Lookup]]) -> dict[str, str]:
    """Choose clients as there is time for: say who stands for whom, among neighbours in the number of lookups."""
    counts = {address: sum(lookup.count for lookup in found) for address, found in alone.items()}
    order = sorted(counts, key=lambda address: (counts[address], address))
    for stride in range(1, len(order) + 1):
        chosen = order[stride // 2 :: stride]
        if sum(counts[address] for address in chosen) <= MOST_REMEMBERED:
            break
    else:
        chosen, stride = order[-1:], max(1, len(order))
    return {address: chosen[min(at // stride, len(chosen) - 1)] for at, address in enumerate(order)}


def _ordered(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.questions, row.name))
