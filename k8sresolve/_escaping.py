r"""Text from elsewhere, as it is shown: nothing in it moves a cursor, ends a line or turns the writing around.

What comes in manifests, Corefiles, packets, resolv.conf and the environment is kept as it is, and goes through
`escaped` where it is put into an error, a log, a finding, a table or a report.
"""

from __future__ import annotations

from collections.abc import Sequence


def escaped(text: str, most: int | None = None) -> str:
    r"""Write text so that it can be printed in one line, cut to `most` characters where these are given.

    Line ends, escape sequences, controls (C0, C1, DEL), the formatting characters that reorder what is shown, unusual
    blanks, lone surrogates and what Unicode does not know become the escapes of a Python literal
    (`str.isprintable`). A backslash stays as it is: names in presentation form have their own.

    >>> print(escaped("shop\n::error::\x1b[2K\u202e"))
    shop\n::error::\x1b[2K\u202e
    >>> print(escaped("a" * 300, 40))
    aaaaaaaaaaaaaaaaaaa... (300 characters)
    """
    if not text.isprintable():
        text = "".join([letter if letter.isprintable() else _escape(letter) for letter in text])
    if most is None or len(text) <= most:
        return text
    end = f"... ({len(text)} characters)"
    return text[: max(0, most - len(end))] + end


def placed(address: object, port: int) -> str:
    """Write an address and a port behind it, as a URL has them (RFC 3986, section 3.2.2).

    >>> placed("fd00::1", 80), placed("10.96.0.1", 80)
    ('[fd00::1]:80', '10.96.0.1:80')
    """
    host = str(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def few(values: Sequence[object], most: int = 6) -> str:
    """Write the first of some values, and how many more there are.

    >>> few(range(9), 3), few("ab")
    ('0, 1, 2 and 6 more', 'a, b')
    """
    more = len(values) - most
    shown = ", ".join(map(str, values[:most]))
    return f"{shown} and {more} more" if more > 0 else shown


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


_HOLDERS: frozenset[type[object]] = frozenset({list, tuple, dict, set, frozenset})


def _shallow(value: object) -> str:
    """Write what may hold others, some levels deep: `repr` of a hundred thousand takes a second from Python 3.14 on."""
    from reprlib import Repr

    writing = Repr()
    writing.maxlist = writing.maxtuple = writing.maxdict = writing.maxset = writing.maxfrozenset = 80
    writing.maxstring = writing.maxother = 80
    return writing.repr(value)


def told(value: object) -> str:
    r"""Write any value for a message: its `repr`, cut where that is long, its type where it has none.

    >>> told(None), told("a\x1b"), told("a" * 200)[-8:]
    ('None', "'a\\x1b'", 'aaaaa...')
    """
    try:
        text = _shallow(value) if type(value) in _HOLDERS else repr(value)
    except Exception:  # noqa: BLE001 - a number of thousands of digits, a class that fails
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else f"{text[:70]}..."
