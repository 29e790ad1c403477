"""Where an examination is made, as far as files, environment and listening ports tell without privilege."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from k8sresolve._proxies import listening, listening_lines
from k8sresolve._system import HOSTS
from k8sresolve.doctor.records import Place

# Kubernetes' pkg/kubelet/kubelet_pods.go: the first line of the hosts file that the kubelet writes for each container.
_MANAGED = b"# Kubernetes-managed hosts file"
_ON_HOST = b"# Kubernetes-managed hosts file (host network)"
# The kubelet's --root-dir, by default.
_KUBELET = "/var/lib/kubelet"
# "Accessing the Kubernetes API from a Pod": the kubelet sets it in each container.
_API = "KUBERNETES_SERVICE_HOST"


@attrs.frozen
class Surroundings:
    """Where this is: `api` is the API server's address inside the cluster, and `ports` those that are listened on."""

    place: Place = "elsewhere"
    api: str = ""
    ports: frozenset[int] = frozenset()

    @property
    def in_pod(self) -> bool:
        """Whether this is a pod."""
        return self.place not in ("node", "elsewhere")


def look_around() -> Surroundings:
    """Look; what cannot be read is not there."""
    return Surroundings(_place(), os.environ.get(_API, ""), frozenset(listening(listening_lines())))


def _place() -> Place:
    try:
        with Path(HOSTS).open("rb") as file:
            first = file.readline(200)
    except OSError:
        first = b""
    if first.startswith(_ON_HOST):
        return "host-network pod"
    if first.startswith(_MANAGED) or os.environ.get(_API):
        return "pod"
    return "node" if Path(_KUBELET).exists() else "elsewhere"
