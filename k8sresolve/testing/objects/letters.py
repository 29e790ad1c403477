"""Letters that stand for those that Kubernetes makes at random: each run gives the same."""

import hashlib

# k8s.io/apimachinery/pkg/util/rand: without vowels, and without digits that look like some, so that no words come out.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def letters(text: str, count: int) -> str:
    """Make letters and digits, `count` of those of which Kubernetes makes random ones, that depend on a text.

    >>> letters("shop/payments", 5) == letters("shop/payments", 10)[:5]
    True
    """
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_ALPHABET[octet % len(_ALPHABET)] for octet in digest[:count])
