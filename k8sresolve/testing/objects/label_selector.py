"""Label selectors as text, `app in (web,api),!canary`, as CoreDNS takes them: `notin (web)`, but not `!=`.

Source: "Labels and Selectors" of the Kubernetes documentation; `ParseToLabelSelector` of its apimachinery.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from k8sresolve.errors import ConfigError

_TERM = re.compile(
    r"\s*(?:!\s*(?P<absent>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<operator>==|=|\bnotin\b|\bin\b)\s*(?:\((?P<values>[^()]*)\)|(?P<value>[\w.-]*)))?"
    r")\s*(?:,|\Z)"
)


class _Term(NamedTuple):
    """One requirement: `values` None means that the key is enough; `wanted` False turns the meaning round."""

    key: str
    values: frozenset[str] | None
    wanted: bool

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        return (value is not None and (self.values is None or value in self.values)) is self.wanted


class LabelSelector:
    """A label selector. Raises `ConfigError` for a text that is none.

    >>> LabelSelector("app in (web, api),!canary").matches({"app": "web"})
    True
    """

    def __init__(self, text: str) -> None:
        self._terms: list[_Term] = []
        at = 0
        while at < len(text):
            found = _TERM.match(text, at)
            if found is None or (found["operator"] in ("in", "notin")) != (found["values"] is not None):
                raise ConfigError(f"{text!r} is no label selector")
            self._terms.append(_term(found))
            at = found.end()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(term.matches(labels) for term in self._terms)


def _term(found: re.Match[str]) -> _Term:
    if found["absent"]:
        return _Term(found["absent"], None, wanted=False)
    if found["operator"] is None:
        return _Term(found["key"], None, wanted=True)
    values = [found["value"]] if found["values"] is None else [value.strip() for value in found["values"].split(",")]
    return _Term(found["key"], frozenset(values), wanted=found["operator"] in ("=", "==", "in"))
