import pytest

from k8sresolve.testing.coredns.zone_lines import parse_record


@pytest.mark.parametrize(
    ("line", "record"),
    [
        ("a.org 60 IN A 192.0.2.1", "a.org. 60 A 192.0.2.1"),
        ("a.org. IN 60 A 192.0.2.1", "a.org. 60 A 192.0.2.1"),
        ("a.org A 192.0.2.1", "a.org. 3600 A 192.0.2.1"),  # the default of dns.NewRR
        ("a.org 1h30m aaaa 2001:db8::1", "a.org. 5400 AAAA 2001:db8::1"),
        ("A.org CNAME b.org", "A.org. 3600 CNAME b.org."),
        ('a.org 5 IN TXT "two words" more', 'a.org. 5 TXT "two words" "more"'),
        ("a.org MX 10 mail", "a.org. 3600 MX 10 mail."),
    ],
)
def test_a_record_is_read(line, record):
    assert str(parse_record(line)) == record


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a.org",
        "a.org IN",
        "a.org A x",
        "a.org NONSENSE x",
        "a..org A 192.0.2.1",
        f"a.org {'1' * 5000}x A 192.0.2.1",
    ],
)
def test_what_is_no_record_is_refused(line):
    with pytest.raises(ValueError, match="no record"):
        parse_record(line)
