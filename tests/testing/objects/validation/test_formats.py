import pytest

from k8sresolve.testing.objects.validation import formats

A63 = "a" * 63


@pytest.mark.parametrize(
    ("check", "taken", "refused"),
    [
        (formats.label, ["a", "7days", "a-b", A63], ["", "A", "a.b", "a_b", "-a", "a-", A63 + "a", "é", 7]),
        (formats.subdomain, ["a", "a.b", "1.2", ".".join([A63] * 4)[:253]], ["", "a..b", ".a", "A", "a_b", "a." * 127]),
        (formats.port_name, ["http", "a" * 15, "8080-a"], ["a" * 16, "8080", "a--b", "-a", "Http", "a.b", 80]),
        (formats.qualified, ["a", "A_b.c", "x.test/a", A63], ["", "/a", "a/", "X/a", "a/b/c", "a b", "_a", A63 + "a"]),
        (formats.search_domain, ["_sip._tcp.a.test", "a.test"], ["a_", "A", "a..b", "a b", "a." * 127 + "a"]),
        (
            formats.address,
            ["10.0.0.1", "FD00::1", "::"],
            ["", "10.0.00.1", "::ffff:10.0.0.1", "10.0.0.300", "fe80::1%a"],
        ),
        (formats.endpoint_ip, ["10.0.0.1", "FD00::1", "225.0.0.1"], ["127.0.0.1", "::1", "0.0.0.0"]),
        (formats.slice_ip, ["10.0.0.1", "fd00::1"], ["FD00::1", "169.254.0.1", "224.0.0.5", "ff02::1", "fe80::1", "a"]),
        (formats.network, ["10.0.0.0/8", " 10.0.0.1/32 "], ["10.0.0.1", "a/8", "", 7]),
        (formats.node_port, [0, 30000, 32767], [29999, 32768, -1, True, "30000"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_format_takes_and_refuses(check, taken, refused):
    assert {value: check(value) for value in taken} == dict.fromkeys(taken, "")
    assert [value for value in refused if not check(value)] == []


@pytest.mark.parametrize(
    ("check", "value", "told"),
    [
        (formats.label, "my_cache", "'my_cache' has '_', and only lower-case letters, digits and '-' are taken"),
        (formats.label, "a-", "'a-' does not begin and end with a letter or digit"),
        (formats.subdomain, "https://a.test", "':'"),
        (formats.port_name, "upgrade-es-https", "has 16 characters, and at most 15 are taken"),
        (formats.address, "10.96.07.7", "write 10.96.7.7"),
        (formats.address, "::ffff:10.96.7.8", "write 10.96.7.8"),
        (formats.slice_ip, "FD00::1", "write fd00::1"),
    ],
)
def test_it_says_what_is_wrong(check, value, told):
    assert told in check(value)


def test_labels_name_the_key_that_is_wrong():
    assert (
        formats.labels({"a": "b", "app": "a b"})
        == "app: 'a b' has ' ', and only letters, digits, '-', '_' and '.' are taken"
    )
    assert formats.labels({"a": None, "b": ""}) == ""
    assert "a whole number where text should be" in formats.labels({"a": 1})
    assert formats.labels({"a b": "c"}).startswith("the key 'a b'")


def test_annotations_may_be_any_text():
    assert formats.annotations({"A.test/b": "any\ntext ever"}) == ""
    assert formats.annotations({"a": 1})
    assert formats.annotations({"a b": ""})


def test_formats_are_made_of_others():
    assert formats.unless_empty(formats.label)("") == ""
    assert formats.without_last_dot(formats.subdomain)("a.test.") == ""
    assert formats.without_last_dot(formats.subdomain)("a.test..")
    assert formats.shorter(3, formats.label)("abcd") == "'abcd' has 4 characters, and at most 3 are taken"
    assert formats.one_of("TCP", "UDP")("tcp") == "'tcp' is none of TCP, UDP"
    assert formats.begins_with_a_letter("7days")
    assert not formats.begins_with_a_letter("days")
