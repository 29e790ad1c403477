"""`diff`: what an upgrade of CoreDNS or Kubernetes changes for the objects of manifests."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import attrs

from k8sresolve.cli.files import read_bounded
from k8sresolve.cli.forms import add_forms
from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.opening import open_cluster, require_file
from k8sresolve.cli.options import MANIFESTS, Commands, add_corefile
from k8sresolve.cli.output import Shown, write
from k8sresolve.cli.progress import Waiting
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import ConfigError

if TYPE_CHECKING:
    from k8sresolve.testing import Changed, Cluster, Difference, Version

_DETAILS = """\
Asks each name that the manifests and the Corefile have under both versions, as a libc asks, and tells what differs,
whom it concerns and why. --coredns and --kubernetes take two versions, as 1.14.7,1.15.0 (default: the oldest and the
newest CoreDNS that are known); --resolv-conf names the nodes' file. Exit status: 0 nothing changes, 1 something does.
"""
_SHOWN = 5  # names of whom it concerns
_Program = Literal["CoreDNS", "Kubernetes"]


class _Pair(NamedTuple):
    program: _Program
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.program} {self.before} -> {self.after}"


class _Group(NamedTuple):
    """All that one difference changes; without one, several do it together."""

    difference: "Difference | None"
    changes: "Sequence[Changed]"


def register(commands: Commands) -> None:
    """Add the subcommand."""
    diff = commands.add(
        "diff",
        "show what another version of CoreDNS or Kubernetes changes",
        _diff,
        _DETAILS,
        takes=(*MANIFESTS, "resolv_conf"),
    )
    add_corefile(diff)
    add_forms(diff, ("text", "json", "yaml"))


def _diff(args: argparse.Namespace) -> int:
    from k8sresolve.testing import compare_versions

    if not manifests(args) and args.corefile is None:
        raise ConfigError("diff has nothing to ask about", advice="give -f PATH, -k DIR, or --corefile FILE")
    pairs = list(_pairs(args))
    args.coredns = args.kubernetes = None
    with Waiting("asking both versions"):
        told = [(pair, list(_groups(compare_versions(partial(_open, args), *pair)))) for pair in pairs]
    status = 1 if any(groups for _, groups in told) else 0
    data = {"diff": [_data(pair, groups) for pair, groups in told]}
    write(Shown(lambda on: "\n\n".join(_text(on, pair, groups) for pair, groups in told), data, status), args)
    return status


def _pairs(args: argparse.Namespace) -> Iterator[_Pair]:
    """Read the versions. Raises `ConfigError` for other than two."""
    from k8sresolve.testing import COREDNS_VERSIONS

    newest = f"{COREDNS_VERSIONS[0]},{COREDNS_VERSIONS[-1]}" if args.kubernetes is None else None
    programs: tuple[tuple[_Program, str | None], ...] = (
        ("CoreDNS", args.coredns or newest),
        ("Kubernetes", args.kubernetes),
    )
    for program, given in programs:
        if given is None:
            continue
        before, comma, after = given.partition(",")
        if not comma:
            option = f"--{program.lower()}"
            raise ConfigError(f"{option} {given}: diff takes two versions", advice=f"give {option} BEFORE,AFTER")
        yield _Pair(program, before.strip(), after.strip())


def _open(args: argparse.Namespace, version: "Version") -> "Cluster":
    from k8sresolve.testing import ANY_INTERNET

    cluster = open_cluster(args, upstream=ANY_INTERNET, **{version.program.lower(): version})
    if args.resolv_conf is not None:
        require_file(args.resolv_conf)
        text = read_bounded(args.resolv_conf).decode(errors="replace")
        cluster.kubelet = attrs.evolve(cluster.kubelet, resolv_conf=text)
    return cluster


def _groups(changes: "Iterable[Changed]") -> Iterator[_Group]:
    """Put changes under each difference that brings them, in the order of the differences."""
    from k8sresolve.testing import DIFFERENCES

    changes = list(changes)
    for difference in (*DIFFERENCES, None):
        of_it = [one for one in changes if (difference in one.differences if difference else not one.differences)]
        if of_it:
            yield _Group(difference, of_it)


def _affected(group: _Group) -> list[str]:
    return list(dict.fromkeys(one.question.who for one in group.changes))


def _text(on: Screen, pair: _Pair, groups: Sequence[_Group]) -> str:
    if not groups:
        return on.wrapped(f"{pair}: nothing changes for what is here{_special(pair)}")
    count = len({one.question for group in groups for one in group.changes})
    answers = "one answer changes" if count == 1 else f"{count} answers change"
    head = on.wrapped(f"{pair}: {answers}{_special(pair)}")
    return "\n\n".join([head, *(_group_text(on, group) for group in groups)])


def _special(pair: _Pair) -> str:
    """Name the differences that are not looked for, as no libc asks so."""
    from k8sresolve.testing.versions import DIFFERENCES, find_version

    before, after = (find_version(pair.program, text).differences for text in (pair.before, pair.after))
    names = [one.name for one in DIFFERENCES if one.special and one in before ^ after]
    return f" (not asked, as no libc does: {', '.join(names)})" if names else ""


def _group_text(on: Screen, group: _Group) -> str:
    who = _affected(group)
    example = max(group.changes, key=lambda one: len(one.before + one.after))  # that has records, if there is one
    more = f" and {len(who) - _SHOWN} more" if len(who) > _SHOWN else ""
    difference = group.difference
    name = f"{difference.name} ({', '.join(difference.sources)})" if difference else "several differences together"
    rows = [
        ("what", difference.what if difference else ""),
        ("concerns", f"{', '.join(who[:_SHOWN])}{more}"),
        ("example", str(example.question)),
        ("before", example.before or "nothing"),
        ("after", example.after or "nothing"),
        ("to do", difference.advice if difference else ""),
    ]
    return f"{on.wrapped(name, style='bold')}\n{on.fields(*((f'  {label}', value) for label, value in rows))}"


def _data(pair: _Pair, groups: Sequence[_Group]) -> dict[str, Any]:
    return {
        "program": pair.program,
        "before": pair.before,
        "after": pair.after,
        "changes": [_group_data(group) for group in groups],
    }


def _group_data(group: _Group) -> dict[str, Any]:
    difference = group.difference
    told = {name: getattr(difference, name, None) for name in ("name", "sources", "what", "who", "advice")}
    answers = [{**one.question._asdict(), "before": one.before, "after": one.after} for one in group.changes]
    return {**told, "affected": _affected(group), "answers": answers}
