"""How old the connections of a client grow: those that are kept alive to a ClusterIP never see a pod that is added."""

from __future__ import annotations

from random import random
from time import monotonic

from k8sresolve._escaping import told
from k8sresolve.config import is_finite
from k8sresolve.errors import ConfigError

JITTER = 0.2
"""The part of the age that chance takes off, so that connections made together do not all end together."""


class Ages:
    """Gives each connection its own end, 80 to 100 % of the greatest age from now."""

    def __init__(self, max_connection_age: float) -> None:
        self._most = max_connection_age

    def end(self) -> float:
        """When a connection that is made now is to take no further request."""
        return monotonic() + self._most * (1 - JITTER * random())  # noqa: S311 - no secret


def ages(max_connection_age: float | None) -> Ages | None:
    """Read the option of that name. Raises `ConfigError` for what is no time."""
    if max_connection_age is None:
        return None
    if not (is_finite(max_connection_age) and max_connection_age > 0):
        raise ConfigError(
            f"max_connection_age={told(max_connection_age)} is no time",
            advice="give seconds, such as 300, or None to keep connections as long as the client does",
        )
    return Ages(max_connection_age)


def is_over(end: float) -> bool:
    """Whether that time has come."""
    return monotonic() >= end
