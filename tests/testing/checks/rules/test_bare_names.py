"""Variables of one word that are almost a Service's name."""

import pytest

from tests.testing.checks.objects import assert_only, config_map, deployment, found, service, told_of

ENV = "spec.template.spec.containers[0].env[0].value"
BACK = service("azure-vote-back", ports=[{"name": "redis", "port": 6379}])


def told(*objects):
    return [each for each in found(deployment(), *objects) if each.rule.startswith("name-")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("azure-vote-back", "azure-vote-backend"),
        ("azure-vote-backend", "azure-vote-back"),
        ("a-vote-job", "a-vote-jobs"),
    ],
)
def test_a_word_that_is_a_services_name_but_for_letters_at_its_end(name, value):
    findings = told(service(name), told_of(env={"REDIS": value}))
    words = (f"{value} is the name of nothing here", f"Service shop/{name}", f"write {name}")
    assert_only(findings, "warning", ENV, *words, on="Deployment shop/app")


@pytest.mark.parametrize(
    "others",
    [
        [deployment("azure-vote-backend")],
        [deployment("x", labels={"app": "azure-vote-backend"})],
        [config_map({"a": "b"}, "azure-vote-backend")],
        [config_map({"azure-vote-backend": "b"})],
        [config_map({"a": "http://azure-vote-back:80"})],
        [told_of("other", env={"REDIS": "azure-vote-back"})],
        [told_of("other", args=["--cluster=azure-vote-backend"])],
        [told_of("other", image="azure-vote-backend:1")],
        [service("azure-vote-backe")],
    ],
    ids=["workload", "label", "object", "key", "named", "named by a variable", "said twice", "image", "one of two"],
)
def test_a_word_that_may_be_another_things_name_is_left_alone(others):
    assert [
        each for each in told(BACK, *others, told_of(env={"REDIS": "azure-vote-backend"})) if each.field == ENV
    ] == []


@pytest.mark.parametrize(
    "value", ["azure-vote", "azure-vote-back-end", "azure-vote-back2", "azure-votes-back", "vote-back"]
)
def test_other_words_are_left_alone(value):
    assert told(BACK, told_of(env={"REDIS": value})) == []


def test_of_a_short_last_part_more_letters_are_another_name():
    assert told(service("a-vote-db"), told_of(env={"REDIS": "a-vote-dbs"})) == []


@pytest.mark.parametrize(("key", "value"), [("REDIS_HOST", "azure-vote-backs"), ("REDIS_SVC", "azure-vote-backs")])
def test_what_its_key_says_is_a_host_is_judged_once(key, value):
    assert len(told(BACK, told_of(env={key: value}))) == 1


@pytest.mark.parametrize("key", ["PASSWORD", "IMAGE_TAG"])
def test_what_its_key_says_is_none_is_left_alone(key):
    assert told(BACK, told_of(env={key: "azure-vote-backend"})) == []
