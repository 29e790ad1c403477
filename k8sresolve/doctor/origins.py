"""How the pod's place in the cluster was found."""

from __future__ import annotations

import os
from typing import NamedTuple

from k8sresolve.config import ResolverConfig, infer_cluster


class Origins(NamedTuple):
    """Where namespace and cluster domain come from, empty for what is not known."""

    namespace: str
    cluster_domain: str


def origins_of(
    config: ResolverConfig, *, from_file: bool, namespace: str | None, cluster_domain: str | None
) -> Origins:
    """Tell by which of its sources `load_config` found them, or that they were given."""
    by_list = infer_cluster(config.search)
    return Origins(
        _origin(config.namespace, namespace, "NAMESPACE", by_list[0], from_file=from_file),
        _origin(config.cluster_domain, cluster_domain, "CLUSTER_DOMAIN", by_list[1], from_file=from_file),
    )


def _origin(value: str | None, given: str | None, variable: str, by_list: str | None, *, from_file: bool) -> str:
    if value is None and given is None:
        return ""
    if given is not None or not from_file:
        return "given"
    if os.environ.get(f"K8SRESOLVE_{variable}"):
        return "environment"
    return "search list" if value == by_list else "service account"
