import logging

import pytest
import yaml

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from tests.testing.coredns.world import KUBERNETES, OBJECTS, WEB, answer, cluster, outcome


def test_what_is_not_modelled_is_named_in_one_warning(caplog):
    with caplog.at_level(logging.WARNING, "k8sresolve"):
        made = cluster(KUBERNETES, "errors", "dns64", "geoip /x.mmdb", "forward . 9.9.9.9 {\n next NXDOMAIN\n}")
    assert [what.partition(" (")[0] for what in made.warnings] == [
        "plugin dns64",
        "plugin geoip",
        "option next of forward",
    ]
    (record,) = caplog.records
    assert all(what in record.getMessage() for what in made.warnings)
    assert "Corefile, line 8" in record.getMessage()
    assert answer(made, WEB) == [f"{WEB} 30 A 10.96.0.2"]


@pytest.mark.parametrize(
    ("plugins", "problem"),
    [
        ("kubernetes cluster.local {\n pods sometimes\n}", "none of disabled"),
        ("kubernetes cluster.local {\n ttl x\n}", "no number"),
        ("kubernetes cluster.local {\n ttl 3601\n}", "not between 0 and 3600"),
        ("kubernetes cluster.local {\n ignore everything\n}", "empty_service"),
        ("kubernetes cluster.local {\n namespaces\n}", "1 or more arguments"),
        ("kubernetes cluster.local {\n zonal\n noendpoints\n}", "zonal"),
        ("kubernetes cluster.local {\n labels =\n}", "label selector"),
        ("kubernetes cluster.local {\n namespaces a\n namespace_labels b=c\n}", "exclude"),
        ("kubernetes cluster.local {\n multicluster clusterset.local\n}", "multicluster"),
        ("kubernetes 10.in-addr.arpa", "reverse"),
        ("kubernetes a.org\nkubernetes b.org", "twice"),
        ("cache 0", "not between"),
        ("cache {\n disable everything\n}", "success or denial"),
        ("cache {\n success many\n}", "no number"),
        ("cache {\n servfail soon\n}", "no duration"),
        ("hosts {\n fallthrough\n 10.0.0.1 late\n}", "before fallthrough"),
        ("hosts {\n ttl 0\n}", "not between"),
        ("forward .", "2 or more"),
        ("rewrite name only", "two names"),
        ("rewrite name nearly a b", "none of"),
        ("rewrite name regex ( b", "regular expression"),
        ("rewrite name regex (a) {1}{2}.b", "more groups"),
        ("rewrite answer name a b", "none of name, type"),
        ("autopath", "1 or more"),
        ("minimal now", "takes 0"),
    ],
)
def test_what_coredns_would_not_start_with_is_refused(plugins, problem):
    with pytest.raises(ManifestError, match=problem) as caught:
        cluster(plugins)
    assert caught.value.file == "Corefile"
    assert caught.value.line
    assert caught.value.column


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (". {\n}\n.:53 {\n}", "another server block"),
        (".:0 {\n}", "no port"),
        (f"{'a' * 64} {{\n}}", "no zone"),
    ],
)
def test_server_blocks_that_cannot_be_served_are_refused(text, problem):
    with pytest.raises(ManifestError, match=problem):
        Cluster.from_objects([], corefile=text)


def test_the_longest_zone_answers_and_names_in_none_are_refused():
    text = (
        "shop.svc.cluster.local {\n hosts {\n  10.9.9.9 web.shop.svc.cluster.local\n }\n}\n"
        "cluster.local {\n kubernetes\n}\n10.0.0.0/9 {\n kubernetes cluster.local in-addr.arpa\n}\n"
    )
    made = Cluster.from_objects(yaml.safe_load_all(OBJECTS), corefile=text)
    assert answer(made, WEB) == [f"{WEB} 3600 A 10.9.9.9"]
    assert outcome(made, "shop.svc.cluster.local.") == "SERVFAIL"
    assert outcome(made, "data.svc.cluster.local.") == "NODATA"
    assert answer(made, "2.0.96.10.in-addr.arpa.", "PTR") == [f"2.0.96.10.in-addr.arpa. 5 PTR {WEB}"]
    assert outcome(made, "1.0.128.10.in-addr.arpa.", "PTR") == "REFUSED"
    assert outcome(made, "example.com.") == "REFUSED"


def test_names_that_the_corefile_itself_gives_are_known(tmp_path):
    (tmp_path / "db").write_text("@ 60 SOA ns admin 1 2 3 4 5\nwiki 60 A 192.0.2.3\n")
    hosts, zone = "hosts {\n 192.0.2.1 one.corp *.two.corp\n}", f"file {tmp_path}/db corp.example"
    made = cluster(hosts, zone, "forward . 9.9.9.9")
    assert made.corefile_names > {"one.corp.", "*.two.corp.", "corp.example.", "wiki.corp.example.", "localhost."}
    assert cluster(KUBERNETES, "forward . 9.9.9.9").corefile_names == frozenset()
