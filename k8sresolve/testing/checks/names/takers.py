"""Who takes texts from ConfigMaps and Secrets: the pods, and what they call them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import attrs

from k8sresolve.testing.checks.names.expanding import Told, told
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.objects.kinds import ConfigMap, Pod, PodSpec, Secret
from k8sresolve.testing.objects.store import Store

_EACH_FAMILY = ("192.0.2.2", "2001:db8::2")  # of some address, so that a pod asks for both


def pod_of(origin: Origin) -> Pod:
    """Make a pod that finds names as those that come from there do; all that do so alike are one."""
    spec = PodSpec(
        host_network=origin.spec.host_network,
        dns_policy=origin.spec.dns_policy,
        dns_config=origin.spec.dns_config,
        host_aliases=origin.spec.host_aliases,
    )
    return attrs.evolve(some_pod(origin.namespace), spec=spec)


def some_pod(namespace: str) -> Pod:
    """Make a pod of which nothing is known but its namespace."""
    return Pod(namespace, "some-pod", ip=_EACH_FAMILY[0], ips=_EACH_FAMILY)


def _is_controller(origin: Origin) -> bool:
    """Whether pods are an operator's, by the label that Kubebuilder gives them or by their name."""
    return "control-plane" in origin.labels or origin.name.endswith(("-operator", "-controller-manager"))


class Use(NamedTuple):
    """A pod that takes texts, under which names it takes which keys, and whether it makes pods of what it is told."""

    pod: Pod
    names: Sequence[tuple[str, str]]
    is_controller: bool


class Takers:
    """What all containers are told, and who takes what from which ConfigMap or Secret."""

    def __init__(self, origins: Iterable[Origin], store: Store) -> None:
        self._told: dict[tuple[str, str, str], Told] = {}
        self._uses: dict[tuple[str, str, str], list[Use]] = defaultdict(list)
        for origin in origins:
            found = told(origin, store)
            self._told[origin.namespace, origin.kind, origin.name] = found
            names: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
            for reference in origin.written.texts.mounted:
                names[reference.kind, reference.name] += []
            for taken in found.taken:
                names[taken.source.kind, taken.source.name].append((taken.source.key, taken.key))
            for (kind, name), called in names.items():
                self._uses[kind, origin.namespace, name].append(Use(pod_of(origin), called, _is_controller(origin)))

    def told(self, origin: Origin) -> Told:
        """Tell what a pod's containers are told."""
        return self._told[origin.namespace, origin.kind, origin.name]

    def pod(self, source: ConfigMap | Secret) -> Pod:
        """Choose who looks up what stands there: a pod that takes it and asks the cluster's nameserver, if one does."""
        pods = [use.pod for use in self._uses.get((source.kind, source.namespace, source.name), ())]
        asks = [pod for pod in pods if pod.spec.dns_policy.startswith("ClusterFirst") and not pod.spec.host_network]
        return next(iter((*asks, *pods)), some_pod(source.namespace))

    def is_taken(self, source: ConfigMap | Secret) -> bool:
        """Whether a pod takes it for itself; what a controller takes may be for the pods that it makes."""
        uses = self._uses.get((source.kind, source.namespace, source.name), ())
        return not all(use.is_controller for use in uses)

    def names(self, source: ConfigMap | Secret) -> Mapping[str, Sequence[str]]:
        """Tell under which names keys are taken, besides their own."""
        found: dict[str, list[str]] = defaultdict(list)
        for use in self._uses.get((source.kind, source.namespace, source.name), ()):
            for key, name in use.names:
                found[key].append(name)
        return found
