"""Manifest files, found and read: each document, or each item of a List, with its place.

Hostile input is refused before it can do harm.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias, TypeGuard

from k8sresolve._escaping import escaped, told
from k8sresolve._log import logger
from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.json_ import json_parts
from k8sresolve.testing.objects.originals import Original
from k8sresolve.testing.objects.sources import Part, Source
from k8sresolve.testing.objects.written import UNWRITTEN, comments

MANIFEST_SUFFIXES: tuple[str, ...] = (".yaml", ".yml", ".json")
"""By these endings of their names the files of a directory are manifests.

>>> from k8sresolve.testing import MANIFEST_SUFFIXES
>>> MANIFEST_SUFFIXES
('.yaml', '.yml', '.json')
"""

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
_FIRST = (*KUSTOMIZATIONS, CHART)  # what they say of a directory shall be told before what its other files lack

_MOST_DIRECTORIES = 1000
_MOST_PATH = 1000  # letters of a path that an error tells

MAX_OCTETS = 1 << 28
"""Of a file or a stream no more is read: a large cluster's objects are a tenth of it."""

_JSON = re.compile(rb"\s*\{\s*\"")
# kuttl, "Test Steps": NN-assert.yaml and NN-errors.yaml; of Chainsaw's tests by custom.
_ASSERTION = re.compile(r"(?:[0-9]+-)?(?:[\w-]+-)?asserts?(?:-[\w-]+)?\.ya?ml|[0-9]+-errors?\.ya?ml")
_URL = re.compile(r"https?://")
# What only Helm has between its braces, and what other templates of Go may have, too.
_HELM = re.compile(r"\{\{[^{}\n]{0,200}?(?:\.(?:Values|Release|Chart|Capabilities)\b|\binclude\b)")
_GO = re.compile(r"\{\{[^{}\n]{0,200}?\b(?:define|template|toYaml)\b")
IS_HELM_TEMPLATE = "this is a Helm template: give what `helm template` prints, as by helm template . | k8sresolve -f -"


Note: TypeAlias = Callable[[str], object]
"""Is told of what was passed over, for `Cluster.warnings`."""


class Stream(Protocol):
    """A file that is open for reading octets; its `name`, if it has one, is told in errors."""

    def read(self, size: int, /) -> bytes:
        """Read some octets, none at the end."""
        ...


Manifests: TypeAlias = str | os.PathLike[str] | Stream
"""Where manifests come from: the path of a file or directory, or an open file."""


class File(NamedTuple):
    """Something to read: a path, or a stream with its name. `found`: nobody named it, but its directory."""

    name: str
    place: Path | Stream
    found: bool = False


def manifest_files(given: Manifests, *, recursive: bool = False, note: Note = logger.warning) -> list[File]:
    """Find the files that are given: one, or those of a directory, sorted, `recursive` with all that are below it.

    Of a directory, what nobody applies is left out, with a `note`.

    Raises `ManifestError` for what is none, and for a directory without any.
    """
    if _is_stream(given):
        return [File(_name_of(given), given)]
    path = _path(given)
    try:
        if not path.is_dir():
            return [File(str(path), path)]
        found = _files_in(path, recursive=recursive)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not found and not _first_below(path):
        suffixes = ", ".join("*" + suffix for suffix in MANIFEST_SUFFIXES)
        raise ManifestError(f"the directory holds no {suffixes}", file=str(path))
    for file in found:
        if _is_assertion(file):
            note(f"{file}: what kuttl or Chainsaw compares with, and nobody applies; passed over")
    return [File(str(file), file, found=True) for file in found if not _is_assertion(file)]


def _files_in(directory: Path, *, recursive: bool) -> list[Path]:
    """List the manifests of a directory, sorted, but first what tells how it is meant to be read."""
    found: list[Path] = []
    for folder, _, names in os.walk(directory, onerror=_fail):
        found += _manifests_among(folder, names)
        if not recursive:
            break
    return sorted(found, key=lambda file: (file.name not in _FIRST, file))


def _is_assertion(file: Path) -> bool:
    """Whether a file is what kuttl or Chainsaw compares the cluster with after a step.

    >>> [_is_assertion(Path(name)) for name in ("01-assert.yaml", "02-errors.yaml", "errors.yaml")]
    [True, True, False]
    """
    return _ASSERTION.fullmatch(file.name) is not None


def _first_below(directory: Path) -> Path | None:
    """Find a manifest below a directory. It may be `/`, so only some of its directories are looked at."""
    for folder, folders, names in islice(os.walk(directory), _MOST_DIRECTORIES):
        folders.sort()
        found = _manifests_among(folder, names) if Path(folder) != directory else []
        if found:
            return min(found)
    return None


def _manifests_among(folder: str, names: Iterable[str]) -> list[Path]:
    files = (Path(folder, name) for name in names if name.endswith(MANIFEST_SUFFIXES) or name in KUSTOMIZATIONS)
    return [file for file in files if os.path.isfile(file)]  # noqa: PTH113 - Path's raises where it may not look


def _fail(error: OSError) -> NoReturn:
    raise error


def check_stream(given: Manifests) -> None:
    """Raise `ManifestError` for a stream in which there was no object: what writes it has failed."""
    if _is_stream(given):
        raise ManifestError("there is no Kubernetes object in it", file=_name_of(given))


def only_below(given: Manifests) -> ManifestError | None:
    """Make the error for a directory of which the own files had nothing, where there are manifests below it."""
    path = None if _is_stream(given) else _path(given)
    deeper = _first_below(path) if path and path.is_dir() else None
    if deeper is None:
        return None
    problem = f"no manifests of its own, but there are some below it, as {deeper}: give -R, or recursive=True"
    return ManifestError(problem, file=str(path))


def read_otherwise(file: str, kind: object, version: object) -> str:
    """Say how to read what such an object stands for, a kustomization or a Helm chart; empty for others."""
    name, directory = Path(file).name, Path(file).parent
    if str(version).partition("/")[0] == "kustomize.config.k8s.io" or (not kind and name in KUSTOMIZATIONS):
        return f"a kustomization: give -k {directory}, or what `kubectl kustomize {directory}` prints"
    if not kind and name == CHART:
        return f"a Helm chart: give what `helm template` prints, as by helm template {directory} | k8sresolve -f -"
    return ""


def is_on_disk(file: File) -> bool:
    """Whether there is such a file: what does not end, or is missing, keeps the others from being read."""
    return isinstance(file.place, Path) and os.path.exists(file.place)  # noqa: PTH110 - as above


def goes_with(refused: str, file: File) -> bool:
    """Whether a file is read with one that is refused: in the directory of a kustomization, or below a chart's."""
    first, directory = Path(refused), Path(file.name).parent
    if first.name in KUSTOMIZATIONS:
        return directory == first.parent
    return first.name == CHART and first.parent in (directory, *directory.parents)


def read_parts(file: File) -> Iterator[Part]:
    """Read a file: YAML or JSON by its name, or else as it begins. Raises `ManifestError` where it goes wrong."""
    again = _reread(file)  # with what is told of the file before it is read
    data = _octets(file)
    original = Original(data, again)
    suffix = Path(file.name).suffix
    # As kubectl guesses. What follows `---` is YAML, even if all its documents are JSON.
    guessed = suffix not in MANIFEST_SUFFIXES and _JSON.match(data) and b"\n---" not in data
    is_json = suffix == ".json" or guessed
    return json_parts(file.name, original) if is_json else _yaml_parts(file.name, original)


def _reread(file: File) -> Callable[[], bytes | None] | None:
    """Make what reads a file again, as long as it is the same; None for what can be read once only."""
    if not isinstance(file.place, Path):
        return None
    place = file.place.absolute()
    return partial(_again, file.name, place, _stamp(place))


def _again(name: str, place: Path, stamp: tuple[int, int] | None) -> bytes | None:
    try:
        return _octets(File(name, place)) if _stamp(place) == stamp else None
    except ManifestError:
        return None


def _stamp(place: Path) -> tuple[int, int] | None:
    try:
        status = place.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _is_stream(given: Manifests) -> TypeGuard[Stream]:
    return hasattr(given, "read")


def _name_of(stream: Any) -> str:
    name = getattr(stream, "name", "")
    return "standard input" if name == "<stdin>" else name if isinstance(name, str) else ""


def _path(given: Any) -> Path:
    try:
        path = Path(given)
    except TypeError:
        raise ManifestError(f"{told(given)} is no path of a file, which is a str or a Path") from None
    if _URL.match(str(given)):
        problem = f"URLs are not fetched: curl -sL {given} | k8sresolve -f -"
        raise ManifestError(problem, file=str(given))
    return path


def _octets(file: File) -> bytes:
    place = file.place
    if not isinstance(place, Path):
        return read_octets(place, file.name)
    try:
        if place.exists() and not place.is_file():  # reading a FIFO would wait for ever
            raise ManifestError("not a regular file; what a program prints, give by a pipe: -f -", file=file.name)
        with place.open("rb") as stream:
            return read_octets(stream, file.name)
    except (OSError, ValueError) as error:
        if isinstance(error, ManifestError):
            raise
        raise _unreadable(place, error) from None


def read_octets(stream: Stream, name: str) -> bytes:
    """Read all of a stream, which may give less at a time than is asked for. Raises `ManifestError` at a bound."""
    pieces: list[bytes] = []
    room = MAX_OCTETS + 1
    while room and (piece := stream.read(room)):
        if not isinstance(piece, bytes):
            raise ManifestError("not open for reading octets: open it with mode 'rb'", file=name)
        pieces.append(piece)
        room -= len(piece)
    if not room:
        raise ManifestError(f"more than {MAX_OCTETS:,} octets", file=name)
    return b"".join(pieces)


def _unreadable(path: Path, error: OSError | ValueError) -> ManifestError:
    problem = error.strerror if isinstance(error, OSError) else str(error)
    return ManifestError(f"cannot be read: {problem}", file=escaped(str(path), _MOST_PATH))


def _yaml_parts(file: str, original: Original) -> Iterator[Part]:
    try:
        from k8sresolve.testing.objects import yaml_ as _yaml
    except ModuleNotFoundError:
        raise ManifestError(
            "reading YAML needs PyYAML: pip install 'k8sresolve[yaml]' (JSON needs nothing)", file=file
        ) from None
    data = original.octets() or b""
    try:
        ignored = comments(data.decode("utf-8", "replace")) if b"k8sresolve:" in data else UNWRITTEN.comments
        for number, (value, line, twice) in enumerate(_yaml.read_documents(original), 1):
            if value is not None:  # an empty document, as `helm template` leaves them
                yield Part(value, Source(file, number, line, ignored, twice))
    except _yaml.Problem as problem:
        text = f"{problem.text}{_about_template(data, problem.line)}"
        raise ManifestError(text, file=file, document=problem.document, line=problem.line) from None


def _about_template(data: bytes, line: int | None) -> str:
    """Say what a file is that is no YAML because something is still to be filled in."""
    text = data.decode("utf-8", "replace")
    if _HELM.search(text):
        return f"; {IS_HELM_TEMPLATE}"
    if _GO.search(text):
        return "; this is a template: give what is made of it; one of Helm's by helm template . | k8sresolve -f -"
    lines = text.split("\n")
    there = lines[line - 1] if line and line <= len(lines) else ""
    return "; this looks like a template: give what is made of it" if "{{" in there or "{%" in there else ""
