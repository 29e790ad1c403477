"""Service discovery from Python through Kubernetes DNS.

`Resolver` and `AsyncResolver` look up Services, ports and hosts from this pod's /etc/resolv.conf; the functions of
the same names use one `Resolver` that is made when first needed. `k8sresolve.testing` answers the same questions
offline.

Names are imported when first used, so `import k8sresolve` loads neither asyncio nor dnspython.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8sresolve._core.events import Observer
    from k8sresolve._core.files.lint import lint_resolv_conf
    from k8sresolve._core.files.resolv_conf import parse_resolv_conf
    from k8sresolve._default import addresses, endpoints, explain, lookup, pod, port, ports, reverse, service
    from k8sresolve._facade import observe_all
    from k8sresolve._system import lint_config, load_config
    from k8sresolve.async_resolver import AsyncResolver
    from k8sresolve.attempts import Attempt, ConnectAttempt
    from k8sresolve.changes import Change, WatchStatus
    from k8sresolve.config import CacheConfig, Dialect, Family, Nameserver, Policy, ResolverConfig
    from k8sresolve.errors import (
        BadResponse,
        ConfigError,
        ConnectFailed,
        ConnectTimeout,
        Error,
        InternalError,
        InvalidHints,
        InvalidName,
        LookupTimeout,
        ManifestError,
        NetworkError,
        NoData,
        NoEndpoints,
        NoSuchName,
        NotFound,
        NotHeadless,
        Outcome,
        PortsDiffer,
        Purpose,
        Refused,
        ResolveError,
        ResolverClosed,
        ServerFailure,
        TemporaryFailure,
        Transport,
        WaitTimeout,
    )
    from k8sresolve.explanations import Candidate, Explanation
    from k8sresolve.findings import Finding
    from k8sresolve.names import EndpointName, PodName, PortName, ServiceName, ZonalName
    from k8sresolve.reachability import Certificate, ProbedEndpoint, ProbeStage, Reachability, Scheme
    from k8sresolve.records import (
        Addresses,
        Answer,
        Cname,
        Endpoint,
        Port,
        Service,
        Target,
    )
    from k8sresolve.resolver import Resolver
    from k8sresolve.statistics import Stats
    from k8sresolve.watches import AsyncWatch, Watch

_HOMES = {
    "_core.events": ("Observer",),
    "_core.files.lint": ("lint_resolv_conf",),
    "_core.files.resolv_conf": ("parse_resolv_conf",),
    "_default": ("addresses", "endpoints", "explain", "lookup", "pod", "port", "ports", "reverse", "service"),
    "_facade": ("observe_all",),
    "_system": ("lint_config", "load_config"),
    "async_resolver": ("AsyncResolver",),
    "attempts": ("Attempt", "ConnectAttempt"),
    "changes": ("Change", "WatchStatus"),
    "config": ("CacheConfig", "Dialect", "Family", "Nameserver", "Policy", "ResolverConfig"),
    "errors": (
        "BadResponse",
        "ConfigError",
        "ConnectFailed",
        "ConnectTimeout",
        "Error",
        "InvalidHints",
        "InternalError",
        "InvalidName",
        "LookupTimeout",
        "ManifestError",
        "NetworkError",
        "NoData",
        "NoEndpoints",
        "NoSuchName",
        "NotFound",
        "NotHeadless",
        "Outcome",
        "PortsDiffer",
        "Purpose",
        "Refused",
        "ResolveError",
        "ResolverClosed",
        "ServerFailure",
        "TemporaryFailure",
        "Transport",
        "WaitTimeout",
    ),
    "explanations": ("Candidate", "Explanation"),
    "findings": ("Finding",),
    "names": ("EndpointName", "PodName", "PortName", "ServiceName", "ZonalName"),
    "reachability": ("Certificate", "ProbedEndpoint", "ProbeStage", "Reachability", "Scheme"),
    "records": (
        "Addresses",
        "Answer",
        "Cname",
        "Endpoint",
        "Port",
        "Service",
        "Target",
    ),
    "resolver": ("Resolver",),
    "statistics": ("Stats",),
    "watches": ("AsyncWatch", "Watch"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "Addresses",
    "Answer",
    "AsyncResolver",
    "AsyncWatch",
    "Attempt",
    "BadResponse",
    "CacheConfig",
    "Candidate",
    "Certificate",
    "Change",
    "Cname",
    "ConfigError",
    "ConnectAttempt",
    "ConnectFailed",
    "ConnectTimeout",
    "Dialect",
    "Endpoint",
    "EndpointName",
    "Error",
    "Explanation",
    "Family",
    "Finding",
    "InternalError",
    "InvalidHints",
    "InvalidName",
    "LookupTimeout",
    "ManifestError",
    "Nameserver",
    "NetworkError",
    "NoData",
    "NoEndpoints",
    "NoSuchName",
    "NotFound",
    "NotHeadless",
    "Observer",
    "Outcome",
    "PodName",
    "Policy",
    "Port",
    "PortName",
    "PortsDiffer",
    "ProbeStage",
    "ProbedEndpoint",
    "Purpose",
    "Reachability",
    "Refused",
    "ResolveError",
    "Resolver",
    "ResolverClosed",
    "ResolverConfig",
    "Scheme",
    "ServerFailure",
    "Service",
    "ServiceName",
    "Stats",
    "Target",
    "TemporaryFailure",
    "Transport",
    "WaitTimeout",
    "Watch",
    "WatchStatus",
    "ZonalName",
    "addresses",
    "endpoints",
    "explain",
    "lint_config",
    "lint_resolv_conf",
    "load_config",
    "lookup",
    "observe_all",
    "parse_resolv_conf",
    "pod",
    "port",
    "ports",
    "reverse",
    "service",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
