"""The offline cluster: what a Kubernetes cluster's DNS answers, from manifests, without a cluster.

`Cluster` reads manifests and answers DNS messages as CoreDNS would. Nothing of this is imported by `import k8sresolve`.
"""

from k8sresolve.testing.answers import KubernetesOptions
from k8sresolve.testing.cluster import Cluster

__all__ = ["Cluster", "KubernetesOptions"]
