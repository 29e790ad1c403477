"""Calls of getaddrinfo(3) that need no nameserver."""

import socket

from hypothesis import strategies as st

HOSTS = (
    None,
    *("127.0.0.1", "10.0.0.1", "127.1", "0x7f.1", "010.1", "1", "1.2.3.4 ", "*"),
    *("::1", "::", "fd00::5", "fd00::5%2", "fd00::5%lo", "::1%", "::1%0", "::1%4294967295", "::1%4294967296"),
    *("fe80::1", "fe80::1%lo", "fe80::1%1", "fe80::1%nope", "ff02::1%lo", "::ffff:10.0.0.1", "::ffff:10.0.0.1%3"),
)
SERVICES = (
    None,
    *("", "0", "80", "http", "ssh", "domain", "ntp", "nope", "*", "x80", " 80", "80 ", "+80", "-1"),
    *("65535", "65536", "2147483648", "4294967295", "4294967376", "-4294967216", "99999999999999999999999"),
)
FLAGS = (
    *(socket.AI_PASSIVE, socket.AI_CANONNAME, socket.AI_NUMERICHOST, socket.AI_NUMERICSERV),
    *(socket.AI_ADDRCONFIG, socket.AI_V4MAPPED, socket.AI_ALL, 0x40, 0x800),
)


def numeric(call):
    """Keep a host that looks like an address, but is none, from being asked for."""
    host, *hints, flags = call
    return (host, *hints, flags | socket.AI_NUMERICHOST) if host in ("1.2.3.4 ", b"1.2.3.4 ") else call


CALLS = st.tuples(
    st.sampled_from(HOSTS),
    st.sampled_from(SERVICES),
    st.sampled_from((0, 0, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 99)),
    st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6)),
    st.sampled_from((0, 0, 6, 17, 1, 33, 132, 136, 255)),
    st.lists(st.sampled_from(FLAGS), max_size=3).map(lambda flags: sum(set(flags))),
).map(numeric)
