"""The manifests that are given: by -f, which may be standard input, and by -k, for which kustomize runs."""

import argparse
import sys

from k8sresolve.errors import ConfigError

STANDARD_INPUT, KUSTOMIZED = "standard input", "kustomize "
"""What findings have for their file where there is none."""


def manifests(args: argparse.Namespace) -> list[str]:
    """List what is given by -f and -k, before and after the subcommand."""
    return [*_paths(args), *_kustomizations(args)]


def sources(args: argparse.Namespace) -> "list[str | _Kept | _Kustomized]":
    """List what is to be read: paths, standard input, and what kustomize makes, for which it runs when that is read."""
    paths = [standard_input(args) if path == "-" else path for path in dict.fromkeys(_paths(args))]
    return [*paths, *map(_Kustomized, _kustomizations(args))]


def in_command(text: str, command: str) -> str:
    """Write a command line that an error proposes with the command that is given here."""
    return text.replace("| k8sresolve -f -", f"| k8sresolve {command} -f -") if command else text


def _paths(args: argparse.Namespace) -> list[str]:
    return [*args.manifests, *args.more_manifests]


def _kustomizations(args: argparse.Namespace) -> list[str]:
    return [*args.kustomize, *args.more_kustomize]


def standard_input(args: argparse.Namespace) -> "_Kept":
    """Return standard input from its beginning; `serve` reads it again when another file has changed.

    Raises `ConfigError` where it is given as several things.
    """
    given = ["-f"] * ("-" in _paths(args))
    given += [f"--{name}" for name in ("corefile", "inventory") if vars(args).get(name) == "-"]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} are both standard input", advice="give one of them as a file")
    kept: list[bytes] = vars(args).setdefault("standard_input", [])
    return _Kept(kept)


class _Kept:
    """Standard input: what was read of it before, and then what is left."""

    name = STANDARD_INPUT

    def __init__(self, kept: list[bytes]) -> None:
        self._kept = kept
        self._again = list(kept)

    def read(self, size: int, /) -> bytes:
        if self._again:
            return self._again.pop(0)
        data = sys.stdin.buffer.read(size)
        self._kept.append(data)
        return data


class _Kustomized:
    """What kustomize makes of a directory."""

    def __init__(self, directory: str) -> None:
        self.name = f"{KUSTOMIZED}{directory}"
        self._directory = directory
        self._is_read = False

    def read(self, size: int, /) -> bytes:
        from k8sresolve.cli.kustomizing import kustomize

        if self._is_read:
            return b""
        self._is_read = True
        return kustomize(self._directory, size)
