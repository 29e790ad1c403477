"""Where objects come from: a file, a document in it, and a line for each field."""

from collections.abc import Callable
from typing import Any, NamedTuple

from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.fields import FieldPath
from k8sresolve.testing.objects.placeholders import about_template
from k8sresolve.testing.objects.written import UNWRITTEN, Ignored, Twice, no_line


class Source(NamedTuple):
    """Where an object comes from. `document` counts from 1, as do the lines that `line` finds for fields.

    `comments` are those of the file that name rules, `twice` the keys that mappings of the document have again.
    """

    file: str
    document: int | None
    line: Callable[[FieldPath], int | None] = no_line
    comments: Ignored = UNWRITTEN.comments
    twice: tuple[Twice, ...] = ()

    def error(self, problem: str, path: FieldPath = (), about: str = "") -> ManifestError:
        """Make the error that names this place, the object that it is about, and the field in it."""
        return ManifestError(
            f"{problem}{about_template(problem)}",
            file=self.file,
            document=self.document,
            line=self.line(path),
            object=about,
            field=field_name(path),
        )


class Part(NamedTuple):
    """A document; or an item of a List, with its place there and the kind that the List gives its items."""

    value: Any
    source: Source
    path: FieldPath = ()
    kind: str = ""


def field_name(path: FieldPath) -> str:
    """Write the place of a field as people do: `spec.ports[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
