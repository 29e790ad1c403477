"""`Cluster`: the offline cluster as tests use it."""

import difflib
import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Unpack

import attrs

from k8sresolve._core.events import Observer
from k8sresolve._core.files.hosts import parse_hosts
from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve._escaping import escaped, told
from k8sresolve._facade import Options
from k8sresolve._log import logger
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig, Family, Policy, ResolverConfig, check_config
from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.findings import Finding
from k8sresolve.names import EndpointName, IPAddress, ServiceName, check_namespace, parse_address
from k8sresolve.resolver import Resolver
from k8sresolve.testing.builders import ClusterOptions, Object, check_options, flattened, taken_apart
from k8sresolve.testing.checks.checking import check, find_service
from k8sresolve.testing.checks.names.inventory import Inventory
from k8sresolve.testing.checks.names.world import World, with_inventory
from k8sresolve.testing.collecting import uncollected
from k8sresolve.testing.controllers.applying import apply
from k8sresolve.testing.controllers.changes import Changes, Manifest
from k8sresolve.testing.controllers.control_plane import ControlPlane
from k8sresolve.testing.controllers.finding import parted
from k8sresolve.testing.controllers.hosts_file import write_hosts_file
from k8sresolve.testing.controllers.kubelet import Kubelet, ResolvConf, write_resolv_conf
from k8sresolve.testing.controllers.networks import NODE_IPS
from k8sresolve.testing.controllers.rollouts import Rollout
from k8sresolve.testing.coredns.assemble import assemble
from k8sresolve.testing.coredns.dns_service import cluster_dns, dns_services
from k8sresolve.testing.coredns.messages import Responder, echoed_options
from k8sresolve.testing.coredns.plugins.file import EMPTY_INTERNET
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
from k8sresolve.testing.coredns.settings import DEFAULT_SERVER_ADDRESSES, ServerSettings
from k8sresolve.testing.coredns.upstream import Upstream
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.following import advance
from k8sresolve.testing.network.network import Network, PodNetwork
from k8sresolve.testing.network.query_log import QueryLog
from k8sresolve.testing.network.server import Server
from k8sresolve.testing.objects.addresses import canonical
from k8sresolve.testing.objects.files import Manifests
from k8sresolve.testing.objects.kinds import Namespace, Node, Pod, Resource, Service
from k8sresolve.testing.objects.manifests import read_manifests, read_objects
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.programs.asking import ask
from k8sresolve.testing.programs.resolvers import OfflineAsyncResolver, OfflineResolver, Place
from k8sresolve.testing.programs.routes import Routes
from k8sresolve.testing.versions import DEFAULT_COREDNS, DEFAULT_KUBERNETES, Version
from k8sresolve.testing.versions import kubernetes as kubernetes_version

if TYPE_CHECKING:
    from k8sresolve._getaddrinfo.libc import LibcName
    from k8sresolve.testing.programs.dnspython import OfflineNameserver
    from k8sresolve.testing.programs.libc_names import Outside
    from k8sresolve.testing.programs.patch import Patch
    from k8sresolve.testing.programs.resolvers import Connections


_NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


class Cluster:
    """A cluster that is not there: a store of Kubernetes objects and a nameserver that answers from it as CoreDNS does.

    Made by `from_manifests`, `from_objects` or `new`.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop") as resolver:
    ...     print(*resolver.service("payments").addresses)
    ...
    10.96.20.1
    """

    network: Network
    """The way to its nameservers, which takes faults."""

    clock: Clock
    """The time by which its resolvers and its nameserver's cache live."""

    queries: QueryLog
    """What was asked of its nameservers."""

    upstream: Upstream
    """What stands outside: while its `reachable` is False nobody answers there."""

    kubelet: Kubelet
    """What nodes tell their pods about DNS; another may be put in its place, best by `attrs.evolve`."""

    namespace: str
    """Where its programs run unless told otherwise: `default`, or what is put in its place."""

    coredns: Version
    """The version of CoreDNS that answers."""

    kubernetes: Version
    """The version of Kubernetes that checks manifests and makes resolv.conf files."""

    warnings: tuple[str, ...]
    """What was passed over in manifests, and what the Corefile asks for that is not modelled here."""

    corefile_names: frozenset[str]
    """The names that the Corefile itself gives, in ``hosts`` and zone files."""

    store: Store
    """Its objects, as they are now."""

    def __init__(
        self,
        store: Store,
        settings: ServerSettings,
        *,
        control_plane: ControlPlane,
        kubernetes: Version,
        notes: Sequence[str] = (),
        any_namespace: bool = False,
        apply_namespace: str = "default",
    ) -> None:
        self.store = store
        self.namespace = "default"
        self.clock: Clock = Clock()
        self.queries: QueryLog = QueryLog()
        self.upstream: Upstream = Upstream(settings.upstream or {}, authoritative=settings.upstream_authoritative)
        replicas = {
            address: assemble(store, self.clock.monotonic, settings, self.upstream)
            for address in settings.server_addresses
        }
        nameserver = replicas[settings.server_addresses[0]]
        self.warnings: tuple[str, ...] = (*notes, *nameserver.notes)
        self.coredns: Version = settings.coredns
        self.kubernetes: Version = kubernetes
        echoed = echoed_options(settings.coredns)
        responders = {address: Responder(replica.server, echoed) for address, replica in replicas.items()}
        self._responder = responders[settings.server_addresses[0]]
        self.network: Network = Network(responders, self.clock, self.queries, store=store)
        self._settings = settings
        self._notes = tuple(notes)
        self._any_namespace, self._apply_namespace = any_namespace, apply_namespace
        self.corefile_names: frozenset[str] = nameserver.names
        self._cluster_domain = nameserver.cluster_domain
        self._control_plane = control_plane
        self._outside = Responder(nameserver.outside)
        self._changes = Changes(
            store, control_plane, self.network.hold, any_namespace=any_namespace, apply_namespace=apply_namespace
        )
        self._routes = Routes(store, control_plane.networks, self._cluster_domain)
        self.kubelet: Kubelet = Kubelet(
            cluster_dns=(self._nameserver(),),
            cluster_domain=self._cluster_domain,
            node_ips=tuple(self._node_ips()),
            kubernetes=kubernetes,
        )

    @classmethod
    @uncollected()
    def from_manifests(
        cls,
        *paths: Manifests,
        recursive: bool = False,
        apply_namespace: str = "default",
        secrets: bool = False,
        refused: Callable[[ManifestError], object] | None = None,
        options: KubernetesOptions | None = None,
        corefile: str | None = None,
        environment: Mapping[str, str] = _NO_ENVIRONMENT,
        upstream: Mapping[str, str] | None = EMPTY_INTERNET,
        upstream_authoritative: bool = False,
        server_addresses: Sequence[str] = DEFAULT_SERVER_ADDRESSES,
        seed: int = 0,
        service_cidrs: Sequence[str] | None = None,
        pod_cidrs: Sequence[str] | None = None,
        built_ins: bool = True,
        coredns: str | Version = DEFAULT_COREDNS,
        kubernetes: str | Version = DEFAULT_KUBERNETES,
    ) -> "Cluster":
        """Make a cluster of manifest files, and of directories of them, as given to `kubectl apply`.

        Workloads, Services with selectors and pods become what controllers make of them: pods that run, ClusterIPs and
        EndpointSlices. What an object states is used as it stands. What is no Kubernetes object is passed over, with a
        line in `warnings`. YAML needs the extra `k8sresolve[yaml]`; JSON needs nothing.

        Args:
            *paths: Files, directories, of which the own files are read, or files that are open for reading octets, as
                `sys.stdin.buffer`.
            recursive: Whether what lies below directories is read, too.
            apply_namespace: Where objects lie that state no namespace, as with `kubectl apply -n`.
            secrets: Whether Secrets are read, for `check`.
            refused: With it a file that cannot be read does not keep the others from it: it is called with the error
                of each, and the first is raised only where nothing can be read. A ConfigMap's Corefile with which
                CoreDNS does not start is left out, of which `check` tells.
            options: Those of the `kubernetes` plugin, where no Corefile is; None: as kubeadm sets them.
            corefile: The text of a Corefile, which sets up the nameserver. None: that of the ConfigMap `coredns` in
                kube-system, if it is among the objects, and else the `kubernetes` plugin alone.
            environment: The values of a Corefile's variables; this process's own are never read.
            upstream: The texts of the zone files that stand behind the cluster, by their origins; by default an
                Internet in which no name exists. Names in no zone are REFUSED, with None all of them.
            upstream_authoritative: Whether these are answered as by their own nameserver, and not as by a resolver.
            server_addresses: The nameserver's own, which show in its NS records: each is a replica's, with a cache of
                its own; by default 10.244.0.2.
            seed: What the plugin `loadbalance` shuffles by.
            service_cidrs: The networks of ClusterIPs; None is 10.96.0.0/16, and where a Service asks for IPv6
                fd00:10:96::/112 too. One network, or one of each IP family, in one order for both arguments: they
                tell the cluster's families.
            pod_cidrs: The networks of pods; None is 10.244.0.0/16, and with IPv6 fd00:10:244::/56 too.
            built_ins: Whether there is what every cluster has: the namespaces default, kube-system, kube-public and
                kube-node-lease, and the Service kubernetes in default, at the first address of the first network
                unless an object states another or that one.
            coredns: Which version answers, one of `COREDNS_VERSIONS`; by default that of kubeadm 1.37, 1.14.7.
            kubernetes: Which version checks manifests and makes resolv.conf files, one of `KUBERNETES_VERSIONS`; by
                default 1.37.

        Raises:
            ManifestError: A manifest or a Corefile cannot be used.
            InvalidName: `apply_namespace` is no namespace.
            ConfigError: A zone file or another setting cannot be used, networks do not go together, or `corefile` is
                given together with `options`.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml", coredns="1.15.0")
        >>> print(cluster.resolver(namespace="shop").service("payments").addresses[0])
        10.96.20.1
        """
        settings = ServerSettings(
            options=options,
            corefile=corefile,
            environment=environment,
            upstream=upstream,
            upstream_authoritative=upstream_authoritative,
            server_addresses=server_addresses,
            seed=seed,
            coredns=coredns,
            leave_out=refused is not None,
        )
        notes: list[str] = []
        unread: list[ManifestError] = []

        def leave_out(error: ManifestError) -> None:
            unread.append(error)
            if refused is not None:
                refused(error)

        apply_namespace = check_namespace(apply_namespace)
        resources = read_manifests(
            paths,
            recursive=recursive,
            apply_namespace=apply_namespace,
            secrets=secrets,
            note=notes.append,
            refused=None if refused is None else leave_out,
        )
        made = cls._of(
            resources,
            settings,
            service_cidrs=service_cidrs,
            pod_cidrs=pod_cidrs,
            apply_namespace=apply_namespace,
            built_ins=built_ins,
            kubernetes=kubernetes,
            notes=notes,
        )
        made.store.is_partial = bool(unread)
        return made

    @classmethod
    @uncollected()
    def from_objects(
        cls,
        objects: Iterable[Mapping[str, Any]],
        *,
        apply_namespace: str = "default",
        secrets: bool = False,
        options: KubernetesOptions | None = None,
        corefile: str | None = None,
        environment: Mapping[str, str] = _NO_ENVIRONMENT,
        upstream: Mapping[str, str] | None = EMPTY_INTERNET,
        upstream_authoritative: bool = False,
        server_addresses: Sequence[str] = DEFAULT_SERVER_ADDRESSES,
        seed: int = 0,
        service_cidrs: Sequence[str] | None = None,
        pod_cidrs: Sequence[str] | None = None,
        built_ins: bool = True,
        coredns: str | Version = DEFAULT_COREDNS,
        kubernetes: str | Version = DEFAULT_KUBERNETES,
    ) -> "Cluster":
        """Make a cluster of objects as `json.load` or `yaml.safe_load` give them; the rest as in `from_manifests`.

        Args:
            objects: The objects, or what `service`, `headless` and `external` make.
            apply_namespace, secrets, options, corefile, environment, upstream, upstream_authoritative: As there.
            server_addresses, seed, service_cidrs, pod_cidrs, built_ins, coredns, kubernetes: As there.

        Raises:
            ManifestError: An object or a Corefile cannot be used.
            InvalidName: `apply_namespace` is no namespace.
            ConfigError: As there.

        >>> from k8sresolve.testing import Cluster
        >>> meta, spec = {"name": "payments", "namespace": "shop"}, {"clusterIP": "10.96.20.1"}
        >>> cluster = Cluster.from_objects([{"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}])
        >>> print(cluster.resolver(namespace="shop").service("payments").addresses[0])
        10.96.20.1
        """
        settings = ServerSettings(
            options=options,
            corefile=corefile,
            environment=environment,
            upstream=upstream,
            upstream_authoritative=upstream_authoritative,
            server_addresses=server_addresses,
            seed=seed,
            coredns=coredns,
        )
        notes: list[str] = []
        apply_namespace = check_namespace(apply_namespace)
        return cls._of(
            read_objects(
                taken_apart(objects) if isinstance(objects, tuple | list) else objects,
                apply_namespace=apply_namespace,
                note=notes.append,
                secrets=secrets,
            ),
            settings,
            service_cidrs=service_cidrs,
            pod_cidrs=pod_cidrs,
            apply_namespace=apply_namespace,
            built_ins=built_ins,
            notes=notes,
            kubernetes=kubernetes,
        )

    @classmethod
    def new(cls, *parts: "Object | Sequence[Object]", **options: Unpack[ClusterOptions]) -> "Cluster":
        """Make a cluster of what `service`, `headless` and `external` make, and of objects.

        The namespaces of what is built are there, without being told of.

        Args:
            *parts: What these make, and objects as `json.load` gives them, or lists of these.
            **options: Those of `from_objects`, but for `secrets`.

        Raises:
            ManifestError: It is anything else, or cannot be used.
            ConfigError: There is no such option, or it cannot be used.

        >>> from k8sresolve.testing import Cluster, external, headless, service
        >>> cluster = Cluster.new(
        ...     headless("db.shop", sql=5432, pods=3),
        ...     service("api.shop", http=80),
        ...     external("pg.shop", "pg.example.com"),
        ... )
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     len(resolver.endpoints("db", "sql")), resolver.port("api", "http").number
        ...
        (3, 80)
        """
        check_options("Cluster.new", options)
        return cls.from_objects(flattened(parts), **options)

    @classmethod
    def _of(
        cls,
        resources: Sequence[Resource],
        settings: ServerSettings,
        *,
        service_cidrs: Sequence[str] | None,
        pod_cidrs: Sequence[str] | None,
        built_ins: bool,
        apply_namespace: str,
        kubernetes: str | Version,
        notes: Sequence[str] = (),
    ) -> "Cluster":
        for note in notes:
            logger.warning("%s", note)
        version = kubernetes_version(kubernetes)
        store = Store()
        control_plane = apply(store, resources, service_cidrs=service_cidrs, pod_cidrs=pod_cidrs, built_ins=built_ins)
        made = cls(
            store,
            settings,
            control_plane=control_plane,
            kubernetes=version,
            notes=notes,
            apply_namespace=apply_namespace,
            any_namespace=not any(isinstance(resource, Namespace) for resource in resources),
        )
        if left_out := made.warnings[len(notes) :]:
            logger.warning("the offline cluster does not model, and leaves out: %s", "; ".join(left_out))
        return made

    def with_versions(
        self, *, coredns: str | Version | None = None, kubernetes: str | Version | None = None
    ) -> "Cluster":
        """Make a cluster of the same objects, now and later, in which other versions answer.

        It has a clock, a network and a log of its own.

        Args:
            coredns: One of `COREDNS_VERSIONS`; None is this cluster's.
            kubernetes: One of `KUBERNETES_VERSIONS`; None is this cluster's.

        Raises:
            ManifestError: That CoreDNS would not start with the Corefile.
            ConfigError: A version is not known.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml").with_versions(coredns="1.15.0")
        >>> print(cluster.coredns, cluster.kubernetes, sep=", ")
        CoreDNS 1.15.0, Kubernetes 1.37
        """
        version = kubernetes_version(self.kubernetes if kubernetes is None else kubernetes)
        made = Cluster(
            self.store,
            attrs.evolve(self._settings, coredns=self.coredns if coredns is None else coredns),
            control_plane=self._control_plane,
            kubernetes=version,
            notes=self._notes,
            any_namespace=self._any_namespace,
            apply_namespace=self._apply_namespace,
        )
        made.kubelet = attrs.evolve(self.kubelet, kubernetes=version)
        made.namespace = self.namespace
        return made

    def respond(self, message: bytes, *, tcp: bool = False, client: str = "") -> bytes | None:
        """Answer a DNS message as CoreDNS would; None where it would send nothing.

        Args:
            message: Its octets. None of them make it raise.
            tcp: Whether it came over TCP, and not over UDP.
            client: The address that it comes from, which the plugins `autopath`, `acl`, `view` and `rewrite` look at;
                empty where it is not known.

        Raises:
            ConfigError: It is no octets.

        >>> import dns.message
        >>> from k8sresolve.testing import Cluster
        >>> query = dns.message.make_query("payments.shop.svc.cluster.local", "A")
        >>> octets = Cluster.from_manifests("docs/examples/shop.yaml").respond(query.to_wire())
        >>> print(dns.message.from_wire(octets).answer[0][0])
        10.96.20.1
        """
        if not isinstance(message, bytes | bytearray | memoryview):
            raise ConfigError(f"{told(message)} is no DNS message", advice="give its octets")
        with self.network.hold():
            return self._responder.respond(bytes(message), tcp=tcp, client=client)

    def resolver(
        self,
        *,
        config: ResolverConfig | None = None,
        namespace: str | None = None,
        pod: str | None = None,
        cluster_domain: str | None = None,
        policy: Policy = "kubernetes",
        family: Family = "auto",
        timeout: float = 5.0,
        retry_unreachable: float = 2.0,
        in_flight: int = 128,
        cache: CacheConfig = CacheConfig(),  # noqa: B008 - a frozen value
        observers: Iterable[Observer] = (),
        connections: "Connections" = "routed",
    ) -> Resolver:
        """Make the resolver of a program in `namespace`, by default the cluster's, or in `pod`, `NAMESPACE/NAME`.

        No socket is opened but by `create_connection` and `probe`, which go where `route` leads, and waiting for DNS
        takes no time.

        Args:
            config: What stands in for the configuration that a pod in `namespace` would have.
            namespace: Where the program runs; None is the cluster's `namespace`.
            pod: The pod in which it runs, with its resolv.conf and addresses. Nameservers outside the cluster answer
                from `upstream`.
            family: As of `Resolver`; with `"auto"`, AAAA is asked where the cluster, or the pod, has IPv6.
            cluster_domain, policy, timeout, retry_unreachable, in_flight, cache, observers: Those of `Resolver`.
            connections: `"routed"`, or `"real"`: where no route leads, connections go to the very address, as for
                manifests that `kubectl get -o yaml` wrote. To one that is made up here nothing connects.

        Raises:
            ManifestError: There is no such pod.
            ConfigError: A pod is given together with another place, or something that `Resolver` would not take.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     print(*resolver.service("payments").addresses)
        ...
        10.96.20.1
        """
        options = Options(
            cluster_domain=cluster_domain,
            policy=policy,
            family=family,
            timeout=timeout,
            retry_unreachable=retry_unreachable,
            in_flight=in_flight,
            cache=cache,
            observers=observers,
        )
        return OfflineResolver(self._connecting(self._place(config, namespace, pod), connections), self.clock, options)

    def async_resolver(
        self,
        *,
        config: ResolverConfig | None = None,
        namespace: str | None = None,
        pod: str | None = None,
        cluster_domain: str | None = None,
        policy: Policy = "kubernetes",
        family: Family = "auto",
        timeout: float = 5.0,
        retry_unreachable: float = 2.0,
        in_flight: int = 128,
        cache: CacheConfig = CacheConfig(),  # noqa: B008 - a frozen value
        observers: Iterable[Observer] = (),
        connections: "Connections" = "routed",
    ) -> AsyncResolver:
        """Make the resolver of a program of asyncio or trio in `namespace` or `pod`; all as `Cluster.resolver`.

        >>> import asyncio
        >>> from k8sresolve.testing import Cluster
        >>> async def main():
        ...     cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        ...     async with cluster.async_resolver(namespace="shop") as resolver:
        ...         print(*(await resolver.service("payments")).addresses)
        ...
        >>> asyncio.run(main())
        10.96.20.1
        """
        options = Options(
            cluster_domain=cluster_domain,
            policy=policy,
            family=family,
            timeout=timeout,
            retry_unreachable=retry_unreachable,
            in_flight=in_flight,
            cache=cache,
            observers=observers,
        )
        return OfflineAsyncResolver(
            self._connecting(self._place(config, namespace, pod), connections), self.clock, options
        )

    def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        replica: str | None = None,
        open: bool = False,  # noqa: A002
    ) -> Server:
        """Make a real nameserver, UDP and TCP, for any client: a context manager with `host` and `port`.

        Faults of `network` act on it too, and its queries are logged. While it listens, `clock` also goes on by itself.

        Args:
            host: A loopback or a private address of this machine, or with `open` any: 0.0.0.0 stands for all. Beyond
                loopback a UDP reply has at most 1,232 octets.
            port: The number of its port; 0 is any that is free.
            replica: The one of `server_addresses` for which it stands in faults and the log; None is the address of
                the Service that pods are told to ask.
            open: Whether anyone may ask.

        Raises:
            ConfigError: Host or port cannot be, or there is no such replica; as it begins, where the port is in use.

        >>> import dns.message
        >>> import dns.query
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> with cluster.serve() as server:
        ...     query = dns.message.make_query("payments.shop.svc.cluster.local", "A")
        ...     reply = dns.query.udp(query, server.host, port=server.port, timeout=5)
        ...
        >>> print(reply.answer[0][0])
        10.96.20.1
        """
        if replica is not None and replica not in self.network.replicas:
            known = ", ".join(self.network.replicas)
            raise ConfigError(
                f"no nameserver of this cluster has the address {told(replica)}", advice=f"it has {known}"
            )
        return Server(self.network, replica or self._nameserver(), host, port, open=open)

    def patch(
        self,
        *,
        namespace: str | None = None,
        pod: str | None = None,
        config: ResolverConfig | None = None,
        libc: "LibcName" = "glibc",
        outside: "Outside" = "refuse",
    ) -> "Patch":
        """Make a context manager in which this whole process finds names as a program in `namespace` or `pod` does.

        It holds for `socket.getaddrinfo`, `gethostbyname`, `gethostbyname_ex`, `gethostbyaddr` and `getnameinfo`, for
        asyncio, uvloop and trio, in all threads, and for what is given no resolver, such as adapters and
        `k8sresolve.port`; a `Resolver()` that the program makes is the machine's. `localhost`, loopback addresses and
        this machine's own name are always looked up by the machine. Connections go where `route` leads them.

        Args:
            namespace, pod, config: As in `resolver`.
            libc: `"glibc"`, `"musl"` or `"musl-1.2.3"`, with its search, flags, order and errors.
            outside: What becomes of a name outside the cluster of which the cluster's DNS knows nothing: `"refuse"`, it
                is not found, or `"pass"`, this machine looks it up.

        Raises:
            ManifestError: There is no such pod.
            ConfigError: An argument cannot be; as it is entered, another patch is in force.

        >>> import socket
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> with cluster.patch(namespace="shop"):
        ...     socket.gethostbyname("payments")
        ...
        '10.96.20.1'
        """
        from k8sresolve.testing.programs.patch import Patch

        return Patch(self._place(config, namespace, pod), self.clock, self._routes, libc_=libc, outside=outside)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass by `clock`, for tasks: it returns when all that watches ask meanwhile has been told.

        `Clock.advance` does this for callers that wait.

        Args:
            seconds: From 0 on.

        Raises:
            ConfigError: It is a step back, or no number.

        >>> import asyncio
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> asyncio.run(cluster.advance(30))
        >>> cluster.clock.monotonic()
        30.0
        """
        await advance(self.clock, seconds)

    def route(self, name: str | ServiceName | EndpointName, port: str | int, *, to: tuple[str, int]) -> None:
        """Lead connections to a Service's port to a local one: `create_connection`, and all while `patch` is in force.

        A Service's route holds for its ClusterIP and for its endpoints, as far as these have no route of their own. A
        connection to an address of the cluster that no route fits is refused (`ConnectionRefusedError`), and the error
        says which route is missing.

        Args:
            name: A Service's, as in `Resolver.service`, where the namespace is the cluster's `namespace`; or the full
                name of an endpoint.
            port: The port's name or number in the Service.
            to: An IPv4 loopback address, and the number of a port.

        Raises:
            ConfigError: There is no such Service or port, or `to` is none.

        >>> import socket
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> with socket.create_server(("127.0.0.1", 0)) as listener:
        ...     cluster.route("payments.shop", "http", to=listener.getsockname())
        ...     with cluster.patch(namespace="shop"), socket.create_connection(("payments", 80)) as connection:
        ...         connection.getpeername() == listener.getsockname()
        ...
        True
        """
        self._routes.add(name, port, to, check_namespace(self.namespace))

    def nameserver(self) -> "OfflineNameserver":
        """Make a nameserver for dnspython's resolvers: `resolver.nameservers = [cluster.nameserver()]`.

        It opens no socket, and faults and `clock` act as for other resolvers.

        >>> from dns.resolver import Resolver
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = Resolver(configure=False)
        >>> resolver.nameservers = [cluster.nameserver()]
        >>> print(*resolver.resolve("payments.shop.svc.cluster.local", "A"))
        10.96.20.1
        """
        from k8sresolve.testing.programs.dnspython import OfflineNameserver

        return OfflineNameserver(self._nameserver(), self.network, self.clock)

    def apply(self, *manifests: "Manifest | Sequence[Object]", recursive: bool = False) -> None:
        """Put objects in, or in place of those of the same name, as `kubectl apply` does and the controllers then do.

        All that follows happens at once: workloads have the pods they should have, of a new template if it changed.
        What the manifest of a Service or a pod leaves open stays as it is, such as its addresses. Where no manifest
        tells of a Namespace, objects may lie in any.

        Args:
            *manifests: Objects, what builders make, or paths or open files, read as by `from_manifests`, with the
                `apply_namespace` given there.
            recursive: Whether what lies below directories is read, too.

        Raises:
            ManifestError: Something cannot be used, or is a ConfigMap that sets up the nameserver otherwise; then
                nothing changes.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> meta, spec = {"name": "mail", "namespace": "shop"}, {"clusterIP": "10.96.20.9"}
        >>> cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     print(*resolver.service("mail").addresses)
        ...
        10.96.20.9
        """
        self._changes.apply(tuple(taken_apart(manifests)), recursive=recursive)

    def delete(self, kind: str, name: str) -> None:
        """Take out an object, as `kubectl delete` and then the controllers do.

        A workload's pods go with it, with a namespace all that lies in it, and with a Service the EndpointSlices of
        the controller. For a pod of a workload, another one comes at once.

        Args:
            kind: Its kind, such as `"Service"`.
            name: `NAMESPACE/NAME`.

        Raises:
            ManifestError: There is no such object, it is an EndpointSlice that would be made again, or a pod and
                nothing would change, as in `set_ready`.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> cluster.delete("Service", "shop/payments")
        """
        self._changes.delete(kind, name)

    def scale(self, workload: str, replicas: int) -> None:
        """Let a Deployment, StatefulSet or ReplicaSet have so many pods, all of them ready.

        Args:
            workload: `NAMESPACE/NAME`.
            replicas: How many pods, from 0 on.

        Raises:
            ManifestError: There is no such workload, or nothing would change, as in `set_ready`.

        >>> from k8sresolve.testing import Cluster, service
        >>> cluster = Cluster.new(service("api.shop", http=80))
        >>> cluster.scale("shop/api", 3)
        >>> len(cluster.pods("shop/api"))
        3
        """
        self._changes.scale(workload, replicas)

    def roll_out(
        self,
        workload: str,
        template: Mapping[str, Any] | None = None,
        *,
        max_surge: int = 1,
        max_unavailable: int = 0,
    ) -> Rollout:
        """Replace the pods of a Deployment, StatefulSet or DaemonSet, one after another.

        What is returned takes one step for each iteration, and none before.

        Args:
            workload: `NAMESPACE/NAME`.
            template: What the new pods are made of, as in the workload's ``spec``; None is the one that there is, as
                for `kubectl rollout restart`.
            max_surge: How many pods more than it should a Deployment has at most.
            max_unavailable: How many ready ones less it has at most; other workloads have one less.

        Raises:
            ManifestError: Something cannot be used, or nothing would change, as in `set_ready`.

        >>> from k8sresolve.testing import Cluster, service
        >>> cluster = Cluster.new(service("api.shop", http=80, pods=2))
        >>> [step.event for step in cluster.roll_out("shop/api")][:3]
        ['created', 'ready', 'terminating']
        """
        return self._changes.roll_out(workload, template, max_surge=max_surge, max_unavailable=max_unavailable)

    def set_ready(self, pod: str | Pod, ready: bool = True) -> None:
        """Let a pod pass its readiness probe, or fail it.

        Args:
            pod: `NAMESPACE/NAME`, or one of `pods`.
            ready: Whether it passes.

        Raises:
            ManifestError: There is no such pod, it does not run, or nothing would change in DNS, as all Services that
                select it have EndpointSlices or Endpoints that a manifest states.

        >>> from k8sresolve.testing import Cluster, headless
        >>> cluster = Cluster.new(headless("db.shop", sql=5432, pods=2))
        >>> cluster.set_ready("shop/db-0", False)
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     [endpoint.hostname for endpoint in resolver.endpoints("db", "sql")]
        ...
        ['db-1']
        """
        self._changes.set_ready(pod, ready=ready)

    def move(self, pod: str | Pod, to: str | None = None) -> None:
        """Give a pod another address, as if it had been made anew.

        Args:
            pod: `NAMESPACE/NAME`, or one of `pods`.
            to: The address; None is any that it has not, of each family.

        Raises:
            ManifestError: It cannot have that address, or as in `set_ready`.

        >>> from k8sresolve.testing import Cluster, headless
        >>> cluster = Cluster.new(headless("db.shop", sql=5432))
        >>> cluster.move("shop/db-0", "10.244.9.9")
        >>> [pod.ip for pod in cluster.pods("shop/db")]
        ['10.244.9.9']
        """
        self._changes.move(pod, to)

    def pods(self, name: str) -> tuple[Pod, ...]:
        """Tell the pods of a workload, or else those that a Service selects, as they are now, sorted by name.

        Args:
            name: `NAMESPACE/NAME`.

        Raises:
            ManifestError: There is neither.

        >>> from k8sresolve.testing import Cluster, headless
        >>> [pod.name for pod in Cluster.new(headless("db.shop", sql=5432, pods=2)).pods("shop/db")]
        ['db-0', 'db-1']
        """
        return self._changes.pods(name)

    def is_made_up(self, address: IPAddress | str) -> bool:
        """Whether a Service, pod or node has this address, and no manifest states it: a real cluster gives another.

        Args:
            address: An IP address.

        Raises:
            InvalidName: It is none.

        >>> from k8sresolve.testing import Cluster
        >>> spec = {"ports": [{"name": "http", "port": 80}]}
        >>> api = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"}, "spec": spec}
        >>> cluster = Cluster.from_objects([api])
        >>> [cluster.is_made_up(ip) for ip in cluster.resolver().service("api").addresses]
        [True]
        """
        return self._control_plane.is_made_up(str(parse_address(address)))

    def config(self, namespace: str = "default") -> ResolverConfig:
        """Tell the configuration of a pod with dnsPolicy ClusterFirst.

        Args:
            namespace: Where it runs.

        Raises:
            ConfigError: It is no namespace.

        >>> from k8sresolve.testing import Cluster
        >>> Cluster.from_objects([]).config("shop").search
        ('shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local')
        """
        return ResolverConfig.for_cluster(self._nameserver(), namespace=namespace, cluster_domain=self._cluster_domain)

    def resolv_conf(self, pod: str) -> ResolvConf:
        """Write the /etc/resolv.conf of a pod: text with the kubelet's warnings as `events`. They are logged, too.

        Args:
            pod: `NAMESPACE/NAME`.

        Raises:
            ManifestError: There is no such pod.
            ConfigError: The kubelet would not start it.

        >>> from k8sresolve.testing import Cluster
        >>> spec = {"dnsConfig": {"options": [{"name": "ndots", "value": "1"}]}}
        >>> pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}, "spec": spec}
        >>> print(Cluster.from_objects([pod]).resolv_conf("shop/a"), end="")
        search shop.svc.cluster.local svc.cluster.local cluster.local
        nameserver 10.96.0.10
        options ndots:1
        """
        return write_resolv_conf(self._pod(pod), self.kubelet)

    def hosts_file(self, pod: str) -> str:
        r"""Write the /etc/hosts of a pod: its own name, and its hostAliases.

        A program in the pod finds these names without a question.

        Args:
            pod: `NAMESPACE/NAME`.

        Raises:
            ManifestError: There is no such pod.

        >>> from k8sresolve.testing import Cluster
        >>> meta, spec = {"name": "a", "namespace": "shop"}, {"subdomain": "web"}
        >>> pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"podIP": "10.244.0.7"}}
        >>> Cluster.from_objects([pod]).hosts_file("shop/a").splitlines()[-1]
        '10.244.0.7\ta.web.shop.svc.cluster.local\ta'
        """
        return write_hosts_file(self._pod(pod), self.kubelet)

    def check(
        self, name: str | None = None, namespace: str = "default", *, inventory: Inventory | None = None
    ) -> tuple[Finding, ...]:
        """Check what people check by hand before they blame DNS, for one Service or for all; the worst comes first.

        That is whether ports, selectors, pods and endpoints fit together, and whether a name can be asked or hides
        another. Objects are checked as they are now. Hosts in the environment, arguments and files of containers are
        looked up as their pods do.

        Args:
            name: `NAMESPACE/SERVICE`, or as for a resolver in `namespace`; None is all.
            namespace: Where a name without one lies.
            inventory: What there is besides, in whose namespaces nothing else is.

        Raises:
            NoSuchName: There is no such Service.
            InvalidName: It names none.
            ConfigError: The inventory is none.

        >>> from k8sresolve.testing import Cluster
        >>> spec = {"type": "ExternalName", "externalName": "192.0.2.7"}
        >>> service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": spec}
        >>> for finding in Cluster.from_objects([service]).check("db"):
        ...     print(finding.severity, finding.object, finding.field)
        ...
        error Service default/db spec.externalName
        """
        if not isinstance(inventory, Inventory | None):
            raise ConfigError(f"inventory={told(inventory)} is no Inventory", advice="give Inventory.from_json(...)")
        service = None if name is None else find_service(self.store, name, namespace, self._cluster_domain)
        networks = self._control_plane.networks
        return check(
            self.store,
            networks,
            self._world(inventory),
            service,
            kubernetes=self.kubernetes,
            settings=self._settings,
        )

    def _world(self, inventory: Inventory | None) -> World:
        """Gather what names may mean, and look them up where neither log nor clock of this cluster tells of it."""
        store = self.store if inventory is None else with_inventory(self.store, inventory)

        @cache
        def beside() -> Cluster:
            made = Cluster(store, self._settings, control_plane=self._control_plane, kubernetes=self.kubernetes)
            made.kubelet = self.kubelet
            return made

        @cache
        def place(pod: Pod) -> Place:
            return beside()._place_of(pod)  # noqa: SLF001 - another of this class

        return World(store, self._cluster_domain, lambda pod, host: ask(place(pod), beside().clock, host), inventory)

    def _place(self, config: ResolverConfig | None, namespace: str | None, pod: str | None) -> Place:
        if pod is None:
            config = (
                self.config(self.namespace if namespace is None else namespace)
                if config is None
                else check_config(config)
            )
            return Place(config, self.network, self._versions(), routes=self._routes)
        if config is not None or namespace is not None:
            raise ConfigError("a pod has a namespace and a configuration of its own", advice="give pod= alone")
        return self._place_of(self._pod(pod))

    def _connecting(self, place: Place, connections: "Connections") -> Place:
        if connections not in ("routed", "real"):
            raise ConfigError(f"connections={told(connections)}", advice="give 'routed' or 'real'")
        return place if connections == "routed" else place._replace(passed=self._passed)

    def _passed(self, address: str) -> None:
        """Raise OSError for an address to which nothing real corresponds."""
        if self.is_made_up(address):
            raise OSError(errno.EADDRNOTAVAIL, "is made up here: no manifest states it")

    def _place_of(self, pod: Pod) -> Place:
        text = write_resolv_conf(pod, self.kubelet)
        config = parse_resolv_conf(text.encode(), source=f"resolv.conf of pod {pod.namespace}/{pod.name}")
        # Where the search list does not tell it, a program finds its namespace in the service account's volume.
        config = attrs.evolve(
            config,
            namespace=config.namespace or pod.namespace,
            hosts=parse_hosts(write_hosts_file(pod, self.kubelet).encode()),
        )
        network = PodNetwork(
            self.network, frozenset(self._inside()), self._outside, client=pod.ip, on_node=pod.spec.host_network
        )
        return Place(config, network, frozenset(ip_address(ip).version for ip in pod.ips), pod.ips, self._routes)

    def _inside(self) -> Iterator[str]:
        """The addresses at which the cluster's nameserver answers."""
        yield from map(canonical, self.kubelet.cluster_dns)
        yield self._nameserver()
        yield from self._settings.server_addresses
        for service in dns_services(self.store):
            yield from service.cluster_ips
            for part in self.store.slices(service.namespace, service.name):
                yield from (endpoint.address for endpoint in part.addresses)

    def _pod(self, name: str) -> Pod:
        namespace, pod = parted(name)
        namespace = namespace or "default"
        found = self.store.get("Pod", namespace, pod)
        if isinstance(found, Pod):
            return found
        there = [item.name for item in self.store.all("Pod") if item.namespace == namespace]
        near = difflib.get_close_matches(pod, there, 5, 0.3) or sorted(there)[:5]
        known = f"of its {len(there)} pods, the nearest are {', '.join(near)}" if there else "the namespace has no pods"
        raise ManifestError(f"there is no pod {escaped(f'{namespace}/{pod}', 300)}; {known}")

    def _nameserver(self) -> str:
        return cluster_dns(self.store, self._control_plane.networks.nameserver)

    def _node_ips(self) -> Sequence[str]:
        node = next(self.store.all("Node"), None)
        ips = node.ips if isinstance(node, Node) else ()
        return ips or [NODE_IPS[family] for family in self._control_plane.networks.families]

    def _versions(self) -> frozenset[int]:
        """The IP versions that the cluster's Services and endpoints have."""
        services = [service for service in self.store.all("Service") if isinstance(service, Service)]
        families = {family for one in services if not one.has_any_families for family in one.families}
        families.update(self._control_plane.networks.families)
        return frozenset(6 if family == "IPv6" else 4 for family in families)
