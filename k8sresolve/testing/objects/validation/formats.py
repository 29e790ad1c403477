"""The texts and addresses that the API server takes: each function says what is wrong with a value, or nothing.

Source: `k8s.io/apimachinery/pkg/util/validation` and `pkg/api/validate/content`, Kubernetes 1.37.2.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias, cast

from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import is_plain_ipv4, read_address
from k8sresolve.testing.objects.fields import described
from k8sresolve.testing.objects.labels import MOST_LABEL

Format: TypeAlias = Callable[[object], str]
"""Says what is wrong with a value; empty where nothing is."""

_LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_OF_SEARCH = re.compile("[a-z0-9_]([-a-z0-9_]*[a-z0-9])?")
_QUALIFIED = re.compile("[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_FOREIGN = re.compile("[^-a-z0-9]")
_FOREIGN_IN_SUBDOMAIN = re.compile("[^-a-z0-9.]")
_FOREIGN_IN_QUALIFIED = re.compile("[^-A-Za-z0-9_.]")
_SMALL = "lower-case letters, digits and '-'"
_QUALIFIED_LETTERS = "letters, digits, '-', '_' and '.'"
MOST_SUBDOMAIN = 253
_MOST_PORT_NAME = 15


def _wrong_characters(text: str, foreign: re.Pattern[str], allowed: str) -> str:
    found = foreign.search(text)
    if found is not None:
        return f"{told(text)} has {told(found[0])}, and only {allowed} are taken"
    return f"{told(text)} does not begin and end with a letter or digit"


def _too_long(text: str, most: int) -> str:
    return f"{told(text)} has {len(text)} characters, and at most {most} are taken" if len(text) > most else ""


def _text(check: Callable[[str], str]) -> Format:
    """Make a format of texts, where another value is wrong by itself."""

    def checked(value: object) -> str:
        return check(value) if isinstance(value, str) else f"{described(value)} where text should be"

    return checked


@lru_cache(maxsize=4096)
def _wrong_label(text: str) -> str:
    if _LABEL.fullmatch(text):
        return _too_long(text, MOST_LABEL)
    return _wrong_characters(text, _FOREIGN, _SMALL) if text else "an empty text is no name"


@lru_cache(maxsize=4096)
def _wrong_subdomain(text: str) -> str:
    if not text:
        return "an empty text is no name"
    if all(map(_LABEL.fullmatch, text.split("."))):
        return _too_long(text, MOST_SUBDOMAIN)
    if "" in text.split("."):
        return f"{told(text)} has an empty label"
    return _wrong_characters(text, _FOREIGN_IN_SUBDOMAIN, "lower-case letters, digits, '-' and '.'")


def _wrong_port_name(text: str) -> str:
    if wrong := _wrong_label(text) or _too_long(text, _MOST_PORT_NAME):
        return wrong
    if text.isdecimal() or not any(map(str.isalpha, text)):
        return f"{told(text)} has no letter, and the name of a port needs one"
    return f"{told(text)} has two hyphens in a row" if "--" in text else ""


@lru_cache(maxsize=4096)
def _wrong_qualified(text: str) -> str:
    """Say what is wrong with `[PREFIX/]NAME`, which keys of labels are."""
    prefix, slash, name = text.rpartition("/")
    if slash and (wrong := _wrong_subdomain(prefix)):
        return f"what is before the / of {told(text)}: {wrong}"
    if not name:
        return f"{told(text)} has no name"
    return _too_long(name, MOST_LABEL) if _QUALIFIED.fullmatch(name) else _wrong_in_qualified(name)


def _wrong_in_qualified(text: str) -> str:
    return _wrong_characters(text, _FOREIGN_IN_QUALIFIED, _QUALIFIED_LETTERS)


label: Format = _text(_wrong_label)
"""One label of DNS (RFC 1123): `IsDNS1123Label`."""

subdomain: Format = _text(_wrong_subdomain)
"""Labels with dots between them: `IsDNS1123Subdomain`."""

port_name: Format = _text(_wrong_port_name)
"""The name of a container's port (RFC 6335, section 5.1): `IsValidPortName`."""

qualified: Format = _text(_wrong_qualified)
"""The key of a label: `IsQualifiedName`."""


@_text
def search_domain(text: str) -> str:
    """A domain of a search list, in which labels may have underscores: `IsDNS1123SubdomainWithUnderscore`."""
    if all(map(_LABEL_OF_SEARCH.fullmatch, text.split("."))):
        return _too_long(text, MOST_SUBDOMAIN)
    return _wrong_subdomain(text) if text else ""


def begins_with_a_letter(value: object) -> str:
    """Tell a label of RFC 1123 from one of RFC 1035, which begins with a letter: `IsDNS1035Label`."""
    return f"{told(value)} begins with a digit" if isinstance(value, str) and value[:1].isdecimal() else ""


def shorter(most: int, check: Format) -> Format:
    """Make a format that takes fewer characters."""
    return lambda value: check(value) or (_too_long(value, most) if isinstance(value, str) else "")


def unless_empty(check: Format) -> Format:
    """Make a format in which an empty text counts as an absent field."""
    return lambda value: "" if value == "" else check(value)


def without_last_dot(check: Format) -> Format:
    """Make a format that takes one dot at the end."""
    return lambda value: check(value.removesuffix(".") if isinstance(value, str) else value)


def one_of(*allowed: str) -> Format:
    """Make a format that takes a few texts."""
    return lambda value: "" if value in allowed else f"{told(value)} is none of {', '.join(allowed)}"


def between(least: int, most: int) -> Format:
    """Make a format that takes whole numbers of a range."""

    def checked(value: object) -> str:
        fits = type(value) is int and least <= value <= most
        return "" if fits else f"{told(value)} is no number of {least} to {most}"

    return checked


@lru_cache(maxsize=4096)
def _wrong_label_value(text: str) -> str:
    if not text or _QUALIFIED.fullmatch(text):
        return _too_long(text, MOST_LABEL)
    return _wrong_in_qualified(text)


_label_value = _text(_wrong_label_value)


def _entries(value: object) -> Iterable[tuple[object, object]]:
    return cast("dict[object, object]", value).items() if isinstance(value, dict) else ()


def labels(value: object) -> str:
    """Say what is wrong with a mapping of labels: the first key or value that is none."""
    for key, text in _entries(value):
        if wrong := qualified(key):
            return f"the key {wrong}"
        if text is not None and (wrong := _label_value(text)):
            return f"{key}: {wrong}"
    return ""


def annotations(value: object) -> str:
    """Say what is wrong with a mapping of annotations, of which the values may be any text."""
    for key, text in _entries(value):
        if wrong := qualified(key.lower() if isinstance(key, str) else key):
            return f"the key {wrong}"
        if text is not None and not isinstance(text, str):
            return f"{key}: {described(text)} where text should be"
    return ""


@_text
def route_host(text: str) -> str:
    """The host of a route, of which the first label may be `*`: `IsWildcardDNS1123Subdomain`."""
    wrong = _wrong_subdomain(text.removeprefix("*."))
    return f"{told(text)} has '*' elsewhere than in '*.' at the beginning" if wrong and "*" in text[1:] else wrong


@_text
def named_host(text: str) -> str:
    """A host that is no address (`validateIngressRules`)."""
    if read_address(text.strip("[]")) is not None:
        return f"{told(text)} is an IP address, and no name"
    return route_host(text)


# Addresses.


@lru_cache(maxsize=4096)
def _wrong_address(text: str) -> str:
    if is_plain_ipv4(text):
        return ""
    address = read_address(text)
    if address is None:
        return f"{told(text)} is no IP address"
    if address.version == 4 and ":" in text:
        return f"{told(text)} is an IPv4 address in the form of IPv6: write {address}"
    if address.version == 4 and str(address) != text:
        return f"{told(text)} has a number with zeros before it, which some take for octal: write {address}"
    return ""


_NOT_REACHED = ("0.0.0.0", "127.", "169.254.", "224.0.0.")


def is_reached_ipv4(address: object) -> bool:
    """Whether this is an IPv4 address in canonical form that other hosts can reach, as most are."""
    return type(address) is str and not address.startswith(_NOT_REACHED) and is_plain_ipv4(address)


def _wrong_endpoint(text: str, *, canonical: bool) -> str:
    if is_reached_ipv4(text):
        return ""
    if wrong := _wrong_address(text):
        return wrong
    address = ip_address(text)
    if canonical and str(address) != text:
        return f"{told(text)} is not in canonical form: write {address}"
    # ValidateNonSpecialIP, pkg/apis/core/validation
    for kind, is_of_it in (
        ("unspecified", address.is_unspecified),
        ("a loopback address", address.is_loopback),
        ("a link-local address", address.is_link_local),
        ("a link-local multicast address", _is_local_multicast(address)),
    ):
        if is_of_it:
            return f"{address} is {kind}, where no other pod reaches it"
    return ""


def _is_local_multicast(address: IPv4Address | IPv6Address) -> bool:
    octets = address.packed
    return octets[:3] == b"\xe0\0\0" if address.version == 4 else octets[0] == 0xFF and octets[1] & 0x0F == 2


address: Format = _text(_wrong_address)
"""An IP address, as StrictIPCIDRValidation takes it: `IsValidIP`."""

endpoint_ip: Format = _text(partial(_wrong_endpoint, canonical=False))
"""An address that others can reach: `ValidateEndpointIP`."""

slice_ip: Format = _text(partial(_wrong_endpoint, canonical=True))
"""The address of an EndpointSlice, which has one spelling only."""


def node_port(value: object) -> str:
    """Say what is wrong with a nodePort, of which 0 counts as none; the range is the one that kubeadm leaves."""
    return "" if value == 0 else between(30000, 32767)(value)


def network(value: object) -> str:
    """Say what is wrong with a network in the form ADDRESS/LENGTH."""
    try:
        found = ip_network(value.strip(), strict=False) if isinstance(value, str) and "/" in value else None
    except ValueError:
        found = None
    return f"{told(value)} is no network" if found is None else ""
