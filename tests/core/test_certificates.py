"""Certificates as servers show them, against what `cryptography` says of the same, and bytes that are none."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.certificates import read

KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Grüne Läden\x1b"),
        x509.NameAttribute(NameOID.COMMON_NAME, "web"),
        x509.NameAttribute(x509.ObjectIdentifier("1.2.840.113549.1.9.2"), "free"),
    ]
)
TOLD = r"C=DE, O=Grüne Läden\x1b, CN=web, 1.2.840.113549.1.9.2=free"


def made(starts=datetime(2026, 1, 1, tzinfo=UTC), ends=datetime(2027, 1, 1, tzinfo=UTC), *names, issuer=NAME):
    builder = x509.CertificateBuilder(issuer, NAME, KEY.public_key(), 7, starts, ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=bool(len(names) % 2))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_all_that_people_ask_for_is_read():
    names = (
        x509.DNSName("*.shop.svc"),
        x509.IPAddress(ip_address("10.96.1.1")),
        x509.IPAddress(ip_address("fd00::1")),
        x509.UniformResourceIdentifier("spiffe://cluster.local/ns/shop/sa/web"),
        x509.RFC822Name("ops@example.com"),
        x509.DirectoryName(NAME),
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "CA")])
    starts, ends = datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2049, 12, 31, 1, 2, 3, tzinfo=UTC)
    found = read(made(starts, ends, *names, issuer=issuer))
    assert found.subject == TOLD
    assert found.issuer == "OU=CA"
    alternatives = ("*.shop.svc", "10.96.1.1", "fd00::1", "spiffe://cluster.local/ns/shop/sa/web", "ops@example.com")
    assert found.names == alternatives
    assert (found.starts_at, found.expires_at) == (starts.timestamp(), ends.timestamp())


def test_one_without_names_has_none():
    assert read(made()).names == ()


@given(st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 30)))  # noqa: DTZ001 - hypothesis wants them naive
def test_times_of_both_kinds_are_read(naive):
    ends = naive.replace(tzinfo=UTC, microsecond=0)
    found = read(made(datetime(1950, 1, 1, tzinfo=UTC), ends))
    assert found.expires_at == ends.timestamp()


WHOLE = made(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), x509.DNSName("web.shop.svc"))


@given(st.data())
def test_what_is_changed_or_cut_is_read_or_is_none(data):
    at = data.draw(st.integers(0, len(WHOLE) - 1))
    changed = WHOLE[:at] + bytes([data.draw(st.integers(0, 255))]) + WHOLE[at + 1 : data.draw(st.integers(at + 1, 500))]
    found = read(changed)
    assert found is None or all(name.isprintable() for name in (*found.names, found.subject, found.issuer))


@given(st.binary(max_size=60))
def test_what_is_no_certificate_is_none(octets):
    assert read(octets) is None


@pytest.mark.parametrize("octets", [b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x1f\x00"])
def test_lengths_that_lie_are_refused(octets):
    assert read(octets) is None
