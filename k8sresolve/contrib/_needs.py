"""What an adapter needs of its client and of its options, and how it is told where that is not so."""

from __future__ import annotations

from typing import Any

from k8sresolve import ConfigError, PortName


def needed(owner: object, attribute: str, client: str) -> Any:
    """Get an attribute that a client may lack, of an object or a class. Raises `ConfigError`, which says what lacks."""
    try:
        return getattr(owner, attribute)
    except AttributeError:
        kind = owner if isinstance(owner, type) else type(owner)
        what = f"{kind.__module__}.{kind.__qualname__}.{attribute}"
        raise ConfigError(
            f"this version of {client} has no {what}, by which k8sresolve finds names for it",
            advice=f"install one that is in the table of k8sresolve's adapters, or use {client} without an adapter",
        ) from None


def read_port_name(port_name: str | None) -> str | None:
    """Read the option of that name. Raises `InvalidName` for what is no port's name."""
    return None if port_name is None else PortName(port_name).port
