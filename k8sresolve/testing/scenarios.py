"""What befalls cluster DNS in practice, ready-made: each function lets it begin, and returns what ends it.

`with scenarios.one_replica_dead(cluster) as dead:` lets it last as long as the block, after which `dead.hits` tells how
many queries it hit. Times are seconds by the cluster's clock, which in an offline cluster goes on only when something
waits or is told to.

>>> from k8sresolve.testing import Cluster, scenarios
>>> cluster = Cluster.from_manifests("docs/examples/shop.yaml", server_addresses=["10.244.0.2", "10.244.0.3"])
>>> with scenarios.one_replica_dead(cluster) as dead, cluster.resolver(namespace="shop") as resolver:
...     print(*resolver.service("payments").addresses)
...
10.96.20.1
"""

from k8sresolve.errors import ConfigError
from k8sresolve.testing.cluster import Cluster
from k8sresolve.testing.network.faults import Scenario

__all__ = ["api_server_away", "conntrack_race", "not_yet_synced", "one_replica_dead", "rolling_restart"]


def rolling_restart(cluster: Cluster, *, away: float = 5.0) -> Scenario:
    """Let each of the cluster's nameservers vanish for `away` seconds, one after another, and come back.

    Packets to a pod that is gone are lost until each node knows of the Service's new endpoints, which may take some
    seconds. With several `server_addresses` the others answer then.

    Args:
        cluster: Whose nameservers they are.
        away: Seconds for which each is gone.

    Source: Kubernetes, "Virtual IPs and Service Proxies".

    >>> from k8sresolve.testing import Cluster, scenarios
    >>> scenarios.rolling_restart(Cluster.from_manifests("docs/examples/shop.yaml"))
    <<drop nameserver=10.244.0.2: 0 hit>>
    """
    network = cluster.network
    return Scenario(
        network.drop(nameserver=address, after=index * away, lasting=away)
        for index, address in enumerate(network.replicas)
    )


def one_replica_dead(cluster: Cluster, replica: str | None = None) -> Scenario:
    """Let one of the cluster's nameservers be dead, by default the last of them, while packets are still led to it.

    Args:
        cluster: One with several `server_addresses`.
        replica: The address of the one; None is the last.

    Raises:
        ConfigError: There is only one, or none of that address.

    >>> from k8sresolve.testing import Cluster, scenarios
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml", server_addresses=["10.244.0.2", "10.244.0.3"])
    >>> scenarios.one_replica_dead(cluster)
    <<drop nameserver=10.244.0.3: 0 hit>>
    """
    replicas = cluster.network.replicas
    if len(replicas) < 2:
        raise ConfigError(
            "this cluster has one nameserver, so that none is left when it is dead",
            advice="give its replicas as server_addresses=, or use network.drop()",
        )
    if replica is not None and replica not in replicas:
        raise ConfigError(f"no replica has the address {replica!r}", advice=f"there are {', '.join(replicas)}")
    return Scenario([cluster.network.drop(nameserver=replica or replicas[-1])])


def api_server_away(cluster: Cluster, *, stale: float = 60.0) -> Scenario:
    """Let CoreDNS lose the API server: for `stale` seconds it answers from what it knew, then it is restarted.

    A CoreDNS that starts without the API server knows nothing: see `not_yet_synced`.

    Args:
        cluster: Whose nameservers they are.
        stale: Seconds.

    >>> from k8sresolve.testing import Cluster, scenarios
    >>> scenarios.api_server_away(Cluster.from_manifests("docs/examples/shop.yaml"))
    <<stale: 0 hit>, <unsynced: 0 hit>>
    """
    return Scenario([cluster.network.stale(lasting=stale), cluster.network.unsynced(after=stale)])


def not_yet_synced(cluster: Cluster, *, lasting: float = 30.0) -> Scenario:
    """Let CoreDNS serve for `lasting` seconds before it has synced with the API server: no object is known to it yet.

    It waits for that no longer than `startup_timeout`, 5 s by default. Then names in zones of the `kubernetes` plugin
    are SERVFAIL, but where `fallthrough` has them, as it has reverse names by default, they go on to the next plugin,
    as do all others.

    Args:
        cluster: Whose nameservers they are.
        lasting: Seconds.

    Source: `plugin/kubernetes/handler.go` of CoreDNS.

    >>> from k8sresolve import TemporaryFailure
    >>> from k8sresolve.testing import Cluster, scenarios
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with scenarios.not_yet_synced(cluster), cluster.resolver(namespace="shop") as resolver:
    ...     try:
    ...         resolver.service("payments")
    ...     except TemporaryFailure as error:
    ...         print(type(error).__name__)
    ...
    ServerFailure
    """
    return Scenario([cluster.network.unsynced(lasting=lasting)])


def conntrack_race(cluster: Cluster) -> Scenario:
    """Lose every other AAAA query over UDP, beginning with the first.

    So it looks to a libc that sends A and AAAA from one port at once: the kernel's connection tracking drops one of
    them now and then, and the lookup stalls for 5 s.

    Args:
        cluster: Whose network it is.

    Source: kubernetes/kubernetes#56903.

    >>> from k8sresolve.testing import Cluster, scenarios
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with scenarios.conntrack_race(cluster) as race, cluster.resolver(namespace="shop", family="both") as resolver:
    ...     print(*resolver.service("payments").addresses, race.hits)
    ...
    10.96.20.1 1
    """
    return Scenario([cluster.network.drop(rdtype="AAAA", transport="udp", every=2)])
