"""Objects of one kind, namespace and name, given twice."""

import json

import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import assert_only, config_map, deployment, service


def workload(name):
    return deployment(name, [], labels={"app": name})


def selecting(app, name="web", **spec):
    return service(name, selector={"app": app, "tier": "backend"}, **spec)


def labelled(name):
    return deployment(name, labels={"app": name, "tier": "backend"})


@pytest.fixture
def found(tmp_path):
    """What is found in files, each of these objects."""

    def found(*files):
        for number, objects in enumerate(files):
            text = "\n---\n".join(json.dumps(each, indent=1) for each in objects)
            (tmp_path / f"{number}.yaml").write_text(text)
        return [each for each in Cluster.from_manifests(tmp_path).check() if each.rule == "object-twice"]

    return found


def test_two_in_one_file_that_differ_are_a_warning(found, tmp_path):
    told = found([service(), workload("web"), service(ports=[{"name": "http", "port": 81}])])
    assert_only(told, "warning", "metadata.name", "the later replaces it", f"{tmp_path}/0.yaml:5", "another name")
    told = found([deployment(), deployment(pod={"hostNetwork": True})])
    assert_only(told, "warning", "metadata.name", on="Deployment shop/web")


def test_two_that_are_alike_are_no_finding(found):
    assert found([service(), service()]) == found([service()], [service()]) == []


def test_two_of_one_name_in_two_namespaces_are_two(found):
    assert found([service(), service(namespace="data", type="NodePort")]) == []


def test_kinds_on_which_no_name_depends_are_left_alone(found):
    assert found([config_map({"a": "b"}), config_map({"a": "c"})]) == []


def test_services_in_several_files_are_a_choice(found):
    told = found([service()], [service(type="NodePort")])
    assert_only(told, "remark", "metadata.name", "0.yaml", "nothing, if only one is applied")
    assert found([deployment()], [deployment(replicas=2)]) == []


@pytest.mark.parametrize("copied_first", [True, False])
def test_a_copy_that_was_not_renamed_is_told_where_it_stands(found, tmp_path, copied_first):
    files = [[selecting("contacts"), labelled("contacts")], [selecting("web"), labelled("web")]]
    told = found(*(files if copied_first else reversed(files)))
    assert_only(told, "warning", "metadata.name", "selects contacts", "name it contacts")
    assert told[0].source == f"{tmp_path}/{0 if copied_first else 1}.yaml"


@pytest.mark.parametrize(
    "files",
    [
        # A choice between versions: both are called as their selectors say.
        [[selecting("web"), labelled("web")], [selecting("web", ports=[{"port": 81}])]],
        # Between one and a newer one beside it.
        [[selecting("web-green"), labelled("web-green")], [selecting("web"), labelled("web")]],
        # Between colours: neither is.
        [[selecting("blue"), labelled("blue")], [selecting("green"), labelled("green")]],
        # The workload has its Service, so that this one need not be called otherwise.
        [[selecting("blue"), labelled("blue"), selecting("blue", "blue")], [selecting("web"), labelled("web")]],
        # There is no such workload here.
        [[selecting("blue")], [selecting("web"), labelled("web")]],
        [
            [selecting("blue"), {**labelled("blue"), "metadata": {"name": "blue", "namespace": "data"}}],
            [selecting("web")],
        ],
    ],
)
def test_a_choice_is_no_copy(found, files):
    assert [each.severity for each in found(*files)] == ["remark"]


def test_what_was_changed_since_is_no_longer_told_of():
    cluster = Cluster.from_objects([service(), service(type="NodePort")])
    assert "object-twice" in {each.rule for each in cluster.check()}
    cluster.apply(service(type="ClusterIP"))
    assert "object-twice" not in {each.rule for each in cluster.check()}


def test_of_objects_that_are_in_no_file_it_is_a_remark():
    told = Cluster.from_objects([service(), service(type="NodePort")]).check()
    assert_only([each for each in told if each.rule == "object-twice"], "remark", "metadata.name", "another place")
