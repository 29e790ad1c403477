"""What is still to be filled in of a manifest: by envsubst, Flux's postBuild, kuttl, Chainsaw, sed and people."""

import re

from k8sresolve.testing.objects.kinds import Resource

_UNFILLED = re.compile(
    r"\$\{[A-Za-z_][^{}']*\}|\$\([A-Za-z_]\w*\)|\(\$[A-Za-z_][\w.]*\)|__[A-Za-z]\w*?__|\$[A-Z][A-Z0-9_]+"
    r"|\{\{[^{}']*\}\}|<[A-Za-z][\w .-]*>|\{[A-Z][A-Z0-9_]+\}|\b(?:REPLACE|CHANGE)_?-?ME\b"
    r"|(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])"
)
_TO_FILL_IN = "is still to be filled in"
# Where capitals and underscores are more likely meant so.
_OF_PORTS = ("port-name", "container-port-name", "port-protocol", "container-port-protocol", "endpoint-port-name")


def placeholder(rule: str, problem: str) -> str:
    """Find what is to be filled in by what the API server refuses; empty where nothing is.

    >>> placeholder("object-name", "'$APP-svc' is no name"), placeholder("object-name", "'CHANGEME-db' is no name")
    ('$APP', 'CHANGEME')
    >>> placeholder("port-name", "'HTTP_API' is no name"), placeholder("object-name", "'Web_1' is no name")
    ('', '')
    """
    found = _UNFILLED.search(problem)
    if found is None or (rule in _OF_PORTS and found[0].isidentifier()):
        return ""
    return found[0]


def about_template(problem: str) -> str:
    """Say of an object that cannot be read that something of it is still to be filled in; empty where nothing is."""
    found = _UNFILLED.search(problem)
    if found is None or found[0].isidentifier() or "template" in problem or _TO_FILL_IN in problem:
        return ""
    return f"; {found[0]} {_TO_FILL_IN}: give what is made of it"


def is_template(item: Resource) -> bool:
    """Whether something of an object is still to be filled in."""
    return any(placeholder(refusal.rule, refusal.problem) for refusal in item.refused)
