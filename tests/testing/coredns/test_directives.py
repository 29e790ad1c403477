"""Words and counts that CoreDNS does not start with; tests/live asks the real one."""

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing.coredns.directives import Arguments, directives
from k8sresolve.testing.coredns.registry import PLUGINS, SILENT
from k8sresolve.testing.versions import COREDNS_VERSIONS, coredns
from tests.testing.coredns.world import KUBERNETES, cluster

DIRECTIVES = directives(coredns("1.14.7"))


def refused(*plugins):
    with pytest.raises(ManifestError) as caught:
        cluster(KUBERNETES, *plugins)
    return caught.value


@pytest.mark.parametrize(
    ("plugin", "line", "problem"),
    [
        ("proxy . /etc/resolv.conf", 7, "knows no directive 'proxy'; .* `forward` takes its place"),
        ("federation cluster.local", 7, "knows no directive 'federation'; .*take it out"),
        ("kubernets cluster.local", 7, "'kubernets'; is it kubernetes?"),
        ("Cache 30", 7, "'Cache'; is it cache?"),
        ("k8s_gateway example.com", 7, "knows no directive 'k8s_gateway'"),
        ("forward . 9.9.9.9 {\n max_fail 3\n}", 8, "knows no option of forward 'max_fail'; is it max_fails?"),
        ("log {\n classes denial\n}", 8, "option of log 'classes'; is it class?"),
        ("acl {\n deny net 10.0.0.0/8\n}", 8, "option of acl 'deny'"),
        ("debug {\n x\n}", 8, "option of debug 'x'"),
        ("health :8080 {\n lameduck\n}", 8, "lameduck takes 1 arguments, not 0"),
        ("reload 2s 1s 3s", 7, "reload takes 0 to 2 arguments, not 3"),
        ("loadbalance {\n reload 3s\n}", 8, "loadbalance weighted"),
    ],
)
def test_words_that_coredns_does_not_know_are_refused_at_their_line(plugin, line, problem):
    error = refused(plugin)
    assert error.line == line
    with pytest.raises(ManifestError, match=problem):
        raise error


@pytest.mark.parametrize("option", ["upstream", "resyncperiod 1m", "federation"])
def test_what_older_versions_had_is_refused_with_advice(option):
    with pytest.raises(ManifestError, match=f"option of kubernetes '{option.split()[0]}'; .*take it out"):
        cluster(f"kubernetes cluster.local {{\n pods insecure\n {option}\n}}")


def test_a_block_for_another_transport_is_refused_like_any_other():
    with pytest.raises(ManifestError, match=r"'tsl'; is it tls\?"):
        cluster("tsl cert.pem key.pem", zone="tls://.")


@pytest.mark.parametrize(
    "plugin",
    ["chaos", "geoip /x.mmdb", "dns64", "shed", "nomad service.nomad", "file db.x {\n upstream\n}", "local"],
)
def test_what_coredns_knows_is_no_error(plugin):
    cluster(KUBERNETES, plugin)


def test_options_of_acl_and_header_are_known_in_any_letter_case():
    cluster(KUBERNETES, "acl {\n ALLOW net 10.0.0.0/8\n}", "header {\n Response set ra\n}")


def test_the_table_reads_counts():
    assert DIRECTIVES["reload"].arguments == Arguments(0, 2)
    assert DIRECTIVES["forward"].arguments == Arguments(2, None)
    assert DIRECTIVES["log"].options == {"class": Arguments(1, None)}
    assert DIRECTIVES["any"].options == {}
    assert DIRECTIVES["hosts"].options is None


def test_what_is_modelled_is_known_to_coredns():
    assert set(DIRECTIVES) >= SILENT
    for plugin in PLUGINS:
        options = DIRECTIVES[plugin.name].options
        assert options is None or {name for name in plugin.options if name[0] != "@"} | plugin.without_effect <= set(
            options
        )


@pytest.mark.parametrize(
    "plugin", ["siit", "dynupdate {\n file db.x\n}", "template IN A {\n expr true\n}", "etcd {\n no_apex_fallback\n}"]
)
def test_new_words_are_known_to_the_version_that_has_them(plugin):
    cluster(KUBERNETES, plugin, coredns="1.15.0")
    with pytest.raises(ManifestError, match="CoreDNS does not start"):
        cluster(KUBERNETES, plugin, coredns="1.14.7")


def test_a_newer_version_knows_what_older_ones_do():
    older, newer = map(directives, map(coredns, COREDNS_VERSIONS))
    assert set(older) < set(newer)
    for name, known in older.items():
        assert newer[name].arguments == known.arguments
        assert (known.options or {}).items() <= (newer[name].options or {}).items()
