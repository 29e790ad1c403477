"""`addresses`, `reverse`, `pod`, `lookup`."""

from textwrap import dedent


def test_addresses_are_shown_with_the_name_that_answered(offline):
    assert offline("addresses", "web") == (
        0,
        dedent("""\
            host       web
            found as   web.shop.svc.cluster.local.
            addresses  10.96.20.2
                       fd00:10:96::20:2
            TTL        30 s
            """),
        "",
    )


def test_an_address_needs_no_question(offline):
    assert offline("addresses", "192.0.2.7").out == dedent("""\
        host       192.0.2.7
        found      here, without asking a nameserver
        addresses  192.0.2.7
        """)


def test_addresses_as_json_have_the_records_fields(offline):
    told = offline("addresses", "web", "--family", "ipv6", "--json").json
    assert set(told) == {"host", "addresses", "cname", "candidate", "ttl", "expires_at", "incomplete", "age"}
    assert (told["host"], told["addresses"], told["ttl"]) == ("web", ["fd00:10:96::20:2"], 30)


def test_reverse_tells_what_has_an_address(offline):
    assert offline("reverse", "10.96.20.1").out == dedent("""\
        NAME                             IS
        payments.shop.svc.cluster.local  a Service
        """)
    assert offline("reverse", "10.244.1.21").out == dedent("""\
        NAME                                          IS
        cassandra-0.cassandra.data.svc.cluster.local  a pod of a headless Service
        """)
    assert offline("reverse", "fd00:10:96::20:2", "--json").json == {"reverse": ["web.shop.svc.cluster.local"]}


def test_a_pods_name_is_of_the_namespace_given(offline):
    assert offline("pod", "10.244.9.9", "--namespace", "data") == (0, "10-244-9-9.data.pod.cluster.local\n", "")


def test_a_pod_as_json_has_its_fields_and_both_forms_of_its_name(offline):
    assert offline("pod", "10.244.9.9", "--json").json == {
        "address": "10.244.9.9",
        "namespace": "shop",
        "cluster_domain": "cluster.local",
        "host": "10-244-9-9.shop.pod.cluster.local",
        "fqdn": "10-244-9-9.shop.pod.cluster.local.",
    }


def test_several_addresses_are_asked_for_at_once(offline):
    assert offline("pod", "10.244.9.9", "10.244.9.8").out == dedent("""\
        10.244.9.9:
        10-244-9-9.shop.pod.cluster.local

        10.244.9.8:
        10-244-9-8.shop.pod.cluster.local
        """)
    assert list(offline("reverse", "10.96.20.1", "10.244.1.21", "--json").json["names"]) == [
        "10.96.20.1",
        "10.244.1.21",
    ]


def test_records_of_any_type_are_shown_with_the_name_that_answered(offline):
    assert offline("lookup", "_http._tcp.payments", "srv", "--policy", "glibc").out == dedent("""\
        name      _http._tcp.payments
        found as  _http._tcp.payments.shop.svc.cluster.local.
        SRV       0 100 80 payments.shop.svc.cluster.local.
        TTL       30 s
        """)


def test_records_as_json_have_the_answers_fields(offline):
    told = offline("lookup", "dns-version.cluster.local.", "TXT", "--json").json
    assert isinstance(told.pop("expires_at"), float)
    assert told == {
        "name": "dns-version.cluster.local.",
        "rdtype": "TXT",
        "records": ['"1.1.0"'],
        "cname": None,
        "candidate": "dns-version.cluster.local.",
        "ttl": 28800,
        "truncated": False,
        "age": 0.0,
    }
