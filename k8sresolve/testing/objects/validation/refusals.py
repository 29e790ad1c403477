"""From an object as its manifest has it to what the API server would refuse of it."""

from collections.abc import Iterator

from k8sresolve.testing.objects.fields import Object
from k8sresolve.testing.objects.validation.rows import Refused
from k8sresolve.testing.objects.validation.table import VALIDATIONS
from k8sresolve.testing.objects.validation.unknown_fields import unknown_fields


def refusals(group: str, kind: str, obj: Object) -> Iterator[Refused]:
    """Find what is wrong with an object, field by field. Of a kind that the table does not know, nothing is said."""
    yield from unknown_fields(group, kind, obj)
    found = VALIDATIONS.get((group, kind))
    if found is None:
        return
    if not found.rows.take(obj):
        yield from found.rows.refused(obj)
    for rule in found.together:
        yield from rule(obj)
