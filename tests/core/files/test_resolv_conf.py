import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve._core.files.dialects import DIALECTS
from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve.config import Nameserver, ResolverConfig
from k8sresolve.errors import ConfigError
from tests.effort import cpu_seconds

GOOD = b"nameserver 10.96.0.10\n"
KUBELET = b"search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"


def problems(text, **keywords):
    return [str(remark) for remark in parse_resolv_conf(text, **keywords).diagnostics]


def only_problem(text, **keywords):
    (problem,) = problems(text, **keywords)
    return problem


@pytest.mark.parametrize("dialect", DIALECTS)
def test_kubelets_file_is_read_without_remark(dialect):
    config = parse_resolv_conf(KUBELET, hostname="web-0", dialect=dialect, source="here")
    assert config == ResolverConfig(
        nameservers=(Nameserver("10.96.0.10"),),
        search=("shop.svc.cluster.local", "svc.cluster.local", "cluster.local"),
        ndots=5,
        namespace="shop",
        cluster_domain="cluster.local",
        source="here",
    )


def test_unknown_dialect_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"'bsd' is no dialect.*glibc, musl, go"):
        parse_resolv_conf(KUBELET, dialect="bsd")


def test_timeout_and_attempts_are_none_unless_stated():
    config = parse_resolv_conf(KUBELET)
    assert (config.timeout, config.attempts) == (None, None)
    config = parse_resolv_conf(KUBELET + b"options timeout:5 attempts:2\n")
    assert (config.timeout, config.attempts) == (5, 2)


# What there is to say about a file


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (None, "there is no file"),
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"# x\n", "no line names"),
    ],
)
def test_without_a_nameserver_the_machine_itself_is_asked_and_that_is_said(data, state):
    config = parse_resolv_conf(data)
    assert config.nameservers == (Nameserver("127.0.0.1"),)
    (remark,) = config.diagnostics
    assert remark.line is None
    assert state in remark.problem
    assert "127.0.0.1" in remark.problem


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nameserver ns1.example.com", "'ns1.example.com' is ignored, because it is no IP address"),
        (b"nameserver 10.0.0.1:53", "port 53; write '10.0.0.1'"),
        (b"nameserver [fd00::a]:53", "port 53; write 'fd00::a'"),
        (b"nameserver [fd00::a]", "write 'fd00::a'"),
        (b"nameserver fd00::a#53", "write 'fd00::a'"),
        (b"nameserver 10.0.0.1#53", "write '10.0.0.1'"),
        (b"nameserver 010.0.0.1", "'010.0.0.1' is 8.0.0.1"),
        (b"nameserver 10.0.0.1 10.0.0.2", "'10.0.0.2' is ignored, because a line names one nameserver"),
        (b"nameserver fe80::1%nosuch0", "the scope of 'fe80::1%nosuch0' is ignored"),
        (b"nameserver fe80::1", "write fe80::1%NAME"),
        (
            b"nameserver 10.0.0.1 10.0.0.2 x",
            "'10.0.0.2 x' is ignored, because a line names one nameserver; write a line",
        ),
        (b"nameserver ", "'nameserver' is ignored, because no address follows"),
        (b" nameserver 10.0.0.1", "'nameserver' is ignored, because blanks stand before it"),
        (b"\tsearch a.test", "'search' is ignored, because blanks stand before it"),
        (b"Nameserver 10.0.0.1", "'Nameserver' is unknown to glibc and is ignored; write 'nameserver' and a blank"),
        (b"nameserver=10.0.0.1", "write 'nameserver' and a blank"),
        (b"\xef\xbb\xbfnameserver 10.0.0.1", "without a byte order mark"),
        (b"lookup file bind", "'lookup' is unknown to glibc and is ignored; remove the line"),
        (b"sortlist 10.0.0.0", "'sortlist' is ignored, because addresses are ordered by RFC 6724"),
        (b"search", "'search' is ignored, because nothing follows it"),
        (b"options", "'options' is ignored, because nothing follows it"),
        (b"domain a.test b.test", "'b.test' is ignored, because 'domain' takes one name; write 'search'"),
        (b"search a.test a.test.", "'a.test.' is listed again"),
        (b"search a.test,b.test", "a comma separates nothing"),
        (b"search caf\xe9.test", "not printable ASCII"),
        (b"search a..test", "labels have 1 to 63 characters"),
        (b"search " + b"a" * 64 + b".test", "labels have 1 to 63 characters"),
        (b"options ndots:16", "'ndots:16' is cut to 15, because glibc takes no more; write ndots:15"),
        (b"options timeout:31", "'timeout:31' is cut to 30"),
        (b"options attempts:6", "'attempts:6' is cut to 5"),
        (b"options ndots:-1", "'ndots:-1' counts as 15, because it is no plain number"),
        (
            b"options ndots:five",
            "'ndots:five' counts as 0, because it is no plain number within bounds; write ndots:N",
        ),
        (b"options ndots:4294967299", "'ndots:4294967299' counts as 3, because it is no plain number"),
        (b"options timeout:0", "'timeout:0' counts as 0, which is less than one try needs; write timeout:1 or more"),
        (b"options NDOTS:5", "'NDOTS:5' is unknown to glibc and is ignored; write 'ndots:N'"),
        (b"options ndots=5", "write 'ndots:N'"),
        (b"options Rotate", "'Rotate' is unknown to glibc and is ignored; write 'rotate'"),
        (b"options inet6", "'inet6' is unknown to glibc and is ignored; remove it"),
        (b"options rotated", "'rotated' counts as 'rotate', because it begins so"),
        (b"search a.test\0b.test", "the rest of the line is ignored after a NUL byte"),
    ],
)
def test_what_looks_like_a_mistake_is_remarked_on_with_its_line(line, said):
    (remark,) = parse_resolv_conf(GOOD + line + b"\nnameserver 10.96.0.11\n").diagnostics
    assert said in f"{remark.problem}; {remark.advice}"
    assert remark.advice
    assert remark.line == 2
    assert remark.text == line.partition(b"\0")[0].decode("latin-1")[:200]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (b"ndots:5", "options ndots:5"),
        (b"option ndots:5", "options ndots:5"),
        (b"Option  ndots:5 timeout:3", "options ndots:5 timeout:3"),
        (b"opts: ndots:2", "options ndots:2"),
        (b"OPTIONS rotate", "options rotate"),
        (b"ndots: 5", "options ndots:5"),
        (b"ndots=5 rotate", "options ndots:5 rotate"),
        (b"timeout 3", "options timeout:3"),
        (b"attempts:2\r", "options attempts:2"),
        (b"rotate", "options rotate"),
        (b"edns0 trust-ad", "options edns0 trust-ad"),
        (b"single-request-reopen", "options single-request-reopen"),
        (b"  ndots:5", "options ndots:5"),
    ],
)
def test_an_option_without_its_keyword_counts_for_nothing_and_is_told_with_the_line_that_was_meant(line, meant):
    # resolv.conf(5) knows `options` alone.
    config = parse_resolv_conf(b"nameserver 10.0.0.1\n" + line + b"\n")
    assert (config.ndots, config.timeout, config.attempts, config.flags) == (1, None, None, frozenset())
    (finding,) = [finding for finding in config.diagnostics if "is unknown" in finding.problem]
    assert (finding.line, finding.advice) == (2, f"write '{meant}'")


@pytest.mark.parametrize("line", [b"optional ndots:5", b"ndot:5", b"option", b"domains a.test", b"\xa0", b" \xa0 x"])
def test_what_states_no_option_is_not_taken_for_one(line):
    findings = parse_resolv_conf(b"nameserver 10.0.0.1\n" + line + b"\n").diagnostics
    assert not any("options" in finding.advice for finding in findings)


@pytest.mark.parametrize(
    "line",
    [
        b"# nameserver x",
        b"; x",
        b"  # an indented comment",
        b"nameserver 10.0.0.1 # first",
        b"domain a.test # ours",
        b"search a.test b.test",
        b"search a.test\ndomain a.test\n",
        b"domain a.test\nsearch a.test b.test\n",
        b"options ndots:0 timeout:1 attempts:1 rotate -edns0",
        b"nameserver fd00::a",
        b"nameserver fe80::1%2",
        b"nameserver fe80::1%eth0",
        b"nameserver ::ffff:10.0.0.1",
        b"",
    ],
)
def test_what_is_in_order_is_not_remarked_on(line):
    assert problems(GOOD + line + b"\n", interfaces={"eth0": 2}) == []


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        (b"nameserver ns1.example.com", "error"),
        (b"nameserver fe80::1", "error"),
        (b" search a.test", "error"),
        (b"search a.test\r", "error"),
        (b"search b.test\nsearch a.test", "error"),
        (b"nameserver 10.0.0.1 10.0.0.2", "error"),
        (b"options attempts:0", "error"),
        (b"options timeout:0", "warning"),
        (b"options ndots:16", "warning"),
        (b"options inet6", "warning"),
        (b"search a.test a.test", "warning"),
        (b"nameserver 010.0.0.1", "warning"),
        (b"nameserver 10.0.0.1\n" * 3, "warning"),
        (b"sortlist 10.0.0.0", "remark"),
    ],
)
def test_what_is_stated_and_not_used_is_an_error_and_what_costs_a_warning(line, severity):
    (remark,) = parse_resolv_conf(GOOD + line + b"\n").diagnostics
    assert remark.severity == severity


@pytest.mark.parametrize(
    ("dialect", "reference"),
    [("glibc", "resolv.conf(5)"), ("musl", "musl, resolvconf.c"), ("go", "Go, net/dnsconfig.go")],
)
def test_a_remark_refers_to_what_says_so(dialect, reference):
    (remark,) = parse_resolv_conf(b"", dialect=dialect).diagnostics
    assert (remark.severity, remark.reference) == ("error", reference)


@pytest.mark.behaviour("L8")
def test_windows_line_ends_are_told_once_a_line():
    config = parse_resolv_conf(KUBELET.replace(b"\n", b"\r\n") + b"# x\r\n\r\n")
    assert config.nameservers == (Nameserver("127.0.0.1"),)
    assert [remark.line for remark in config.diagnostics] == [None, 1, 2, 3]
    assert all("carriage return" in remark.problem for remark in config.diagnostics[1:])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_three_nameservers_are_used_and_the_line_of_the_fourth_is_told(dialect):
    config = parse_resolv_conf(b"".join(b"nameserver 10.0.0.%d\n" % n for n in range(1, 6)), dialect=dialect)
    assert [n.address for n in config.nameservers] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    (remark,) = config.diagnostics
    assert remark.line == 4
    assert "5 nameservers are listed" in remark.problem


def test_comments_after_a_search_list_are_told():
    told = problems(GOOD + b"search a.test # b.test\n")
    assert [p for p in told if "no comment may follow" in p]


@pytest.mark.parametrize("first", [b"search b.test", b"domain b.test"])
def test_a_search_list_that_loses_is_told(first):
    problem = only_problem(GOOD + first + b"\nsearch a.test\n")
    assert problem.startswith("resolv.conf:3: the search list of line 2 is ignored")


@pytest.mark.parametrize(
    ("domains", "beyond"),
    [
        ([b"d%d.test" % n for n in range(32)], False),
        ([b"d%d.test" % n for n in range(33)], True),
        ([b"d%02d." % n + b"x" * 60 for n in range(31)] + [b"y" * 33], False),  # 31 * 64 + 31 blanks + 33 = 2,048
        ([b"d%02d." % n + b"x" * 60 for n in range(31)] + [b"y" * 34], True),
    ],
)
def test_a_search_list_beyond_the_kubelets_bounds_is_kept_and_told(domains, beyond):
    config = parse_resolv_conf(GOOD + b"search " + b" ".join(domains) + b"\n")
    assert len(config.search) == len(domains)
    assert any("could not come from the kubelet" in r.problem for r in config.diagnostics) == beyond


def test_environment_is_named_as_the_source_of_its_mistakes():
    env = {"LOCALDOMAIN": "a.test a.test", "RES_OPTIONS": "ndots:99"}
    config = parse_resolv_conf(GOOD + b"search b.test\n", env=env)
    assert (config.search, config.ndots) == (("a.test", "a.test"), 15)
    assert sorted(r.source for r in config.diagnostics) == ["", "LOCALDOMAIN", "RES_OPTIONS"]
    assert "'search' is ignored, because LOCALDOMAIN" in " ".join(map(str, config.diagnostics))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("start", "unit", "size"),
    [
        (b"options ", b"ndots:1 ", 1 << 20),
        (b"options ", b"a ", 1 << 18),
        (b"search ", b"a ", 1 << 18),
        (b"", b"x\n", 1 << 18),
        (b"options ndots:", b"9", 1 << 18),
    ],
)
def test_a_large_file_is_read_in_reasonable_time(start, unit, size, dialect):
    data = start + unit * (size // len(unit))
    # Copying the rest of the line for each word takes longer.
    assert cpu_seconds(lambda: parse_resolv_conf(data, dialect=dialect)) < 5


# Any bytes

WORDS = st.sampled_from(
    b"nameserver|search|domain|options|sortlist| |\t|\n|\r\n|\0|#|;|ndots:|timeout:|attempts:|-|rotate|edns0|0x|%eth0|"
    b"::|10.0.0.1|fe80::1|fd00::a|.|a.test|cluster.local|shop.svc.cluster.local|99999999999999999999|\xe9|\x0b".split(
        b"|"
    )
)
FILES = st.one_of(st.binary(max_size=300), st.lists(WORDS, max_size=60).map(b"".join))
TEXTS = st.text(st.characters(max_codepoint=255), max_size=30)


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=3 * settings.default.max_examples)
@given(data=FILES, env=st.dictionaries(st.sampled_from(["LOCALDOMAIN", "RES_OPTIONS"]), TEXTS), hostname=TEXTS)
def test_any_bytes_give_a_configuration(dialect, data, env, hostname):
    config = parse_resolv_conf(data, env=env, hostname=hostname, interfaces={"eth0": 2}, dialect=dialect)
    assert 1 <= len(config.nameservers) <= 3
    for nameserver in config.nameservers:
        assert Nameserver.parse(nameserver.address).address == nameserver.address
        assert nameserver.port == 53
        assert 0 <= nameserver.scope < 1 << 32
    assert 0 <= config.ndots <= 15
    limits = {"glibc": (30, 5), "musl": (60, 10), "go": (0xFFFFFF, 0xFFFFFF)}[dialect]
    assert (config.timeout or 0) <= limits[0]
    assert (config.attempts or 0) <= limits[1]
    assert config.flags <= set(DIALECTS[dialect].flags.values()) - {""}
    assert len(config.diagnostics) <= 102
    lines = data.count(b"\n") + 1
    assert all(remark.line is None or 1 <= remark.line <= lines for remark in config.diagnostics)
    assert all(remark.problem.isprintable() for remark in config.diagnostics)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=FILES, comment=st.binary(max_size=20).filter(lambda text: not {0, 10} & set(text)))
def test_a_comment_line_on_top_changes_nothing(dialect, data, comment):
    plain = parse_resolv_conf(data, dialect=dialect)
    commented = parse_resolv_conf(b"#" + comment + b"\n" + data, dialect=dialect)
    for field in ("nameservers", "search", "ndots", "timeout", "attempts", "flags"):
        assert getattr(plain, field) == getattr(commented, field)


def test_what_takes_the_place_of_a_search_line_can_be_unset():
    config = parse_resolv_conf(GOOD + b"search b.test\n", env={"LOCALDOMAIN": "a.test"})
    assert config.search == ("a.test",)
    (finding,) = config.diagnostics
    assert finding.problem == "'search' is ignored, because LOCALDOMAIN in the environment takes its place"
    assert (finding.advice, finding.severity, finding.line) == ("unset it", "warning", 2)


@pytest.mark.parametrize(("dialect", "search"), [("glibc", (".", "a.test")), ("go", ("a.test",))])
def test_go_leaves_the_root_out_of_a_search_list(dialect, search):
    # Go, net/dnsconfig_unix.go: "." is skipped.
    assert parse_resolv_conf(GOOD + b"search . a.test\n", dialect=dialect).search == search


def test_flags_are_set_by_options_and_taken_back_by_a_hyphen():
    assert parse_resolv_conf(GOOD + b"options rotate no-aaaa\n").flags == {"rotate", "no-aaaa"}
    assert parse_resolv_conf(GOOD + b"options rotate edns0\noptions -rotate\n").flags == {"edns0"}


def test_a_scope_that_is_no_interface_can_be_corrected():
    (finding,) = parse_resolv_conf(GOOD + b"nameserver fe80::1%nosuch0\n", dialect="musl").diagnostics
    said = "the nameserver 'fe80::1%nosuch0' is ignored, because its scope is no interface here"
    assert (finding.problem, finding.advice) == (said, "correct what follows '%'")
