"""From a Corefile to a nameserver: which plugins a server block has, in CoreDNS's order, and with which options.

What is not modelled is noted and left out: the nameserver answers as if it were not there.
"""

import ipaddress
import logging
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.chain import (
    Answering,
    Labels,
    Malformed,
    Nameserver,
    Plugin,
    Reply,
    Request,
    name_to_wire,
    split,
)
from k8sresolve.testing.coredns.corefile import (
    Directive,
    DiskFiles,
    Files,
    MountedFiles,
    ServerBlock,
    Token,
    parse_corefile,
)
from k8sresolve.testing.coredns.plugins.cache import Cache, CacheOptions
from k8sresolve.testing.coredns.plugins.file import Zones
from k8sresolve.testing.coredns.plugins.hosts import POD_HOSTS, Hosts, HostsOptions
from k8sresolve.testing.coredns.plugins.kubernetes import Kubernetes, KubernetesOptions
from k8sresolve.testing.coredns.plugins.rewrite import Rewrite, read_rule
from k8sresolve.testing.coredns.plugins.shaping import AutoPath, Forward, LoadBalance, Minimal
from k8sresolve.testing.objects.kinds import ConfigMap
from k8sresolve.testing.objects.store import Store

_LOG = logging.getLogger("k8sresolve")
_PORT = 53
_MANY = 1_000_000_000
_OWN_HOSTS = "/etc/hosts"
_CLUSTER_DNS = "__PILLAR__CLUSTER__DNS__"  # in NodeLocal DNSCache's ConfigMap, until its pod puts in the address

OPTIONS: Mapping[str, frozenset[str]] = {
    "loadbalance": frozenset(),
    "rewrite": frozenset({"name"}),
    "autopath": frozenset({"@kubernetes"}),
    "cache": frozenset({"success", "denial", "servfail", "disable", "keepttl"}),
    "minimal": frozenset(),
    "hosts": frozenset({"fallthrough", "fallthrough_unsupported", "no_reverse", "ttl"}),
    "kubernetes": frozenset(
        {"pods", "ttl", "fallthrough", "namespaces", "namespace_labels", "labels", "multicluster", "ignore"}
        | {"endpoint_pod_names", "noendpoints", "zonal"}
    ),
    "file": frozenset({"fallthrough"}),
    "forward": frozenset({"except"}),
}
"""The plugins that change answers, in the order in which CoreDNS asks them (its `plugin.cfg`), with their options."""

NO_EFFECT: Mapping[str, frozenset[str]] = {
    "hosts": frozenset({"reload"}),
    "kubernetes": frozenset(
        {"endpoint", "tls", "kubeconfig", "startup_timeout"}
        | {"apiserver_qps", "apiserver_burst", "apiserver_max_inflight"}
    ),
    "file": frozenset({"reload", "reload_by_mtime", "upstream"}),
    "forward": frozenset(
        {"doh_method", "expire", "failfast_all_unhealthy_upstreams", "force_tcp", "health_check", "max_age"}
        | {"max_concurrent", "max_connect_attempts", "max_fails", "max_idle_conns", "policy", "prefer_udp"}
        | {"read_timeout", "resolver", "source_address", "tls", "tls_servername"}
    ),
}
"""Options of these plugins without effect on what is answered."""

SILENT = frozenset(
    {"bind", "cancel", "debug", "dnstap", "errors", "health", "log", "loop", "metadata", "multisocket", "pprof"}
    | {"prometheus", "ready", "reload", "root", "timeouts", "trace"}
)
"""Plugins without effect on what is answered. `root` says where files are."""


@attrs.frozen(kw_only=True)
class Surroundings:
    """What a nameserver is built on.

    `outside` answers what it forwards, and `inside` what it forwards to one of `inside_addresses`, where it is a cache
    on the node in front of the cluster's own nameserver. `clock` tells seconds, `rng` shuffles.
    """

    store: Store
    outside: Answering
    inside: Answering
    inside_addresses: frozenset[str]
    server_addresses: Sequence[str]
    clock: Callable[[], float]
    rng: random.Random
    files: Files


class Built(NamedTuple):
    """A nameserver, the cluster domain that it serves, empty if none, and what of its Corefile is not modelled."""

    server: Answering
    cluster_domain: str
    notes: tuple[str, ...]


DEFAULT_NAMESERVER = "10.96.0.10"
"""The nameserver in resolv.conf where no Service kube-system/kube-dns says otherwise: kubeadm's."""


def cluster_dns(store: Store, default: str = DEFAULT_NAMESERVER) -> str:
    """Find the address of the cluster's nameserver, as pods know it: `default` where no Service is that."""
    service = store.service("kube-system", "kube-dns")
    return default if service is None or service.headless or not service.cluster_ips else service.cluster_ips[0]


def assemble(
    store: Store,
    clock: Callable[[], float],
    *,
    options: KubernetesOptions | None = None,
    corefile: str | None = None,
    upstream: Mapping[str, str] | None = None,
    server_addresses: Sequence[str] = (),
    seed: int = 0,
) -> Built:
    """Make the nameserver of a cluster.

    By `corefile`, or by the `kubernetes` plugin's `options` with `upstream` behind it, or by the ConfigMap
    kube-system/coredns in the store, or by default options. A Corefile without the `kubernetes` plugin is that of a
    cache on the node: what it forwards to the cluster's nameserver goes to the one there would be without it.
    What is not modelled is logged, once. Raises `ManifestError` for a Corefile and `ConfigError` for a zone file.
    """
    if corefile is not None and options is not None:
        raise ConfigError("corefile and options exclude each other", advice="put the options into the Corefile")
    outside = Nameserver({".": [Zones(upstream or {})]})
    kubernetes = Kubernetes(store, options, server_addresses)
    built = Built(
        Nameserver({".": [kubernetes, Zones(upstream or {})]}), kubernetes.options.primary_zone.removesuffix("."), ()
    )
    sources: list[tuple[str, str, Files]] = []
    mounted = None if options is not None else _mounted(store)
    if mounted is not None:
        sources.append(mounted)
    if corefile is not None:
        sources.append((corefile, "Corefile", DiskFiles()))
    for text, name, files in sources:
        surroundings = Surroundings(
            store=store,
            outside=outside,
            inside=built.server,
            inside_addresses=frozenset({cluster_dns(store)}),
            server_addresses=server_addresses,
            clock=clock,
            rng=random.Random(seed),  # noqa: S311 - an order that can be had again
            files=files,
        )
        newer = build(parse_corefile(text, file=name, files=files), surroundings)
        built = newer._replace(cluster_domain=newer.cluster_domain or built.cluster_domain)
    if built.notes:
        _LOG.warning("the offline cluster does not model, and leaves out: %s", "; ".join(built.notes))
    return built


def _mounted(store: Store) -> tuple[str, str, Files] | None:
    """Find the Corefile among the manifests, and the other keys of its ConfigMaps where its pod has them as files."""
    found = store.get("ConfigMap", "kube-system", "coredns")
    if not isinstance(found, ConfigMap) or "Corefile" not in found.data:
        return None
    files = {f"{MountedFiles.FOLDER}/{key}": text for key, text in found.data.items()}
    custom = store.get("ConfigMap", "kube-system", "coredns-custom")
    if isinstance(custom, ConfigMap):
        files |= {f"{MountedFiles.FOLDER}/custom/{key}": text for key, text in custom.data.items()}
    source = f"{found.source}, " if found.source else ""
    return found.data["Corefile"], f"{source}ConfigMap kube-system/coredns, Corefile", MountedFiles(files)


def build(blocks: Sequence[ServerBlock], surroundings: Surroundings) -> Built:
    """Build the nameserver that a Corefile describes: the one on port 53, or else on the port of its first block.

    Raises `ManifestError` for what CoreDNS would not start with.
    """
    building = _Building(surroundings)
    zones: dict[int, dict[str, Sequence[Plugin]]] = {}
    for block in blocks:
        keys = [(zone, port, key) for key in block.keys for zone, port in building.read_key(key)]
        if not keys:
            continue
        plugins = _Block(building, block, tuple(zone for zone, _, _ in keys)).plugins()
        for zone, port, key in keys:
            served = zones.setdefault(port, {})
            if zone in served:
                raise key.error(f"{zone} on port {port} is served by another server block already")
            served[zone] = plugins
    building.servers.update({port: Nameserver(served) for port, served in zones.items()})
    server = building.servers.get(_PORT) or next(iter(building.servers.values()), Nameserver({}))
    return Built(server, building.cluster_domain, tuple(building.notes))


class _Building:
    """What the server blocks of a Corefile have in common."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.servers: dict[int, Nameserver] = {}
        self.cluster_domain = ""
        self.notes: list[str] = []

    def note(self, what: str, token: Token) -> None:
        """Note something that is not modelled."""
        self.notes.append(f"{what} ({token.file}, line {token.line})")

    def read_key(self, key: Token) -> Iterator[tuple[str, int]]:
        """Read a block's key, `[dns://]ZONE[:PORT]`: its zones, of which a network may have several, and its port."""
        scheme, found, rest = key.text.partition("://")
        if found and scheme != "dns":
            self.note(f"{scheme}://", key)
            return
        text, port = _split_port(rest if found else key.text)
        if not 0 < port < 65536:
            raise key.error(f"{port} is no port")
        zones = key._replace(text=text).zones()
        for zone in zones:
            try:
                name_to_wire(zone)
            except Malformed as problem:
                raise key.error(f"no zone: {problem}") from None
            yield zone, port

    def target(self, token: Token) -> Answering:
        """Find what answers at an address that is forwarded to."""
        text = token.text.rpartition("://")[2]
        host, port = _split_port(text)
        if host == _CLUSTER_DNS or host.strip("[]") in self.surroundings.inside_addresses:
            return self.surroundings.inside
        try:
            here = ipaddress.ip_address(host.strip("[]")).is_loopback
        except ValueError:
            here = False
        return _Elsewhere(self.servers, port, self.surroundings.outside) if here else self.surroundings.outside


def _split_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon and port.isascii() and port.isdecimal() else (text, _PORT)


def _labels(zones: Iterable[str]) -> tuple[Labels, ...]:
    return tuple(split(zone) for zone in zones)


def _zones(tokens: Iterable[Token]) -> tuple[str, ...]:
    return tuple(zone for token in tokens for zone in token.zones())


class _Elsewhere:
    """The nameserver on another port of the same Corefile, if there is one; it may not be built yet."""

    def __init__(self, servers: Mapping[int, Nameserver], port: int, outside: Answering) -> None:
        self._servers = servers
        self._port = port
        self._outside = outside

    def answer(self, request: Request) -> Reply:
        return self._servers.get(self._port, self._outside).answer(request)


class _Block:
    """One server block. Each method without an underscore sets up the plugin of its name."""

    def __init__(self, building: _Building, block: ServerBlock, zones: tuple[str, ...]) -> None:
        self._building = building
        self._surroundings = building.surroundings
        self._zones = zones
        self._kubernetes: Kubernetes | None = None
        self._directives: dict[str, list[Directive]] = {}
        for directive in block.directives:
            self._directives.setdefault(directive.name, []).append(directive)
        roots = self._directives.get("root")
        self._root = roots[0].take(1, 1)[0].text if roots else ""

    def plugins(self) -> tuple[Plugin, ...]:
        """Set up the plugins, in CoreDNS's order, wherever they stand in the block."""
        for name, (first, *_) in self._directives.items():
            if name not in OPTIONS and name not in SILENT:
                self._building.note(f"plugin {name}", first.token)
        return tuple(
            plugin
            for name in OPTIONS
            if name in self._directives
            for plugin in getattr(self, name)(self._directives[name])
        )

    def _options(self, directive: Directive) -> Iterator[Directive]:
        """Give the options that are modelled, and note the others."""
        plugin = directive.name
        for option in directive.block:
            if option.name in OPTIONS[plugin]:
                yield option
            elif option.name not in NO_EFFECT.get(plugin, ()):
                self._building.note(f"option {option.name} of {plugin}", option.token)

    def _origins(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        return _zones(tokens) or self._zones

    def _read(self, token: Token) -> str | None:
        path = token.text if token.text.startswith("/") or not self._root else f"{self._root}/{token.text}"
        text = self._surroundings.files.read(path)
        if text is None:
            self._building.note(f"file {path}, which is not there", token)
        return text

    def loadbalance(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        directive = _last(directives)
        if directive.words in ((), ("round_robin",)):
            list(self._options(directive))
            yield LoadBalance(self._surroundings.rng)
        else:
            self._building.note(f"loadbalance {directive.words[0]}", directive.token)

    def rewrite(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        rules = (read_rule(directive, self._building.note) for directive in directives)
        kept = [rule for rule in rules if rule is not None]
        if kept:
            yield Rewrite(kept)

    def autopath(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        *zones, source = _last(directives).take(1)
        if source.text == "@kubernetes" and "kubernetes" in self._directives:
            yield AutoPath(_labels(self._origins(zones)), self._the_kubernetes().search_path)
        else:
            self._building.note(f"autopath {source.text}", source)

    def cache(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        directive = _only(directives)
        arguments = list(directive.arguments)
        success, denial, options = (10_000, 3600, 5), (10_000, 1800, 5), dict[str, Any]()
        if arguments and arguments[0].text.lstrip("-").isdecimal():
            ttl = arguments.pop(0).number(1, _MANY)
            success, denial = (10_000, ttl, 5), (10_000, ttl, 5)
        for option in self._options(directive):
            match option.name:
                case "success":
                    success = _capacity_and_times(option, success)
                case "denial":
                    denial = _capacity_and_times(option, denial)
                case "servfail":
                    options["failure"] = int(option.take(1, 1)[0].seconds())
                case "disable":
                    kind, *zones = option.take(1)
                    if kind.text not in ("success", "denial"):
                        raise kind.error("disable takes success or denial")
                    options[f"no_{kind.text}"] = _labels(_zones(zones) or (".",))
                case _:
                    options["keep_ttl"] = True
        zones_served = _labels(self._origins(arguments))
        yield Cache(
            CacheOptions(zones=zones_served, success=success, denial=denial, **options), self._surroundings.clock
        )

    def minimal(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        _last(directives).take(0, 0)
        yield Minimal()

    def hosts(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        directive = _only(directives)
        file, zones = directive.arguments[:1], directive.arguments[1:]
        lines: list[str] = []
        options: dict[str, Any] = {}
        for option in directive.block:
            match option.name:
                case "fallthrough":
                    options["fallthrough"] = _labels(_zones(option.arguments) or (".",))
                case "fallthrough_unsupported":
                    options["unsupported"] = True
                case "no_reverse":
                    options["reverse"] = False
                case "ttl":
                    options["ttl"] = option.take(1)[0].number(1, 65535)
                case "reload":
                    option.take(1, 1)[0].seconds()
                case _ if "fallthrough" in options:
                    raise option.token.error("the lines of hosts stand before fallthrough")
                case _:
                    lines.append(" ".join((option.name, *option.words)))
        text = POD_HOSTS if not file or file[0].text == _OWN_HOSTS else self._read(file[0]) or ""
        yield Hosts(HostsOptions(texts=(text, "\n".join(lines)), zones=_labels(self._origins(zones)), **options))

    def kubernetes(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        _only(directives)
        yield self._the_kubernetes()

    def _the_kubernetes(self) -> Kubernetes:
        """Set it up once: `autopath` stands before it, and asks it."""
        if self._kubernetes is None:
            directive = self._directives["kubernetes"][0]
            options: dict[str, Any] = {"zones": self._origins(directive.arguments)}
            options |= {"pods": "disabled", "ttl": 5, "fallthrough": None}
            for option in self._options(directive):
                options |= _kubernetes_option(option, options)
            try:
                settings = KubernetesOptions(**options)
                self._kubernetes = Kubernetes(self._surroundings.store, settings, self._surroundings.server_addresses)
            except ConfigError as problem:
                raise directive.token.error(problem.problem) from None
            domain = settings.primary_zone.removesuffix(".")
            self._building.cluster_domain = self._building.cluster_domain or domain
        return self._kubernetes

    def file(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        files: dict[str, str | None] = {}
        fallthrough: tuple[str, ...] = ()
        for directive in directives:
            path, *zones = directive.take(1)
            for option in self._options(directive):
                fallthrough = _zones(option.arguments) or (".",)
            files.update(dict.fromkeys(self._origins(zones), self._read(path)))
        try:
            yield Zones(files, fallthrough)
        except ConfigError as problem:
            raise directives[0].token.error(problem.problem) from None

    def forward(self, directives: Sequence[Directive]) -> Iterator[Plugin]:
        for directive in directives:
            source, target, *_ = directive.take(2)
            excluded = [token for option in self._options(directive) for token in option.take(1)]
            yield Forward(split(source.zones()[0]), _labels(_zones(excluded)), self._building.target(target))


def _only(directives: Sequence[Directive]) -> Directive:
    if len(directives) > 1:
        raise directives[1].token.error(f"the plugin {directives[1].name} stands in this server block twice")
    return directives[0]


def _last(directives: Sequence[Directive]) -> Directive:
    return directives[-1]


def _capacity_and_times(option: Directive, otherwise: tuple[int, int, int]) -> tuple[int, int, int]:
    """Read `success CAPACITY [TTL [MINIMUM]]`."""
    capacity, *times = option.take(1)[:3]
    longest = times[0].number(1, _MANY) if times else otherwise[1]
    shortest = times[1].number(0, _MANY) if len(times) > 1 else otherwise[2]
    return capacity.number(-_MANY, _MANY), longest, shortest


def _kubernetes_option(option: Directive, so_far: Mapping[str, Any]) -> dict[str, Any]:
    """Read one option of `kubernetes`, as fields of `KubernetesOptions`."""
    match option.name:
        case "pods":
            (mode,) = option.take(1, 1)
            if mode.text not in ("disabled", "insecure", "verified"):
                raise mode.error(f"pods {mode.text!r} is none of disabled, insecure, verified")
            return {"pods": mode.text}
        case "ttl":
            return {"ttl": option.take(1)[0].number(0, 3600)}
        case "fallthrough":
            return {"fallthrough": _zones(option.arguments)}
        case "namespaces":
            names = [token.text for token in option.take(1)]
            return {"namespaces": (*so_far.get("namespaces", ()), *names)}
        case "labels" | "namespace_labels":
            return {option.name: " ".join(token.text for token in option.take(1))}
        case "multicluster":
            return {"multicluster": _zones(option.arguments)}
        case "ignore":
            if option.words[:1] not in ((), ("empty_service",)):
                raise option.arguments[0].error(f"ignore {option.words[0]!r} is not empty_service")
            return {"ignore_empty_service": bool(option.words)}
        case _:
            option.take(0, 0)
            return {option.name: True}
