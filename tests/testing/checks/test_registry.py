"""Every rule is applied, and there is one place to add one."""

import inspect
from pkgutil import iter_modules

import pytest

from k8sresolve.findings import Finding
from k8sresolve.testing import Cluster
from k8sresolve.testing.checks import registry, rules
from tests.testing.checks.objects import deployment, service, slice_of

TUPLES = ("OBJECT", "SERVICE", "ALIAS", "NAMESPACE", "ORIGIN", "LISTING", "DATA", "ROUTING", "TWICE")


def test_no_rule_is_forgotten():
    written = set()
    for module in iter_modules(rules.__path__):
        functions = vars(getattr(registry, module.name)).items()
        written |= {value for name, value in functions if inspect.isfunction(value) and name.startswith("check_")}
    assert written == {rule for each in TUPLES for rule in getattr(registry, each)}
    assert len(written) >= 10


@pytest.mark.parametrize(
    ("subjects", "kind", "expected"),
    [
        ("OBJECT", "Namespace Service EndpointSlice Deployment Pod", {"web", "default", "wep-x"}),
        ("SERVICE", "ServiceSubject", {"web", "other"}),
        ("ALIAS", "ServiceSubject", {"alias"}),
        ("NAMESPACE", "NamespaceSubject", {"shop"}),
        ("ORIGIN", "Origin", {"web"}),
        ("LISTING", "EndpointSlice", {"wep-x"}),
    ],
)
def test_a_rule_that_is_added_is_applied_to_each_of_its_subjects(monkeypatch, subjects, kind, expected):
    seen = []

    def rule(subject, around):
        assert around.store.service("shop", "web")
        seen.append(subject)
        yield Finding(severity="error", problem="my own")

    monkeypatch.setattr(registry, subjects, (*getattr(registry, subjects), rule))
    objects = [service(), service("other"), service("alias", type="ExternalName", externalName="a.test"), deployment()]
    findings = Cluster.from_objects([*objects, slice_of("wep", "10.0.0.1")]).check()
    assert {type(subject).__name__ for subject in seen} == set(kind.split())
    assert expected <= {(subject.service if kind == "ServiceSubject" else subject).name for subject in seen}
    assert sum(finding.problem == "my own" for finding in findings) == len(seen)
