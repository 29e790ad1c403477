"""Functions of `socket` that are replaced for a while, there and in what has its own in their place."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any


def replace_functions(functions: Mapping[str, Callable[..., Any]], undo: ExitStack, modules: Mapping[str, Any]) -> None:
    """Put functions in place of those of `socket` with their names; `undo` puts all back.

    In a program that gevent has patched it is what gevent's own `create_connection` calls, too.
    """
    gevent_socket = modules.get("gevent.socket")
    is_patched = gevent_socket is not None and socket.socket is gevent_socket.socket
    for owner in (socket, gevent_socket) if is_patched else (socket,):
        for name, function in functions.items():
            put(undo, owner, name, _as_function(function))


def put(undo: ExitStack, owner: Any, name: str, value: object) -> None:
    """Set an attribute; `undo` leaves the owner as it was."""
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:
        undo.callback(delattr, owner, name)
    setattr(owner, name, value)


def _as_function(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of a method: what stands in for a module's function should be one."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    function.__name__ = function.__qualname__ = method.__name__
    return function
