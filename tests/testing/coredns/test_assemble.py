import dns.zonefile
import pytest
import yaml

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing import Cluster, KubernetesOptions
from k8sresolve.testing.coredns import assemble
from k8sresolve.testing.coredns.plugins.kubernetes.plugin import Kubernetes
from tests.testing.coredns.world import KUBERNETES, OBJECTS, UPSTREAM, WEB, answer, outcome


def test_without_a_corefile_the_plugin_is_alone():
    plain = Cluster.from_objects(yaml.safe_load_all(OBJECTS))
    assert answer(plain, WEB) == [f"{WEB} 30 A 10.96.0.2"]
    assert plain.warnings == ()


def test_a_config_map_among_the_manifests_sets_it_up():
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "data": {
            "Corefile": f".:53 {{\n{KUBERNETES}\nhosts /etc/coredns/NodeHosts {{\nttl 60\nfallthrough\n}}\n"
            "import custom/*.override\n}\n",
            "NodeHosts": "192.168.1.5 node-a\n",
        },
    }
    custom = {**config, "metadata": {"name": "coredns-custom", "namespace": "kube-system"}}
    custom["data"] = {"corp.override": "rewrite name web.corp.example web.shop.svc.cluster.local"}
    objects = [*yaml.safe_load_all(OBJECTS), config, custom]
    made = Cluster.from_objects(objects)
    assert answer(made, "node-a.") == ["node-a. 60 A 192.168.1.5"]
    assert answer(made, "web.corp.example.") == ["web.corp.example. 30 A 10.96.0.2"]
    assert outcome(Cluster.from_objects(objects, corefile=". {\nkubernetes cluster.local\n}"), "node-a.") == "SERVFAIL"
    assert outcome(Cluster.from_objects(objects, options=KubernetesOptions(ttl=7)), "node-a.") == "NXDOMAIN"


def test_what_is_wrong_in_a_config_map_names_its_file(tmp_path):
    file = tmp_path / "dns.yaml"
    file.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\n"
        "data:\n  Corefile: |\n    .:53 {\n      kubernetes cluster.local {\n        ttl 9999\n      }\n    }\n"
    )
    with pytest.raises(ManifestError) as caught:
        Cluster.from_manifests(file)
    assert caught.value.file == f"{file}, ConfigMap kube-system/coredns, Corefile"
    assert (caught.value.line, caught.value.column) == (3, 9)


ZONE_IN_A_VARIABLE = "{$TOKEN}:53 {\n hosts {\n  192.0.2.9 b.example\n }\n}\na.example {\n errors\n}\n"


def config_map(corefile):
    metadata = {"name": "coredns", "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"Corefile": corefile}}


@pytest.mark.parametrize("given", ["config map", "text"])
def test_f14_a_corefile_gets_the_variables_that_are_given_and_no_others(given, monkeypatch, caplog):
    monkeypatch.setenv("TOKEN", "a.example")
    objects = [config_map(ZONE_IN_A_VARIABLE)] if given == "config map" else []
    corefile = None if given == "config map" else ZONE_IN_A_VARIABLE
    where = "ConfigMap kube-system/coredns, Corefile" if given == "config map" else "Corefile"
    made = Cluster.from_objects(objects, corefile=corefile)
    assert made.warnings == (f"variable TOKEN, which is not set ({where}, line 1)",)
    assert made.warnings[0] in caplog.text
    assert outcome(made, "b.example.") == "NOERROR"  # the zone is the root, as in CoreDNS
    made = Cluster.from_objects(objects, corefile=corefile, environment={"TOKEN": "c.example"})
    assert (made.warnings, outcome(made, "b.example.")) == ((), "REFUSED")


@pytest.mark.parametrize("environment", [None, "TOKEN=a", {"TOKEN": 1}, {1: "a"}, ["TOKEN"]])
def test_f14_what_is_no_environment_is_refused(environment):
    with pytest.raises(ConfigError, match="environment"):
        Cluster.from_objects([], environment=environment)


def test_corefile_and_options_exclude_each_other():
    with pytest.raises(ConfigError, match="exclude"):
        Cluster.from_objects([], corefile="", options=KubernetesOptions())


def test_a_cache_on_the_node_forwards_to_the_clusters_nameserver():
    text = (
        "cluster.local:53 {\n cache {\n  success 9984 20\n  denial 9984 5\n }\n bind 169.254.20.10\n"
        " forward . __PILLAR__CLUSTER__DNS__ {\n  force_tcp\n }\n}\n.:53 {\n cache 30\n forward . 8.8.8.8\n}\n"
    )
    made = Cluster.from_objects(yaml.safe_load_all(OBJECTS), corefile=text, upstream=UPSTREAM)
    assert answer(made, WEB) == [f"{WEB} 20 A 10.96.0.2"]
    assert answer(made, "api.example.com.") == ["api.example.com. 30 A 192.0.2.80"]
    assert made.config("shop").search[0] == "shop.svc.cluster.local"


def test_the_upstream_is_parsed_once(monkeypatch):
    parsed = []
    read = dns.zonefile.Reader.read
    monkeypatch.setattr(dns.zonefile.Reader, "read", lambda self: parsed.append(self) or read(self))
    made = ". {\n kubernetes cluster.local\n forward . 8.8.8.8\n}"
    Cluster.from_objects([], corefile=made, upstream=UPSTREAM)
    assert len(parsed) == len(UPSTREAM) == 1


@pytest.mark.parametrize(
    ("corefile", "made"),
    [
        (None, 1),
        (". {\n kubernetes cluster.local\n}", 0),
        (". {\n kubernetes cluster.local\n forward . 8.8.8.8\n}", 0),
        (". {\n cache\n forward . __PILLAR__CLUSTER__DNS__\n}", 1),
        (". {\n forward . 10.96.0.10\n}\na.org {\n forward . 10.96.0.10\n}", 1),
        (". {\n hosts\n}", 1),  # it tells the cluster domain
    ],
)
def test_the_server_without_a_corefile_is_made_once_and_only_where_something_needs_it(monkeypatch, corefile, made):
    built = []
    monkeypatch.setattr(assemble, "Kubernetes", lambda *args: built.append(1) or Kubernetes(*args))
    cluster = Cluster.from_objects([], corefile=corefile)
    assert len(built) == made
    assert cluster.config().cluster_domain == "cluster.local"
