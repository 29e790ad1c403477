"""What is still to be filled in of a manifest."""

import pytest

from k8sresolve.testing.objects.placeholders import placeholder


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${NAME}-web", "${NAME}"),
        ("$NAME-web", "$NAME"),
        ("{NAME}", "{NAME}"),
        ("<name>-svc", "<name>"),
        ("REPLACEME-canary", "REPLACEME"),
        ("REPLACE_ME", "REPLACE_ME"),
        ("CHANGEME", "CHANGEME"),
        ("ROLLOUT_NAME", "ROLLOUT_NAME"),
        ("WEB", ""),
        ("Web", ""),
        ("web_front", ""),
        ("{web}", ""),
    ],
)
def test_a_placeholder_is_told_from_a_name_that_is_wrong(text, expected):
    assert placeholder("object-name", f"{text!r} is no name") == expected


def test_the_name_of_a_port_in_capitals_is_meant_so():
    assert placeholder("port-name", "'HTTP_API' is no name") == ""
    assert placeholder("port-name", "'${HTTP_API}' is no name") == "${HTTP_API}"
