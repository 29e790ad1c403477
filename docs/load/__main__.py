"""`python -m docs.load` writes the tables and plots of `docs/explanation/load-on-coredns.md`, in some minutes."""

import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import attrs

from docs.load import figures
from docs.load.added import HOUR, conntrack, following, under_loss
from docs.load.clients import CLIENTS
from docs.load.mix import CLASSES, INSIDE, NAMESPACES, OUTSIDE, SERVICES, Mix
from docs.load.simulation import PODS, Setup, questions, simulate

PAGE = Path(__file__).parents[1] / "explanation/load-on-coredns.md"
SAMPLE = 60  # pods on 2 nodes
SEEDS = (1, 2, 3)
TTLS, NDOTS, NODE_LOCAL = (30, 5), (5, 2), (False, True)
# coredns/deployment, kubernetes/Scaling_CoreDNS.md: questions a second of one instance on two vCPUs, and its memory.
QUESTIONS_A_SECOND = 33_669
SHOWN = ("glibc", "aiodns", "dnspython, cache", "k8sresolve, both", "k8sresolve", "k8sresolve, absolute")
VARIED = ("glibc", "aiodns", "dnspython, cache", "k8sresolve")


@attrs.frozen
class Summary:
    """What is told of a run."""

    lookups: float
    rate: float
    peak: float
    each: Mapping[str, float]
    seconds: Sequence[float]
    ports: tuple[float, float]
    pooled: tuple[float, float]


def summary(setup: Setup, mix: Mix, seed: int = 1) -> Summary:
    run = simulate(setup, mix, SAMPLE, seed)
    pooled = conntrack(run, flows="pool") if setup.client.startswith("k8sresolve") else (0.0, 0.0)
    return Summary(
        run.lookups(), run.rate(), run.rate(storm=True), run.each(), run.each_second(), conntrack(run), pooled
    )


def changed(mix: Mix, kind: int, **changes: float) -> Mix:
    kinds = list(mix.kinds)
    kinds[kind] = kinds[kind]._replace(**changes)
    return attrs.evolve(mix, kinds=tuple(kinds))


def shares(kept: float, each: float, many: float) -> Mix:
    kinds = [kind._replace(share=share) for kind, share in zip(Mix().kinds, (kept, each, many), strict=True)]
    return attrs.evolve(Mix(), kinds=tuple(kinds))


INTERVALS = (10, 30, 60, 120, 300, 600)
VARIATIONS: Mapping[str, Mix] = {
    "as assumed": Mix(),
    "a tenth of the lookups are for hosts outside": attrs.evolve(Mix(), outside=0.1),
    "six tenths are": attrs.evolve(Mix(), outside=0.6),
    "all pods keep their connections": shares(1.0, 0.0, 0.0),
    "no pod does": shares(0.0, 0.95, 0.05),
    "a pod uses twice as many names": attrs.evolve(Mix(), names=tuple(2 * some for some in Mix().names)),
    "every pod is replaced every ten minutes": attrs.evolve(Mix(), life=600.0),
}
JOBS: Mapping[str, tuple[Setup, Mix, int]] = {
    **{
        f"main {client} {ttl} {ndots} {local}": (Setup(client, ttl, ndots, local), Mix(), 1)
        for client in CLIENTS
        for ttl in TTLS
        for ndots in NDOTS
        for local in NODE_LOCAL
    },
    **{f"seed {client} {seed}": (Setup(client), Mix(), seed) for client in SHOWN for seed in SEEDS[1:]},
    **{
        f"interval {client} {seconds}": (Setup(client), changed(Mix(), 0, share=1.0, renews_every=seconds), 1)
        for client in VARIED
        for seconds in INTERVALS
    },
    **{f"vary {client} {what}": (Setup(client), mix, 1) for client in VARIED for what, mix in VARIATIONS.items()},
    **{
        f"nodes {client} {some}": (Setup(client, node_local=True), attrs.evolve(Mix(), pods_on_a_node=some), 1)
        for client in VARIED
        for some in (10, 60)
    },
}


SLASH = "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}"
HEADERS = [f"`{kind}`" if kind.count(".") < 3 else "full" for kind in INSIDE]
HEADERS += [f"{kind.count('.') + 1}\N{NO-BREAK SPACE}labels" for kind in OUTSIDE]


def cold(client: str, ndots: int, kind: str) -> int:
    return len(questions(client, "team-1", ndots, {**INSIDE, **OUTSIDE}[kind].format(s=1, n=2)))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float) -> str:
    """Two significant digits are more than a model of this kind can promise, three are kept for comparing."""
    if value >= 100:
        value = round(value, 2 - math.floor(math.log10(value)))
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"


class Told:
    """The page's blocks, from all runs."""

    def __init__(self, runs: Mapping[str, Summary]) -> None:
        self._runs = runs

    def main(self, client: str, ttl: int = 30, ndots: int = 5, *, local: bool = False) -> Summary:
        return self._runs[f"main {client} {ttl} {ndots} {local}"]

    def mix(self) -> str:
        mix = Mix()
        kinds = [
            (
                k.name,
                f"{k.share:.0%}",
                f"each name every {k.renews_every:.0f} s" if k.renews_every else f"{k.opens:g} a second",
            )
            for k in mix.kinds
        ]
        patterns = {**INSIDE, **OUTSIDE}
        names = [
            (f"`{kind}`", f"`{patterns[kind].format(s=4, n=7)}`", str(some))
            for kind, some in zip(CLASSES, mix.names, strict=True)
        ]
        lookups = self.main("glibc").lookups
        return (
            table(("pods with", "share", "connects"), kinds)
            + "\n"
            + table(("kind of name", "such as", "names of it a pod uses"), names)
            + f"\n{mix.outside:.0%} of the lookups are for hosts outside. A pod lives {mix.life / 3600:g} hours, so"
            f" that {PODS / mix.life:.1f} are replaced each second. A node has {mix.pods_on_a_node} pods; there are"
            f" {NAMESPACES * SERVICES} Services in {NAMESPACES} namespaces. Together {PODS:,} pods make"
            f" {number(lookups)} lookups a second.\n"
        )

    def cold(self) -> str:
        return table(
            ("client", *HEADERS),
            [
                (client, *(SLASH.join(str(cold(client, ndots, kind)) for ndots in NDOTS) for kind in CLASSES))
                for client in CLIENTS
            ],
        )

    def rates(self) -> str:
        header = [
            "client",
            *(f"ttl\N{NO-BREAK SPACE}{ttl}, ndots\N{NO-BREAK SPACE}{ndots}" for ttl in TTLS for ndots in NDOTS),
        ]
        tables = [
            table(
                header,
                [
                    (client, *(number(self.main(client, t, n, local=local).rate) for t in TTLS for n in NDOTS))
                    for client in CLIENTS
                ],
            )
            for local in NODE_LOCAL
        ]
        return "\nWith NodeLocal:\n\n".join(tables)

    def kinds(self) -> str:
        return table(
            ("client", *HEADERS),
            [
                (client, *(SLASH.join(f"{self.main(client, ttl).each[kind]:.2f}" for ttl in TTLS) for kind in CLASSES))
                for client in SHOWN
            ],
        )

    def replicas(self) -> str:
        rows = []
        for client in CLIENTS:
            cells = [client]
            for local in NODE_LOCAL:
                run = self.main(client, local=local)
                cells += [
                    f"{number(rate)}:\N{NO-BREAK SPACE}{rate / QUESTIONS_A_SECOND:.2f}" for rate in (run.rate, run.peak)
                ]
            rows.append(cells)
        return table(("client", "as a rule", "all connect anew", "NodeLocal, as a rule", "NodeLocal, anew"), rows)

    def ports(self) -> str:
        rows = []
        for client in (*CLIENTS, "k8sresolve, asyncio or trio"):
            pooled = client not in CLIENTS
            cells = [f"{client}, blocking" if client.startswith("k8sresolve") and not pooled else client]
            for ttl in TTLS:
                run = self.main("k8sresolve" if pooled else client, ttl)
                opened, kept = run.pooled if pooled else run.ports
                cells += [f"{opened:.2f}", f"{kept:.1f}"]
            rows.append(cells)
        return table(
            ("client", *(f"{what}, ttl {ttl}" for ttl in TTLS for what in ("ports a second", "entries"))), rows
        )

    def loss(self) -> str:
        rows = []
        for loss in (0.0, 0.001, 0.01, 0.05):
            asked, resent, failed = under_loss(loss, SAMPLE)
            rows.append((f"{loss:.1%}", f"{asked:,}", f"{resent:,}", f"{resent / asked:.2%}", str(failed)))
        return table(("packets lost", "questions", "resends", "added", "lookups failed"), rows)

    def following(self) -> str:
        rows = []
        for ttl in TTLS:
            counted = following(ttl)
            rows.append((str(ttl), *(f"{count:,}" for count in counted), number(PODS * counted[0] / HOUR)))
        head = ("TTL", "a watch", "a lookup every 2 s", "the same, `prefetch=0.8`", f"a watch in each of {PODS:,} pods")
        return table(head, rows)

    def seeds(self) -> str:
        rows = []
        for client in SHOWN:
            found = [self.main(client).rate, *(self._runs[f"seed {client} {seed}"].rate for seed in SEEDS[1:])]
            rows.append((client, number(min(found)), number(max(found))))
        return table(("client", "least of three samples", "most"), rows)

    def sensitivity(self) -> str:
        rows = []
        for what in VARIATIONS:
            runs = [self._runs[f"vary {client} {what}"] for client in VARIED]
            rows.append((what, *(number(run.rate) for run in runs), f"{runs[0].rate / runs[-1].rate:.0f}"))
        for some in (10, 60):
            runs = [self._runs[f"nodes {client} {some}"] for client in VARIED]
            rows.append(
                (
                    f"NodeLocal, {some} pods on a node",
                    *(number(run.rate) for run in runs),
                    f"{runs[0].rate / runs[-1].rate:.0f}",
                )
            )
        return table(("changed", *VARIED, "glibc to k8sresolve"), rows)

    def draw(self) -> None:
        figures.bars(
            "rates",
            {
                client: {
                    "without a cache on the nodes": self.main(client).rate,
                    "with NodeLocal": self.main(client, local=True).rate,
                }
                for client in CLIENTS
                if client not in ("musl", "Go")
            },
            "questions a second that reach CoreDNS",
            number,
        )
        figures.bars(
            "kinds",
            {
                f"{len(kind.split('.'))} labels": {
                    client: self.main(client).each[kind] for client in SHOWN if client in SHOWN
                }
                for kind in OUTSIDE
            },
            "questions for a lookup of a host outside",
            "{:.2f}".format,
        )
        figures.lines(
            "anew",
            {client: (range(-20, 10), self.main(client).seconds[-30:]) for client in VARIED},
            "seconds; at 0 all begin to connect anew",
            "questions a second",
            logarithmic=False,
        )
        figures.lines(
            "intervals",
            {
                client: (INTERVALS, [self._runs[f"interval {client} {seconds}"].rate for seconds in INTERVALS])
                for client in VARIED
            },
            "seconds until a pod connects anew to a name",
            "questions a second",
            logarithmic=True,
        )


BLOCKS = ("mix", "cold", "rates", "kinds", "replicas", "ports", "loss", "following", "seeds", "sensitivity")


def write(told: Told) -> None:
    text = PAGE.read_text()
    for name in BLOCKS:
        block = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        assert block.search(text), name
        text = block.sub(lambda _, name=name: getattr(told, name)(), text)
    PAGE.write_text(text)
    told.draw()


def main() -> None:
    with ProcessPoolExecutor() as executor:
        begun = {name: executor.submit(summary, *job) for name, job in JOBS.items()}
        runs = {}
        for name, future in begun.items():
            runs[name] = future.result()
            print(f"{len(runs)} of {len(begun)}: {name}: {runs[name].rate:,.0f}", file=sys.stderr)
    write(Told(runs))


if __name__ == "__main__":
    main()
