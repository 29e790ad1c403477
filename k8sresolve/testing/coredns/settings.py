"""What the cluster's nameserver is told besides the objects, checked as it is given."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.plugins.file import EMPTY_INTERNET
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
from k8sresolve.testing.versions import DEFAULT_COREDNS, Version
from k8sresolve.testing.versions import coredns as coredns_version

DEFAULT_SERVER_ADDRESSES = ("10.244.0.2",)
"""The nameserver's own addresses: those of a CoreDNS pod in a cluster made by kubeadm with its usual pod network."""


def _read_addresses(given: Sequence[str]) -> tuple[str, ...]:
    addresses = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else ()
    if not addresses or not all(map(_is_address, addresses)):
        raise ConfigError(
            f"server_addresses={told(given)} are no addresses",
            advice=f"give IP addresses: {list(DEFAULT_SERVER_ADDRESSES)}",
        )
    return addresses


def _is_address(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(ip_address(text))
    except ValueError:
        return False


@attrs.frozen(kw_only=True)
class ServerSettings:
    """How the cluster's nameserver is set up, as `Cluster.from_manifests` takes it.

    With `leave_out` a ConfigMap's Corefile with which CoreDNS does not start is left out. Raises `ConfigError` for what
    cannot be used, and for `corefile` together with `options`.

    >>> ServerSettings(seed=7).server_addresses
    ('10.244.0.2',)
    """

    options: KubernetesOptions | None = None
    corefile: str | None = None
    environment: Mapping[str, str] = attrs.field(factory=dict[str, str])
    upstream: Mapping[str, str] | None = EMPTY_INTERNET
    server_addresses: tuple[str, ...] = attrs.field(default=DEFAULT_SERVER_ADDRESSES, converter=_read_addresses)
    seed: int = 0
    coredns: Version = attrs.field(default=DEFAULT_COREDNS, converter=coredns_version)
    upstream_authoritative: bool = False
    leave_out: bool = False

    def __attrs_post_init__(self) -> None:
        _check("options", self.options, KubernetesOptions | None, "give KubernetesOptions(...)")
        _check("corefile", self.corefile, str | None, "give the text of a Corefile")
        _check("environment", self.environment, Mapping, "give the values of variables, by their names")
        for name, value in self.environment.items():
            _check("a name in environment", name, str, "give text")
            _check(f"environment[{told(name)}]", value, str, "give text")
        _check("upstream", self.upstream, Mapping | None, "give the texts of zone files, by their origins")
        for origin, text in (self.upstream or {}).items():
            _check("an origin in upstream", origin, str, "give text")
            _check(f"upstream[{told(origin)}]", text, str, "give the text of a zone file")
        _check("seed", self.seed, int, "give a whole number")
        _check("upstream_authoritative", self.upstream_authoritative, bool, "give True or False")
        if self.corefile is not None and self.options is not None:
            raise ConfigError("corefile and options exclude each other", advice="put the options into the Corefile")


def _check(name: str, value: object, kind: Any, advice: str) -> None:
    if not isinstance(value, kind):
        raise ConfigError(f"{name} cannot be {told(value)}", advice=advice)
