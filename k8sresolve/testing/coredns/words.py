"""Words of a Corefile that stand for something of DNS: types, classes, rcodes, regular expressions."""

from k8sresolve.testing.coredns.corefile import Token
from k8sresolve.testing.coredns.regular_expressions import Regex, RegexError, compiled

_MAX_REGEX = 10_000
_MOST_RCODE = 23


def read_type(token: Token, *, any_case: bool = False) -> int:
    """Read a record type. Raises `ManifestError`."""
    import dns.exception
    import dns.rdatatype

    text = token.text.upper() if any_case else token.text
    try:
        found = int(dns.rdatatype.from_text(text))
    except (dns.exception.DNSException, ValueError):
        found = 0
    if not found or text != text.upper() or text.startswith("TYPE"):
        raise token.error(f"{token.text!r} is no record type")
    return found


def type_text(rdtype: int) -> str:
    """Write a record type."""
    import dns.rdatatype

    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))


def read_class(token: Token, *, any_case: bool = False) -> int:
    """Read a class. Raises `ManifestError`."""
    text = token.text.upper() if any_case else token.text
    if text not in _CLASSES:
        raise token.error(f"{token.text!r} is no class: {', '.join(_CLASSES)}")
    return _CLASSES[text]


def class_text(rdclass: int) -> str:
    """Write a class, or nothing for one that has no name."""
    return next((text for text, number in _CLASSES.items() if number == rdclass), "")


_CLASSES = {"IN": 1, "CS": 2, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}


def read_rcode(token: Token, *, any_case: bool = False) -> int:
    """Read an rcode by name, and with `any_case` by number too, as `rewrite` takes it. Raises `ManifestError`."""
    import dns.exception
    import dns.rcode

    text = token.text.upper() if any_case else token.text
    if text.isascii() and text.isdecimal():
        found = int(text[:9]) if any_case else -1
    else:
        try:
            found = int(dns.rcode.from_text(text)) if text == text.upper() else -1
        except (dns.exception.DNSException, ValueError):
            found = -1
    if not 0 <= found <= _MOST_RCODE:
        raise token.error(f"{token.text!r} is no rcode, such as NXDOMAIN")
    return found


def read_regex(token: Token, text: str) -> Regex:
    """Read a regular expression as Go writes it. Raises `ManifestError`."""
    if len(text) > _MAX_REGEX:
        raise token.error(f"a regular expression may have {_MAX_REGEX} characters, not {len(text)}")
    try:
        return compiled(text)
    except RegexError as problem:
        raise token.error(f"{text!r} is no regular expression: {problem}") from None
