"""Random lookups for the scripted nameserver: a resolv.conf, names, and what each name has. Nothing of the library."""

import random
from collections.abc import Iterator
from typing import NamedTuple

Outcomes = dict[str, list[object]]

ENTRIES = ("a.test", "b.test", "C.test", "shop.svc.c.test", "svc.c.test", "c.test.", ".d.test", ".", "a.test")
TYPES = {"inet": ("A",), "inet6": ("AAAA",), "unspec": ("A", "AAAA"), "srv": ("SRV",)}
CALLS = ("unspec", "unspec", "unspec", "inet", "inet6", "srv")
KINDS = {
    "NXDOMAIN": 40, "OK": 18, "NODATA": 14, "SERVFAIL": 10, "REFUSED": 6, "NOTIMP": 3, "FORMERR": 3, "CNAME_ONLY": 3,
    "TC": 3,
}  # fmt: skip


class Scenario(NamedTuple):
    """One lookup. `name` begins with `key`, behind which each asker puts a tag of its own."""

    key: str
    call: str
    name: str
    table: dict[str, Outcomes]

    def tagged(self, tag: str) -> str:
        return f"{self.key}-{tag}{self.name.removeprefix(self.key)}"


class World(NamedTuple):
    """A resolv.conf with lookups under it."""

    resolv_conf: str
    scenarios: tuple[Scenario, ...]


def worlds(rng: random.Random, count: int, each: int) -> Iterator[World]:
    for number in range(count):
        search = tuple(rng.choice(ENTRIES) for _ in range(rng.choice((0, 1, 2, 3, 3, 4))))
        if rng.random() < 0.15:
            # musl reads no line of more than 254 bytes. The first of these takes more than 56, so glibc 2.36 lives.
            search = (*(f"{'x' * 60}{place}.test" for place in range(4)), *search)
        # A lost packet costs seconds, so only some worlds have any, and a lookup there has one at most.
        may_lose = number % 4 == 0
        keys = [f"s{number}x{place}" for place in range(each)]
        yield World(resolv_conf(rng, search), tuple(scenario(rng, key, search, may_lose=may_lose) for key in keys))


def resolv_conf(rng: random.Random, search: tuple[str, ...]) -> str:
    """Write a file in one of the ways that people do; resolvers differ on some."""
    ndots = rng.choice((0, 1, 1, 2, 3, 5))
    lines = ["nameserver 127.0.0.1", "options timeout:1 attempts:1"]
    if search:
        lines.insert(rng.randrange(3), f"search {rng.choice((' ', '  ', chr(9))).join(search)}")
    if rng.random() < 0.3:
        lines.insert(
            0, rng.choice(("search lost.test", "domain lost.test other.test", "# search lost.test", " search"))
        )
    lines.append(
        rng.choice((f"options ndots:{ndots}", f"options ndots:{ndots} ndots:4", f"options xndots:2 ndots:{ndots}"))
    )
    if rng.random() < 0.3:
        lines.append(rng.choice(("options rotate edns0", "options inet6", "search", "domain\t", "  options ndots:7")))
    return "\n".join(lines) + rng.choice(("", "\n", "\n\n"))


def scenario(rng: random.Random, key: str, search: tuple[str, ...], *, may_lose: bool) -> Scenario:
    call = rng.choice(CALLS)
    name = key + rng.choice(("", "", ".p", ".p", ".p.q", ".p.q.r.s.t", f".{'y' * 60}.{'z' * 60}.{'w' * 60}"))
    name += "." if rng.random() < 0.1 else ""
    possible = list(
        dict.fromkeys(
            [
                name.rstrip("."),
                *(f"{name}.{entry}".replace("..", ".").rstrip(".") for entry in (*search, "lost.test", "other.test")),
            ]
        )
    )
    table = {candidate.lower(): outcomes(rng, call) for candidate in possible}
    if may_lose and rng.random() < 0.5:
        lost = table[rng.choice(list(table))]
        # By TCP glibc asks for the pair again, and has no timeout there: it would wait for ever.
        lost.update({rdtype: ["NODATA"] for rdtype, (kind, *_) in lost.items() if kind == "TC"})
        lost[rng.choice(TYPES[call])] = ["DROP"]
    return Scenario(key, call, name, table)


def outcomes(rng: random.Random, call: str) -> Outcomes:
    kinds = rng.choices(list(KINDS), list(KINDS.values()), k=2)
    if rng.random() < 0.6:
        kinds[1] = kinds[0]
    return {rdtype: outcome(rng, rdtype, kind) for rdtype, kind in zip(TYPES[call], kinds, strict=False)}


def outcome(rng: random.Random, rdtype: str, kind: str) -> list[object]:
    if kind == "CNAME_ONLY":
        return [kind, "nowhere.test"]
    if kind not in ("OK", "TC"):
        return [kind]
    data = {
        "A": lambda: f"192.0.2.{rng.randint(1, 254)}",
        "AAAA": lambda: f"2001:db8::{rng.randint(1, 0xFFFF):x}",
        "SRV": lambda: f"{rng.randint(0, 9)}:{rng.randint(0, 99)}:{rng.randint(1, 65535)}:t{rng.randint(0, 9)}.test",
    }[rdtype]
    return [kind, sorted({data() for _ in range(rng.randint(1, 3))})]
