"""Whether text can stand in a name of DNS: what no packet can carry is refused where it is read.

What Kubernetes demands of names beyond that is the API server's to say.
"""

from collections.abc import Sequence
from functools import lru_cache

MOST_LABEL = 63
"""Octets of a label (RFC 1035, section 2.3.4), without the one that counts them."""

_MOST_NAME = 253  # octets of a name as text, without the dot at its end: section 2.3.4 again


def wrong_with_text(text: str) -> str:
    """Say why nothing of DNS can be called so; empty if something can."""
    if "\0" in text:
        return "it has a NUL"
    if text.isascii() and len(text) <= _MOST_NAME:
        return ""
    try:
        octets = len(text.encode())
    except UnicodeEncodeError:
        return "it has a lone surrogate, which is no character"
    return f"it has {octets} octets, and a name takes {_MOST_NAME}" if octets > _MOST_NAME else ""


def are_plain(texts: Sequence[str]) -> bool:
    """Whether all of these are ordinary texts, with which nothing is wrong. Raises `TypeError` where one is no text."""
    joined = "".join(texts)
    return joined.isascii() and "\0" not in joined and max(map(len, texts), default=0) <= _MOST_NAME


@lru_cache(maxsize=1024)  # namespaces and zones are the same in thousands of objects
def wrong_with_name(text: str) -> str:
    """Say why no packet can carry this name, of one label or several; empty if one can. A dot at its end is taken.

    >>> wrong_with_name("payments.shop"), wrong_with_name("payments..shop")
    ('', 'it has an empty label')
    """
    if wrong := wrong_with_text(text):
        return wrong
    labels = text.removesuffix(".").split(".")
    if "" in labels:
        return "it has an empty label"
    longest = max(len(label.encode()) for label in labels)
    told = f"it has a label of {longest} octets, and a packet takes {MOST_LABEL}: shorten it to {MOST_LABEL} characters"
    return told if longest > MOST_LABEL else ""
