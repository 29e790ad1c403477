"""What is given for a name and is a URL, or has a port or a user: told before any packet, without the password."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve import InvalidName, ServiceName
from k8sresolve.names import check_given, check_host

ALONE = "give the host alone: 'payments.shop'"
NOT_PLAIN = "give the host alone, without scheme, user, port and path"


@pytest.mark.parametrize(
    ("given", "shown", "problem", "advice"),
    [
        ("http://payments.shop", "http://payments.shop", "this is a URL", ALONE),
        ("http://payments.shop/x?y#z", "http://payments.shop/...", "this is a URL", ALONE),
        ("https://payments.shop:8443/x", "https://payments.shop:8443/...", "this is a URL", ALONE),
        ("//payments.shop/x", "//payments.shop/...", "this is a URL", ALONE),
        ("jdbc:postgresql://payments.shop/x", "jdbc:postgresql://payments.shop/...", "this is a URL", ALONE),
        ("http://[fd00::1]:80/", "http://[fd00::1]:80/...", "this is a URL", "give the host alone: 'fd00::1'"),
        ("unix:///run/x.sock", "unix://...", "this is a URL", NOT_PLAIN),
        ("kafka://a:9092,b:9092", "kafka://...", "this is a URL", NOT_PLAIN),
        ("payments.shop:8080", "payments.shop:8080", "this has a port behind the host", ALONE),
        ("payments.shop:http", "payments.shop:http", "this has a port behind the host", ALONE),
        ("payments.shop:", "payments.shop:", "this has a port behind the host", ALONE),
        ("payments.shop:80/x", "payments.shop:80/...", "this has a port behind the host", ALONE),
        ("[::1]:80", "[::1]:80", "an address in brackets is for URLs", "give the host alone: '::1'"),
        ("[::1]", "[::1]", "an address in brackets is for URLs", "give the host alone: '::1'"),
        ("user@payments.shop", "***@payments.shop", "this has a user before the host", ALONE),
    ],
)
def test_the_error_says_what_to_give_instead(given, shown, problem, advice):
    with pytest.raises(InvalidName) as caught:
        check_given(given)
    error = caught.value
    assert (error.name, error.problem, error.advice, error.attempts) == (shown, problem, advice, ())


@pytest.mark.parametrize(
    "given",
    [
        *("postgres://u:hunter2@db.shop/x", "postgres://u:hunter2@db.shop:5432", "u:hunter2@db.shop"),
        *("postgres://hunter2@db.shop/hunter2?password=hunter2#hunter2", "http://db.shop/?token=hunter2"),
        # Characters that a URL would have encoded.
        *("redis://u:/hunter2@db.shop", "redis://u:a@hunter2@db.shop", "redis://u:a@hunter2/b@db.shop"),
        *("redis://u:?hunter2@db.shop", "redis://u:#hunter2@db.shop", "redis://:hunter2/0", "redis://u:hunter2"),
        *("redis://u:hunter2 x@db.shop", "redis://u:hünter2hunter2@db.shop", f"redis://u:{'x' * 300}hunter2@db.shop"),
        *("u:hunter2@tcp(db.shop:3306)/x", "mongodb://u:hunter2@a,b/x", "u:p\\@hunter2@db.shop"),
    ],
)
def test_no_password_is_told(given):
    for call in (check_given, ServiceName.parse):
        with pytest.raises(InvalidName) as caught:
            call(given)
        assert "hunter2" not in f"{caught.value} {caught.value.name!r} {caught.value.args}"


SCHEMES = st.from_regex(r"[a-z][a-z0-9+]{0,8}", fullmatch=True)
PASSWORDS = st.text(min_size=4).map(lambda text: f"§{text}§")
HOSTS = st.lists(st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True), min_size=1, max_size=3).map(".".join)


@given(SCHEMES, PASSWORDS, HOSTS)
def test_whatever_a_password_is_made_of_it_is_not_told(scheme, password, host):
    with pytest.raises(InvalidName) as caught:
        check_given(f"{scheme}://user:{password}@{host}/path")
    assert "user" not in str(caught.value).removeprefix(scheme).replace(NOT_PLAIN, "").replace(host, "")
    assert "§" not in str(caught.value)
    assert "\\xa7" not in str(caught.value)


@given(SCHEMES, HOSTS, st.integers(0, 65535), st.sampled_from(["", "/", "/a/b", "?a=b", "#c"]))
def test_the_host_told_is_the_one_that_the_url_names(scheme, host, port, rest):
    url = f"{scheme}://{host}:{port}{rest}"
    with pytest.raises(InvalidName) as caught:
        check_given(url)
    assert caught.value.advice == f"give the host alone: {urlsplit(url).hostname!r}"


@given(st.ip_addresses().map(str))
def test_an_address_is_no_url(text):
    assert check_given(text) == text


@pytest.mark.parametrize(
    "name",
    [
        *("payments.shop", "shop/payments", "0/25.2.0.192.in-addr.arpa.", "fe80::1%eth0", "::", "a\\@b.example", "."),
        *("alice@laptop._presence._tcp.local", "Printer:80._ipp._tcp.local."),  # RFC 6763, section 4.1.1
    ],
)
def test_what_may_be_a_name_is_left_to_the_rules_of_names(name):
    assert check_given(name) == check_host(name) == name


PLAIN = ("http://u:hunter2@payments.shop/x", "payments.shop:8080", "user@payments.shop", "[::1]:80")


@pytest.mark.parametrize("name", PLAIN)
def test_every_call_refuses_it_before_a_packet(resolver_of, ipv4, name):
    resolver = resolver_of(ipv4)
    calls = [
        *(getattr(resolver, call) for call in ("service", "ports", "endpoints", "addresses", "explain", "candidates")),
        lambda name: resolver.port(name, "http"),
        lambda name: resolver.lookup(name, "A"),
        lambda name: resolver.wait_for(name, timeout=1.0),
        lambda name: resolver.create_connection(name, "http"),
        lambda name: resolver.create_connection(name, 80),
        resolver.watch,
    ]
    for call in calls:
        with pytest.raises(InvalidName, match=r"give the host alone: '(payments.shop|::1)'") as caught:
            call(name)
        assert "hunter2" not in str(caught.value)
    assert not list(ipv4.queries)


def test_getaddrinfo_asks_for_it_as_a_c_library_does(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    with pytest.raises(OSError, match="no such name"):
        resolver.getaddrinfo("payments.shop:8080", 80)
    assert "payments.shop:8080." in [query.name for query in ipv4.queries]
