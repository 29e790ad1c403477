"""The offline cluster: what a Kubernetes cluster's DNS answers, from manifests, without a cluster.

`Cluster` reads manifests and answers DNS messages as CoreDNS would. Nothing of this is imported by `import k8sresolve`,
and nothing but this by the pytest plugin: names are imported when first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8sresolve.testing.answers import KubernetesOptions
    from k8sresolve.testing.cluster import Cluster
    from k8sresolve.testing.findings import Finding

_HOME_OF = {"Cluster": "cluster", "Finding": "findings", "KubernetesOptions": "answers"}

__all__ = ["Cluster", "Finding", "KubernetesOptions"]


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
