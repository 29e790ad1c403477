"""The C libraries that there are; each is loaded when asked for."""

from __future__ import annotations

from typing import get_args

from k8sresolve._escaping import told
from k8sresolve._getaddrinfo.libc import Libc, LibcName
from k8sresolve.errors import ConfigError


def libc(name: str) -> Libc:
    """Find a C library by its name. Raises `ConfigError`, which lists those there are."""
    match name:
        case "glibc":
            from k8sresolve._getaddrinfo.glibc import GLIBC

            return GLIBC
        case "musl":
            from k8sresolve._getaddrinfo.musl import MUSL

            return MUSL
        case "musl-1.2.3":
            from k8sresolve._getaddrinfo.musl import MUSL_1_2_3

            return MUSL_1_2_3
        case _:
            raise ConfigError(f"there is no libc {told(name)}", advice=f"use one of {', '.join(get_args(LibcName))}")
