"""The resolver, or the offline cluster, that the common options ask for."""

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from k8sresolve.cli.files import read_bounded
from k8sresolve.cli.manifests import manifests, sources, standard_input
from k8sresolve.config import Nameserver, ResolverConfig, dialect_of
from k8sresolve.errors import ConfigError
from k8sresolve.names import check_domain, check_namespace
from k8sresolve.resolver import Resolver

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster

_REVERSE_ZONES = ("in-addr.arpa", "ip6.arpa")


def asking_from(args: argparse.Namespace) -> str | None:
    """Tell the namespace to ask from, None where none is given."""
    given: str | None = args.asking_from
    return args.namespace if given is None else given


def open_resolver(args: argparse.Namespace) -> Resolver:
    """Make the resolver that the common options ask for. Raises `ConfigError` or `ManifestError`."""
    return opened(args, open_cluster(args) if manifests(args) else None)


def open_resolvers(
    args: argparse.Namespace, changes: Iterable[Mapping[str, Any]], cluster: "Cluster | None", pod: str | None = None
) -> Iterator[Resolver]:
    """Make a resolver for each set of changes to the common options, on a cluster if it is offline, or in its pod."""
    for change in changes:
        yield opened(argparse.Namespace(**{**vars(args), **change}), cluster, pod)


def opened(args: argparse.Namespace, cluster: "Cluster | None", pod: str | None = None, **offline: Any) -> Resolver:
    """Make the resolver that the common options ask for; in a cluster, with these arguments of `Cluster.resolver`."""
    how: dict[str, Any] = {name: getattr(args, name) for name in ("cluster_domain", "policy", "family")}
    if args.timeout is not None:
        how["timeout"] = args.timeout
    if cluster is None:
        return Resolver(read_config(args), namespace=asking_from(args), **how)
    if args.nameserver is not None:
        raise ConfigError("--manifests answers offline, and --nameserver asks a nameserver", advice="give one of them")
    if pod is not None:
        return cluster.resolver(pod=pod, **how, **offline)
    namespace = check_namespace(asking_from(args) or "default")
    if args.resolv_conf is None:
        return cluster.resolver(namespace=namespace, **how, **offline)
    config = _read(args)
    if asking_from(args) is not None:
        config = attrs.evolve(config, namespace=namespace)
    return cluster.resolver(config=config, **how, **offline)


def environment(args: argparse.Namespace) -> dict[str, str]:
    """Read the variables given for a Corefile. Raises `ConfigError` for one that this environment has not."""
    found: dict[str, str] = {}
    for given in [*args.env, *args.more_env]:
        name, stated, value = given.partition("=")
        held = value if stated else dict(os.environ).get(name)
        if not name or held is None:
            raise ConfigError(f"--env {given}: there is no such variable", advice="give --env NAME=VALUE")
        found[name] = held
    return found


def _read_corefile(args: argparse.Namespace) -> str | None:
    path: str | None = vars(args).get("corefile")
    if path is None:
        return None
    if args.cluster_domain is not None:
        raise ConfigError("--cluster-domain and --corefile exclude each other", advice="the Corefile has the domain")
    data = read_bounded(path, called="the Corefile", stream=standard_input(args) if path == "-" else None)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"the Corefile {path!r} is no text in UTF-8") from None


def open_cluster(args: argparse.Namespace, **how: Any) -> "Cluster":
    """Make the offline cluster of the manifests given; `how` are other arguments of `Cluster.from_manifests`."""
    from k8sresolve.testing import Cluster, KubernetesOptions

    corefile = _read_corefile(args)
    given = {name: getattr(args, name) for name in ("coredns", "kubernetes") if getattr(args, name) is not None}
    options = None
    if args.cluster_domain is not None:
        options = KubernetesOptions(zones=(check_domain(args.cluster_domain), *_REVERSE_ZONES))
    return Cluster.from_manifests(
        *sources(args),
        recursive=args.recursive,
        apply_namespace=check_namespace(args.namespace or "default"),
        options=options,
        corefile=corefile,
        environment=environment(args),
        **{**given, **how},
    )


def read_config(args: argparse.Namespace) -> ResolverConfig | None:
    """Return the configuration asked for; None for this machine's."""
    nameserver = None if args.nameserver is None else Nameserver.parse(args.nameserver)
    if args.resolv_conf is not None:
        config = _read(args)
        return config if nameserver is None else attrs.evolve(config, nameservers=(nameserver,))
    if nameserver is None:
        return None
    return ResolverConfig.for_cluster(
        nameserver,
        namespace=check_namespace(asking_from(args) or "default"),
        cluster_domain=check_domain(args.cluster_domain or "cluster.local"),
    )


def require_file(path: str) -> None:
    """Raise `ConfigError` where there is no such file; a libc takes a missing one for an empty one.

    That a file is named here says that there should be one.
    """
    try:
        there = os.access(path, os.R_OK)
    except ValueError:  # what no path can be
        there = False
    if not there:
        raise ConfigError(f"there is no file {path!r}, or it may not be read")


def _read(args: argparse.Namespace) -> ResolverConfig:
    """Read the resolv.conf that is named, as the resolver does that the policy bears the name of."""
    from k8sresolve import load_config

    path = args.resolv_conf
    require_file(path)
    return load_config(path, dialect=dialect_of(args.policy))
