from k8sresolve.testing.objects.validation.formats import label
from k8sresolve.testing.objects.validation.rows import Rows, at, items, row


def test_a_row_looks_at_each_value_that_is_there():
    names = Rows([row("port-name", "spec.ports[].name", label, "write it otherwise")])
    obj = {"spec": {"ports": [{"name": "a"}, {"name": "A"}, {}, {"name": None}, "x", {"name": 7}]}}
    assert [(each.rule, each.path, each.advice) for each in names.refused(obj)] == [
        ("port-name", ("spec", "ports", 1, "name"), "write it otherwise"),
        ("port-name", ("spec", "ports", 5, "name"), "write it otherwise"),
    ]


def test_where_the_place_is_not_there_nothing_is_wrong():
    names = Rows([row("port-name", "spec.ports[].name", label, "")])
    assert [list(names.refused(obj)) for obj in ({}, {"spec": None}, {"spec": {"ports": {}}}, {"spec": []})] == [[]] * 4


def test_mappings_and_lists_are_empty_where_they_are_not():
    assert at({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert at({"a": []}, "a", "b") == {}
    assert items({"a": [1]}, "a") == [1]
    assert items({"a": {}}, "a") == ()
