"""Names of a Service's form below another domain than the cluster's: which domain is right. Loaded for errors only."""

from __future__ import annotations

from k8sresolve.config import ResolverConfig

_USUAL = "cluster.local"
_OF_SETS = "clusterset.local"  # Services of other clusters, KEP-1645
_SLIP = 2  # letters


def other_domain(name: str, config: ResolverConfig) -> str:
    """Say which domain the cluster has, where a Service's full name has another; empty where none is known to be it.

    >>> config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
    >>> print(other_domain("payments.shop.svc.cluster", config))
    'cluster' is not the cluster domain, which is configured as cluster.local: payments.shop.svc.cluster.local
    """
    service, domain = _parted(name)
    right = (config.cluster_domain or "").strip(".").lower()
    if not domain or not right or domain in (right, _OF_SETS):
        return ""
    return f"{domain!r} is not the cluster domain, which is configured as {right}: {service}.{right}"


def domain_slip(name: str, config: ResolverConfig) -> str:
    """As `other_domain`, where a host's name need not be a Service's: of a slip for the cluster domain, or the usual.

    >>> config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
    >>> domain_slip("api.team.svc.example.com", config), domain_slip("payments.shop.svc.local", config)[:7]
    ('', "'local'")
    """
    _, domain = _parted(name)
    right = (config.cluster_domain or "").strip(".").lower()
    is_part = f"{right}.".startswith(f"{domain}.") or f".{right}".endswith(f".{domain}")
    return other_domain(name, config) if is_part or domain == _USUAL or _is_slip(domain, right) else ""


def _is_slip(text: str, right: str) -> bool:
    """Whether two texts differ at one place, and there by few letters."""
    begun = _alike(text, right)
    ended = _alike(text[begun:][::-1], right[begun:][::-1])
    return max(len(text), len(right)) - begun - ended <= _SLIP


def _alike(one: str, other: str) -> int:
    """Tell with how many letters two texts begin alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _parted(name: str) -> tuple[str, str]:
    """Part a name behind the `svc` that follows a Service and its namespace; both are empty where there is none."""
    labels = name.removesuffix(".").lower().split(".")
    if "svc" not in labels[2:-1]:
        return "", ""
    end = labels.index("svc", 2) + 1
    return ".".join(labels[:end]), ".".join(labels[end:])
