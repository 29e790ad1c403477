"""What goes together in workloads: the selector and the template's labels, the name and the pods' names.

Source: `pkg/apis/apps/validation`, `pkg/apis/batch/validation` and `LabelSelectorAsSelector`, Kubernetes 1.37.2.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from k8sresolve._escaping import told
from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.labels import MOST_LABEL
from k8sresolve.testing.objects.validation.formats import label, labels
from k8sresolve.testing.objects.validation.rows import Refused, at, items, mappings

_Terms: TypeAlias = Sequence[tuple[int, Object]]

_SELECTOR: FieldPath = ("spec", "selector")
_LABELS: FieldPath = ("spec", "template", "metadata", "labels")
_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}  # whether values are needed


def check_selector(obj: Object) -> Iterator[Refused]:
    """A selector is there, is not empty, and fits the labels of its own template."""
    spec = at(obj, "spec")
    selector, there = at(spec, "selector"), at(obj, *map(str, _LABELS))
    if spec.get("selector") is None and not there:
        return  # what has neither is a patch, as kustomize takes them, and no object
    if spec.get("selector") is None:
        problem = "there is none, and a workload of apps/v1 is not given one"
        yield Refused("selector-missing", _SELECTOR, problem, "set matchLabels to labels of the template")
        return
    terms = mappings(selector, "matchExpressions")
    wanted = at(selector, "matchLabels")
    if not terms and not wanted:
        problem = "it is empty, and would fit every pod"
        yield Refused("selector-empty", _SELECTOR, problem, "set matchLabels to labels of the template")
        return
    wrong = [*_wrong_match_labels(wanted), *_wrong_terms(terms)]
    yield from wrong
    if not wrong:
        yield from _misfit(wanted, terms, there)


def _wrong_match_labels(wanted: Object) -> Iterator[Refused]:
    if problem := labels(wanted):
        yield Refused("selector", (*_SELECTOR, "matchLabels"), problem, "write labels as pods can have them")


def _wrong_terms(terms: _Terms) -> Iterator[Refused]:
    for index, term in terms:
        here: FieldPath = (*_SELECTOR, "matchExpressions", index)
        operator, values = term.get("operator"), items(term, "values")
        if operator not in _OPERATORS:
            problem = f"{told(operator)} is none of {', '.join(_OPERATORS)}"
            yield Refused("selector-operator", (*here, "operator"), problem, "write one of them")
        elif _OPERATORS[operator] is not bool(values):
            problem = f"{operator} needs values" if not values else f"{operator} takes no values"
            yield Refused("selector-operator", (*here, "values"), problem, "list the values that are meant, or none")


def _misfit(wanted: Object, terms: _Terms, there: Mapping[str, Any]) -> Iterator[Refused]:
    """Find what of a selector the template's labels do not have."""
    missing = [f"{key}={value or ''}" for key, value in wanted.items() if there.get(key, None) != (value or "")]
    missing += [_told(term) for _, term in terms if not _fits(term, there)]
    if not missing:
        return
    asked = ", ".join(missing)
    if not there:
        problem = f"the template has no labels, and the selector wants {asked}"
        yield Refused("selector-misfit", _LABELS, problem, "give the template the labels that the selector wants")
        return
    have = ", ".join(f"{key}={value or ''}" for key, value in there.items())
    problem = f"it wants {asked}, and the labels of its own template (spec.template.metadata.labels) are {have}"
    yield Refused("selector-misfit", _SELECTOR, problem, "let selector and template have the same labels")


def _fits(term: Object, there: Mapping[str, Any]) -> bool:
    key, values = str(term.get("key")), items(term, "values")
    match term.get("operator"):
        case "In":
            return key in there and there[key] in values
        case "NotIn":
            return key not in there or there[key] not in values
        case "Exists":
            return key in there
        case _:
            return key not in there


def _told(term: Object) -> str:
    values = f" ({', '.join(map(str, items(term, 'values')))})" if items(term, "values") else ""
    return f"{term.get('key')} {term.get('operator')}{values}"


def check_plain_selector(obj: Object) -> Iterator[Refused]:
    """The selector of a ReplicationController is a mapping of labels, or else those of its template."""
    spec = at(obj, "spec")
    there = at(obj, *map(str, _LABELS))
    if spec.get("template") is None:
        problem = "there is none, so that no pod can be made"
        yield Refused("template-missing", ("spec", "template"), problem, "add the template of the pods")
        return
    wanted = at(spec, "selector")
    if not wanted and not there:
        problem = "there is none, and the template has no labels either"
        yield Refused("selector-missing", _SELECTOR, problem, "give the template labels, and select by them")
    elif problem := labels(wanted):
        yield Refused("selector", _SELECTOR, problem, "write labels as pods can have them")
    else:
        yield from _misfit(wanted, (), there)


def check_indexed_names(obj: Object) -> Iterator[Refused]:
    """The pods of an indexed Job have names with their index, which are labels; a Job's own name is a label's value."""
    spec = at(obj, "spec")
    name = at(obj, "metadata").get("name")
    if not isinstance(name, str):
        return
    if len(name) > MOST_LABEL:
        problem = f"it has {len(name)} characters, and as a label of its pods it may have {MOST_LABEL}"
        yield Refused("job-name", ("metadata", "name"), problem, "shorten it")
    count = spec.get("completions")
    if spec.get("completionMode") != "Indexed" or type(count) is not int or count < 1:
        return
    if wrong := label(f"{name}-{count - 1}"):
        problem = f"the host name of its last pod is no label: {wrong}"
        yield Refused("job-name", ("metadata", "name"), problem, "shorten it, and leave dots out")
