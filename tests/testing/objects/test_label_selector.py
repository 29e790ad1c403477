import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing.objects.label_selector import LabelSelector


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
