"""Manifest files, found and read: each document, or each item of a List, with its place.

Hostile input is refused before it can do harm.
"""

from collections.abc import Iterator
from pathlib import Path

from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.json_ import json_parts
from k8sresolve.testing.objects.sources import Part, Source

MANIFEST_SUFFIXES: tuple[str, ...] = (".yaml", ".yml", ".json")
"""By these endings of their names the files of a directory are manifests."""


def manifest_files(path: Path) -> list[Path]:
    """Find the files that a path stands for: itself, or all that are below it, sorted. Raises `ManifestError`."""
    try:
        if not path.is_dir():
            return [path]
        found = sorted(entry for entry in path.rglob("*") if entry.suffix in MANIFEST_SUFFIXES and entry.is_file())
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not found:
        raise ManifestError(
            f"the directory holds no {', '.join('*' + suffix for suffix in MANIFEST_SUFFIXES)}", file=str(path)
        )
    return found


def read_parts(file: Path) -> Iterator[Part]:
    """Read a file, JSON by its name and else YAML. Raises `ManifestError` where it goes wrong."""
    read = json_parts if file.suffix == ".json" else _yaml_parts
    return read(str(file), _read_octets(file))


def _read_octets(file: Path) -> bytes:
    try:
        if file.exists() and not file.is_file():  # reading a FIFO would wait for ever
            raise ManifestError("not a regular file", file=str(file))
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from None


def _unreadable(path: Path, error: OSError | ValueError) -> ManifestError:
    problem = error.strerror if isinstance(error, OSError) else str(error)
    return ManifestError(f"cannot be read: {problem}", file=str(path))


def _yaml_parts(file: str, data: bytes) -> Iterator[Part]:
    try:
        from k8sresolve.testing.objects import yaml_ as _yaml
    except ModuleNotFoundError:
        raise ManifestError(
            "reading YAML needs PyYAML: pip install k8sresolve[yaml] (JSON needs nothing)", file=file
        ) from None
    try:
        for number, (value, line) in enumerate(_yaml.read_documents(data), 1):
            if value is not None:  # an empty document, as `helm template` leaves them
                yield Part(value, Source(file, number, line))
    except _yaml.Problem as problem:
        raise ManifestError(problem.text, file=file, document=problem.document, line=problem.line) from None
