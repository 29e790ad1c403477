"""The nameserver of a cluster: by a Corefile, by one among the manifests, or by options."""

import random
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import NamedTuple

import attrs

from k8sresolve._escaping import escaped
from k8sresolve.errors import ManifestError
from k8sresolve.testing.coredns.build import Built, build
from k8sresolve.testing.coredns.chain import Answering, CoreDNSServer
from k8sresolve.testing.coredns.corefile import DiskFiles, Files, MountedFiles, parse_corefile
from k8sresolve.testing.coredns.dns_service import dns_addresses
from k8sresolve.testing.coredns.plugins.kubernetes.plugin import Kubernetes
from k8sresolve.testing.coredns.settings import ServerSettings
from k8sresolve.testing.coredns.setup import Surroundings
from k8sresolve.testing.coredns.upstream import Upstream
from k8sresolve.testing.coredns.variables import Variables
from k8sresolve.testing.objects.kinds import ConfigMap
from k8sresolve.testing.objects.store import Store


class Assembled(NamedTuple):
    """A nameserver of the cluster, and `outside`, the ones outside of it.

    `notes` say what of a Corefile is not modelled, and `names` are those that it gives itself.
    """

    server: Answering
    outside: Answering
    cluster_domain: str
    notes: tuple[str, ...]
    names: frozenset[str]


class _Source(NamedTuple):
    """A Corefile, what it is called in messages, where the files are that it names, and whether it may be left out."""

    text: str
    name: str
    files: Files
    may_go: bool = False


def assemble(store: Store, clock: Callable[[], float], settings: ServerSettings, upstream: Upstream) -> Assembled:
    """Make a nameserver of a cluster, with a cache of its own, behind which `upstream` stands.

    By the settings' Corefile, or by their options with `upstream` behind the plugin, or by the ConfigMap
    kube-system/coredns in the store, or by default options. A Corefile without the `kubernetes` plugin is that of a
    cache on the node: what it forwards to the cluster's nameserver goes to the one there would be without it.
    Raises `ManifestError` for a Corefile and `ConfigError` for a zone file.
    """
    outside = CoreDNSServer({".": [upstream]})
    surroundings = _surroundings(store, clock, settings, outside)

    def without_corefile() -> Built:
        kubernetes = Kubernetes(store, settings.options, settings.server_addresses, settings.coredns)
        return Built(CoreDNSServer({".": [kubernetes, upstream]}), kubernetes.options.primary_zone.removesuffix("."))

    # What a Corefile takes the place of is made only where that forwards to it, or leaves the cluster domain to it.
    make: Callable[[], Built] = cache(without_corefile)
    for source in _sources(store, settings) if settings.options is None else ():
        make = cache(partial(_with_corefile, source, surroundings, settings.environment, make))
    built = make()
    notes = tuple(map(escaped, built.notes))
    return Assembled(built.server, outside, built.cluster_domain, notes, built.names)


def refusal(config: ConfigMap, key: str, store: Store, settings: ServerSettings) -> ManifestError | None:
    """Tell why CoreDNS does not start with a ConfigMap's Corefile; None where it does, or a variable has no value."""
    files = MountedFiles(_mounted(store, config))
    variables = Variables(settings.environment)
    outside = CoreDNSServer({})
    surroundings = attrs.evolve(_surroundings(Store(), lambda: 0.0, settings, outside), files=files)
    try:
        build(parse_corefile(config.data[key], files=files, variables=variables), surroundings)
    except ManifestError as error:
        return None if variables.unset else error
    return None


def _surroundings(
    store: Store, clock: Callable[[], float], settings: ServerSettings, outside: Answering
) -> Surroundings:
    return Surroundings(
        store=store,
        outside=outside,
        inside=lambda: outside,
        inside_addresses=dns_addresses(store),
        server_addresses=settings.server_addresses,
        clock=clock,
        rng=random.Random(settings.seed),  # noqa: S311 - an order that can be had again
        files=DiskFiles(),
        coredns=settings.coredns,
    )


def _with_corefile(
    source: _Source, surroundings: Surroundings, environment: Mapping[str, str], below: Callable[[], Built]
) -> Built:
    surroundings = attrs.evolve(surroundings, inside=lambda: below().server, files=source.files)
    variables = Variables(environment)
    try:
        blocks = parse_corefile(source.text, file=source.name, files=source.files, variables=variables)
        built = build(blocks, surroundings)
    except ManifestError:
        if not source.may_go:
            raise
        return below()
    unset = [f"variable {name}, which is not set ({place})" for name, place in variables.unset.items()]
    return built._replace(cluster_domain=built.cluster_domain or below().cluster_domain, notes=(*unset, *built.notes))


def _sources(store: Store, settings: ServerSettings) -> Iterator[_Source]:
    """Find the Corefiles, of which a later one takes the place of those before it."""
    found = store.get("ConfigMap", "kube-system", "coredns")
    if isinstance(found, ConfigMap) and "Corefile" in found.data:
        where = f"{found.source}, " if found.source else ""
        name = f"{where}ConfigMap kube-system/coredns, Corefile"
        yield _Source(found.data["Corefile"], name, MountedFiles(_mounted(store, found)), may_go=settings.leave_out)
    if settings.corefile is not None:
        yield _Source(settings.corefile, "Corefile", DiskFiles())


def _mounted(store: Store, config: ConfigMap) -> dict[str, str]:
    """Tell the keys of the ConfigMaps where CoreDNS's pod has them as files."""
    files = {f"{MountedFiles.FOLDER}/{key}": text for key, text in config.data.items()}
    custom = store.get("ConfigMap", "kube-system", "coredns-custom")
    if isinstance(custom, ConfigMap):
        files |= {f"{MountedFiles.FOLDER}/custom/{key}": text for key, text in custom.data.items()}
    return files
