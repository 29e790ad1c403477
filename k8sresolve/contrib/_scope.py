"""Which names an adapter takes to the resolver, and which go where they went before."""

from __future__ import annotations

import os
from typing import Literal, NamedTuple, TypeAlias, get_args

from k8sresolve._escaping import told
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import ConfigError, InvalidName
from k8sresolve.names import PortName, ServiceName, is_label

Scope: TypeAlias = Literal["cluster", "all"]
"""Which names go to the resolver: those that are or may be the cluster's, or all."""

_NO = ("", "0", "false", "no", "off")


def is_disabled() -> bool:
    """Whether K8SRESOLVE_DISABLE makes adapters do as if they were not there."""
    return os.environ.get("K8SRESOLVE_DISABLE", "").strip().lower() not in _NO


def check_scope(scope: Scope) -> Scope:
    """Return a scope; raises `ConfigError` for anything else."""
    if scope not in get_args(Scope):
        raise ConfigError(f"there is no scope {told(scope)}", advice=f"use one of {', '.join(get_args(Scope))}")
    return scope


class SrvHost(NamedTuple):
    """A host that says where its port's number is: `_port._protocol` before a Service's name."""

    port: str
    protocol: str
    service: str


def srv_host(host: str) -> SrvHost | None:
    """Read a host such as `_sql._tcp.db.shop`, if it is one.

    >>> srv_host("_sql._tcp.db.shop")
    SrvHost(port='sql', protocol='tcp', service='db.shop')
    """
    port, _, rest = host.partition(".")
    protocol, _, service = rest.partition(".")
    if not (port.startswith("_") and protocol.lower() in ("_tcp", "_udp", "_sctp") and service):
        return None
    return SrvHost(port[1:].lower(), protocol[1:].lower(), service)


def may_be_the_clusters(host: str, domain: str) -> bool:
    """Whether a host is the cluster's or may be: one label, `svc.ns`, what ends in `svc`, what lies under the domain.

    >>> [may_be_the_clusters(host, "cluster.local") for host in ("payments", "payments.shop", "www.example.com")]
    [True, True, False]
    """
    host = host.lower()
    bare = host.removesuffix(".")
    if bare == domain or bare.endswith(f".{domain}"):
        return True
    srv = srv_host(bare)
    labels = (srv.service if srv else bare).split(".")
    if host.endswith(".") or not all(map(is_label, labels)):
        return False
    return len(labels) < 3 or labels[-1] == "svc"


def service_at(host: str, config: ResolverConfig) -> ServiceName | None:
    """The Service of the configuration's cluster that a host names, if it reads as one."""
    try:
        name = ServiceName.parse(host, namespace=config.namespace, cluster_domain=config.cluster_domain)
    except InvalidName:
        return None
    return name if name.cluster_domain == config.cluster_domain else None


def port_name(port: str, protocol: str) -> PortName | None:
    """A port's name, if it can be one."""
    try:
        return PortName(port, protocol)
    except InvalidName:
        return None
