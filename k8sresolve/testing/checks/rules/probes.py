"""Probes of ports by name: the kubelet looks for the name among the ports of the container itself.

Source: `ResolveContainerPort`, `pkg/probe/util.go`, and `doProbe`, `pkg/kubelet/prober/worker.go`, Kubernetes 1.37.2: a
probe that cannot be made counts as none, so that what it began with remains. The API server takes it: it is no error.
"""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import listed

_UNREADY = "the pod never gets ready, and is no endpoint of its Services"
_OUTCOMES = {
    "readinessProbe": _UNREADY,
    "startupProbe": _UNREADY,
    "livenessProbe": "the container is never probed, nor started again when it hangs",
}


def check_probes(origin: Origin, _around: AllObjects) -> Iterator[Finding]:
    """Whether each container declares the ports that it is probed at by name. Operators may add to a template."""
    if origin.is_custom:
        return
    for container in origin.written.texts.containers:
        for probe in container.probes:
            if isinstance(probe.port, str) and probe.port not in probe.declared:
                outcome = _OUTCOMES[probe.kind]
                there = (
                    f"the names that it declares are {listed(probe.declared)}" if probe.declared else "it names none"
                )
                told = f"the container declares no port named {probe.port!r}, and {there}: {outcome}"
                advice = f"write {probe.declared[0]}" if len(probe.declared) == 1 else "write the name of one"
                advice += f", or give one of its ports the name {probe.port!r}"
                yield origin.finding("probe-port", "warning", probe.field, told, advice)
