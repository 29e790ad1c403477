"""The whole examination, of nameservers on loopback and of files."""

from ipaddress import IPv4Address

import attrs
import pytest

from k8sresolve import ConfigError, InvalidName, ResolverConfig, doctor
from k8sresolve.doctor import examine, exchanges, surroundings
from k8sresolve.testing import Cluster
from tests.doctor.test_exchanges import counted, quick  # noqa: F401
from tests.doctor.world import SHOP


@pytest.fixture
def cluster():
    return Cluster.from_manifests(SHOP)


@pytest.fixture
def around(monkeypatch, tmp_path):
    """A machine of the test's own: no pod, unless it writes that it is one."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    monkeypatch.setattr(surroundings, "HOSTS", str(hosts))
    monkeypatch.setattr(surroundings, "_KUBELET", str(tmp_path / "kubelet"))
    return tmp_path


def config(*servers, **how):
    return ResolverConfig(
        nameservers=[server.nameserver for server in servers],
        search=("shop.svc.cluster.local", "svc.cluster.local", "cluster.local"),
        ndots=5,
        **how,
    )


def check(diagnosis, name):
    (found,) = [check for check in diagnosis.checks if check.id == name]
    return found.mark, found.seen


def test_a_sound_cluster_takes_34_questions(cluster, around):
    told = []
    with cluster.serve() as server:
        diagnosis = examine(config(server), progress=lambda done, planned: told.append((done, planned)))
    assert diagnosis.state == "sound"
    assert diagnosis.questions == len(cluster.queries) == 34
    assert list(dict.fromkeys(told)) == [(done, 34) for done in range(35)]
    assert (diagnosis.times.lost, diagnosis.times.asked) == (0, 20)
    assert 0 < diagnosis.times.median <= diagnosis.times.slowest


@pytest.mark.parametrize("chance", [None, 1.0, 0.5, 0.34])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_never_more_than_100_questions_are_asked(cluster, around, quick, chance, count):  # noqa: F811
    if chance is not None:
        cluster.network.drop(probability=chance, seed=count)
    with counted(cluster) as (server, wait_for):
        diagnosis = examine(config(*[server] * count))
        wait_for(diagnosis.questions)
    assert diagnosis.questions == len(cluster.queries) <= exchanges.MOST == 100
    assert (diagnosis.state == "unanswered") is (chance == 1.0)


def test_the_place_of_a_pod(cluster, around):
    (around / "hosts").write_text("# Kubernetes-managed hosts file.\n127.0.0.1 localhost\n")
    with cluster.serve() as server:
        diagnosis = examine(config(server))
    assert diagnosis.place == "pod"
    assert (diagnosis.namespace, diagnosis.namespace_from) == ("shop", "given")
    assert (diagnosis.cluster_domain, diagnosis.cluster_domain_from) == ("cluster.local", "given")
    assert check(diagnosis, "dnsPolicy") == ("noted", "ClusterFirst, as it seems")


def test_a_file_is_judged_too(around, quick):  # noqa: F811
    path = around / "resolv.conf"
    path.write_text("search shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n")
    diagnosis = examine(resolv_conf=path)
    assert {finding.rule for finding in diagnosis.findings} >= {"nameserver-missing"}
    assert check(diagnosis, "resolv.conf")[0] == "wrong"


@pytest.mark.parametrize(
    ("first", "place"),
    [
        ("# Kubernetes-managed hosts file.", "pod"),
        ("# Kubernetes-managed hosts file (host network).", "host-network pod"),
        ("127.0.0.1 localhost", "elsewhere"),
    ],
)
def test_the_kubelet_signs_hosts_files(around, first, place):
    (around / "hosts").write_text(f"{first}\n")
    assert surroundings.look_around().place == place


def test_a_variable_tells_a_pod_and_a_folder_a_node(around, monkeypatch):
    (around / "kubelet").mkdir()
    assert surroundings.look_around().place == "node"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    place, api, _ = attrs.astuple(surroundings.look_around())  # other processes may open ports meanwhile
    assert (place, api) == ("pod", "10.96.0.1")
    (around / "hosts").unlink()
    assert surroundings.look_around().place == "pod"


def test_what_is_given_wins_and_is_told(cluster, around):
    with cluster.serve() as server:
        diagnosis = examine(config(server), namespace="data", cluster_domain="cluster.local")
    assert (diagnosis.namespace, diagnosis.namespace_from) == ("data", "given")
    assert (diagnosis.cluster_domain, diagnosis.cluster_domain_from) == ("cluster.local", "given")


CORP = "search shop.svc.k8s.corp svc.k8s.corp k8s.corp\noptions ndots:5\n"


@pytest.fixture
def corp(around, monkeypatch):
    """A cluster with a domain of its own, and the resolv.conf of its pods, whose nameserver is another."""
    path = around / "resolv.conf"
    path.write_text(f"nameserver 192.0.2.53\n{CORP}")
    monkeypatch.setattr(doctor, "RESOLV_CONF", str(path))
    with Cluster.from_manifests(SHOP, corefile=".:53 {\n  kubernetes k8s.corp\n}\n").serve() as server:
        yield server.nameserver, path


def test_in_a_pod_a_nameserver_that_is_given_takes_the_place_of_the_files(corp, around):
    nameserver, path = corp
    (around / "hosts").write_text("# Kubernetes-managed hosts file.\n127.0.0.1 localhost\n")
    diagnosis = examine(nameserver=str(nameserver), resolv_conf=path)
    assert str(diagnosis) == f"sound: {nameserver} knows the cluster domain k8s.corp"
    assert check(diagnosis, "cluster domain") == ("sound", "k8s.corp, by the search list")
    assert check(diagnosis, "dnsPolicy") == ("noted", "ClusterFirst, as it seems")
    assert {check.nameserver for check in diagnosis.checks if check.id == "UDP"} == {str(nameserver)}


def test_elsewhere_nothing_but_the_nameserver_is_judged(corp, cluster):
    with cluster.serve() as server:
        diagnosis = examine(nameserver=server.nameserver, resolv_conf=doctor.RESOLV_CONF)
    assert str(diagnosis) == f"sound: {server.nameserver} knows the cluster domain cluster.local"
    assert (diagnosis.namespace, diagnosis.cluster_domain_from) == (None, "answered")
    assert not {check.id for check in diagnosis.checks} & {"resolv.conf", "search list", "dnsPolicy"}
    assert not [check for check in diagnosis.checks if "as given" in check.seen]


def test_elsewhere_a_domain_that_was_not_given_is_not_missed(corp):
    nameserver, _ = corp
    diagnosis = examine(nameserver=nameserver, resolv_conf=doctor.RESOLV_CONF)
    assert (diagnosis.state, diagnosis.cluster_domain) == ("sound", None)
    assert str(diagnosis).endswith("it does not know cluster.local: if it is a cluster's, state the cluster domain")
    diagnosis = examine(nameserver=nameserver, resolv_conf=doctor.RESOLV_CONF, cluster_domain="k8s.corp")
    assert str(diagnosis) == f"sound: {nameserver} knows the cluster domain k8s.corp"
    assert check(diagnosis, "cluster domain") == ("sound", "k8s.corp, as given")


def test_a_domain_that_only_a_nameserver_knows_is_told(cluster, around):
    with cluster.serve() as server:
        diagnosis = examine(ResolverConfig(nameservers=[server.nameserver]))
    assert (diagnosis.cluster_domain, diagnosis.cluster_domain_from) == ("cluster.local", "answered")
    assert (diagnosis.state, diagnosis.namespace, diagnosis.namespace_from) == ("sound", None, "")


def test_a_name_outside_is_asked_for_as_a_full_name(cluster, around):
    with cluster.serve() as server:
        diagnosis = examine(config(server), external="intranet.corp")
    assert diagnosis.state == "to mend"
    assert cluster.queries.asked("intranet.corp.", "A") == 1
    assert str(diagnosis) == f"to mend: {server.nameserver} says NXDOMAIN to intranet.corp."


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"external": "no..name"}, InvalidName),
        ({"external": 7}, InvalidName),
        ({"external": "192.0.2.7"}, InvalidName),
        ({"external": "0x7f.1"}, InvalidName),
        ({"external": "fd00::7"}, InvalidName),
        ({"external": "localhost"}, InvalidName),
        ({"external": "db.localhost."}, InvalidName),
        ({"external": "shop/payments"}, InvalidName),
        ({"external": "DB.", "config": ResolverConfig(hosts=[("db", ["192.0.2.7"])])}, InvalidName),
        ({"namespace": "a.b"}, ConfigError),
        ({"cluster_domain": ""}, ConfigError),
        ({"config": "10.96.0.10"}, ConfigError),
        ({"config": ResolverConfig(nameservers=[])}, ConfigError),
        ({"resolv_conf": 7}, ConfigError),
        ({"nameserver": "dns"}, ConfigError),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(monkeypatch, how, error):
    monkeypatch.setattr(doctor, "Asker", None)
    with pytest.raises(error):
        examine(**how)


def test_only_three_nameservers_are_asked(cluster, around):
    with cluster.serve() as server:
        diagnosis = examine(config(*[server] * 5))
    assert len([check for check in diagnosis.checks if check.id == "UDP"]) == 3


def test_values_compare_and_print(cluster, around):
    with cluster.serve() as server:
        diagnosis = examine(config(server))
    assert diagnosis.checks[0] == diagnosis.checks[0]
    assert str(diagnosis) == f"sound: {server.nameserver} knows the cluster domain cluster.local"
    assert IPv4Address("10.96.0.1").compressed in check(diagnosis, "kubernetes.default")[1]
