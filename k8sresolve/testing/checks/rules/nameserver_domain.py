"""The domain in which the cluster's nameserver answers for Services, and the one in which they are asked for."""

import re
from collections.abc import Iterator, Sequence

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.names.slips import letters_apart
from k8sresolve.testing.checks.names.takers import some_pod
from k8sresolve.testing.checks.nameservers import CONFIG, Nameserver
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.controllers.built_ins import API_SERVER
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.coredns.corefile import Token
from k8sresolve.testing.coredns.values import is_unfilled
from k8sresolve.testing.objects.kinds import ConfigMap, Secret

_USUAL = "cluster.local"
_FULL_NAME = re.compile(r"(?<![\w.-])[a-z0-9][a-z0-9.-]*\.svc\.cluster\.local(?![\w-]|\.[\w-])")
_OF_NAMES = frozenset({"svc", "pod"})  # parts of names that stand before the domain, and are none of it
_MOST_WRONG = 2  # letters
_REVERSE = (".in-addr.arpa", ".ip6.arpa")


def check_domain(config: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Whether the cluster's nameserver serves the domain that is stated, that names are told in, or that is usual."""
    nameserver = around.nameservers.of(config)
    if nameserver is None or (config.namespace, config.name) != CONFIG:
        return
    zones = list(_zones(nameserver))
    if not zones:
        return
    options = around.settings.options
    stated = "" if options is None else around.cluster_domain
    if stated:
        if all(_plain(zone.text) != stated for zone in zones):
            yield _finding(nameserver, zones[0], f"the cluster domain that is stated is {stated}", stated)
    elif around.cluster_domain != _USUAL and not _is_served(_USUAL, around):
        if mention := _first_full_name(around):
            whose, name = mention
            yield _finding(nameserver, zones[0], f"{whose} is told of {name}", _USUAL)
        elif slips := [zone for zone in zones if _is_slip(_plain(zone.text)) and not _is_told(zone, around)]:
            yield _finding(
                nameserver, slips[0], f"kubelets tell pods of {_USUAL} unless they are told otherwise", _USUAL
            )


def _finding(nameserver: Nameserver, zone: Token, against: str, domain: str) -> Finding:
    told = f"kubernetes serves {zone.text} (line {zone.line} of it), and {against}: no such name is answered"
    advice = f"write {domain} for {zone.text}, or {zone.text} in all full names and clusterDomain of the kubelets"
    return nameserver.finding("corefile-domain", "warning", zone.line, told, advice)


def _zones(nameserver: Nameserver) -> Iterator[Token]:
    """The zones of `kubernetes`, but for those of addresses. Where one is put in later, none is known."""
    zones = [zone for each in nameserver.directives if each.name == "kubernetes" for zone in each.arguments]
    if not any(map(is_unfilled, zones)):
        yield from (zone for zone in zones if not f".{_plain(zone.text)}".endswith(_REVERSE) and "/" not in zone.text)


def _plain(zone: str) -> str:
    return zone.lower().rstrip(".")


def _is_served(domain: str, around: AllObjects) -> bool:
    namespace, service = API_SERVER
    return bool(around.world.find(some_pod(namespace), f"{service}.{namespace}.svc.{domain}."))


def _is_slip(zone: str) -> bool:
    """Whether a zone is the usual domain but for a letter or two, or for a part that lacks or is too much.

    Another name, or one with a number or with letters behind a part, is a domain of its own.

    >>> _is_slip("cluster.locl"), _is_slip("clusterlocal"), _is_slip("cluster.local.svc")
    (True, True, True)
    >>> _is_slip("cluster2.local"), _is_slip("clusterb.local"), _is_slip("k8s.local")
    (False, False, False)
    """
    parts, usual = zone.split("."), _USUAL.split(".")
    if zone in ("".join(usual), usual[0]) or [part for part in parts if part not in _OF_NAMES] == usual:
        return True
    return len(parts) == len(usual) and 0 < _letters_wrong(parts, usual) <= _MOST_WRONG


def _letters_wrong(parts: Sequence[str], usual: Sequence[str]) -> int:
    pairs = list(zip(parts, usual, strict=True))
    if any(part[:1] != word[:1] or (part != word and part.startswith(word)) for part, word in pairs):
        return _MOST_WRONG + 1
    return sum(letters_apart(part, word) if part.isalpha() else _MOST_WRONG + 1 for part, word in pairs)


def _is_told(zone: Token, around: AllObjects) -> bool:
    """Whether anything but a Corefile has that domain: then it is meant."""
    return any(_plain(zone.text) in text for _, text in _texts(around))


def _first_full_name(around: AllObjects) -> tuple[str, str] | None:
    """Find a container, or a ConfigMap, that tells a full name in the usual domain."""
    for whose, text in _texts(around):
        if found := _FULL_NAME.search(text):
            return whose, found[0]
    return None


def _texts(around: AllObjects) -> Iterator[tuple[str, str]]:
    for origin in around.origins.all():
        for container in origin.written.texts.containers:
            yield from ((origin.title, variable.value) for variable in container.variables)
            yield from ((origin.title, word.text) for word in container.words)
    for item in around.store.all("ConfigMap"):
        if isinstance(item, ConfigMap) and around.nameservers.of(item) is None:
            yield from ((titled(item), text) for text in item.data.values())
