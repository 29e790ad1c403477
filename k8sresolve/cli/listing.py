"""`service` without a name: the Services of manifests, as `kubectl get services` lists those of a cluster."""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.opening import open_cluster
from k8sresolve.cli.output import Shown, write
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import ConfigError
from k8sresolve.names import check_namespace

_MARK = "*"
_REMARK = f"{_MARK} made up here: no manifest states this address"


def add_all_namespaces(parser: argparse.ArgumentParser) -> None:
    """Add kubectl's option to list across namespaces."""
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="list the Services of all namespaces")


def list_services(args: argparse.Namespace) -> int:
    """List the Services of a namespace, or of all. Raises `ConfigError` without manifests: DNS lists no Services."""
    if not manifests(args):
        raise ConfigError(
            "DNS lists no Services", advice="name one, or give manifests (-f, -k), of which all are listed"
        )
    namespace = check_namespace(args.namespace or "default")
    cluster: Any = open_cluster(args)
    services = sorted(cluster.store.all("Service"), key=lambda service: (service.namespace, service.name))
    found = [service for service in services if args.all_namespaces or service.namespace == namespace]
    header = ("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)")

    def text(on: Screen, *, wide: bool = False) -> str:
        if not found:
            return on.wrapped(
                f"No Services found in {'any namespace' if args.all_namespaces else f'{namespace} namespace'}."
            )
        told = zip(found, made_up, strict=True)
        rows = [_row(service, ips, spaced=args.all_namespaces, wide=wide) for service, ips in told]
        remarks = [on.wrapped(_REMARK)] if any(_MARK in row[2] for row in rows) else []
        return "\n".join([on.table(header, rows), *remarks])

    names = [f"{service.namespace}/{service.name}" for service in found]
    made_up = [[ip for ip in _ips(service) if cluster.is_made_up(ip)] for service in found]
    data = {"services": list(map(_data, found, made_up))}
    write(Shown(text, data, wide=partial(text, wide=True), names=names), args)
    return 0


def _ips(service: Any) -> tuple[str, ...]:
    return () if service.headless else service.cluster_ips


def _row(service: Any, made_up: Sequence[str], *, spaced: bool, wide: bool) -> tuple[str, ...]:
    ports = ",".join(f"{port.number}/{port.protocol}" for port in service.ports)
    outside = service.external_name or ",".join(service.external_ips)
    shown = service.cluster_ips[: None if wide else 1]  # kubectl shows the first
    ips = ",".join(ip + _MARK * (ip in made_up) for ip in shown)
    name = f"{service.namespace}/{service.name}" if spaced else service.name
    return name, service.type, ips, outside, ports


def _data(service: Any, made_up: Sequence[str]) -> dict[str, Any]:
    return {
        "namespace": service.namespace,
        "name": service.name,
        "type": service.type,
        "cluster_ips": list(service.cluster_ips),
        "made_up": made_up,
        "external_name": service.external_name or None,
        "external_ips": list(service.external_ips),
        "ports": [{"name": p.name, "port": p.number, "protocol": p.protocol} for p in service.ports],
    }
