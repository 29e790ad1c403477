"""What happens to a Service and to the DNS that tells of it, one event after another."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import attrs

from k8sresolve._escaping import told
from k8sresolve.config import check_seconds, check_whole
from k8sresolve.errors import ConfigError
from k8sresolve.testing.histories.timelines import Disturbance

if TYPE_CHECKING:
    from k8sresolve.testing.cluster import Cluster
    from k8sresolve.testing.controllers.rollouts import Rollout
    from k8sresolve.testing.objects.kinds import Pod

Manner: TypeAlias = Literal["lost", "refused", "unsynced"]
"""How a CoreDNS that is restarted answers: packets are lost, its ports are closed, or it knows no object yet.

>>> from typing import get_args
>>> from k8sresolve.testing.histories import Manner
>>> get_args(Manner)
('lost', 'refused', 'unsynced')
"""

_MANNERS = ("lost", "refused", "unsynced")


class _Stoppable(Protocol):
    def stop(self) -> None:
        """End it."""


class Stage:
    """Where events happen: a workload of a cluster, and what of them is to end later."""

    def __init__(self, cluster: Cluster, workload: str) -> None:
        self.cluster = cluster
        self.workload = workload
        self.rollout: Rollout | None = None
        self.disturbances: list[Disturbance] = []
        self._ends: list[tuple[float, _Stoppable]] = []

    def pod(self, number: int) -> Pod | None:
        """Tell the pod of a number, counted round; None where there is none."""
        pods = [pod for pod in self.cluster.pods(self.workload) if not pod.gone]
        return pods[number % len(pods)] if pods else None

    def replica(self, number: int) -> str:
        """Tell the address of the nameserver of a number, counted round."""
        replicas = self.cluster.network.replicas
        return replicas[number % len(replicas)]

    def disturb(self, fault: _Stoppable, lasting: float, *, old_view: bool = False, after: float = 0.0) -> None:
        """Let a fault end in so many seconds, and note it."""
        now = self.cluster.clock.monotonic()
        self.disturbances.append(Disturbance(now + after, now + after + lasting, old_view))
        self._ends.append((now + after + lasting, fault))

    def next_end(self) -> float:
        """When the next fault ends."""
        return min((end for end, _ in self._ends), default=math.inf)

    def end(self, now: float) -> None:
        """End what is over by then."""
        for end, fault in self._ends:
            if end <= now:
                fault.stop()
        self._ends = [(end, fault) for end, fault in self._ends if end > now]


def _seconds(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    check_seconds(f"{type(instance).__name__}: {attribute.name}", value, 0)


def _number(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    check_whole(f"{type(instance).__name__}: {attribute.name}", value, 0)


def _manner(_: object, __: attrs.Attribute[Manner], value: object) -> None:
    if value not in _MANNERS:
        raise ConfigError(f"Restart: there is no manner {told(value)}", advice=f"use one of {', '.join(_MANNERS)}")


def _share(_: object, __: attrs.Attribute[float], value: object) -> None:
    if check_seconds("Loss: share", value, 0) > 1:
        raise ConfigError(f"Loss: share={told(value)} is no chance", advice="give one from 0 to 1")


@attrs.frozen
class Event(ABC):
    """Something that happens: the base of all of them.

    >>> from k8sresolve.testing.histories import Crash, Event
    >>> isinstance(Crash(), Event)
    True
    """

    after: float = attrs.field(default=0.0, kw_only=True, validator=_seconds)
    """Seconds since what happened before."""

    @abstractmethod
    def happen(self, stage: Stage) -> None:
        """Let it happen now."""


@attrs.frozen
class Scale(Event):
    """The workload is to have so many pods, all of them ready.

    >>> from k8sresolve.testing.histories import Scale
    >>> Scale(3, after=10)
    Scale(after=10, pods=3)
    """

    pods: int = attrs.field(validator=_number)
    """How many; 0 is none."""

    def happen(self, stage: Stage) -> None:
        """Scale it."""
        stage.rollout = None
        stage.cluster.scale(stage.workload, self.pods)


@attrs.frozen
class RollOut(Event):
    """A roll-out takes its next step; one begins where none is under way.

    >>> from k8sresolve.testing.histories import RollOut
    >>> RollOut(after=2)
    RollOut(after=2)
    """

    def happen(self, stage: Stage) -> None:
        """Take the step."""
        if stage.rollout is None:
            stage.rollout = stage.cluster.roll_out(stage.workload)
        if next(stage.rollout, None) is None:
            stage.rollout = None


@attrs.frozen
class Crash(Event):
    """A pod is not ready any more.

    >>> from k8sresolve.testing.histories import Crash
    >>> Crash(1, after=2.5)
    Crash(after=2.5, pod=1)
    """

    pod: int = attrs.field(default=0, validator=_number)
    """Its number, counted round."""

    def happen(self, stage: Stage) -> None:
        """Let it fail its readiness probe."""
        _set_ready(stage, self.pod, ready=False)


@attrs.frozen
class Recover(Event):
    """A pod is ready again.

    >>> from k8sresolve.testing.histories import Recover
    >>> Recover(1, after=30)
    Recover(after=30, pod=1)
    """

    pod: int = attrs.field(default=0, validator=_number)
    """Its number, counted round."""

    def happen(self, stage: Stage) -> None:
        """Let it pass its readiness probe."""
        _set_ready(stage, self.pod, ready=True)


def _set_ready(stage: Stage, number: int, *, ready: bool) -> None:
    pod = stage.pod(number)
    if pod is not None and not pod.terminating:
        stage.cluster.set_ready(pod, ready)


@attrs.frozen
class Move(Event):
    """A pod is made anew, and has another address.

    >>> from k8sresolve.testing.histories import Move
    >>> Move(1, after=5)
    Move(after=5, pod=1)
    """

    pod: int = attrs.field(default=0, validator=_number)
    """Its number, counted round."""

    def happen(self, stage: Stage) -> None:
        """Move it."""
        pod = stage.pod(self.pod)
        if pod is not None and not pod.terminating:
            stage.cluster.move(pod)


@attrs.frozen
class Lag(Event):
    """A nameserver hears nothing new for a while: replicas disagree.

    >>> from k8sresolve.testing.histories import Lag
    >>> Lag(1, lasting=60)
    Lag(after=0.0, replica=1, lasting=60)
    """

    replica: int = attrs.field(default=0, validator=_number)
    """The number of the nameserver, counted round."""

    lasting: float = attrs.field(default=10.0, kw_only=True, validator=_seconds)
    """Seconds."""

    def happen(self, stage: Stage) -> None:
        """Let it answer from what it knows."""
        if self.lasting:
            fault = stage.cluster.network.stale(nameserver=stage.replica(self.replica))
            stage.disturb(fault, self.lasting, old_view=True)


@attrs.frozen
class Restart(Event):
    """A nameserver is away for a while, or knows nothing yet.

    >>> from k8sresolve.testing.histories import Restart
    >>> Restart(lasting=5, manner="refused")
    Restart(after=0.0, replica=0, lasting=5, manner='refused')
    """

    replica: int = attrs.field(default=0, validator=_number)
    """The number of the nameserver, counted round."""

    lasting: float = attrs.field(default=10.0, kw_only=True, validator=_seconds)
    """Seconds."""

    manner: Manner = attrs.field(default="lost", kw_only=True, validator=_manner)
    """Packets to it are `"lost"`; it is `"unsynced"`, so that it says SERVFAIL; or the ports of all nameservers are
    closed (`"refused"`), as where the only one is restarted."""

    def happen(self, stage: Stage) -> None:
        """Let it go."""
        network, replica = stage.cluster.network, stage.replica(self.replica)
        if not self.lasting:
            return
        match self.manner:
            case "lost":
                stage.disturb(network.drop(nameserver=replica), self.lasting)
            case "unsynced":
                stage.disturb(network.unsynced(nameserver=replica), self.lasting)
            case "refused":
                stage.disturb(network.refuse(), self.lasting)


@attrs.frozen
class ApiServerAway(Event):
    """No nameserver hears anything new for a while; then all are restarted, and say SERVFAIL.

    >>> from k8sresolve.testing.histories import ApiServerAway
    >>> ApiServerAway(after=5, lasting=60)
    ApiServerAway(after=5, lasting=60, unsynced=0.0)
    """

    lasting: float = attrs.field(default=60.0, kw_only=True, validator=_seconds)
    """Seconds for which they answer from what they knew."""

    unsynced: float = attrs.field(default=0.0, kw_only=True, validator=_seconds)
    """Seconds for which they say SERVFAIL then."""

    def happen(self, stage: Stage) -> None:
        """Let them answer from what they know."""
        network = stage.cluster.network
        if self.lasting:
            stage.disturb(network.stale(), self.lasting, old_view=True)
        if self.unsynced:
            stage.disturb(network.unsynced(after=self.lasting), self.unsynced, after=self.lasting)


@attrs.frozen
class ServFail(Event):
    """Each nameserver says SERVFAIL for a while.

    >>> from k8sresolve.testing.histories import ServFail
    >>> ServFail(lasting=5)
    ServFail(after=0.0, lasting=5)
    """

    lasting: float = attrs.field(default=10.0, kw_only=True, validator=_seconds)
    """Seconds."""

    def happen(self, stage: Stage) -> None:
        """Let them."""
        if self.lasting:
            stage.disturb(stage.cluster.network.rcode("SERVFAIL"), self.lasting)


@attrs.frozen
class Loss(Event):
    """Packets are lost for a while.

    >>> from k8sresolve.testing.histories import Loss
    >>> Loss(0.2, lasting=30)
    Loss(after=0.0, share=0.2, lasting=30, seed=0)
    """

    share: float = attrs.field(default=0.5, validator=_share)
    """The chance of each query to be lost, from 0 to 1."""

    lasting: float = attrs.field(default=10.0, kw_only=True, validator=_seconds)
    """Seconds."""

    seed: int = attrs.field(default=0, kw_only=True, validator=_number)
    """What the random generator starts from."""

    def happen(self, stage: Stage) -> None:
        """Lose them."""
        if self.lasting and self.share:
            fault = stage.cluster.network.drop(probability=self.share, seed=self.seed)
            stage.disturb(fault, self.lasting)
