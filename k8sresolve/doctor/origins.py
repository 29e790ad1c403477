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
    inferred = infer_cluster(config.search)
    files = ("service account", "")
    told = [
        _origin(value, given, variable, by_list, file if from_file else "given", from_file=from_file)
        for value, given, variable, by_list, file in (
            (config.namespace, namespace, "K8SRESOLVE_NAMESPACE", inferred[0], files[0]),
            (config.cluster_domain, cluster_domain, "K8SRESOLVE_CLUSTER_DOMAIN", inferred[1], files[1]),
        )
    ]
    return Origins(*told)


def _origin(
    value: str | None, given: str | None, variable: str, by_list: str | None, otherwise: str, *, from_file: bool
) -> str:
    if given is not None:
        return "given"
    if value is None:
        return ""
    if from_file and os.environ.get(variable):
        return "environment"
    return "search list" if value == by_list else otherwise
