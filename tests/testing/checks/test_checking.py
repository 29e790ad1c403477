"""What is checked, in which order, and that the cluster itself answers as the findings say."""

import time

import pytest

from k8sresolve import InvalidName, NoSuchName
from k8sresolve.testing import Cluster
from tests.effort import calls_of
from tests.testing.checks.objects import deployment, found, headless, only, pod, port, service, slice_of, stateful

# What fits.


@pytest.mark.parametrize(
    "objects",
    [
        [service(), deployment()],
        [service(ports=[{"name": "http", "port": 80, "targetPort": "http"}]), deployment()],
        [service(ports=[{"name": "http", "port": 8080}]), deployment()],
        [headless(), deployment()],
        [headless(ports=[]), deployment()],
        [headless("db"), stateful(serviceName="db")],
        [service(selector=None), slice_of("web", "10.0.0.1")],
        [service(), slice_of("web", "10.0.0.1")],  # a dump without pods: its slices tell that the selector finds some
        [service(type="ExternalName", externalName="api.example.com", ports=[], selector=None)],
        [
            service(ports=[{"name": n, "port": 53, "protocol": p} for n, p in (("dns", "UDP"), ("dns-tcp", "TCP"))]),
            deployment("dns", [port(53, "dns", "UDP"), port(53, "dns-tcp")]),
        ],
    ],
)
def test_nothing_is_found_where_all_fits(objects):
    assert found(*objects) == ()


# The cluster itself answers as the findings say.


def test_what_is_told_of_dns_is_what_the_cluster_answers():
    objects = [
        headless("waiting", selector={"app": "a"}),
        pod("a-0", ready=False, labels={"app": "a"}),
        headless("unnamed", ports=[{"name": "http", "port": 80, "targetPort": "nobody"}]),
        deployment(),
        service("example", "com"),
        deployment(namespace="com"),
    ]
    cluster = Cluster.from_objects(objects)
    assert {(each.severity, each.object) for each in cluster.check()} == {
        ("warning", "Service shop/waiting"),
        ("warning", "Service shop/unnamed"),
        ("remark", "Namespace com"),
    }
    with cluster.resolver(namespace="shop") as resolver:
        with pytest.raises(NoSuchName):
            resolver.service("waiting")
        assert resolver.service("unnamed").addresses
        with pytest.raises(NoSuchName):
            resolver.port("unnamed", "http")
        assert resolver.addresses("example.com").addresses == resolver.service("example.com").addresses


# Which are checked, and in which order.


@pytest.mark.parametrize(
    "name", ["shop/web", "web.shop", "WEB.shop.svc", "web.shop.svc.cluster.local", "web.shop.svc.cluster.local."]
)
def test_a_service_is_named_as_for_a_resolver_or_with_a_slash(name):
    cluster = Cluster.from_objects([service(), service("other", selector={"app": "other"}), deployment("web", [])])
    assert only(cluster.check(name)).object == "Service shop/web"


def test_a_short_name_is_completed_by_the_namespace():
    cluster = Cluster.from_objects([service(), deployment("web", [])])
    assert only(cluster.check("web", "shop")).object == "Service shop/web"
    with pytest.raises(NoSuchName, match=r"^web: there is no Service default/web; the nearest: shop/web$"):
        cluster.check("web")


def test_a_name_in_another_domain_is_none_of_the_clusters():
    cluster = Cluster.from_objects([service()], corefile=".:53 {\n kubernetes k8s.corp.example\n}\n")
    assert cluster.check("web.shop.svc.k8s.corp.example")
    with pytest.raises(NoSuchName, match=r"not this cluster's domain, which is k8s\.corp\.example"):
        cluster.check("web.shop.svc.cluster.local")


@pytest.mark.parametrize("name", ["", "/", "shop/", "/web", "a/b/c", "a b", "web.shop.pod", "web.shop."])
def test_what_names_no_service_is_said_to_be_none(name):
    with pytest.raises(InvalidName):
        Cluster.from_objects([service()]).check(name)


def test_with_a_name_others_are_left_out_but_not_what_is_named_after_it():
    objects = [service(), stateful(serviceName="web"), stateful("cache", serviceName="nobody"), slice_of("wep")]
    assert [each.object for each in found(*objects, name="shop/web")] == ["StatefulSet shop/db"]
    assert len(found(*objects)) == 3


def test_the_worst_comes_first():
    ports = [{"name": "x", "port": 443, "targetPort": 8433}]
    db = service("db", selector={"app": "db"}, ports=ports), deployment("db", [port(8443)], labels={"app": "db"})
    findings = found(service(), deployment("a", []), *db, service("x", ports=[]))
    assert [each.severity for each in findings] == ["error", "warning", "remark"]


def test_a_large_cluster_is_checked_in_time_that_grows_with_its_size():
    def seconds(count):
        objects = []
        for index in range(count):
            labels = {"app": f"app-{index}"}
            objects += [service(f"s{index}", selector=labels), deployment(f"d{index}", labels=labels, replicas=20)]
        cluster = Cluster.from_objects(objects)
        start = time.process_time()
        assert cluster.check() == ()
        return time.process_time() - start

    assert seconds(800) < 30 * seconds(80) + 0.5


# How much work it is.


def unmet(services, workloads):
    """The calls of a check of Services none of which finds a pod, beside workloads that none finds."""
    lost = [service(f"lost-{n}", selector={"app": f"gone-{n}"}) for n in range(services)]
    cluster = Cluster.from_objects(
        [*lost, *(deployment(f"left-{n}", labels={"app": f"l{n}"}) for n in range(workloads))]
    )
    findings = []
    calls = calls_of(lambda: findings.extend(cluster.check()))
    assert len(findings) == services
    return calls


def test_four_times_the_services_without_pods_are_four_times_the_work():
    # What all of them find is counted once: for each anew it would be fourteen times as much.
    assert unmet(200, workloads=3) < 4.5 * unmet(50, workloads=3)


def test_each_is_held_against_each_workload_and_no_more():
    # A slip may be for any of them, so that this is by the square, and was by the cube.
    assert unmet(80, workloads=80) < 18 * unmet(20, workloads=20)
