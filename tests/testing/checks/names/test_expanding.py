"""What containers are told in the end."""

import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.checks.names.expanding import expanded, told
from k8sresolve.testing.checks.origins import Origins
from tests.testing.checks.objects import config_map, told_of

AT = "spec.template.spec.containers[0]"


# Rows of TestMapReference and TestExpand in third_party/forked/golang/expansion of Kubernetes.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(VAR_A)", "A"),
        ("___$(VAR_B)___", "___B___"),
        ("$(VAR_A)-$(VAR_B)", "A-B"),
        ("$$(VAR_B)_$(VAR_A)", "$(VAR_B)_A"),
        ("$$$(VAR_A)", "$A"),
        ("$(MISSING)", "$(MISSING)"),
        ("$VAR_A", "$VAR_A"),
        ("$(VAR_A", "$(VAR_A"),
        ("$()", "$()"),
        ("foo$$bar", "foo$bar"),
        ("$$$$", "$$"),
        ("$", "$"),
    ],
)
def test_references_are_put_in_as_the_kubelet_does(text, expected):
    assert expanded(text, {"VAR_A": "A", "VAR_B": "B"}) == expected


def found(app, *objects, secrets=True):
    store = Cluster.from_objects([app, *objects], secrets=secrets).store
    [origin] = Origins(store).all()
    return told(origin, store)


def test_each_flag_has_its_value():
    args = ["--a=1", "--b", "2", "three", "-c", "--d", "4"]
    texts = [(each.field, each.key, each.value) for each in found(told_of(args=args, command=["run", "5"])).texts]
    assert texts == [
        (f"{AT}.command[0]", "", "run"),
        (f"{AT}.command[1]", "", "5"),
        (f"{AT}.args[0]", "a", "1"),
        (f"{AT}.args[2]", "b", "2"),
        (f"{AT}.args[3]", "", "three"),
        (f"{AT}.args[6]", "d", "4"),
    ]


def test_what_is_taken_from_elsewhere_is_told_of_there_and_put_in_here():
    app = told_of(args=["$(HOST) $(PRE_port) $(OWN) $(LATE)"])
    container = app["spec"]["template"]["spec"]["containers"][0]
    container["envFrom"] = [{"prefix": "PRE_", "configMapRef": {"name": "conf"}}, {"secretRef": {"name": "none"}}]
    container["env"] = [
        {"name": "HOST", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "host"}}},
        {"name": "NONE", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "none"}}},
        {"name": "OWN", "value": "$(HOST)!"},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]
    what = found(app, config_map({"host": "web", "port": "80"}))
    assert [(each.source.key, each.key) for each in what.taken] == [
        ("host", "PRE_host"),
        ("port", "PRE_port"),
        ("host", "HOST"),
    ]
    assert [(each.key, each.value) for each in what.texts] == [("OWN", "web!"), ("", "web 80 web! $(LATE)")]


def test_a_text_that_would_get_too_long_is_none():
    variables = {"V0": "a" * 10, **{f"V{number}": f"$(V{number - 1})" * 10 for number in range(1, 15)}}
    *_, last = found(told_of(env=variables, args=["$(V3)"])).texts
    assert last.value == "a" * 10_000
    assert max(len(each.value) for each in found(told_of(env=variables)).texts) == 1_000_000
    assert expanded("$(V)" * 2000, {"V": "a" * (1 << 20)}) == ""


def test_what_is_secret_is_put_in_only_as_a_host():
    app = told_of(env={"DB_PASSWORD": "pw", "DB_HOST": "db"}, args=["$(DB_PASSWORD) $(DB_HOST) $(S) $(S_HOST)"])
    container = app["spec"]["template"]["spec"]["containers"][0]
    container["env"] += [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": "conf", "key": "a"}}} for name in ("S", "S_HOST")
    ]
    secret = config_map({}, kind="Secret", stringData={"a": "web"})
    assert found(app, secret).texts[-1].value == "$(DB_PASSWORD) db $(S) web"
    assert found(app, secret, secrets=False).texts[-1].value == "$(DB_PASSWORD) db $(S) $(S_HOST)"
