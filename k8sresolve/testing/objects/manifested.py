"""What any object has that was read from a manifest: where it is written, and what an API server refuses of it."""

from typing import NamedTuple, Self

import attrs

from k8sresolve.testing.objects.written import UNWRITTEN, Written
from k8sresolve.testing.versions import Difference


class Refusal(NamedTuple):
    """What an API server refuses of an object, by which rule, and where it is written.

    `until` is the difference by which newer versions of Kubernetes take it, if any do.
    """

    rule: str
    field: str
    problem: str
    advice: str
    until: Difference | None = None
    file: str = ""
    line: int | None = None


@attrs.frozen
class Manifested:
    """What has been read from a manifest, and where."""

    refused: tuple[Refusal, ...] = attrs.field(default=(), kw_only=True, eq=False, repr=False)
    """What an API server would not take of it."""

    written: Written = attrs.field(default=UNWRITTEN, kw_only=True, eq=False, repr=False)
    """Where it is written; nowhere for what a controller made."""

    @property
    def kind(self) -> str:
        """Its kind, as manifests have it."""
        return type(self).__name__

    def as_written(self, written: Written, refused: tuple[Refusal, ...] = ()) -> Self:
        """Say of it where it is written, and what is refused: once, when it is new and nobody else has it yet."""
        object.__setattr__(self, "written", written)  # a copy of each object would take as long as reading it
        object.__setattr__(self, "refused", refused)
        return self
