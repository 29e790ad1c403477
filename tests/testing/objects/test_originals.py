"""Lines are found though a large file's text is not kept."""

import io
import json
import os
import pickle

import pytest

from k8sresolve.testing.objects.manifests import read_manifests

BEFORE = 1 << 20  # empty lines, so that the file is a large one
OBJECT = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
LIST = {"apiVersion": "v1", "kind": "List", "items": [{**OBJECT, "metadata": {"name": "first"}}, OBJECT]}
# The line of `metadata.name` behind what is before, in each form.
TEXTS = {
    "one.json": (json.dumps(OBJECT, indent=1), 5),
    "list.json": (json.dumps(LIST, indent=1), 16),
    "one.yaml": ("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n", 4),
}


def line(resource):
    return resource.written.line("metadata.name")


@pytest.fixture(params=TEXTS)
def written(request, tmp_path):
    text, expected = TEXTS[request.param]
    path = tmp_path / request.param
    path.write_text("\n" * BEFORE + text)
    return path, BEFORE + expected


def test_a_large_file_is_not_kept_and_its_lines_are_found_by_reading_it_again(written, tmp_path, monkeypatch):
    path, expected = written
    monkeypatch.chdir(tmp_path)
    made = read_manifests([path.name])[-1]
    monkeypatch.chdir("/")
    assert len(pickle.dumps(made)) < 2000
    assert (made.name, line(made), line(pickle.loads(pickle.dumps(made)))) == ("shop", expected, expected)


@pytest.mark.parametrize("change", [os.remove, lambda path: path.write_text("{}"), lambda path: os.utime(path, (1, 1))])
def test_where_a_large_file_is_not_the_same_any_more_no_line_is_told(written, change):
    path, _ = written
    made = read_manifests([path])[-1]
    change(path)
    assert line(made) is None


def test_what_a_stream_said_is_kept_as_it_cannot_be_read_again(written):
    path, expected = written
    stream = io.BytesIO(path.read_bytes())
    assert line(read_manifests([stream])[-1]) == expected


@pytest.mark.parametrize("name", TEXTS)
def test_a_small_file_is_kept(tmp_path, name):
    text, expected = TEXTS[name]
    (tmp_path / name).write_text(text)
    made = read_manifests([tmp_path / name])[-1]
    (tmp_path / name).unlink()
    assert line(made) == expected
