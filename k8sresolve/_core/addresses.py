"""IP addresses as the C library reads them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

# Compiled by the first that is asked for; most programs ask for none.
_C_NUMBER = r"(0[xX][0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]{0,9})"


def parse_inet_aton(text: str) -> IPv4Address | None:
    """Read an IPv4 address as inet_aton(3): one to four numbers, hexadecimal and octal too, the last fills the rest.

    None for anything else; a blank ends nothing here.

    >>> parse_inet_aton("127.1"), parse_inet_aton("0x0a600001"), parse_inet_aton("10.0.0.256")
    (IPv4Address('127.0.0.1'), IPv4Address('10.96.0.1'), None)
    """
    numbers = [_c_number(part) for part in text.split(".", 4)]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or len(known) > 4:
        return None
    *leading, last = known
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(known)):
        return None
    return IPv4Address(sum(number << 24 - 8 * place for place, number in enumerate(leading)) + last)


def _c_number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 10 and (text[0] != "0" or text == "0"):
        return int(text)  # as nearly all are
    match = re.fullmatch(_C_NUMBER, text)
    return int(text, (16, 8, 10)[(match.lastindex or 1) - 1]) if match else None
