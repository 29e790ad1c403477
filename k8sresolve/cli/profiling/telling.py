"""How a profile is told: tables for people, an object for programs, and notes on what is inferred, and from what."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from k8sresolve._escaping import few
from k8sresolve.cli.profiling.profiles import Profile, Row
from k8sresolve.cli.screen import AnyCell, Cell, Screen, Style

MOST_ROWS, MOST_WIDE, MOST_IN_DATA = 10, 50, 1000
_MOST_DOMAINS = 5
_FAR = 0.02  # of all questions
_WAYS: Mapping[str, str] = {
    "ndots_2": "ndots:2 in the pods' dnsConfig",
    "full_names": "full names with a dot at the end",
    "library": "k8sresolve, remembering nothing",
    "library_absolute": "k8sresolve with absolute=",
    "library_cache": "k8sresolve with absolute= and its cache",
}
_SHORT = {
    "ndots_2": "NDOTS:2",
    "full_names": "FULL",
    "library": "LIBRARY",
    "library_absolute": "ABSOLUTE",
    "library_cache": "CACHE",
}


@attrs.frozen
class Source:
    """What a profile is made of: lines that were no queries are `skipped`, `ttl` are seconds."""

    skipped: int
    sample: float
    has_pods: bool
    ttl: int


def told(profile: Profile, source: Source, *, wide: bool) -> Callable[[Screen], str]:
    """Tell it in tables."""

    def write(screen: Screen) -> str:
        most = MOST_WIDE if wide else MOST_ROWS
        parts = [
            screen.wrapped(_head(profile, source)),
            screen.wrapped(_verdict(profile), style="bold"),
            _whos(screen, profile, most, wide=wide),
            _names(screen, profile, most, wide=wide),
            _savings(screen, profile),
            "\n".join(screen.wrapped(note, indent=6, first="note:") for note in notes(profile, source)),
        ]
        return "\n\n".join(filter(None, parts))

    return write


def ways(profile: Profile) -> Mapping[str, int]:
    """Tell what the same lookups would ask by each way, as it is called for people."""
    told = {called: profile.ways[way] for way, called in _WAYS.items() if way in profile.ways}
    if not profile.absolute:
        told.pop(_WAYS["library_absolute"])
        told = {called.replace("absolute= and ", ""): asked for called, asked in told.items()}
    return {"as it is": profile.counts.questions, **told}


def _head(profile: Profile, source: Source) -> str:
    counts = profile.counts
    seen = f" of {counts.seen:,}, by --sample {source.sample:g}," if source.sample < 1 else ""
    lines = f"{source.skipped:,} {'line was no query' if source.skipped == 1 else 'lines were no queries'}"
    clients = f"{len(counts.clients):,} client{'s' * (len(counts.clients) != 1)}"
    within = ""
    if counts.first is not None and counts.last is not None:
        within = f" within {_span(counts.last - counts.first)}"
    return f"{counts.questions:,} questions{seen} from {clients}{within}; {lines}."


def _span(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s"


def _verdict(profile: Profile) -> str:
    share = _share(profile.wasted, profile.counts.questions)
    return (
        f"{profile.wasted:,} of them ({share}) were wasted on search lists: for names that ndots and a search domain "
        "made, before the one that ended the lookup."
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "0%"


def _part(part: int, whole: int) -> str:
    """Write a count and its share, which take the same room in each line."""
    return f"{part:,} ({_share(part, whole)})"


def _whos(screen: Screen, profile: Profile, most: int, *, wide: bool) -> str:
    shown = [way for way in _SHORT if wide and way in profile.ways]
    header = ("WHO", "QUESTIONS", "WASTED", "NXDOMAIN", *(["CLIENTS", "NAMESPACE"] if wide else []))
    total = profile.counts.questions
    rows: list[Sequence[AnyCell]] = []
    for row in profile.whos[:most]:
        asked = row.questions
        cells = [row.name, _part(asked, total), _part(row.wasted, asked), _part(row.negative, asked)]
        cells += [f"{len(row.clients):,}", few(sorted(row.namespaces), 3)] if wide else []
        rows.append([*cells, *(f"{row.ways[way]:,}" for way in shown)])
    return _table(screen, (*header, *(_SHORT[way] for way in shown)), rows, _rest(profile.whos[most:], "who ask"))


def _names(screen: Screen, profile: Profile, most: int, *, wide: bool) -> str:
    header = ("NAME AS TYPED", "LOOKUPS", "QUESTIONS", "WASTED", "CLIENTS", *(["ANSWERED"] if wide else []))
    rows: list[Sequence[AnyCell]] = []
    for row in profile.names[:most]:
        cells: list[AnyCell] = [row.name, f"{row.lookups:,}", f"{row.questions:,}", f"{row.wasted:,}"]
        cells.append(f"{len(row.clients):,}")
        answered = row.end or Cell("no", "warning")
        rows.append([*cells, answered] if wide else cells)
    return _table(screen, header, rows, _rest(profile.names[most:], "names"))


def _rest(rows: Sequence[Row], what: str) -> str:
    return f"and {len(rows):,} more {what}: {sum(row.questions for row in rows):,} questions" if rows else ""


def _savings(screen: Screen, profile: Profile) -> str:
    total = profile.counts.questions
    rows: list[Sequence[AnyCell]] = []
    for called, asked in ways(profile).items():
        saved = total - asked
        style: Style = "good" if saved > 0 else ""
        rows.append((called, f"{asked:,}", Cell(_part(saved, total) if rows else "0", style)))
    return _table(screen, ("THE SAME LOOKUPS WITH", "QUESTIONS", "FEWER"), rows, "")


def _table(screen: Screen, header: Sequence[str], rows: Sequence[Sequence[AnyCell]], rest: str) -> str:
    """Write a table with its numbers, which are all but the first column and words, to the right."""
    columns = list(zip(*([_text(cell) for cell in row] for row in (header, *rows)), strict=True))
    widths = [max(map(len, column)) for column in columns]
    is_block = 0 < screen.width < sum(widths) + 2 * (len(widths) - 1)
    numbers = [not is_block and at > 0 and all(text[:1].isdigit() for text in c[1:]) for at, c in enumerate(columns)]

    def placed(cell: AnyCell, at: int) -> AnyCell:
        text = _text(cell).rjust(widths[at]) if numbers[at] else _text(cell)
        return Cell(text, cell.style) if isinstance(cell, Cell) else text

    lines = [[placed(cell, at) for at, cell in enumerate(row)] for row in rows]
    heads = [_text(placed(text, at)) for at, text in enumerate(header)]
    return "\n".join(filter(None, [screen.table(heads, lines), screen.line(rest, "dim") if rest else ""]))


def _text(cell: AnyCell) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def notes(profile: Profile, source: Source) -> list[str]:
    """Say what is inferred, and what the log cannot tell."""
    counts = profile.counts
    domain = f"the cluster domain {profile.domain}" + (" (inferred)" if profile.is_domain_told else "")
    beyond = f" and the nodes' {', '.join(profile.node_domains)}" if profile.node_domains else ""
    again, left = profile.ways["replayed"], counts.questions - profile.logged
    told = [
        f"What was typed is inferred from what was asked for below {domain}{beyond}. Made again as they are, by "
        f"glibc's walk with ndots:5, these lookups ask {again:,} questions"
        + (f", {left:,} of them as logged: failures, and types other than A and AAAA." if left else "."),
    ]
    if max(abs(again - counts.questions), profile.torn) > _FAR * counts.questions:
        told.append(
            f"Logged are {counts.questions:,}, of which {profile.torn:,} belong to no whole walk: is this the log of "
            "one CoreDNS of several? Give those of all, in any order."
        )
    if profile.absolute:
        more = len(profile.absolute) - _MOST_DOMAINS
        domains = ",".join(profile.absolute[:_MOST_DOMAINS]) + (f" and {more} more, see -o json" if more > 0 else "")
        told.append(f"absolute= stands for K8SRESOLVE_ABSOLUTE={domains}.")
    if "library_cache" in profile.ways:
        of = f", as of {profile.remembered:,} of {profile.remembering:,} lookups" if _is_part(profile) else ""
        told.append(f"The cache is counted with a TTL of {source.ttl} s (--ttl), and one process in each pod{of}.")
    else:
        told.append(
            "What a cache would save is not told, since lines have no time, or no client is a pod by itself: `kubectl "
            "logs --timestamps` writes times."
        )
    told += _on_clients(profile, source)
    if counts.rare:
        told.append(f"{counts.rare:,} questions for names that were asked for least are counted, and not looked into.")
    if counts.questions == counts.negative:
        told.append(
            "All answers are NXDOMAIN: does the plugin `log` have `class denial`? Shares are of what is logged."
        )
    return told


def _is_part(profile: Profile) -> bool:
    return profile.remembered < profile.remembering


def _on_clients(profile: Profile, source: Source) -> list[str]:
    told: list[str] = []
    if profile.nodes:
        asked = sum(row.questions for row in profile.nodes)
        names = few([row.name for row in profile.nodes], 3)
        many = "They ask" if source.has_pods else "They search in several namespaces, and so ask"
        told.append(
            f"{names}: {asked:,} questions. {many} for more than one pod, as NodeLocal and pods with hostNetwork do, "
            "whose pods cannot be told apart here; the log of NodeLocal itself has the pods' addresses."
        )
    unknown = [row for row in profile.whos if row.kind == "unknown"]
    if unknown:
        asked = sum(row.questions for row in unknown)
        told.append(
            f"{asked:,} questions are from addresses of no pod in the list: pods come and go, so write it when the log "
            "is written."
        )
    if not source.has_pods:
        told.append(
            "Clients are addresses: `kubectl get pods -A -o json >pods.json` and --pods pods.json name workloads."
        )
    return told


def data(profile: Profile, source: Source) -> dict[str, Any]:
    """Tell it as an object."""
    counts = profile.counts
    return {
        "questions": counts.questions,
        "seen": counts.seen,
        "sample": source.sample,
        "skipped_lines": source.skipped,
        "clients": len(counts.clients),
        "began": _time(counts.first),
        "ended": _time(counts.last),
        "nxdomain": profile.negative,
        "wasted": profile.wasted,
        "rare": counts.rare,
        "torn": profile.torn,
        "cluster_domain": profile.domain,
        "cluster_domain_inferred": profile.is_domain_told,
        "node_domains": list(profile.node_domains),
        "absolute": list(profile.absolute),
        "ttl": source.ttl,
        "would_ask": _ways(profile.ways),
        "replayed": {"logged": profile.logged, "lookups_with_cache": profile.remembered, "of": profile.remembering},
        "who": [{"who": row.name, "kind": row.kind, **_row(row)} for row in profile.whos[:MOST_IN_DATA]],
        "names": [{"name": row.name, "answered": row.end or None, **_row(row)} for row in profile.names[:MOST_IN_DATA]],
        "left_out": {
            "who": len(profile.whos[MOST_IN_DATA:]),
            "names": len(profile.names[MOST_IN_DATA:]),
        },
        "notes": notes(profile, source),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "clients": len(row.clients),
        "namespaces": sorted(row.namespaces),
        "lookups": row.lookups,
        "questions": row.questions,
        "wasted": row.wasted,
        "would_ask": _ways(row.ways),
    }


def _ways(counts: Mapping[str, int]) -> dict[str, int]:
    return {("as_it_is" if way == "replayed" else way): count for way, count in counts.items()}


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
