"""Values with which CoreDNS does not start; tests/live asks the real one for each line of `REFUSED` and `TAKEN`."""

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.coredns.directives import directives
from k8sresolve.testing.coredns.values import VALUES, split_host_port
from k8sresolve.testing.versions import coredns
from tests.testing.coredns.world import KUBERNETES, cluster

FORWARD = "forward . 127.0.0.2"

REFUSED = (
    "bind 10.0.0.300",
    "bind 127.0.0.1 127.0.0.300",
    "bind 127.0.0.1:53",
    "bind 127.0.0.1/8",
    "bind lo {\n except 127.0.0.300\n}",
    "cache {\n servfail 6m\n}",
    "cancel x",
    "dns64 64:ff9b::/95",
    "dns64 10.0.0.0/8",
    "dns64 x",
    "errors {\n consolidate 5m .*(\n}",
    "errors {\n consolidate x .*\n}",
    f"{FORWARD} {{\n max_fails -1\n}}",
    f"{FORWARD} {{\n max_fails x\n}}",
    f"{FORWARD} {{\n max_connect_attempts x\n}}",
    f"{FORWARD} {{\n health_check x\n}}",
    f"{FORWARD} {{\n policy fastest\n}}",
    f"{FORWARD} {{\n expire -1s\n}}",
    f"{FORWARD} {{\n expire 5\n}}",
    f"{FORWARD} {{\n max_age x\n}}",
    f"{FORWARD} {{\n max_idle_conns x\n}}",
    f"{FORWARD} {{\n read_timeout 0s\n}}",
    f"{FORWARD} {{\n doh_method get\n}}",
    f"{FORWARD} {{\n max_concurrent -1\n}}",
    f"{FORWARD} {{\n next NOSUCH\n}}",
    f"{FORWARD} {{\n failover SERVFAIL NOSUCH\n}}",
    f"{FORWARD} {{\n resolver 10.0.0.300\n}}",
    f"{FORWARD} {{\n source_address 10.0.0.300\n}}",
    "health 8080",
    "health localhost",
    "health :99999",
    "health :x",
    "health {\n lameduck 5\n}",
    "loadbalance fastest",
    "log {\n class denials\n}",
    "multisocket 0",
    "multisocket x",
    "pprof 6053",
    "prometheus 9153",
    "prometheus localhost",
    "ready 8181",
    "ready {\n monitor always\n}",
    "reload 1s",
    "reload 30",
    "timeouts {\n read 0s\n}",
    "timeouts {\n idle 25h\n}",
)
TAKEN = (
    "bind 0.0.0.0",
    "bind 0.0.0.0 {\n except ::1\n}",
    "cache {\n servfail 0\n}",
    "cancel 1s",
    "dns64 64:ff9b::/96",
    "errors {\n consolidate 5m .*\n}",
    f"{FORWARD} {{\n max_fails 0\n health_check 0.5s no_rec domain example.com\n policy sequential\n expire 0s\n}}",
    f"{FORWARD} {{\n read_timeout 1ms\n doh_method GET\n max_concurrent 0\n next nxdomain\n failover SERVFAIL\n}}",
    f"{FORWARD} {{\n resolver 10.0.0.3 10.0.0.4:5353 [::1]:53\n source_address ::1\n}}",
    "health :5380",
    "health {\n lameduck -5s\n}",
    "loadbalance round_robin",
    "log {\n class denial error\n}",
    "multisocket 2",
    "prometheus :5381",
    "ready 127.0.0.1:5382 {\n monitor continuously\n}",
    "reload 2s 1s",
    "timeouts {\n read 1s\n write 24h\n}",
)


@pytest.mark.parametrize("plugin", REFUSED)
def test_values_that_cannot_be_are_refused_at_their_line(plugin):
    with pytest.raises(ManifestError) as caught:
        cluster(KUBERNETES, plugin)
    assert caught.value.line == 7 + plugin.count("\n") // 2


@pytest.mark.parametrize("plugin", TAKEN)
def test_values_that_may_be_are_taken(plugin):
    cluster(KUBERNETES, plugin)


@pytest.mark.parametrize(
    ("plugin", "problem"),
    [
        (f"{FORWARD} {{\n policy fastest\n}}", "'fastest' is none of random, round_robin, sequential"),
        ("reload 1s", "1s is less than 2s"),
        ("cache {\n servfail 6m\n}", "6m is more than 5m"),
        ("health 8080", "'8080' is no ADDRESS:PORT, such as :8080"),
        ("bind 10.0.0.300", "'10.0.0.300' is neither an IP address nor an interface"),
        ("dns64 64:ff9b::/95", "no IPv6 network of /32, /40, /48, /56, /64, /96"),
    ],
)
def test_what_is_wrong_with_a_value(plugin, problem):
    with pytest.raises(ManifestError, match=problem):
        cluster(KUBERNETES, plugin)


def test_what_is_put_in_before_coredns_starts_is_not_judged():
    lines = "bind __PILLAR__LOCAL__DNS__\nforward . __PILLAR__UPSTREAM__SERVERS__\nhealth __PILLAR__LOCAL__DNS__:8080"
    cluster(KUBERNETES, lines)


def test_each_row_is_of_a_directive_and_an_option_that_there_are():
    known = directives(coredns("1.14.7"))
    for row in VALUES:
        name, _, option = row.partition(" ")
        assert not option or option in (known[name].options or {}), row


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("10.0.0.3:53", ("10.0.0.3", "53")),
        ("[fe80::1%eth0]:53", ("fe80::1%eth0", "53")),
        (":53", ("", "53")),
        ("host:", ("host", "")),
        ("host", None),
        ("::1", None),
        ("[::1]", None),
        ("[::1", None),
        ("a]:53", None),
    ],
)
def test_hosts_and_ports_are_parted_as_by_go(text, parts):
    assert split_host_port(text) == parts


def test_a_zone_stands_behind_a_scheme():
    with pytest.raises(ManifestError, match="no zone stands behind dns://"):
        Cluster.from_objects([], corefile="dns:// {\n whoami\n}\n")
