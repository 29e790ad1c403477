"""`explain`: how a host name is looked up, candidate by candidate, and what its answer comes from."""

import argparse
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import attrs

from k8sresolve.cli import comparing
from k8sresolve.cli.asking import add_names, show_each
from k8sresolve.cli.failing import DOCTOR
from k8sresolve.cli.forms import add_forms
from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.opening import asking_from, open_cluster, open_resolvers
from k8sresolve.cli.options import ASKING, Commands
from k8sresolve.cli.output import Shown, plain, record
from k8sresolve.cli.screen import Screen
from k8sresolve.cli.steps import candidates_told, saving, verdict
from k8sresolve.config import Policy
from k8sresolve.errors import ConfigError
from k8sresolve.explanations import Explanation
from k8sresolve.resolver import Resolver

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster
    from k8sresolve.testing.explaining import Behind, PodView

_STATUS = {"found": 0, "nodata": 1, "nxdomain": 1, "unsendable": 2}
_TEMPORARY = 3


def register(commands: Commands) -> None:
    """Add the subcommand."""
    explain = commands.add(
        "explain",
        "look a host up and tell of every candidate what came of it",
        _run,
        "The exit status is that of the lookup: 0 found, 1 no such name or no data, 3 no usable answer for now; with "
        "--compare it is the greatest of them.",
        takes=(*ASKING, "policy", "family"),
    )
    add_names(explain, "NAME", "a host name, as given to `addresses`")
    add_forms(explain, ("text", "wide", "json", "yaml"))
    explain.add_argument(
        "--compare",
        metavar="POLICIES",
        type=_Policies(),
        help="look it up by each of these policies, separated by commas, and show where they part ways; each reads "
        "resolv.conf as its resolver does, and but for `kubernetes` asks for both families",
    )
    explain.add_argument(
        "--pod",
        metavar="POD",
        help="look it up as this pod of the manifests (-f) would, with the resolv.conf that it gets: NAME, "
        "NAMESPACE/NAME, or KIND/NAME for the first pod of a workload, such as deploy/web",
    )


class _Policies:
    """Reads some of these words, with commas between them."""

    words: Sequence[str] = get_args(Policy)

    def __call__(self, text: str) -> list[str]:
        names = list(dict.fromkeys(text.split(",")))
        unknown = [name for name in names if name not in self.words]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no policy: choose from {', '.join(self.words)}")
        return names


def _run(args: argparse.Namespace) -> int:
    policies: list[str] = args.compare or [args.policy]
    changes = [{"policy": policy, **_families(args, policy)} for policy in policies]
    cluster = open_cluster(args) if manifests(args) else None
    view = _view(args, cluster)
    with ExitStack() as opened:
        resolvers = [
            opened.enter_context(resolver)
            for resolver in open_resolvers(args, changes, cluster, pod=view.pod if view else None)
        ]
        return show_each(args, partial(_explain, resolvers, cluster, view, bool(args.compare)))


def _view(args: argparse.Namespace, cluster: "Cluster | None") -> "PodView | None":
    if args.pod is None:
        return None
    if cluster is None:
        raise ConfigError(
            "--pod is of manifests", advice="give -f, or run this in the pod: kubectl exec POD -- k8sresolve explain"
        )
    if args.resolv_conf is not None or args.asking_from is not None:
        raise ConfigError("a pod has a namespace and a resolv.conf of its own", advice="give --pod alone")
    from k8sresolve.testing.explaining import pod_view

    return pod_view(cluster, args.pod, asking_from(args) or "default")


def _families(args: argparse.Namespace, policy: str) -> dict[str, str]:
    """Let resolvers of programs ask for what they ask for: getaddrinfo(3) and Go take both families unless told."""
    return {} if policy == "kubernetes" or args.family != "auto" else {"family": "both"}


def _explain(
    resolvers: Sequence[Resolver], cluster: "Cluster | None", view: "PodView | None", is_comparison: bool, name: str
) -> Shown:
    told = [resolver.explain(name) for resolver in resolvers]
    pairs = zip(resolvers, told, strict=True)
    behind = list(dict.fromkeys(one for pair in pairs for one in _behind(cluster, view, *pair)))
    notes = [*_notes(resolvers, told), *(view.notes if view else ())]
    if cluster is None and any(each.outcome not in {"found", "nodata", "unsendable"} for each in told):
        notes.append(DOCTOR)
    more = {"behind": [attrs.asdict(one) for one in behind], "pod": view.fields() if view else None}
    data: dict[str, Any] = {**({"explain": plain(tuple(told))} if is_comparison else record(told[0])), **more}

    def text(on: Screen, *, is_wide: bool = False) -> str:
        lines = comparing.verdicts(on, told) if is_comparison else [verdict(on, told[0])]
        indent = 0 if is_comparison else 2
        lines += [on.wrapped(_placed(one), indent=indent) for one in behind]
        if not is_comparison and (saved := saving(told[0])):
            lines.append(on.wrapped(saved, indent=2))
        lines += ["", *(comparing.told(on, told) if is_comparison else candidates_told(on, told[0], is_wide=is_wide))]
        lines += ["", *_file_told(on, view)] if view else []
        lines += ["", *(on.wrapped(f"note: {note}") for note in notes)] if notes else []
        return "\n".join(lines)

    return Shown(text, data, max(map(_status, told)), wide=partial(text, is_wide=True))


def _placed(one: "Behind") -> str:
    where = f"{one.file}:{one.line}" if one.line else one.file
    return f"{one.text} ({where})" if where else one.text


def _behind(
    cluster: "Cluster | None", view: "PodView | None", resolver: Resolver, told: Explanation
) -> "Sequence[Behind]":
    if cluster is None:
        return ()
    from k8sresolve.testing.explaining import behind

    return behind(cluster, resolver, told, view.namespace if view else resolver.config.namespace or "default")


def _file_told(on: Screen, view: "PodView") -> list[str]:
    """Write a pod's resolv.conf, below whose it is."""
    where = f"{view.file}:{view.line}" if view.line else ""
    facts = (f"dnsPolicy {view.dns_policy}", "hostNetwork" if view.host_network else "", where)
    head = f"/etc/resolv.conf of pod {view.pod} ({', '.join(filter(None, facts))}):"
    lines = [line.partition(" ") for line in view.resolv_conf.splitlines()]
    return [on.wrapped(head), *(on.wrapped(rest, indent=len(word) + 3, first=f"  {word}") for word, _, rest in lines)]


def _status(explanation: Explanation) -> int:
    return _STATUS.get(explanation.outcome, _TEMPORARY)


def _notes(resolvers: Iterable[Resolver], told: Sequence[Explanation]) -> list[str]:
    """Say what else there is to say of lookups and their configuration, each thing once."""
    of_lookups = [text for explanation in told for text in (explanation.remark, explanation.advice) if text]
    return list(dict.fromkeys([*of_lookups, *(str(odd) for each in resolvers for odd in each.config.diagnostics)]))
