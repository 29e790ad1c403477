"""hosts(5) as glibc's `files` service reads it: bytes in, names and addresses out. It reads no file and never fails."""

from __future__ import annotations

from ipaddress import ip_address


def parse_hosts(data: bytes) -> tuple[tuple[str, tuple[str, ...]], ...]:
    r"""Read hosts(5): each name in lower case, with its addresses as canonical text, both in the order of the file.

    A line holds an address, a canonical name and aliases; a `#` begins a comment anywhere. All lines of a name count. A
    line whose address inet_pton(3) would refuse is passed over: scopes and forms like `127.1` do not count.

    Source: hosts(5); glibc `nss_files/files-hosts.c`.

    >>> parse_hosts(b"10.244.0.7\tweb-0.web.shop.svc.cluster.local\tweb-0\n")
    (('web-0.web.shop.svc.cluster.local', ('10.244.0.7',)), ('web-0', ('10.244.0.7',)))
    """
    found: dict[str, dict[str, None]] = {}
    for line in data.split(b"\n"):
        # nss_files handles C strings: a line ends at its first NUL. It splits at blanks of isspace(3) in the C locale.
        words = line.partition(b"\0")[0].partition(b"#")[0].split()
        address = _address(words[0]) if words[1:] else None
        if address:
            for name in words[1:]:
                found.setdefault(name.lower().decode("latin-1"), {})[address] = None
    return tuple((name, tuple(addresses)) for name, addresses in found.items())


def _address(word: bytes) -> str | None:
    try:
        return None if b"%" in word else str(ip_address(word.decode("ascii")))
    except ValueError:
        return None
