"""Roll-outs: the pods of a workload are replaced one after another by those of another template."""

from collections.abc import Callable, Iterator
from typing import Literal

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.upkeep import Upkeep
from k8sresolve.testing.controllers.workloads import revision_of
from k8sresolve.testing.objects.kinds import Deployment, Pod, Workload

RolloutEvent = Literal["created", "ready", "terminating", "deleted"]


@attrs.frozen
class RolloutStep:
    """What happened in one step of a roll-out.

    >>> from k8sresolve.testing import Cluster, headless
    >>> next(Cluster.new(headless("db.shop", sql=5432)).roll_out("shop/db"))
    RolloutStep(pod='shop/db-0', event='terminating')
    """

    pod: str
    """The pod, as `NAMESPACE/NAME`."""

    event: RolloutEvent
    """What came of it.

    A pod is first `"created"`, not ready yet, and then `"ready"`. An old one is `"terminating"`, and no endpoint any
    more, before it is `"deleted"`.
    """


class Rollout(Iterator[RolloutStep]):
    """A roll-out, which goes on by one step for each that is taken from it. Nothing happens before the first.

    Between two steps, and wherever one stops, the cluster stays as it is. Made by `Cluster.roll_out`.

    >>> from k8sresolve.testing import Cluster, headless
    >>> rollout = Cluster.new(headless("db.shop", sql=5432)).roll_out("shop/db")
    >>> [step.event for step in rollout]
    ['terminating', 'deleted', 'created', 'ready']
    """

    def __init__(self, take_step: Callable[[], RolloutStep | None]) -> None:
        self._take_step = take_step
        self._over = False

    def __next__(self) -> RolloutStep:
        step = None if self._over else self._take_step()
        if step is None:
            self._over = True
            raise StopIteration
        return step

    def finish(self) -> None:
        """Take all steps that are left."""
        for _ in self:
            pass


def check_pace(max_surge: int, max_unavailable: int) -> None:
    """Raise `ManifestError` for a pace at which no pod could be replaced."""
    for field, pods in (("max_surge", max_surge), ("max_unavailable", max_unavailable)):
        if type(pods) is not int or pods < 0:
            raise ManifestError(f"roll_out: {field}={told(pods)} is no number of pods")
    if not max_surge and not max_unavailable:
        # ValidateRollingUpdateDeployment, pkg/apis/apps/validation
        raise ManifestError("roll_out: no pod could be replaced with max_surge=0 and max_unavailable=0")


def next_step(upkeep: Upkeep, workload: Workload, *, max_surge: int, max_unavailable: int) -> RolloutStep | None:
    """Take a roll-out's next step, whatever has happened since the one before; None when there is nothing left to do.

    Source: `pkg/controller/deployment/rolling.go`, `statefulset/stateful_set_control.go`, `daemon/update.go`.
    """
    pods = upkeep.pods_of(workload)
    for pod in pods:
        if pod.terminating:
            upkeep.drop(pod)
            return _step(pod, "deleted")
    live = [pod for pod in pods if not pod.gone]
    new = [pod for pod in live if revision_of(pod) == workload.template.fingerprint]
    old = [pod for pod in live if pod not in new]
    if isinstance(workload, Deployment):
        spare = sum(pod.ready is True for pod in live) - (workload.replicas - max_unavailable)
        lacking = min(workload.replicas - len(new), workload.replicas + max_surge - len(live))
        to_make = upkeep.more(workload, min(lacking, 1))
        # Those that serve nobody can be spared first.
        to_end = [pod for pod in old if not pod.ready] or (old if spare > 0 else [])
    else:
        to_make = upkeep.missing(workload)[:1]
        # One at a time, so that the next one goes when all others are ready; a StatefulSet's last one first.
        waiting = [pod for pod in new if not pod.ready]
        to_end = [] if waiting else sorted(old, key=_ordinal, reverse=True)
    for pod in to_make:
        return _step(upkeep.run(attrs.evolve(pod, ready=False)), "created")
    for pod in to_end:
        upkeep.replace(attrs.evolve(pod, terminating=True))
        return _step(pod, "terminating")
    for pod in new:
        if not pod.ready and pod.ips:
            upkeep.replace(attrs.evolve(pod, ready=True))
            return _step(pod, "ready")
    return None


def _ordinal(pod: Pod) -> int:
    number = pod.name.rpartition("-")[2]
    return int(number) if pod.owner.startswith("StatefulSet/") and number.isdecimal() else 0


def _step(pod: Pod, event: RolloutEvent) -> RolloutStep:
    return RolloutStep(f"{pod.namespace}/{pod.name}", event)
