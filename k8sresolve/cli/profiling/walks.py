"""What was looked up: walks along a search list, told by the names that they leave behind. All of it is inferred.

A program that looks `api.example.com` up in a pod of `shop` asks for `api.example.com.shop.svc.cluster.local.`, then
for the same below `svc.cluster.local.` and `cluster.local.`, and at last for `api.example.com.` Nobody asks for such
names otherwise. Walks are counted, not followed: lines of several CoreDNS, and lookups at once, may stand in any order.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from k8sresolve.cli.profiling.counting import Asked, Client
from k8sresolve.errors import InvalidName
from k8sresolve.names import check_domain

_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ADDRESSES = ("A", "AAAA")
_LEAST_BASES = 2
_MOST_LABELS = 4  # _port._proto.svc.ns


@attrs.frozen
class Lookup:
    """Lookups of one name by one client.

    - `name` is as it was typed, and has a dot at its end where no search list was walked for it;
    - `search` is the search list that it was walked along, empty where there is none;
    - `end` is the name that was asked for last, absolute, and `found` whether it was answered;
    - `count` are the lookups, each of all `rdtypes` at once, and `questions` what they asked, of which `wasted` are for
      names before `end`;
    - `failed` says that something else than an answer or NXDOMAIN came back;
    - `times` are the lookups' times, where they are known.
    """

    name: str
    search: tuple[str, ...]
    end: str
    found: bool
    rdtypes: tuple[str, ...]
    count: int
    questions: int
    wasted: int
    failed: bool
    times: tuple[float, ...] = attrs.field(default=(), repr=False)

    @property
    def namespace(self) -> str:
        """The namespace of the pod, as the search list tells it."""
        return self.search[0].partition(".")[0] if self.search else ""


def cluster_domain(clients: Iterable[Client]) -> str | None:
    """Tell the cluster domain: under which most names with `svc` in them lie; None where there are none.

    Domains that search lists lead to come first: a name was asked for below both `svc.D` and `D`.
    """
    votes: Counter[str] = Counter()
    walks: Counter[str] = Counter()
    for client in clients:
        for name, asked in client.names.items():
            base, dot, domain = name.rpartition(".svc.")
            if dot:
                votes[domain.rstrip(".")] += asked.total
                walks[domain.rstrip(".")] += asked.total * (f"{base}.{domain}" in client.names)
    likely = [domain for domain, count in walks.most_common() if count]
    return next(filter(_is_domain, (*likely, *(domain for domain, _ in votes.most_common()))), None)


def _is_domain(text: str) -> bool:
    try:
        check_domain(text)
    except InvalidName:
        return False
    return True


def is_of_a_walk(lookup: Lookup, domain: str) -> bool:
    """Whether a name that was asked for by itself, and is nowhere, is one that search lists make and nobody types."""
    if lookup.search or lookup.found or not lookup.name.endswith(f".{domain}."):
        return False
    *labels, last = lookup.name.removesuffix(f".{domain}.").split(".")
    return last not in ("svc", "pod") or not 2 <= len(labels) <= _MOST_LABELS


def node_domains(clients: Iterable[Client], domain: str) -> tuple[str, ...]:
    """Tell the search domains that pods have of their nodes: most names that were searched to the end stand in them."""
    votes: Counter[str] = Counter()
    reached = 0
    for client in clients:
        bases = {base for bases in _bases(client, domain).values() for base in bases}
        past = {base for base in bases if f"{base}.{domain}." in client.names and f"{base}." in client.names}
        reached += len(past)
        for name in client.names:
            for base in _heads(name, past):
                rest = name[len(base) + 1 : -1]
                if rest and rest != domain and not rest.endswith(f"svc.{domain}"):
                    votes[rest] += 1
    return tuple(rest for rest, count in votes.most_common() if count >= _LEAST_BASES and 2 * count > reached)


def _heads(name: str, bases: set[str]) -> Iterator[str]:
    """Give the bases that a name begins with, and goes on behind."""
    at = name.find(".")
    while at >= 0:
        if name[:at] in bases:
            yield name[:at]
        at = name.find(".", at + 1)


def _bases(client: Client, domain: str) -> Mapping[str, list[str]]:
    """Tell which names were typed, by the namespace that they were searched in first."""
    ending = f".svc.{domain}."
    found: dict[str, list[str]] = defaultdict(list)
    for name, asked in client.names.items():
        if not name.endswith(ending) or asked.found:
            continue
        base, dot, namespace = name.removesuffix(ending).rpartition(".")
        if not dot or namespace == "svc" or not _NAMESPACE.fullmatch(namespace):
            continue  # `x.ns.svc` makes `x.ns.svc.svc.cluster.local` of the second search domain
        if any(other in client.names for other in (f"{base}{ending}", f"{base}.{domain}.", f"{base}.")):
            found[namespace].append(base)
    return found


def lookups(
    client: Client, domain: str, beyond: Sequence[str] = (), namespace: str | None = None
) -> tuple[Lookup, ...]:
    """Tell what a client looked up.

    `beyond` are search domains behind the cluster's; `namespace` is the client's, where that is known.
    """
    return tuple(_Reader(client, domain, beyond).read(namespace))


class _Reader:
    """Takes walks out of a client's counts, and leaves what was asked for directly."""

    def __init__(self, client: Client, domain: str, beyond: Sequence[str]) -> None:
        self._names = client.names
        self._left = {name: dict(asked.types) for name, asked in client.names.items()}
        self._bases = _bases(client, domain)
        self._behind = (f"svc.{domain}", domain, *beyond)

    def read(self, namespace: str | None) -> Iterator[Lookup]:
        """Read all of it; the namespace with most walks comes first, since `db.prod` looks like one in `prod`."""
        bases = self._bases if namespace is None else {namespace: self._bases.get(namespace, [])}
        searched = Counter(base for found in bases.values() for base in found)
        for place in sorted(bases, key=lambda place: (-len(bases[place]), place)):
            search = (f"{place}.{self._behind[0]}", *self._behind)
            for base in bases[place]:
                yield from self._walked(base, search, alone=searched[base] == 1)
        for name in self._names:
            yield from self._direct(name)

    def _walked(self, base: str, search: tuple[str, ...], *, alone: bool) -> Iterator[Lookup]:
        """Take a name's walks. Where no other search list is walked for it, all that the list makes of it is theirs.

        Of several CoreDNS one has only a part of a walk; then the mean of what it has is as good as can be told.
        """
        candidates = [*(f"{base}.{entry}." for entry in search), f"{base}."]
        first = self._names[candidates[0]]
        walks = sum(self._left[candidates[0]].values())
        if 2 * walks < first.total:
            return  # most of these are of another name's walks
        end = next((at for at in range(1, len(candidates)) if self._ends(candidates[at:], walks)), 0)
        found = end > 0
        if not found:
            end = max(at for at, name in enumerate(candidates) if name in self._names)
        if not end:
            return
        walked = [name for name in candidates[: end + 1] if name in self._names]
        made, last = walked[:-1], walked[-1]
        failed = any(self._names[name].failed for name in walked)
        rdtypes = self._left[candidates[0]]
        counts = {rdtype: self._mean(made, rdtype) if alone else count for rdtype, count in rdtypes.items()}
        wasted = {t: sum(self._take(name, t, None if alone else count) for name in made) for t, count in counts.items()}
        ended = {t: self._take(last, t, count) for t, count in counts.items()}
        done = 0
        for types, count in _groups(counts):
            times = _times(first, done, count)
            done += count
            part = {rdtype: count / counts[rdtype] for rdtype in types}
            lost = round(sum(wasted[rdtype] * part[rdtype] for rdtype in types))
            questions = lost + round(sum(ended[rdtype] * part[rdtype] for rdtype in types))
            yield Lookup(base, search, last, found, types, count, questions, lost, failed, times)

    def _mean(self, names: Sequence[str], rdtype: str) -> int:
        return round(sum(self._left[name].get(rdtype, 0) for name in names) / len(names))

    def _ends(self, candidates: Sequence[str], walks: int) -> bool:
        """Whether a walk ends at the first of these: it was answered, and no more than a few went on to the next."""
        asked = self._names.get(candidates[0])
        if asked is None or not asked.found:
            return False
        after = self._names.get(candidates[1]) if len(candidates) > 2 else None
        return after is None or bool(after.found) or 2 * after.total < walks

    def _take(self, name: str, rdtype: str, count: int | None) -> int:
        """Take so many questions, or all."""
        left = self._left[name]
        had = left.get(rdtype, 0)
        taken = had if count is None else min(had, count)
        left[rdtype] = had - taken
        return taken

    def _direct(self, name: str) -> Iterator[Lookup]:
        asked = self._names[name]
        done = 0
        for rdtypes, count in _groups(self._left[name]):
            found = any(rdtype in asked.found for rdtype in rdtypes)
            times = _times(asked, done, count)
            done += count
            questions = count * len(rdtypes)
            yield Lookup(name, (), name, found, rdtypes, count, questions, 0, asked.failed > 0, times)


def _groups(types: Mapping[str, int]) -> list[tuple[tuple[str, ...], int]]:
    """Part counts of types into lookups: A and AAAA are asked for together, as far as they go."""
    both = min(types.get(rdtype, 0) for rdtype in _ADDRESSES)
    groups: list[tuple[tuple[str, ...], int]] = [(_ADDRESSES, both)]
    groups += [((rdtype,), count - both * (rdtype in _ADDRESSES)) for rdtype, count in types.items()]
    return [(rdtypes, count) for rdtypes, count in groups if count > 0]


def _times(asked: Asked, done: int, count: int) -> tuple[float, ...]:
    """Take the times of some lookups of those that asked for a name; nothing where not all are known."""
    times = asked.times
    if times is None or len(times) < asked.types[asked.timed] or done + count > len(times):
        return ()
    return tuple(sorted(times)[done : done + count])
