import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing.objects.label_selector import LabelSelector, read_selector


@pytest.mark.parametrize(
    ("text", "labels", "want"),
    [
        ("a", {"a": ""}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "c"}, False),
        ("a=", {"a": ""}, True),
        ("a=b", {}, False),
        ("a in (b, c)", {"a": "c"}, True),
        ("a notin (b)", {}, True),
        ("a notin (b)", {"a": "b"}, False),
        ("!a , b", {"b": "1"}, True),
        ("!a,b", {"a": "", "b": "1"}, False),
        ("example.com/a-b.c=1", {"example.com/a-b.c": "1"}, True),
    ],
)
def test_label_selectors(text, labels, want):
    assert LabelSelector(text).matches(labels) is want


@pytest.mark.parametrize("text", ["a!=b", "a in b", "a=(b)", "=b", "a b", "a in (b"])
def test_texts_that_are_no_label_selectors(text):
    with pytest.raises(ConfigError):
        LabelSelector(text)


def told(selector):
    return [str(term) for term in read_selector({"selector": selector})]


def test_a_workloads_selector_is_read_whichever_way_it_is_written():
    terms = [
        {"key": "tier", "operator": "NotIn", "values": ["db", "cache"]},
        {"key": "app", "operator": "Exists"},
        {"key": "canary", "operator": "DoesNotExist"},
    ]
    written = ["!canary", "app", "env=x", "tier notin (cache,db)"]
    assert told({"matchLabels": {"env": "x"}, "matchExpressions": terms}) == written
    assert told({"matchExpressions": [{"key": "env", "operator": "In", "values": ["x"]}, *terms]}) == written
    assert told({"matchLabels": {"env": None}}) == ["env="]


@pytest.mark.parametrize(
    "selector",
    [
        None,
        "app=web",
        {},
        {"app": "web"},
        {"matchLabels": ["app"]},
        {"matchLabels": {"app": 1}},
        {"matchExpressions": {"key": "app"}},
        {"matchExpressions": ["app"]},
        {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["web"]}]},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": [1]}]},
        {"matchExpressions": [{"key": "app"}]},
        {"matchExpressions": [{"key": "app", "operator": "Exists", "value": "x"}]},
    ],
)
def test_a_selector_that_no_api_server_takes_selects_nothing(selector):
    assert told(selector) == []
