"""`service`, `port`, `ports`, `endpoints`."""

from textwrap import dedent

import pytest

# CoreDNS divides a weight of 100 among the addresses, here one of each family.
WEB_TARGET = {
    "name": "web.shop.svc.cluster.local.",
    "port": 443,
    "priority": 0,
    "weight": 50,
    "addresses": ["10.96.20.2", "fd00:10:96::20:2"],
}


def test_a_service_is_shown_with_the_ports_asked_for(offline):
    assert offline("service", "web", "--port", "https") == (
        0,
        dedent("""\
            Service    web.shop.svc.cluster.local
            addresses  10.96.20.2
                       fd00:10:96::20:2
            ports      https/tcp  443
            TTL        30 s
            """),
        "",
    )


def test_ports_of_a_service_are_aligned_and_may_name_a_protocol(offline):
    ran = offline("service", "kube-dns.kube-system", "--port", "dns/udp", "--port", "dns-tcp")
    assert ran.out == dedent("""\
        Service    kube-dns.kube-system.svc.cluster.local
        addresses  10.96.0.10
        ports      dns/udp      53
                   dns-tcp/tcp  53
        TTL        30 s
        """)


def test_a_service_as_json_has_the_records_fields(offline):
    ran = offline("--json", "service", "web", "--port", "https")
    told = ran.json
    assert isinstance(told.pop("expires_at"), float)
    assert isinstance(told["ports"][0].pop("expires_at"), float)
    assert told == {
        "name": "web.shop.svc.cluster.local",
        "addresses": ["10.96.20.2", "fd00:10:96::20:2"],
        "ports": [
            {
                "name": "https",
                "protocol": "tcp",
                "service": "web.shop.svc.cluster.local",
                "targets": [WEB_TARGET],
                "ttl": 30,
                "incomplete": False,
                "age": 0.0,
                "number": 443,
                "headless": False,
            }
        ],
        "cname": None,
        "candidate": "web.shop.svc.cluster.local.",
        "ttl": 30,
        "incomplete": False,
        "age": 0.0,
    }
    assert (ran.status, ran.err) == (0, "")


def test_a_port_is_shown_with_its_targets(offline):
    assert offline("port", "cassandra.data", "cql").out == dedent("""\
        Service  cassandra.data.svc.cluster.local (headless: the targets are its pods)
        port     cql/tcp
        number   9042
        TTL      30 s

        TARGET                                         PORT  PRIORITY  WEIGHT  ADDRESSES
        cassandra-0.cassandra.data.svc.cluster.local.  9042  0         33      10.244.1.21
        cassandra-1.cassandra.data.svc.cluster.local.  9042  0         33      10.244.2.21
        cassandra-2.cassandra.data.svc.cluster.local.  9042  0         33      10.244.3.21
        """)


@pytest.mark.parametrize("how", [["dns/udp"], ["dns", "--protocol", "udp"], ["dns", "--protocol", "UDP"]])
def test_a_ports_protocol_is_given_either_way(offline, how):
    told = offline("port", "kube-dns.kube-system", *how, "--json").json
    assert (told["name"], told["protocol"], told["number"]) == ("dns", "udp", 53)


def test_unlike_numbers_are_told_and_are_null_in_json(run, odd):
    ran = run("--manifests", odd, "port", "odd", "http")
    assert "number   8080, 9090 (the pods differ: take each target's own)\n" in ran.out
    assert ran.status == 0
    told = run("--manifests", odd, "port", "odd", "http", "--json").json
    assert (told["number"], told["headless"]) == (None, True)
    assert [target["port"] for target in told["targets"]] == [8080, 9090]


def test_all_ports_are_listed_by_number(offline):
    assert offline("ports", "payments").out == dedent("""\
        PORT  TARGET                            ADDRESSES
        80    payments.shop.svc.cluster.local.  10.96.20.1
        9090  payments.shop.svc.cluster.local.  10.96.20.1
        """)
    told = offline("ports", "payments", "--json").json
    assert list(told) == ["ports"]
    assert [(port["number"], port["name"], port["protocol"]) for port in told["ports"]] == [
        (80, None, None),
        (9090, None, None),
    ]


def test_endpoints_have_a_port_where_one_was_named(offline):
    assert offline("endpoints", "cassandra.data", "cql").out == dedent("""\
        ADDRESS      PORT  HOSTNAME     NAME
        10.244.1.21  9042  cassandra-0  cassandra-0.cassandra.data.svc.cluster.local
        10.244.2.21  9042  cassandra-1  cassandra-1.cassandra.data.svc.cluster.local
        10.244.3.21  9042  cassandra-2  cassandra-2.cassandra.data.svc.cluster.local
        """)
    assert offline("endpoints", "cassandra.data").out.splitlines()[:2] == [
        "ADDRESS      HOSTNAME     NAME",
        "10.244.1.21  cassandra-0  cassandra-0.cassandra.data.svc.cluster.local",
    ]


def test_endpoints_as_json_are_one_object(offline):
    told = offline("endpoints", "cassandra.data", "cql", "--json").json
    assert list(told) == ["endpoints"]
    assert told["endpoints"][2] == {
        "address": "10.244.3.21",
        "port": 9042,
        "name": "cassandra-2.cassandra.data.svc.cluster.local",
        "hostname": "cassandra-2",
        "age": 0.0,
    }


def test_an_external_name_shows_where_it_leads(run, tmp_path):
    path = tmp_path / "alias.json"
    path.write_text(
        """{"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "here", "namespace": "default"},
         "spec": {"clusterIP": "10.96.7.7", "ports": [{"port": 80}]}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "alias", "namespace": "default"},
         "spec": {"type": "ExternalName", "externalName": "here.default.svc.cluster.local"}}]}"""
    )
    assert run("--manifests", str(path), "service", "alias").out == dedent("""\
        Service    alias.default.svc.cluster.local
        alias of   here.default.svc.cluster.local.
        addresses  10.96.7.7
        TTL        30 s
        """)
    assert run("--manifests", str(path), "--json", "service", "alias").json["cname"] == {
        "targets": ["here.default.svc.cluster.local."],
        "leaves_cluster": False,
    }


def test_a_port_is_asked_for_by_its_number_too(offline):
    assert offline("port", "payments", "9090").out == dedent("""\
        Service  payments.shop.svc.cluster.local
        number   9090
        TTL      30 s

        TARGET                            PORT  PRIORITY  WEIGHT  ADDRESSES
        payments.shop.svc.cluster.local.  9090  0         50      10.96.20.1
        """)


def test_a_service_is_named_by_its_namespace_and_name(run, shop):
    for argv in (
        ["service", "NAME"],
        ["port", "NAME", "http"],
        ["ports", "NAME"],
        ["service", "NAME", "--port", "http"],
    ):
        slash, dotted = (
            run("--manifests", shop, *(name if word == "NAME" else word for word in argv))
            for name in ("shop/payments", "payments.shop")
        )
        assert (slash.status, slash.out) == (0, dotted.out)
    assert run("--manifests", shop, "endpoints", "data/cassandra", "cql").status == 0


# Several names.


def test_of_several_names_each_has_its_own_below_it(offline):
    first, second = (offline("ports", name).out for name in ("payments", "web"))
    ran = offline("ports", "payments", "web", "payments")
    assert ran == (0, f"payments:\n{first}\nweb:\n{second}", "")


def test_of_several_names_one_that_fails_is_told_and_the_worst_is_the_status(offline):
    alone = offline("service", "nowhere")
    ran = offline("service", "nowhere", "payments", "a..b", "web")
    assert ran.status == 2
    assert ran.out == f"payments:\n{offline('service', 'payments').out}\nweb:\n{offline('service', 'web').out}"
    assert [line.split()[1] for line in ran.err.splitlines()] == ["nowhere:", "a..b:"]
    assert ran.err.startswith(alone.err.partition(" (")[0])
    assert offline("service", "payments", "nowhere").status == 1


def test_of_several_names_json_has_a_key_for_each(offline):
    told = offline("service", "payments", "nowhere", "--json").json["names"]
    assert list(told) == ["payments", "nowhere"]
    assert told["payments"]["addresses"] == offline("service", "payments", "--json").json["addresses"]
    assert list(told["nowhere"]) == ["error"]
    assert told["nowhere"]["error"]["message"].startswith(
        "nowhere: no such name; tried nowhere.shop.svc.cluster.local."
    )
    assert (
        "`k8sresolve service`"
        in offline("addresses", "payments", "a/b", "--json").json["names"]["a/b"]["error"]["message"]
    )
