"""The diagrams of the pages: `python -m docs.diagrams` writes `docs/diagrams/*.svg`, in light and dark.

Names, questions, outcomes and times in them are those of lookups that are made here, in the offline cluster.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from docs.diagrams.drawing import COLOURS, MARGIN, WIDTH, Drawing
from k8sresolve import Candidate, Policy
from k8sresolve.testing import Cluster, headless

HERE = Path(__file__).parent
SHOP = HERE.parent / "examples/shop.yaml"
_POLICIES: tuple[Policy, ...] = ("glibc", "kubernetes")
INTERNET = {"example.com.": "api 60 IN A 192.0.2.7\n"}


def lookup() -> Drawing:
    """The way of `port()`, from the program to the record."""
    cluster = Cluster.from_manifests(SHOP)
    record = cluster.resolver(namespace="shop").port("payments.shop", "http")
    (query,) = cluster.queries  # the target's address came along
    (target,) = record.targets
    (address,) = target.addresses
    walked = cluster.resolver(namespace="shop", policy="glibc").candidates("payments.shop")

    drawing = Drawing("The way of a lookup: program, names, CoreDNS, record")
    drawing.stand("your program", ['port("payments.shop", "http")'])
    drawing.arrow("/etc/resolv.conf tells namespace and cluster domain")
    drawing.stand(
        "the name to ask for",
        [
            (query.name, "mono", query.rdtype, "mono accent"),
            *(
                (candidate.name, "mono dim out", "not asked", "dim")
                for candidate in walked
                if candidate.name != target.name
            ),
        ],
    )
    drawing.arrow("one round trip; a lost packet is sent again")
    drawing.stand(
        "CoreDNS",
        [
            (str(query).partition("NOERROR ")[2], "mono", query.rdtype, "mono accent"),
            (str(address), "mono", "A, comes along", "dim"),
        ],
    )
    drawing.arrow(f"remembered for its TTL of {record.ttl:.0f} s")
    drawing.stand(
        "a typed, frozen record",
        [
            (f"Port {record.name}/{record.protocol}", "mono"),
            (f"  number   {record.number}", "mono good"),
            (f"  targets  {target.addresses[0]}:{target.port}", "mono good"),
        ],
    )
    return drawing


def search() -> Drawing:
    """The walk of `addresses()` by two policies."""
    drawing = Drawing("The search walk for payments.shop and api.example.com by the policies glibc and kubernetes")
    cluster = Cluster.from_manifests(SHOP, upstream=INTERNET)
    for name in ("payments.shop", "api.example.com"):
        walks: dict[Policy, tuple[Candidate, ...]] = {}
        totals: dict[Policy, tuple[int, int]] = {}
        for policy in _POLICIES:
            cluster.queries.clear()
            explained = cluster.resolver(namespace="shop", policy=policy, family="both").explain(name)
            walks[policy] = explained.candidates
            totals[policy] = len(cluster.queries), len({query.at for query in cluster.queries})
        names = [candidate.name for candidate in walks["glibc"]]
        top = drawing.y
        height = drawing.box(name, [*names, ("questions, A and AAAA", "dim"), ("round trips", "dim")])
        for column, (policy, walk) in zip((335, 418), walks.items(), strict=True):
            drawing.text(column, top + 19, policy, "dim end")
            for number, candidate in enumerate(walk):
                text, classes = _outcome(candidate)
                drawing.text(column, top + 37 + 18 * number, text, f"{classes} end")
            for number, total in enumerate(totals[policy], start=len(names)):
                drawing.text(column, top + 37 + 18 * number, str(total), "title end")
        drawing.y += height + 10
    drawing.text(MARGIN, drawing.y + 8, "skipped: no name of a cluster has this shape", "dim")
    drawing.y += 10
    return drawing


def _outcome(candidate: Candidate) -> tuple[str, str]:
    if not candidate.asked:
        return "skipped", "dim"
    match candidate.outcome:
        case "found":
            return "found", "good"
        case "nxdomain":
            return "no", "bad"
        case other:
            return other, "dim"


def engine() -> Drawing:
    """Who does what in a lookup, and which part of it does I/O."""
    drawing = Drawing("The engine: facades, lookups, desk and inquiries without I/O, and four drivers below them")
    drawing.stand("Resolver, AsyncResolver", [("one line for each call", "dim")])
    drawing.arrow("a call", up="a record, or a typed error")
    top = drawing.y
    drawing.text(MARGIN + 10, top + 18, "the core: no sockets, no clock, no tasks", "dim")
    drawing.y += 28
    inner = {"x": MARGIN + 10.0, "width": WIDTH - 2.0 * MARGIN - 20}
    drawing.y += drawing.box("lookups", [("generators: service(), addresses(), …", "dim")], **inner)
    drawing.arrow("a round of questions", up="answers", x=40)
    drawing.y += drawing.box(
        "desk",
        [
            ("joins who asks the same; cache; 128 in flight; deadlines", "dim"),
        ],
        **inner,
    )
    drawing.arrow("a question", up="an answer", x=40)
    drawing.y += drawing.box("inquiry", [("one question: resend, next nameserver, TCP", "dim")], **inner)
    drawing.y += 10
    drawing.rectangle(MARGIN, top, WIDTH - 2 * MARGIN, drawing.y - top, classes="group", radius=8)
    drawing.arrow("send this, wake me then", up="a packet, an error")
    top = drawing.y
    names = ("threads", "asyncio", "trio", "virtual")
    width = (WIDTH - 2 * MARGIN - 24) / 4
    for number, name in enumerate(names):
        x = MARGIN + number * (width + 8)
        drawing.rectangle(x, top, width, 30)
        drawing.text(x + width / 2, top + 20, name, "title middle")
        drawing.down(x + width / 2, top + 33, top + 53)
    drawing.rectangle(MARGIN, top + 56, 3 * width + 16, 30)
    drawing.text(MARGIN + (3 * width + 16) / 2, top + 76, "UDP and TCP sockets", "middle")
    drawing.rectangle(MARGIN + 3 * (width + 8), top + 56, width, 30)
    drawing.text(MARGIN + 3 * (width + 8) + width / 2, top + 76, "a function", "middle")
    drawing.y = top + 90
    return drawing


def offline() -> Drawing:
    """What an offline cluster is made of."""
    drawing = Drawing("The offline cluster: manifests, controllers, CoreDNS, network, and who asks it")
    drawing.stand(
        "your manifests, or builders", ['Cluster.from_manifests("deploy/")', 'Cluster.new(headless("db.shop", …))']
    )
    drawing.arrow("what the API server would refuse is a ManifestError")
    drawing.stand("controllers", [("ClusterIPs, pods, EndpointSlices; scale(), set_ready(), …", "dim")])
    drawing.arrow("objects, as they are now")
    drawing.stand("CoreDNS", [("modelled, by a Corefile: kubernetes, cache, forward, …", "dim")])
    drawing.arrow("replies", up="queries")
    drawing.stand(
        "network",
        [("loses, delays, changes packets as you say; cluster.queries", "dim")],
    )
    top = drawing.y
    half = (WIDTH - 2 * MARGIN - 12) / 2
    drawing.down(MARGIN + 20, top + 3, top + 43)
    drawing.text(MARGIN + 32, top + 27, "virtual time", "dim")
    drawing.down(MARGIN + half + 32, top + 3, top + 43)
    drawing.text(MARGIN + half + 44, top + 27, "UDP and TCP, loopback", "dim")
    drawing.y = top + 46
    height = drawing.box(
        "cluster.resolver()", [("what production runs;", "dim"), ("no socket is opened", "dim")], width=half
    )
    drawing.box(
        "cluster.serve()",
        [("dig, Go, Java, and any", "dim"), ("other program", "dim")],
        x=MARGIN + half + 12,
        width=half,
    )
    drawing.y += height
    return drawing


LONG = 180  # seconds of virtual time that the watch is followed


def watch() -> Drawing:
    """What a watch knows of a Service, while pods come and go and DNS fails."""
    cluster = Cluster.new(headless("db.shop", sql=5432, pods=2))
    real: list[frozenset[str]] = []
    known: list[frozenset[str]] = []
    stale: list[bool] = []
    with cluster.resolver(namespace="shop") as resolver, resolver.watch("db", "sql") as followed:
        fault = None
        for second in range(LONG):
            if second == 20:
                cluster.scale("shop/db", 3)
            elif second == 60:
                fault = cluster.network.rcode("SERVFAIL")
            elif second == 90 and fault is not None:
                fault.stop()
            elif second == 110:
                cluster.scale("shop/db", 1)
            cluster.clock.advance(1)
            real.append(frozenset(pod.name for pod in cluster.pods("shop/db") if pod.ready))
            known.append(frozenset(endpoint.hostname or "" for endpoint in followed.current))
            stale.append(any(one.stale for one in resolver.watches()))
    asked = [(query.at, query.outcome) for query in cluster.queries]

    drawing = Drawing("A watch of a headless Service over three minutes: pods, polls, and what it believes")
    left, right = 66.0, WIDTH - MARGIN - 4.0

    def at(second: float) -> float:
        return left + (right - left) * second / LONG

    def bars(title: str, note: str, states: list[frozenset[str]], pale: list[bool] | None = None) -> None:
        drawing.text(MARGIN, drawing.y + 14, title, "title")
        drawing.text(WIDTH - MARGIN, drawing.y + 14, note, "dim end")
        drawing.y += 24
        for pod in sorted(frozenset().union(*states)):
            drawing.text(MARGIN, drawing.y + 11, pod, "mono")
            for start, end, is_pale in _spans([pod in state for state in states], pale or [False] * LONG):
                drawing.rectangle(
                    at(start), drawing.y, at(end) - at(start), 13, classes="pale" if is_pale else "accent", radius=1
                )
            drawing.y += 19
        drawing.y += 6

    top = drawing.y
    bars("pods that are ready", "scaled to 3, then to 1", real)
    drawing.text(MARGIN, drawing.y + 14, "polls", "title")
    drawing.text(WIDTH - MARGIN, drawing.y + 14, "as answers expire; SERVFAIL from 60 s to 90 s", "dim end")
    drawing.y += 24
    drawing.rectangle(at(60), drawing.y, at(90) - at(60), 15, radius=1)
    last = -2.0
    for when, outcome in asked:
        if when - last > 0.5:  # what one poll sends again is that poll's
            drawing.rectangle(
                at(when) - 1.5, drawing.y, 3, 15, classes="good" if outcome == "NOERROR" else "bad", radius=1
            )
        last = when
    drawing.y += 25
    bars("watch.current", "pale: stale", known, stale)
    drawing.behind(f"M{left:g} {drawing.y:g}H{right:g}")
    for second in range(0, LONG + 1, 30):
        drawing.behind(f"M{at(second):g} {top + 24:g}V{drawing.y + 4:g}")
        drawing.text(
            at(second),
            drawing.y + 17,
            str(second) if second < LONG else f"{second} s",
            "dim middle" if second < LONG else "dim end",
        )
    drawing.y += 18
    return drawing


def _spans(there: list[bool], pale: list[bool]) -> list[tuple[int, int, bool]]:
    """Part the seconds in which something is there into spans that are alike."""
    spans: list[tuple[int, int, bool]] = []
    for second, (is_there, is_pale) in enumerate(zip(there, pale, strict=True)):
        if not is_there:
            continue
        if spans and spans[-1][1] == second and spans[-1][2] == is_pale:
            spans[-1] = (spans[-1][0], second + 1, is_pale)
        else:
            spans.append((second, second + 1, is_pale))
    return spans


PICTURES: Mapping[str, Callable[[], Drawing]] = {
    "lookup": lookup,
    "search": search,
    "engine": engine,
    "offline": offline,
    "watch": watch,
}


def main() -> None:
    for name, draw in PICTURES.items():
        drawing = draw()
        for mode in COLOURS:
            (HERE / f"{name}-{mode}.svg").write_text(drawing.svg(mode))


if __name__ == "__main__":
    main()
