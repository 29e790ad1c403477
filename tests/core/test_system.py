import _socket
import os
import pickle
import platform
import socket
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from k8sresolve import Resolver, _system
from k8sresolve._system import lint_config, load_config, own_addresses
from k8sresolve.config import Nameserver, ResolverConfig
from k8sresolve.errors import ConfigError

TEXT = "nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch, tmp_path):
    monkeypatch.setattr(_socket, "gethostname", lambda: "web-0")
    monkeypatch.setattr(_system, "NAMESPACE_FILE", str(tmp_path / "no-namespace"))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text(TEXT)
    return path


@pytest.fixture
def hosts(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n")
    return path


@pytest.fixture
def system_file(monkeypatch, file):
    monkeypatch.setattr(_system, "RESOLV_CONF", str(file))
    return file


def test_the_c_library_is_the_one_that_python_finds_out_the_slow_way():
    assert _system.libc_name() == (platform.libc_ver()[0] or "musl")


@pytest.mark.parametrize(
    ("answer", "system", "expected"),
    [
        ("glibc 2.36", "linux", "glibc"),
        (OSError(22, "Invalid argument"), "linux", "musl"),  # seen of musl 1.2.3: it knows the number, and no answer
        (ValueError("unrecognized configuration name"), "linux", "musl"),
        (None, "linux", "musl"),
        (ValueError("unrecognized configuration name"), "darwin", "glibc"),
        (AttributeError("no confstr"), "win32", "glibc"),
    ],
)
def test_the_c_library_is_musl_where_linux_has_no_glibc(monkeypatch, answer, system, expected):
    def confstr(name):
        assert name == "CS_GNU_LIBC_VERSION"
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(os, "confstr", confstr)
    monkeypatch.setattr(sys, "platform", system)
    assert _system.libc_name() == expected


def open_files():
    return len(list(Path("/dev/fd").iterdir()))


def test_reads_file_and_hosts(file, hosts):
    config = load_config(file, hosts=hosts)
    assert config.nameservers == (Nameserver("10.96.0.10"),)
    assert (config.namespace, config.cluster_domain, config.ndots) == ("shop", "cluster.local", 5)
    assert config.hosts == (("localhost", ("127.0.0.1",)),)
    assert (config.source, config.diagnostics) == (str(file), ())


def test_path_may_be_text_and_dialect_is_passed_on(file, hosts):
    file.write_text("nameserver 127.1\n")
    assert load_config(str(file), hosts=str(hosts)).nameservers == (Nameserver("127.0.0.1"),)
    assert load_config(file, hosts=hosts, dialect="go").nameservers == (Nameserver("127.0.0.1"), Nameserver("::1"))
    with pytest.raises(ConfigError, match="dialect"):
        load_config(file, hosts=hosts, dialect="bsd")


def test_environment_and_host_name_count_for_any_file(file, hosts, monkeypatch):
    file.write_text("nameserver 10.96.0.10\n")
    monkeypatch.setattr(_socket, "gethostname", lambda: "web-0.web.shop.svc.cluster.local")
    assert load_config(file, hosts=hosts).search == ("web.shop.svc.cluster.local",)
    monkeypatch.setenv("LOCALDOMAIN", "a.test caf\udce9.test")
    monkeypatch.setenv("RES_OPTIONS", "ndots:3")
    config = load_config(file, hosts=hosts)
    assert config.search == ("a.test", "caf\xe9.test")
    assert config.ndots == 3


def test_scope_by_interface_name(file, hosts, monkeypatch):
    monkeypatch.setattr(_socket, "if_nameindex", lambda: [(1, "lo"), (7, "eth0")])
    file.write_text("nameserver fe80::1%eth0\n")
    assert load_config(file, hosts=hosts).nameservers == (Nameserver("fe80::1", scope=7),)


@pytest.mark.parametrize("fails", [False, True])
def test_interfaces_are_asked_for_only_where_a_scope_stands(file, hosts, monkeypatch, fails):
    calls = []

    def if_nameindex():
        calls.append(1)
        raise OSError

    monkeypatch.setattr(_socket, "if_nameindex", if_nameindex)
    if fails:
        file.write_text("nameserver fe80::1%eth0\n")
    config = load_config(file, hosts=hosts)
    assert len(calls) == fails
    assert config.nameservers[0].scope == 0


# Files that are none


def missing(path):
    path.unlink()


def through_a_file(path):
    path.unlink()
    path.with_name("plain").write_text("x")
    path.symlink_to(path.with_name("plain") / "below")


def loop(path):
    path.unlink()
    path.symlink_to(path)


@pytest.mark.parametrize("make", [missing, through_a_file, loop])
def test_what_cannot_be_found_counts_as_empty_and_is_told(file, hosts, make):
    make(file)
    config = load_config(file, hosts=hosts)
    assert config.nameservers == (Nameserver("127.0.0.1"),)
    assert "there is no file, so questions go to 127.0.0.1" in config.diagnostics[-1].problem
    assert ("counts as missing" in config.diagnostics[0].problem) == (make is not missing)
    assert {remark.source for remark in config.diagnostics} == {str(file)}


@pytest.mark.behaviour("L8")
def test_a_file_that_may_not_be_read_counts_as_empty_and_is_told(file, hosts, monkeypatch):
    real = os.open

    def refuse(path, *args, **keywords):
        if path == str(file):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **keywords)

    monkeypatch.setattr(os, "open", refuse)
    config = load_config(file, hosts=hosts)
    assert config.nameservers == (Nameserver("127.0.0.1"),)
    assert "Permission denied" in config.diagnostics[0].problem


def test_any_other_error_of_the_system_is_a_config_error(file, hosts, monkeypatch):
    def fail(*_args, **_keywords):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(ConfigError, match="Too many open files"):
        load_config(file, hosts=hosts)


def directory(path):
    path.unlink()
    path.mkdir()


def fifo(path):
    path.unlink()
    os.mkfifo(path)


def device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def too_large(path):
    path.write_bytes(b"#" * ((1 << 20) + 1))


def unix_socket(path):
    path.unlink()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(os.path.relpath(path))


@pytest.mark.behaviour("L8")
@pytest.mark.parametrize("make", [directory, fifo, device, too_large, unix_socket])
def test_what_is_no_small_regular_file_is_a_config_error(file, hosts, make):
    make(file)
    before = open_files()
    with pytest.raises(ConfigError, match="cannot be read as a resolv") as caught:
        load_config(file, hosts=hosts)
    assert str(file) in str(caught.value)
    assert "1 MiB" in caught.value.advice
    assert caught.value.__cause__ is None
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert open_files() == before


def test_a_path_with_a_nul_is_a_config_error(hosts):
    with pytest.raises(ConfigError, match="null"):
        load_config("a\0b", hosts=hosts)


def test_a_file_of_exactly_one_mebibyte_is_read(file, hosts):
    file.write_text(TEXT + "#" * ((1 << 20) - len(TEXT)))
    assert load_config(file, hosts=hosts).ndots == 5


@pytest.mark.parametrize("make", [missing, loop, directory, fifo, device, too_large])
def test_hosts_may_be_anything(file, hosts, make):
    make(hosts)
    config = load_config(file, hosts=hosts)
    assert config.hosts == ()
    (remark,) = config.diagnostics
    assert remark.source == str(hosts)
    assert config.nameservers == (Nameserver("10.96.0.10"),)


# Namespace


@pytest.fixture
def namespace_file(tmp_path, monkeypatch):
    path = tmp_path / "namespace"
    path.write_text("web-shop\n")
    monkeypatch.setattr(_system, "NAMESPACE_FILE", str(path))
    return path


def test_search_list_goes_before_the_namespace_file(system_file, hosts, namespace_file):
    assert load_config(system_file, hosts=hosts).namespace == "shop"


def test_namespace_file_counts_for_the_systems_file_alone(system_file, hosts, namespace_file, tmp_path):
    for path in (system_file, tmp_path / "other"):
        path.write_text("nameserver 10.96.0.10\n")
    assert load_config(system_file, hosts=hosts).namespace == "web-shop"
    assert load_config(system_file, hosts=hosts).cluster_domain is None
    assert load_config(tmp_path / "other", hosts=hosts).namespace is None


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"Shop", b"a.b", b"a b", b"-a", b"a-", b"a" * 64, b"\xff", b"a\0b", b"a" + b" " * 5000]
)
def test_what_is_no_namespace_is_passed_over(system_file, hosts, namespace_file, content):
    system_file.write_text("nameserver 10.96.0.10\n")
    namespace_file.write_bytes(content)
    assert load_config(system_file, hosts=hosts).namespace is None


@pytest.mark.parametrize("make", [missing, directory, fifo])
def test_a_namespace_file_may_be_anything(system_file, hosts, namespace_file, make):
    system_file.write_text("nameserver 10.96.0.10\n")
    make(namespace_file)
    assert load_config(system_file, hosts=hosts).namespace is None


# Own addresses

IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
fd000000000000000000000000000002 04 40 00 82     eth0
fd000000000000000000000000000003 04 40 00 c0     eth0
fd000000000000000000000000000004 04 40 00 08     eth0
"""


def test_ipv6_addresses_are_listed_unless_tentative_or_duplicate(tmp_path, monkeypatch):
    path = tmp_path / "if_inet6"
    path.write_text(IF_INET6)
    monkeypatch.setattr(_system, "IPV6_ADDRESSES", str(path))
    assert [a for a in own_addresses() if ":" in a] == ["::1", "fe80::fc:ff:fe00:1", "fd00::2"]


def test_loopback_is_among_the_addresses_of_any_machine():
    addresses = own_addresses()
    assert "127.0.0.1" in addresses
    assert len(set(addresses)) == len(addresses)
    assert [str(ip_address(address)) for address in addresses] == list(addresses)


@pytest.mark.parametrize("content", [None, b"", b"\xff\n", b"00\n", b"xyz 1 2 3 4 5\n", b"00000000 01 80 10 80 lo\n"])
def test_without_a_readable_list_the_routes_tell(tmp_path, monkeypatch, content):
    path = tmp_path / "if_inet6"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(_system, "IPV6_ADDRESSES", str(path))
    asked = []

    def sources(family):
        asked.append(family)
        return {socket.AF_INET: ["10.0.0.1"], socket.AF_INET6: ["fd00::1"]}[family]

    monkeypatch.setattr(_system, "_route_sources", sources)
    assert own_addresses() == ("10.0.0.1", "fd00::1")


class _Socket:
    """A socket on a machine with one route: a connected one has a source where the route leads."""

    made = 0

    def __init__(self, family, kind):
        assert kind == socket.SOCK_DGRAM
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        _Socket.made += 1

    def close(self):
        _Socket.made -= 1

    def connect(self, address):
        if not address[0].startswith("10."):
            raise OSError(101, "Network is unreachable")

    def getsockname(self):
        return ("10.244.0.7", 40000)


def test_machine_without_a_default_route_or_ipv6(tmp_path, monkeypatch):
    monkeypatch.setattr(_system, "IPV6_ADDRESSES", str(tmp_path / "none"))
    monkeypatch.setattr(_socket, "socket", _Socket)
    assert own_addresses() == ("10.244.0.7",)
    assert _Socket.made == 0


# As in a container of an internal network of Docker: no default route, and none to other private networks.
FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
"""


class _Alone(_Socket):
    def connect(self, address):
        if not address[0].startswith("127."):
            raise OSError(101, "Network is unreachable")

    def getsockname(self):
        return ("127.0.0.1", 40000)


@pytest.mark.parametrize(
    ("table", "addresses"), [(FIB_TRIE, ("127.0.0.1", "192.0.2.2")), ("\xff", ("127.0.0.1",)), (None, ("127.0.0.1",))]
)
def test_a_machine_without_a_way_out_has_its_address_all_the_same(tmp_path, monkeypatch, table, addresses):
    monkeypatch.setattr(_system, "IPV6_ADDRESSES", str(tmp_path / "none"))
    monkeypatch.setattr(_system, "IPV4_ROUTES", str(tmp_path / "fib_trie"))
    if table is not None:
        (tmp_path / "fib_trie").write_text(table, encoding="latin-1")
    monkeypatch.setattr(_socket, "socket", _Alone)
    assert own_addresses() == addresses


def test_own_addresses_leaves_no_socket():
    before = open_files()
    own_addresses()
    assert open_files() == before


def test_import_is_light():
    code = "import sys, k8sresolve._system; print([m for m in ('asyncio', 'dns', 'ssl', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("policy", "dialect"),
    [("kubernetes", "glibc"), ("glibc", "glibc"), ("musl", "musl"), ("musl-1.2.3", "musl"), ("go", "go")],
)
def test_a_resolver_reads_the_machines_file_as_its_policys_resolver_does(monkeypatch, policy, dialect):
    asked = []

    def load_config(_path, *, dialect, **_keywords):
        asked.append(dialect)
        return ResolverConfig()

    monkeypatch.setattr(_system, "load_config", load_config)
    Resolver(policy=policy).close()
    assert asked == [dialect]


def test_lint_takes_the_machine_into_account(tmp_path, monkeypatch):
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 10.0.0.1\nnameserver fe80::1%lo\n")
    monkeypatch.setenv("RES_OPTIONS", "inet6")
    monkeypatch.setattr(_socket, "gethostname", lambda: "web.corp.example")
    monkeypatch.setattr(_socket, "if_nameindex", lambda: [(7, "lo")])
    problems = [remark.problem for remark in lint_config(file)]
    assert problems == [
        "musl searches nothing, and glibc corp.example",
        "the option 'inet6' is unknown to glibc and is ignored",
    ]


def test_lint_of_what_is_no_file_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="no regular file"):
        lint_config(tmp_path)


@pytest.mark.parametrize("dialect", ["glibc", "musl", "go"])
def test_domains_outside_come_from_the_environment_whatever_the_dialect(monkeypatch, file, hosts, dialect):
    assert _system.load_config(file, hosts=hosts, dialect=dialect).absolute == ()
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "amazonaws.com, example.org")
    assert _system.load_config(file, hosts=hosts, dialect=dialect).absolute == ("amazonaws.com", "example.org")


def test_a_resolver_is_not_made_by_a_variable_that_holds_no_domain(monkeypatch, system_file, hosts):
    monkeypatch.setattr(_system, "HOSTS", str(hosts))
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "example.org;amazonaws.com")
    with pytest.raises(
        ConfigError, match=r"^K8SRESOLVE_ABSOLUTE in the environment: 'example\.org;amazonaws\.com' is no"
    ):
        Resolver()


def test_a_configuration_that_is_given_states_its_own_domains_outside(monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "amazonaws.com")
    with Resolver(ResolverConfig(absolute=["example.org"])) as resolver:
        assert resolver.config.absolute == ("example.org",)


def test_lint_says_how_to_name_domains_outside_unless_they_are_named(monkeypatch, file):
    (remark,) = _system.lint_config(file)
    assert "set K8SRESOLVE_ABSOLUTE=example.com, or take attrs.evolve(load_config(), " in remark.advice
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "amazonaws.com")
    (remark,) = _system.lint_config(file)
    assert "K8SRESOLVE" not in remark.advice
    assert "questions for svc 2, svc.ns 4, svc.ns.svc.cluster.local 8, api.example.com 8;" in remark.problem


def test_the_environment_wins_over_the_files_for_namespace_and_cluster_domain(monkeypatch, file, hosts):
    monkeypatch.setenv("K8SRESOLVE_NAMESPACE", "Data")
    monkeypatch.setenv("K8SRESOLVE_CLUSTER_DOMAIN", "cluster.test.")
    config = _system.load_config(file, hosts=hosts)
    assert (config.namespace, config.cluster_domain) == ("data", "cluster.test")
    monkeypatch.setenv("K8SRESOLVE_NAMESPACE", "")
    monkeypatch.delenv("K8SRESOLVE_CLUSTER_DOMAIN")
    config = _system.load_config(file, hosts=hosts)
    assert (config.namespace, config.cluster_domain) == ("shop", "cluster.local")


def test_arguments_win_over_the_environment(monkeypatch, system_file, hosts):
    monkeypatch.setattr(_system, "HOSTS", str(hosts))
    monkeypatch.setenv("K8SRESOLVE_NAMESPACE", "data")
    monkeypatch.setenv("K8SRESOLVE_TIMEOUT", "0.25")
    with Resolver() as resolver, Resolver(namespace="web", timeout=2.0) as told:
        assert (resolver.config.namespace, resolver._options.timeout) == ("data", 0.25)
        assert (told.config.namespace, told._options.timeout) == ("web", 2.0)
    with Resolver(ResolverConfig.for_cluster("10.96.0.10", namespace="shop")) as given:
        assert (given.config.namespace, given._options.timeout) == ("shop", 5.0)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("NAMESPACE", "a.b", r"'a\.b' is no namespace"),
        ("CLUSTER_DOMAIN", "a b", r"'a b' is no cluster domain"),
        ("TIMEOUT", "5s", r"'5s' is no number of seconds; give a number above 0, such as 5$"),
        ("TIMEOUT", "0", r"'0' is no number of seconds"),
        ("TIMEOUT", "nan", r"'nan' is no number of seconds"),
    ],
)
def test_what_the_environment_cannot_mean(monkeypatch, system_file, hosts, name, value, problem):
    monkeypatch.setattr(_system, "HOSTS", str(hosts))
    monkeypatch.setenv(f"K8SRESOLVE_{name}", value)
    with pytest.raises(ConfigError, match=rf"^K8SRESOLVE_{name} in the environment: {problem}"):
        Resolver()
