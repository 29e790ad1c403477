"""`service` without a name: the Services of manifests, as `kubectl get services` lists those of a cluster."""

import argparse
from functools import partial
from typing import Any

from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.opening import open_cluster
from k8sresolve.cli.output import Shown, write
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import ConfigError
from k8sresolve.names import check_namespace


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
        return on.table(header, [_row(service, spaced=args.all_namespaces, wide=wide) for service in found])

    names = [f"{service.namespace}/{service.name}" for service in found]
    write(Shown(text, {"services": list(map(_data, found))}, wide=partial(text, wide=True), names=names), args)
    return 0


def _row(service: Any, *, spaced: bool, wide: bool) -> tuple[str, ...]:
    ports = ",".join(f"{port.number}/{port.protocol}" for port in service.ports)
    outside = service.external_name or ",".join(service.external_ips)
    ips = ",".join(service.cluster_ips[: None if wide else 1])  # kubectl shows the first
    name = f"{service.namespace}/{service.name}" if spaced else service.name
    return name, service.type, ips, outside, ports


def _data(service: Any) -> dict[str, Any]:
    return {
        "namespace": service.namespace,
        "name": service.name,
        "type": service.type,
        "cluster_ips": list(service.cluster_ips),
        "external_name": service.external_name or None,
        "external_ips": list(service.external_ips),
        "ports": [{"name": p.name, "port": p.number, "protocol": p.protocol} for p in service.ports],
    }
