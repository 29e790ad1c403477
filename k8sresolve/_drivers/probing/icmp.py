"""Who refuses a connection: the host that has the address, by a reset, or what is on the way, by ICMP.

Linux tells of ICMP where it is asked to, since 5.9 of TCP's SYN, too: ip(7), IP_RECVERR.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import suppress

# <linux/in.h>, <linux/in6.h>, <linux/errqueue.h>
_RECEIVE = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_ORIGINS = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
_ERROR = struct.Struct("=IBBBBII")  # sock_extended_err: errno, origin, type, code, ...


def listen_for(sock: socket.socket) -> None:
    """Have the system keep what ICMP says about a connection that is about to be made."""
    if sys.platform == "linux":
        with suppress(OSError):  # what runs here may be less than Linux, as gVisor
            sock.setsockopt(*_RECEIVE[sock.family], 1)


def says(sock: socket.socket) -> bool:
    """Whether a connection failed by ICMP."""
    if sys.platform == "linux":
        with suppress(OSError):
            _, told, _, _ = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            kept = [(level, kind) for level, kind in _RECEIVE.values()]
            return any(
                (level, kind) in kept and len(data) >= _ERROR.size and _ERROR.unpack_from(data)[1] in _ORIGINS
                for level, kind, data in told
            )
    return False
