"""The dashboard, the alerts and the page name what the collector exports, and all of it."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from k8sresolve import NoSuchName
from k8sresolve.contrib.prometheus import K8sResolveCollector
from k8sresolve.testing import Cluster, headless

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = json.loads((DOCS / "examples/metrics/dashboard.json").read_text())
PANELS = DASHBOARD["panels"]
RULES = yaml.safe_load((DOCS / "examples/metrics/alerts.yaml").read_text())["groups"][0]["rules"]
PAGE = (DOCS / "how-to/metrics.md").read_text()
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]] + [rule["expr"] for rule in RULES]
VARIABLES = [variable for variable in DASHBOARD["templating"]["list"] if variable["type"] == "query"]


@pytest.fixture(scope="module")
def exported():
    """What a scrape has: the labels of each series' name."""
    registry = CollectorRegistry()
    resolver = Cluster.new(headless("db.data", sql=5432, pods=1)).resolver()
    collector = K8sResolveCollector(resolver, watch_names=True)
    registry.register(collector)
    with pytest.raises(NoSuchName):
        resolver.service("nowhere.data")
    with resolver.watch("db.data") as watch:
        watch.ready()
        families = list(text_string_to_metric_families(generate_latest(registry).decode()))
    collector.close()
    samples = [sample for family in families for sample in family.samples if not sample.name.endswith("_created")]
    return {sample.name: {*sample.labels} for sample in samples}


def named(text):
    return {*re.findall(r"\bk8sresolve_\w+", text)}


@pytest.mark.parametrize("query", QUERIES + [variable["definition"] for variable in VARIABLES])
def test_each_query_names_what_is_exported(query, exported):
    assert named(query)
    assert named(query) <= {*exported}


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_goes_by_labels_that_are_there(query, exported):
    there = set.union({"job", "instance"}, *(exported[name] for name in named(query)))
    by = {label for labels in re.findall(r"by \(([^)]*)\)", query) for label in re.split(r", *", labels)}
    selected = {label for labels in re.findall(r"\{([^}]*)\}", query) for label in re.findall(r"(\w+)=~?\"", labels)}
    assert by | selected <= there


def test_the_dashboard_shows_all_that_is_exported(exported):
    shown = set.union(*map(named, QUERIES))
    assert {name.removesuffix("_count") for name in exported} <= {name.removesuffix("_count") for name in shown}


def test_the_page_tells_all_that_is_exported_and_every_alert(exported):
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported}
    assert families == {name for name in named(PAGE) if name != "k8sresolve_lookup_duration_seconds_count"}
    assert {rule["alert"] for rule in RULES} == {*re.findall(r"`(K8sResolve\w+)` \| (?!when)", PAGE)}


def test_the_dashboard_s_panels_have_ids_of_their_own_and_do_not_overlap():
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for one, other in combinations([panel["gridPos"] for panel in PANELS], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


def test_the_dashboard_asks_whichever_data_source_and_jobs_are_chosen():
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
    for panel in PANELS:
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        for query in [target["expr"] for target in panel["targets"]]:
            assert query.count('{job=~"$job", instance=~"$instance"}') == query.count("k8sresolve_")
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_errors_that_alerts_select_are_classes_of_errors():
    from k8sresolve import errors

    selected = re.findall(r'error=~"([^"]*)"', " ".join(rule["expr"] for rule in RULES))
    assert selected
    for name in "|".join(selected).split("|"):
        assert issubclass(getattr(errors, name), errors.ResolveError)
