"""`probe`: whether a name and port can be reached, and what is in the way."""

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from k8sresolve._escaping import few, placed
from k8sresolve.cli.failing import in_options, status_of, text_of
from k8sresolve.cli.formats.report import OF_MANIFESTS, fields_of
from k8sresolve.cli.forms import add_forms
from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.opening import asking_from, open_cluster, opened
from k8sresolve.cli.options import ASKING, Commands
from k8sresolve.cli.output import FORMS, Shown, write
from k8sresolve.cli.progress import Progress, Waiting
from k8sresolve.cli.screen import AnyCell, Cell, Screen
from k8sresolve.errors import ConfigError, ResolveError
from k8sresolve.findings import Finding
from k8sresolve.reachability import Certificate, ProbedEndpoint, ProbeStage, Reachability, Scheme, day

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster

TAKES = (*ASKING, "policy", "family")
UNREACHED = 4
"""The exit status where the name is found, and some connection fails."""

_DETAILS = """\
Looks the name up as a client does, and connects to each of its addresses, on its own: to every pod of a headless
Service. What fails is told with what that usually means, and what to compare. From manifests (-f, -k) come the names
alone: the connections are real, to the addresses that stand there. --timeout bounds it all. Exits with 4 where the
name is found and some connection fails; of HTTP a status from 200 to 399 is none that fails, as for a kubelet.
"""
_STAGES = {"tcp": ("tcp",), "tls": ("tcp", "tls"), "http": ("tcp", "http"), "https": ("tcp", "tls", "http")}
_MOST_FINDINGS = 5
# The fields of a Service of which a connection may fail.
_ON_THE_WAY = re.compile(r"spec\.(?:selector|externalName|ports(?!.*\.name$))")


def register(commands: Commands) -> None:
    """Add the subcommand."""
    probe = commands.add(
        "probe", "try whether a name and port can be reached, at each of its addresses", _run, _DETAILS, takes=TAKES
    )
    probe.add_argument("name", metavar="NAME", help="a Service, ns/svc, or any host, as a client is told it")
    probe.add_argument("port", metavar="PORT", help="the name of a Service's port, or a number")
    over = probe.add_mutually_exclusive_group()
    for scheme, text in (
        ("tls", "then a handshake of TLS, for the name as given; SSL_CERT_FILE names other authorities to trust"),
        ("http", "then a request of HTTP: GET"),
        ("https", "then both"),
    ):
        over.add_argument(f"--{scheme}", dest="scheme", action="store_const", const=scheme, help=text)
    probe.add_argument("--path", metavar="/PATH", help="what to ask for; alone it is of --http (default: /)")
    probe.add_argument(
        "--count", type=_count, default=1, metavar="N", help="probe so often, and show how often it fails"
    )
    add_forms(probe, FORMS)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 10_000 and len(text) <= 5):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 10000")
    return int(text)


def _run(args: argparse.Namespace) -> int:
    scheme: Scheme = args.scheme or ("tcp" if args.path is None else "http")
    if args.path is not None and scheme == "tls":
        raise ConfigError("--path is asked for by HTTP, which --tls is without", advice="give --https")
    port = int(args.port) if args.port.isascii() and args.port.isdigit() and len(args.port) <= 5 else args.port
    cluster = open_cluster(args) if manifests(args) else None
    tries: list[Reachability] = []
    lost: list[ResolveError] = []
    with opened(args, cluster, connections="real") as resolver, Progress("probing", args.count) as progress:
        for _ in range(args.count):
            try:
                with Waiting(f"probing {args.name}"):
                    tries.append(resolver.probe(args.name, port, scheme, path=args.path or "/"))
            except ResolveError as error:
                if not tries:
                    raise
                lost.append(error)
            progress.step()
    failed = next((one for one in tries if not one.ok), None)
    found = () if cluster is None or failed is None else _findings(cluster, args)
    lookups = _Lookups(args.count, len(lost), text_of(lost[0], args) if lost else "")
    shown = _shown(failed or tries[-1], tries, lookups, found)
    write(shown, args)
    return max([shown.status, *map(status_of, lost)])


def _findings(cluster: "Cluster", args: argparse.Namespace) -> tuple[Finding, ...]:
    """What does not fit in the Service's manifests, of which its connections may fail."""
    with suppress(ResolveError):  # it is no Service
        found = cluster.check(args.name, asking_from(args) or "default")
        return tuple([finding for finding in found if _ON_THE_WAY.match(finding.field)][:_MOST_FINDINGS])
    return ()


def _shown(probed: Reachability, tries: Sequence[Reachability], lookups: "_Lookups", found: Sequence[Finding]) -> Shown:
    counts = _counts(tries) if lookups.tries > 1 else []
    data = {**_plain(probed), "findings": [fields_of(finding, OF_MANIFESTS) for finding in found]}
    if counts:
        data["counts"] = [attrs.asdict(count) for count in counts]
        data["lookups"] = attrs.asdict(lookups)
    text = partial(_text, probed, counts, lookups, found)
    names = [endpoint.place for endpoint in probed.endpoints]
    return Shown(text, data, 0 if probed.ok else UNREACHED, wide=partial(text, wide=True), names=names)


# -- text --------------------------------------------------------------------------------------------------------------


def _text(
    probed: Reachability,
    counts: Sequence["_Count"],
    lookups: "_Lookups",
    found: Sequence[Finding],
    on: Screen,
    *,
    wide: bool = False,
) -> str:
    parts = [_head(probed, on), _table(probed, on, wide=wide)]
    if not wide and (reasons := _reasons(probed)):
        parts.append(on.fields(*reasons))
    if counts:
        parts.append(_count_table(counts, on))
    if lookups.lost:
        lost = f"{lookups.lost} of {lookups.tries} lookups failed: {lookups.problem}"
        parts.append(on.fields(("DNS", Cell(lost, "bad"))))
    parts += [_certificate(certificate, places, on) for certificate, places in _certificates(probed)]
    if found:
        told = [on.wrapped(str(finding), indent=2, first="-") for finding in found]
        parts.append("\n".join([on.line("in the manifests:"), *told]))
    parts += [on.wrapped(in_options(sentence)) for sentence in probed.advice]
    return "\n\n".join(parts)


def _head(probed: Reachability, on: Screen) -> str:
    of = {True: "the pods of a headless Service", False: "the ClusterIP of a Service", None: "addresses"}
    return on.fields(
        (probed.name, Cell(f"port {probed.port}: {probed.verdict}", "good" if probed.ok else "bad")),
        ("DNS", f"{of[probed.headless]}, {probed.milliseconds:.1f} ms"),
    )


def _table(probed: Reachability, on: Screen, *, wide: bool) -> str:
    has_targets = wide or probed.headless is True
    header = ["ADDRESS", *(["TARGET"] if has_targets else []), *(name.upper() for name in _STAGES[probed.scheme])]
    rows = [_row(endpoint, probed, wide=wide, has_targets=has_targets) for endpoint in probed.endpoints]
    return on.table(header, rows)


def _row(endpoint: ProbedEndpoint, probed: Reachability, *, wide: bool, has_targets: bool) -> list[AnyCell]:
    target = endpoint.target.removesuffix(".") if wide else endpoint.target.partition(".")[0]
    stages: dict[str, ProbeStage] = {stage.name: stage for stage in endpoint.stages}
    cells = [_cell(stages.get(name), wide=wide) for name in _STAGES[probed.scheme]]
    return [endpoint.place, *([target] if has_targets else []), *cells]


def _cell(stage: ProbeStage | None, *, wide: bool) -> AnyCell:
    if stage is None:
        return ""
    outcome = stage.outcome if wide else stage.outcome.partition(": ")[0]
    return Cell(f"{outcome}, {stage.milliseconds:.1f} ms", "good" if stage.ok else "bad")


def _reasons(probed: Reachability) -> list[tuple[str, str]]:
    """List each outcome that a cell leaves a part of, once, but what a certificate shown tells."""
    places: dict[str, list[str]] = {}
    for endpoint in probed.endpoints:
        for stage in endpoint.stages:
            if ": " in stage.outcome and not (stage.name == "tls" and endpoint.certificate):
                places.setdefault(stage.outcome, []).append(endpoint.place)
    return [(f"at {few(at)}", outcome) for outcome, at in places.items()]


def _certificates(probed: Reachability) -> list[tuple[Certificate, list[str]]]:
    """List each certificate once, with the places that showed it."""
    places: dict[Certificate, list[str]] = {}
    for endpoint in probed.endpoints:
        if endpoint.certificate is not None:
            places.setdefault(endpoint.certificate, []).append(endpoint.place)
    return list(places.items())


def _certificate(certificate: Certificate, places: Sequence[str], on: Screen) -> str:
    trust = Cell(f"no: {certificate.problem}", "bad")
    if certificate.verified:
        trust = Cell(f"for {certificate.host}", "good")
    return on.fields(
        ("certificate", f"of {', '.join(places)}"),
        ("verified", trust),
        ("names", ", ".join(certificate.names)),
        ("subject", certificate.subject),
        ("issuer", certificate.issuer),
        ("valid", f"{day(certificate.starts_at)} to {day(certificate.expires_at)}"),
    )


# -- several tries -----------------------------------------------------------------------------------------------------


@attrs.frozen
class _Count:
    """Of one endpoint: how often it was tried and failed, and the milliseconds of what did not."""

    address: str
    port: int
    tries: int
    lost: int
    median: float | None
    slowest: float | None


@attrs.frozen
class _Lookups:
    """How often the name was looked up, and how often that failed; `problem` is the first failure."""

    tries: int
    lost: int
    problem: str


def _counts(tries: Iterable[Reachability]) -> list[_Count]:
    each: dict[tuple[str, int], list[ProbedEndpoint]] = {}
    for one in tries:
        for endpoint in one.endpoints:
            each.setdefault((str(endpoint.address), endpoint.port), []).append(endpoint)
    return [_Count(address, port, len(all_), *_times(all_)) for (address, port), all_ in each.items()]


def _times(endpoints: Sequence[ProbedEndpoint]) -> tuple[int, float | None, float | None]:
    from statistics import median

    took = [sum(stage.milliseconds for stage in endpoint.stages) for endpoint in endpoints if endpoint.ok]
    return len(endpoints) - len(took), median(took) if took else None, max(took, default=None)


def _count_table(counts: Iterable[_Count], on: Screen) -> str:
    rows: list[list[AnyCell]] = [
        [
            placed(count.address, count.port),
            Cell(f"{count.lost} of {count.tries}", "bad" if count.lost else "good"),
            "" if count.median is None else f"{count.median:.1f} ms",
            "" if count.slowest is None else f"{count.slowest:.1f} ms",
        ]
        for count in counts
    ]
    return on.table(("ADDRESS", "LOST", "MEDIAN", "SLOWEST"), rows)


# -- JSON --------------------------------------------------------------------------------------------------------------


def _plain(probed: Reachability) -> dict[str, Any]:
    data = attrs.asdict(probed, recurse=False)
    return {
        **data,
        "ok": probed.ok,
        "endpoints": list(_plain_endpoints(probed)),
        "advice": [*map(in_options, probed.advice)],
    }


def _plain_endpoints(probed: Reachability) -> Iterator[dict[str, Any]]:
    for endpoint in probed.endpoints:
        certificate = endpoint.certificate
        yield {
            "address": str(endpoint.address),
            "port": endpoint.port,
            "target": endpoint.target,
            "ok": endpoint.ok,
            "stages": [attrs.asdict(stage) for stage in endpoint.stages],
            "certificate": None
            if certificate is None
            else {**attrs.asdict(certificate), "names": list(certificate.names), "verified": certificate.verified},
            "status": endpoint.status,
        }
