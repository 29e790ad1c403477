"""The options of the `kubernetes` plugin, as values."""

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.names import fqdn

Pods: TypeAlias = Literal["disabled", "insecure", "verified"]
"""The option `pods`: whether pods' names are answered."""


def _zone_name(text: str) -> str:
    return fqdn(text.lower())


def _zone_names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(_zone_name(text) for text in _several(texts))


def _several(texts: Iterable[str]) -> tuple[str, ...]:
    if isinstance(texts, str):
        raise ConfigError(f"{told(texts)} is one text, where several may stand", advice=f"give [{told(texts)}]")
    given = tuple(texts) if isinstance(texts, Iterable) else (texts,)
    for text in given:
        if not isinstance(text, str):
            raise ConfigError(f"{told(text)} is no text", advice="give a list of texts")
    return given


def _optional_zone_names(texts: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if texts is None else _zone_names(texts)


def _optional_names(texts: Iterable[str] | None) -> frozenset[str] | None:
    return None if texts is None else frozenset(_several(texts))


@attrs.frozen(kw_only=True)
class KubernetesOptions:
    """The options of the `kubernetes` plugin, as in a Corefile. The defaults are those of kubeadm's Corefile.

    Raises:
        ConfigError: CoreDNS would not start with a value.

    Source: the plugin's README in CoreDNS 1.14.7.

    >>> from k8sresolve.testing import KubernetesOptions
    >>> KubernetesOptions(zones=["k8s.corp.example"], pods="disabled").zones
    ('k8s.corp.example.',)
    """

    zones: tuple[str, ...] = attrs.field(default=("cluster.local", "in-addr.arpa", "ip6.arpa"), converter=_zone_names)
    """The zones it answers for, in order: PTR answers point into the first that is no reverse zone."""

    pods: Pods = "insecure"
    """`"disabled"`, `"insecure"` (a pod's name answers whatever address it spells) or `"verified"`."""

    ttl: int = 30
    """Seconds, 0 to 3600, of its records."""

    fallthrough: tuple[str, ...] | None = attrs.field(
        default=("in-addr.arpa", "ip6.arpa"), converter=_optional_zone_names
    )
    """Zones where a name that does not exist goes on to the next plugin; empty for all, None for none."""

    ignore_empty_service: bool = False
    """Whether a Service without endpoints does not exist."""

    namespaces: frozenset[str] | None = attrs.field(default=None, converter=_optional_names)
    """The only ones served; None for all."""

    noendpoints: bool = False
    """Whether endpoints are not read."""

    endpoint_pod_names: bool = False
    """Whether an endpoint without a hostname is named after its pod."""

    zonal: bool = False
    """Whether there are names `ZONE.pin._zone.SVC.NS.svc` and `ZONE.prefer._zone.SVC.NS.svc`."""

    multicluster: tuple[str, ...] = attrs.field(default=(), converter=_zone_names)
    """Those of `zones` that are answered from ServiceImports."""

    labels: str = ""
    """The label selector of its Services, EndpointSlices and Pods; empty for all."""

    namespace_labels: str = ""
    """The label selector of the namespaces that exist for it; empty for all."""

    def __attrs_post_init__(self) -> None:
        if self.pods not in get_args(Pods):
            raise ConfigError(f"pods {told(self.pods)} is none of disabled, insecure, verified")
        if isinstance(self.ttl, bool) or not isinstance(self.ttl, int) or not 0 <= self.ttl <= 3600:
            raise ConfigError(f"ttl {told(self.ttl)} is not between 0 and 3600 seconds")
        for name, selector in (("labels", self.labels), ("namespace_labels", self.namespace_labels)):
            if not isinstance(selector, str):
                raise ConfigError(f"{name}={told(selector)} is no label selector", advice="give text, as kubectl does")
        if self.zonal and self.noendpoints:
            raise ConfigError("zonal needs the endpoints that noendpoints does not read")
        if not set(self.multicluster) <= set(self.zones):
            raise ConfigError("a multicluster zone is not among the zones")
        if self.namespaces and self.namespace_labels:
            raise ConfigError("namespaces and namespace_labels exclude each other")
        if self.primary_zone == "":
            raise ConfigError("zones holds no zone that is not for reverse lookups")

    @property
    def primary_zone(self) -> str:
        """The zone that PTR answers point into: the first one that is not below in-addr.arpa or ip6.arpa."""
        return next((zone for zone in self.zones if not zone.endswith((".in-addr.arpa.", ".ip6.arpa."))), "")
