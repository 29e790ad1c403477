"""The Corefile of the cluster's nameserver, ConfigMap kube-system/coredns: whether the cluster's own names remain."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import TypeAlias

from k8sresolve.errors import ManifestError
from k8sresolve.findings import Finding
from k8sresolve.testing.checks.names.takers import some_pod
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import finding_in, listed
from k8sresolve.testing.controllers.built_ins import API_SERVER
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.coredns.corefile import Directive, ServerBlock, parse_corefile
from k8sresolve.testing.coredns.dns_service import dns_services
from k8sresolve.testing.coredns.setup import DNS_PORT, split_address, split_port
from k8sresolve.testing.objects.addresses import canonical
from k8sresolve.testing.objects.kinds import ConfigMap, Secret, Service

_CONFIG = ("kube-system", "coredns")
_KEY = "Corefile"
_FIELD = f"data[{_KEY}]"
# Plugins that answer before `kubernetes` (`plugin.cfg` of CoreDNS); and those of which the answer depends on who asks,
# with the options of `kubernetes` that leave Services out on purpose.
_BEFORE = ("acl", "rewrite", "template", "hosts", "route53", "azure", "clouddns", "k8s_external")
_BY_CLIENT = frozenset({"acl", "view"})
_CHOOSING = frozenset({"namespaces", "namespace_labels", "labels"})
_VARIABLE = re.compile(r"\{[$%]")

_Blocks: TypeAlias = Sequence[ServerBlock]


def check_key(config: ConfigMap | Secret, _around: AllObjects) -> Iterator[Finding]:
    """Whether the ConfigMap has the key that CoreDNS is given as its Corefile."""
    if not _is_nameservers(config) or not config.data or _KEY in config.data:
        return
    near = difflib.get_close_matches(_KEY.lower(), {key.lower(): key for key in config.data}, 1)
    meant = next((key for key in config.data if key.lower() in near), "")
    told = f"it has no key {_KEY}, without which CoreDNS does not start" + (f", but {meant}" if meant else "")
    advice = f"write {_KEY} for {meant}" if meant else f"add the key {_KEY}"
    field = f"data[{meant}]" if meant else "data"
    yield finding_in(
        config.written, titled(config), "corefile-key", severity="warning", field=field, problem=told, advice=advice
    )


def check_own_names(config: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Whether the nameserver still answers for the cluster's own Services, asked as a pod asks."""
    blocks = _blocks(config)
    if not blocks or _may_mean_it(blocks) or _VARIABLE.search(config.data[_KEY]):
        return
    names = [f"{service.name}.{service.namespace}.svc.{around.cluster_domain}." for service in _own(around)]
    if not names or any(around.world.find(some_pod("default"), name) for name in names):
        return
    told = f"{names[0].removesuffix('.')} is not answered any more: {_because(blocks)}"
    yield finding_in(
        config.written,
        titled(config),
        "corefile-own-names",
        severity="warning",
        field=_FIELD,
        problem=told,
        advice="let the names of the cluster come to kubernetes: fallthrough in what stands before it, or zones there",
    )


def check_loop(config: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Whether it forwards to itself, be it by the address of its own Service."""
    services = {
        ip: f"Service {one.namespace}/{one.name}" for one in dns_services(around.store) for ip in one.cluster_ips
    }
    for block in _blocks(config):
        ports = {split_port(key.text)[1] for key in block.keys}
        for directive in block.directives:
            for address, port in _targets(directive):
                whose = services.get(address, "")
                if (whose and port == DNS_PORT in ports) or (ip_address(address).is_loopback and port in ports):
                    told = f"it forwards to {address}" + (
                        f", {whose}, behind which it is itself" if whose else ", itself"
                    )
                    yield finding_in(
                        config.written,
                        titled(config),
                        "corefile-loop",
                        severity="warning",
                        field=_FIELD,
                        problem=f"{told} (line {directive.token.line} of it): each such question goes round for ever",
                        advice="forward to a nameserver outside: forward . /etc/resolv.conf",
                    )


def _is_nameservers(config: ConfigMap | Secret) -> bool:
    return isinstance(config, ConfigMap) and (config.namespace, config.name) == _CONFIG


def _blocks(config: ConfigMap | Secret) -> _Blocks:
    if not _is_nameservers(config) or _KEY not in config.data:
        return ()
    try:
        return parse_corefile(config.data[_KEY])
    except ManifestError:
        return ()  # another is given in its place, or it would not have loaded


def _directives(blocks: _Blocks) -> Iterator[Directive]:
    return (directive for block in blocks for directive in block.directives)


def _may_mean_it(blocks: _Blocks) -> bool:
    return any(
        directive.name in _BY_CLIENT or any(option.name in _CHOOSING for option in directive.block)
        for directive in _directives(blocks)
    )


def _own(around: AllObjects) -> Iterable[Service]:
    api_server = around.store.service(*API_SERVER)
    there = [*([] if api_server is None else [api_server]), *dns_services(around.store)]
    return [service for service in there if service.cluster_ips and not service.headless]


def _because(blocks: _Blocks) -> str:
    """Say what takes the names that are meant for `kubernetes`."""
    serving = [block for block in blocks if any(directive.name == "kubernetes" for directive in block.directives)]
    if not serving:
        return "no server block has the plugin kubernetes"
    before = [
        f"{directive.name} (line {directive.token.line} of it)"
        for directive in _directives(serving)
        if directive.name in _BEFORE and not any(option.name == "fallthrough" for option in directive.block)
    ]
    return f"before kubernetes stands {listed(before)}" if before else "another server block takes them"


def _targets(directive: Directive) -> Iterator[tuple[str, int]]:
    """Find the addresses that `forward` asks, with their ports."""
    for word in directive.words[1:] if directive.name == "forward" else ():
        host, port = split_address(word.rpartition("://")[2])
        try:
            yield canonical(str(ip_address(host))), port
        except ValueError:
            continue
