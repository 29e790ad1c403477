"""The offline cluster: what a Kubernetes cluster's DNS answers, from manifests, without a cluster.

`Cluster` reads manifests and answers DNS messages as CoreDNS would. Nothing of this is imported by `import k8sresolve`,
and nothing but this by the pytest plugin: names are imported when first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8sresolve.findings import Finding
    from k8sresolve.testing import conformance, histories, scenarios
    from k8sresolve.testing.builders import external, headless, service
    from k8sresolve.testing.checks.names.inventory import Inventory
    from k8sresolve.testing.cluster import Cluster
    from k8sresolve.testing.controllers.kubelet import Kubelet, KubeletEvent, PodDNS, ResolvConf, pod_dns
    from k8sresolve.testing.controllers.rollouts import Rollout, RolloutStep
    from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
    from k8sresolve.testing.coredns.upstream import Upstream
    from k8sresolve.testing.differing import ANY_INTERNET, Changed, Question, compare_versions
    from k8sresolve.testing.network.clock import Clock
    from k8sresolve.testing.network.criteria import Which
    from k8sresolve.testing.network.faults import Fault, Scenario
    from k8sresolve.testing.network.network import Network
    from k8sresolve.testing.network.query_log import LoggedQuery, QueryCount, QueryLog
    from k8sresolve.testing.network.server import Server
    from k8sresolve.testing.network.text import RCODES
    from k8sresolve.testing.objects.files import MANIFEST_SUFFIXES
    from k8sresolve.testing.objects.kinds import Pod
    from k8sresolve.testing.programs.dnspython import OfflineNameserver
    from k8sresolve.testing.programs.patch import Patch
    from k8sresolve.testing.versions import COREDNS_VERSIONS, DIFFERENCES, KUBERNETES_VERSIONS, Difference, Version

_HOMES = {
    ".findings": ("Finding",),  # a value of the whole project
    "builders": ("external", "headless", "service"),
    "checks.names.inventory": ("Inventory",),
    "cluster": ("Cluster",),
    "controllers.kubelet": ("Kubelet", "KubeletEvent", "PodDNS", "ResolvConf", "pod_dns"),
    "controllers.rollouts": ("Rollout", "RolloutStep"),
    "coredns.plugins.kubernetes.options": ("KubernetesOptions",),
    "coredns.upstream": ("Upstream",),
    "differing": ("ANY_INTERNET", "Changed", "Question", "compare_versions"),
    "network.clock": ("Clock",),
    "network.criteria": ("Which",),
    "network.faults": ("Fault", "Scenario"),
    "network.network": ("Network",),
    "network.query_log": ("LoggedQuery", "QueryCount", "QueryLog"),
    "network.server": ("Server",),
    "network.text": ("RCODES",),
    "objects.files": ("MANIFEST_SUFFIXES",),
    "objects.kinds": ("Pod",),
    "programs.dnspython": ("OfflineNameserver",),
    "programs.patch": ("Patch",),
    "versions": ("COREDNS_VERSIONS", "DIFFERENCES", "KUBERNETES_VERSIONS", "Difference", "Version"),
}
_MODULES = ("conformance", "histories", "scenarios")  # offered whole
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ANY_INTERNET",
    "COREDNS_VERSIONS",
    "DIFFERENCES",
    "KUBERNETES_VERSIONS",
    "MANIFEST_SUFFIXES",
    "RCODES",
    "Changed",
    "Clock",
    "Cluster",
    "Difference",
    "Fault",
    "Finding",
    "Inventory",
    "Kubelet",
    "KubeletEvent",
    "KubernetesOptions",
    "LoggedQuery",
    "Network",
    "OfflineNameserver",
    "Patch",
    "Pod",
    "PodDNS",
    "QueryCount",
    "QueryLog",
    "Question",
    "ResolvConf",
    "Rollout",
    "RolloutStep",
    "Scenario",
    "Server",
    "Upstream",
    "Version",
    "Which",
    "compare_versions",
    "conformance",
    "external",
    "headless",
    "histories",
    "pod_dns",
    "scenarios",
    "service",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
