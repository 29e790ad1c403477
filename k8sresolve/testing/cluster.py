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

    Made by `from_manifests` or `from_objects`. `network` takes faults, `clock` is the time by which its resolvers and
    its nameserver's cache live, and `queries` logs what was asked. `upstream` is what stands outside: while its
    `reachable` is False nobody answers there. `coredns` and `kubernetes` are the versions, and `corefile_names` are the
    names that the Corefile itself gives, in `hosts` and zone files. `warnings` says what was
    passed over in manifests, and what the Corefile asks for that is not modelled here. `kubelet` is what nodes tell
    their pods about DNS; another may be put in its place. `namespace` is where its programs run unless told otherwise:
    `default`, or what is put in its place.
    """

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
        self.clock = Clock()
        self.queries = QueryLog()
        self.upstream = Upstream(settings.upstream or {}, authoritative=settings.upstream_authoritative)
        replicas = {
            address: assemble(store, self.clock.monotonic, settings, self.upstream)
            for address in settings.server_addresses
        }
        nameserver = replicas[settings.server_addresses[0]]
        self.warnings = (*notes, *nameserver.notes)
        self.coredns, self.kubernetes = settings.coredns, kubernetes
        echoed = echoed_options(settings.coredns)
        responders = {address: Responder(replica.server, echoed) for address, replica in replicas.items()}
        self._responder = responders[settings.server_addresses[0]]
        self.network = Network(responders, self.clock, self.queries, store=store)
        self._settings = settings
        self._notes = tuple(notes)
        self._any_namespace, self._apply_namespace = any_namespace, apply_namespace
        self.corefile_names = nameserver.names
        self._cluster_domain = nameserver.cluster_domain
        self._control_plane = control_plane
        self._outside = Responder(nameserver.outside)
        self._changes = Changes(
            store, control_plane, self.network.hold, any_namespace=any_namespace, apply_namespace=apply_namespace
        )
        self._routes = Routes(store, control_plane.networks, self._cluster_domain)
        self.kubelet = Kubelet(
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

        A path names a file, or a directory: its own files are read, and with `recursive` those below. A file that is
        open for reading octets will do too, as `sys.stdin.buffer`. Objects that state no namespace lie in
        `apply_namespace`, as with `kubectl apply -n`. What is no Kubernetes object is passed over, with a line in
        `warnings`. Secrets are read with `secrets` alone, for `check`. YAML needs the extra `k8sresolve[yaml]`; JSON
        needs nothing.

        The nameserver is set up by `corefile`, the text of a Corefile, or else by the ConfigMap `coredns` in
        kube-system, if it is among the manifests. Without either, it is CoreDNS's `kubernetes` plugin alone, with the
        `options` given, by default as kubeadm sets them. `environment` has the values of a Corefile's variables,
        `{$NAME}`; this process's own are never read. `upstream` maps origins to the texts of the zone files that stand
        behind the cluster, by default an Internet in which no name exists. Names in no zone are REFUSED, with None all
        of them. They are answered as by a resolver, or, with `upstream_authoritative`, as by their own nameserver.
        `server_addresses` are the nameserver's own, which show in its NS records: each is a replica's, with a cache of
        its own. By `seed` the plugin `loadbalance` shuffles.

        `coredns` and `kubernetes` are the versions that answer, and that check manifests and make resolv.conf files:
        one of `COREDNS_VERSIONS` and of `KUBERNETES_VERSIONS`. The defaults are what kubeadm 1.37 sets up.

        Workloads, Services with selectors and pods become what controllers make of them: pods that run, ClusterIPs and
        EndpointSlices. What an object states is used as it stands. ClusterIPs come from `service_cidrs` and pods'
        addresses from `pod_cidrs`, by default 10.96.0.0/16 and 10.244.0.0/16, and, where a Service asks for IPv6,
        fd00:10:96::/112 and fd00:10:244::/56 too. Given one network each, or one of each IP family in one order, they
        tell the cluster's families.

        With `built_ins` there is besides what every cluster has: the namespaces default, kube-system, kube-public and
        kube-node-lease, and the Service kubernetes in default, at the first address of the first network unless an
        object states another or that one.

        With `refused` a file that cannot be read does not keep the others from it: it is called with the error of each,
        and the first is raised only where nothing can be read. A ConfigMap's Corefile with which CoreDNS does not start
        is left out, of which `check` tells.

        Raises `ManifestError` for a manifest or a Corefile that cannot be used, `InvalidName` for what is no namespace,
        and `ConfigError` for a zone file that cannot be used, for networks that do not go together, for `corefile`
        together with `options`, and for other settings that cannot be used.
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

        >>> meta, spec = {"name": "payments", "namespace": "shop"}, {"clusterIP": "10.96.20.1"}
        >>> cluster = Cluster.from_objects([{"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}])
        >>> cluster.store.service("shop", "payments").cluster_ips
        ('10.96.20.1',)
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
        """Make a cluster of what `service`, `headless` and `external` make, and of objects; options as `from_objects`.

        The namespaces of what is built are there, without being told of. Raises `ManifestError` for anything else, and
        `ConfigError` for an option that there is not.

        >>> from k8sresolve.testing import external, headless, service
        >>> cluster = Cluster.new(
        ...     headless("db.shop", sql=5432, pods=3),
        ...     service("api.shop", http=80),
        ...     external("pg.shop", "pg.example.com"),
        ... )
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     len(resolver.endpoints("db", "sql")), resolver.port("api", "http").number
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

        It has a clock, a network and a log of its own. Raises `ManifestError` where that CoreDNS would not start with
        the Corefile, and `ConfigError` for a version that is not known.

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
        """Answer a DNS message as CoreDNS would, over UDP or TCP; None where it would send nothing.

        `client` is the address that it comes from, which the plugins `autopath`, `acl`, `view` and `rewrite` look at.
        No octets make it raise; what is none is a `ConfigError`.
        """
        if not isinstance(message, bytes | bytearray | memoryview):
            raise ConfigError(f"{told(message)} is no DNS message", advice="give its octets")
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
        takes no time. With `connections="real"` they go to the very address where no route leads, as for manifests that
        `kubectl get -o yaml` wrote; to an address that is made up here nothing connects. In a pod, it has the pod's
        resolv.conf and addresses, and nameservers outside the cluster answer from `upstream`. The other arguments are
        those of `Resolver`; `config` stands in for what a pod in `namespace` would have. With `family="auto"`, AAAA is
        asked where the cluster, or the pod, has IPv6. Raises `ManifestError` if there is no such pod, and `ConfigError`
        for a pod together with another place.

        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     print(*resolver.service("payments").addresses)
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
        """Make the resolver of an asyncio program in `namespace` or `pod`; see `resolver`."""
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
        For faults and the log it is the address of the Service that pods are told to ask, or the one of
        `server_addresses` that is given as `replica`. Raises `ConfigError` for one that is not among them.

        `host` is a loopback or a private address of this machine, or with `open=True` any: 0.0.0.0 stands for all.
        Beyond loopback a UDP reply has at most 1,232 octets.
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
        asyncio, uvloop and trio, in all threads. `libc` is `glibc`, `musl` or `musl-1.2.3`, with its search, flags,
        order and errors. A name outside the cluster of which the cluster's DNS knows nothing is not found, or, with
        `outside="pass"`, looked up by this machine. `localhost`, loopback addresses and this machine's own name are
        always looked up so. Connections go where `route` leads them. `namespace`, `pod` and `config` are as in
        `resolver`.

        Entering raises `ConfigError` while another patch is in force.

        >>> import socket
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> with cluster.patch(namespace="shop"):
        ...     socket.gethostbyname("payments")
        '10.96.20.1'
        """
        from k8sresolve.testing.programs.patch import Patch

        return Patch(self._place(config, namespace, pod), self.clock, self._routes, libc_=libc, outside=outside)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass by `clock`, for tasks: it returns when all that watches ask meanwhile has been told.

        Raises `ConfigError` as `clock.advance()` does, which does this for callers that wait.
        """
        await advance(self.clock, seconds)

    def route(self, name: str | ServiceName | EndpointName, port: str | int, *, to: tuple[str, int]) -> None:
        """Lead connections to a Service's port to a local one: `create_connection`, and all while `patch` is in force.

        `name` is a Service's, as in `Resolver.service`, or the full name of an endpoint; `port` is the port's name or
        number in the Service. A Service's route holds for its ClusterIP and for its endpoints, as far as these have no
        route of their own. A connection to an address of the cluster that no route fits is refused
        (`ConnectionRefusedError`), and the error says which route is missing.

        Raises `ConfigError` if there is no such Service or port, or if `to` is not an IPv4 loopback address and a port.

        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> cluster.route("payments.shop", "http", to=("127.0.0.1", 8080))
        """
        self._routes.add(name, port, to)

    def nameserver(self) -> "OfflineNameserver":
        """Make a nameserver for dnspython's resolvers: `resolver.nameservers = [cluster.nameserver()]`.

        It opens no socket, and faults and `clock` act as for other resolvers.

        >>> from dns.resolver import Resolver
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

        They are objects, what builders make, or paths or open files, read as by `from_manifests`; `apply_namespace` is
        the one given there.
        All that follows happens at once: workloads have the pods they should have, of a new template if it changed.
        What the manifest of a Service or a pod leaves open stays as it is, such as its addresses. Where no manifest
        tells of a Namespace, objects may lie in any. Raises `ManifestError`, and changes nothing, for what cannot be
        used, and for a ConfigMap that sets up the nameserver otherwise.

        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> meta, spec = {"name": "mail", "namespace": "shop"}, {"clusterIP": "10.96.20.9"}
        >>> cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     print(*resolver.service("mail").addresses)
        10.96.20.9
        """
        self._changes.apply(tuple(taken_apart(manifests)), recursive=recursive)

    def delete(self, kind: str, name: str) -> None:
        """Take out the object of a kind and name, `NAMESPACE/NAME`, as `kubectl delete` and then the controllers do.

        A workload's pods go with it, with a namespace all that lies in it, and with a Service the EndpointSlices of
        the controller. For a pod of a workload, another one comes at once. Raises `ManifestError` if there is no such
        object, for an EndpointSlice that would be made again, and for a pod as in `set_ready`.

        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> cluster.delete("Service", "shop/payments")
        """
        self._changes.delete(kind, name)

    def scale(self, workload: str, replicas: int) -> None:
        """Let a Deployment, StatefulSet or ReplicaSet, `NAMESPACE/NAME`, have `replicas` pods, all of them ready.

        Raises `ManifestError` if there is no such workload, and as `set_ready`.
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
        """Replace the pods of a Deployment, StatefulSet or DaemonSet, `NAMESPACE/NAME`, one after another.

        What is returned takes one step for each iteration, and none before. The new pods are of `template`, as in the
        workload's `spec`, or else of the one that there is, as `kubectl rollout restart` makes them. A Deployment has
        at most `max_surge` pods more than it should, and `max_unavailable` ready ones less; others have one less.
        Raises `ManifestError` for what cannot be used, and as `set_ready`.
        """
        return self._changes.roll_out(workload, template, max_surge=max_surge, max_unavailable=max_unavailable)

    def set_ready(self, pod: str | Pod, ready: bool = True) -> None:
        """Let a pod, `NAMESPACE/NAME` or one of `pods`, pass its readiness probe, or with False fail it.

        Raises `ManifestError` if there is no such pod or it does not run, and if nothing would change in DNS, as all
        Services that select it have EndpointSlices or Endpoints that a manifest states.
        """
        self._changes.set_ready(pod, ready=ready)

    def move(self, pod: str | Pod, to: str | None = None) -> None:
        """Give a pod, `NAMESPACE/NAME` or one of `pods`, the address `to`, or else others than it has, of each family.

        Raises `ManifestError` as `set_ready`, and for an address that it cannot have.
        """
        self._changes.move(pod, to)

    def pods(self, name: str) -> tuple[Pod, ...]:
        """Tell the pods of a workload, `NAMESPACE/NAME`, or else those that a Service selects, as they are now.

        They are sorted by name. Raises `ManifestError` if there is neither.
        """
        return self._changes.pods(name)

    def is_made_up(self, address: IPAddress | str) -> bool:
        """Whether a Service, pod or node has this address, and no manifest states it: a real cluster gives another.

        Args:
            address: An IP address.

        Raises:
            InvalidName: It is none.

        >>> spec = {"ports": [{"name": "http", "port": 80}]}
        >>> api = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"}, "spec": spec}
        >>> cluster = Cluster.from_objects([api])
        >>> [cluster.is_made_up(ip) for ip in cluster.store.service("default", "api").cluster_ips]
        [True]
        """
        return self._control_plane.is_made_up(str(parse_address(address)))

    def config(self, namespace: str = "default") -> ResolverConfig:
        """Tell the configuration of a pod with dnsPolicy ClusterFirst in `namespace`."""
        return ResolverConfig.for_cluster(self._nameserver(), namespace=namespace, cluster_domain=self._cluster_domain)

    def resolv_conf(self, pod: str) -> ResolvConf:
        """Write the /etc/resolv.conf of a pod, named `NAMESPACE/NAME`: text with the kubelet's warnings as `events`.

        Warnings are logged, too. Raises `ManifestError` if there is no such pod, and `ConfigError` where the kubelet
        would not start it.

        >>> spec = {"dnsConfig": {"options": [{"name": "ndots", "value": "1"}]}}
        >>> pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}, "spec": spec}
        >>> print(Cluster.from_objects([pod]).resolv_conf("shop/a"), end="")
        search shop.svc.cluster.local svc.cluster.local cluster.local
        nameserver 10.96.0.10
        options ndots:1
        """
        return write_resolv_conf(self._pod(pod), self.kubelet)

    def hosts_file(self, pod: str) -> str:
        r"""Write the /etc/hosts of a pod, named `NAMESPACE/NAME`: its own name, and its hostAliases.

        A program in the pod finds these names without a question. Raises `ManifestError` if there is no such pod.

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
        another. A Service is named `NAMESPACE/SERVICE`, or as for a resolver in `namespace`. Objects are checked as
        they are now. Hosts in the environment, arguments and files of containers are looked up as their pods do, in
        this cluster and in what an `inventory` has, in whose namespaces nothing else is. Raises `NoSuchName` if there
        is no such Service, `InvalidName` for what names none, and `ConfigError` for what is no inventory.

        >>> spec = {"type": "ExternalName", "externalName": "192.0.2.7"}
        >>> service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": spec}
        >>> for finding in Cluster.from_objects([service]).check("db"):
        ...     print(finding.severity, finding.object, finding.field)
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
