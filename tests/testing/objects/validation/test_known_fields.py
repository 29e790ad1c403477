"""The table beside the OpenAPI of Kubernetes: `tests/golden/apiserver/fields.json.gz` has, of each version, each type's
fields and of which type they are, as far as the kinds of the table lead.
"""

import gzip
import json
import pathlib

import pytest

from k8sresolve.testing.objects.validation.known_fields import KINDS, TYPES

DATA = pathlib.Path(__file__).parents[3] / "golden" / "apiserver" / "fields.json.gz"
with gzip.open(DATA, "rt") as text:
    RECORDED = json.load(text)
OLDER, NEWER = RECORDED["1.36.4"], RECORDED["1.37.2"]
OF_KUBERNETES = [type_ for (group, _), type_ in KINDS.items() if not TYPES[type_].open]


def recorded(kind):
    [found] = [name for name in NEWER if name.endswith(f".v1.{kind}")]
    return found


def walk(type_, name):
    """Walk over the types of the table below one, each with its name in the recording."""
    yield type_, name
    for field, (below, _) in TYPES[type_].fields.items():
        if below:
            yield from walk(below, NEWER[name][field])


@pytest.mark.parametrize("kind", OF_KUBERNETES)
def test_each_type_has_the_fields_of_the_newest_version(kind):
    for type_, name in walk(kind, recorded(kind)):
        assert sorted(TYPES[type_].fields) == sorted(NEWER[name]), name


@pytest.mark.parametrize("kind", OF_KUBERNETES)
def test_what_the_version_before_lacks_is_marked(kind):
    for type_, name in walk(kind, recorded(kind)):
        assert set(OLDER[name]) <= set(NEWER[name]), "a field that is gone needs a mark, too"
        new = {field for field, (_, since) in TYPES[type_].fields.items() if since == "1.37"}
        assert new == set(NEWER[name]) - set(OLDER[name]), name


def test_no_type_stands_for_nothing():
    reached = {type_ for kind in KINDS.values() for type_ in below(kind)}
    assert reached == set(TYPES)


def below(type_):
    yield type_
    for field in TYPES[type_].fields.values():
        if field.type:
            yield from below(field.type)
