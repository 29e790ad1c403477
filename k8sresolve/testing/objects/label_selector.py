"""Label selectors: of workloads, and as text, `app in (web,api),!canary`, as CoreDNS takes it: without `!=`.

Source: "Labels and Selectors" of the Kubernetes documentation; `ParseToLabelSelector` of its apimachinery.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from k8sresolve.errors import ConfigError

_TERM = re.compile(
    r"\s*(?:!\s*(?P<absent>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<operator>==|=|\bnotin\b|\bin\b)\s*(?:\((?P<values>[^()]*)\)|(?P<value>[\w.-]*)))?"
    r")\s*(?:,|\Z)"
)


class Term(NamedTuple):
    """One requirement: `values` None means that the key is enough; `wanted` False turns the meaning round."""

    key: str
    values: frozenset[str] | None
    wanted: bool

    def __str__(self) -> str:
        if self.values is None:
            return self.key if self.wanted else f"!{self.key}"
        values = ",".join(sorted(self.values))
        if self.wanted and len(self.values) == 1:
            return f"{self.key}={values}"
        return f"{self.key} {'in' if self.wanted else 'notin'} ({values})"

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels are as it wants them."""
        value = labels.get(self.key)
        return (value is not None and (self.values is None or value in self.values)) is self.wanted


class LabelSelector:
    """A label selector. Raises `ConfigError` for a text that is none.

    >>> LabelSelector("app in (web, api),!canary").matches({"app": "web"})
    True
    """

    def __init__(self, text: str) -> None:
        self._terms: list[Term] = []
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


def _term(found: re.Match[str]) -> Term:
    if found["absent"]:
        return Term(found["absent"], None, wanted=False)
    if found["operator"] is None:
        return Term(found["key"], None, wanted=True)
    values = [found["value"]] if found["values"] is None else [value.strip() for value in found["values"].split(",")]
    return Term(found["key"], frozenset(values), wanted=found["operator"] in ("=", "==", "in"))


_OPERATORS = {"In": True, "NotIn": False, "Exists": True, "DoesNotExist": False}


def read_selector(spec: Mapping[str, Any]) -> tuple[Term, ...]:
    """Read the selector of a workload's spec: no terms for one that no API server takes, as it selects nothing.

    >>> [str(term) for term in read_selector({"selector": {"matchLabels": {"app": "web"}}})]
    ['app=web']
    """
    selector = spec.get("selector")
    fields = cast("dict[str, Any]", selector) if isinstance(selector, dict) else {}
    labels: dict[str, Any] = fields.get("matchLabels") or {}
    expressions: list[dict[str, Any]] = fields.get("matchExpressions") or []
    try:
        terms = [Term(_text(key), frozenset([_text(value)]), wanted=True) for key, value in labels.items()]
        terms += [_of_expression(**expression) for expression in expressions]
    except (AttributeError, KeyError, TypeError):
        return ()
    return tuple(sorted(terms, key=str))


def _of_expression(key: str, operator: str, values: list[str] | None = None) -> Term:
    has_values = operator in ("In", "NotIn")
    return Term(_text(key), frozenset(map(_text, values or [])) if has_values else None, wanted=_OPERATORS[operator])


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value or ""
