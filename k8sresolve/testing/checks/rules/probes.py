"""Probes of ports by name: the kubelet looks for the name among the ports of the container itself. And by number.

Source: `ResolveContainerPort`, `pkg/probe/util.go`, and `doProbe`, `pkg/kubelet/prober/worker.go`, Kubernetes 1.37.2: a
probe that cannot be made counts as none, so that what it began with remains. The API server takes it: it is no error.
"""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.listening import is_told
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import listed
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.texts import Probe

_UNREADY = "the pod never gets ready, and is no endpoint of its Services"
_OUTCOMES_OF_NUMBERS = {
    "readinessProbe": _UNREADY,
    "startupProbe": _UNREADY,
    "livenessProbe": "the container is started again and again",
}
_OUTCOMES = {
    "readinessProbe": _UNREADY,
    "startupProbe": _UNREADY,
    "livenessProbe": "the container is never probed, nor started again when it hangs",
}


def check_probes(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Whether each container declares the ports that it is probed at by name. Operators may add to a template."""
    if origin.is_custom:
        return
    for container in origin.written.texts.containers:
        for probe in container.probes:
            if isinstance(probe.port, int):
                meant = _meant(probe, probe.port, origin, around)
                if meant:
                    told = f"the container declares {listed(probe.numbers)}, and nothing tells of {probe.port}"
                    problem = f"{told}: if it does not listen there, {_OUTCOMES_OF_NUMBERS[probe.kind]}"
                    yield origin.finding(
                        "probe-port", "warning", probe.field, problem, f"write {meant}, if that is meant"
                    )
            elif probe.port not in probe.declared:
                outcome = _OUTCOMES[probe.kind]
                there = (
                    f"the names that it declares are {listed(probe.declared)}" if probe.declared else "it names none"
                )
                told = f"the container declares no port named {probe.port!r}, and {there}: {outcome}"
                advice = f"write {probe.declared[0]}" if len(probe.declared) == 1 else "write the name of one"
                advice += f", or give one of its ports the name {probe.port!r}"
                yield origin.finding("probe-port", "warning", probe.field, told, advice)


def _meant(probe: Probe, number: int, origin: Origin, around: AllObjects) -> int:
    """Find the declared port for which a probe's number is a slip, where nothing else has that number; 0 for none.

    What is not declared may be listened on all the same, as for probes alone (HAProxy's controller has 1024 for figures
    and 1042 for its health). So the container declares one port, a Service leads there and none to this number, and
    only one probe asks for it.
    """
    [declared] = probe.numbers if len(probe.numbers) == 1 else [0]
    if not _is_slip(str(number), str(declared)) or is_told(number, origin, around):
        return 0
    asked = [each.port for container in origin.written.texts.containers for each in container.probes]
    led_to = _led_to(origin, around)
    is_annotated = any(str(number) in annotation.text for annotation in origin.written.annotations)
    is_plain = asked.count(number) == 1 and not is_annotated and declared in led_to and number not in led_to
    return declared if is_plain else 0


def _is_slip(number: str, meant: str) -> bool:
    """Whether two neighbouring digits are swapped, or one is wrong that is neither the first nor the last.

    The ports of one program often differ by one, by ten, or by their first digit.

    >>> _is_slip("7101", "7001"), _is_slip("8038", "8083")
    (True, True)
    >>> _is_slip("8081", "8080"), _is_slip("8090", "8080"), _is_slip("9443", "8443"), _is_slip("8180", "8080")
    (False, False, False, False)
    """
    places = [place for place, (one, other) in enumerate(zip(number, meant, strict=False)) if one != other]
    if len(number) != len(meant) or not places or (number.endswith("0") and meant.endswith("0")):
        return False
    first, last = places[0], places[-1]
    is_wrong = first == last and 0 < first < len(number) - 1
    is_swapped = last == first + 1 and number[first : last + 1] == meant[first : last + 1][::-1]
    return is_wrong or is_swapped


def _led_to(origin: Origin, around: AllObjects) -> frozenset[int]:
    """The numbers of the pods' ports to which Services lead."""
    services = (item for item in around.services if item.namespace == origin.namespace and item.selects)
    ports = [port for item in services if matches(item.selector, origin.labels) for port in item.ports]
    named = {port.name: port.number for port in origin.spec.ports if port.name}
    targets = [port.target or port.number for port in ports]
    return frozenset(named.get(target, 0) if isinstance(target, str) else target for target in targets)
