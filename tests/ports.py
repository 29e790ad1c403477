"""Ports that a test may bind again, or at more than one address: no other program is given them in the meantime."""

import random
import socket

# A system gives those above (`ip_local_port_range` on Linux, from 49,152 elsewhere) to whoever asks for any, as each
# client of the tests beside this one; and some keep theirs for a minute after they are closed.
_APART = range(20_000, 32_768)


def apart() -> int:
    """A port that is free for TCP and UDP at all IPv4 addresses of this machine, and is given to nobody unasked."""
    while True:
        port = random.choice(_APART)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                for sock in (tcp, udp):
                    sock.bind(("", port))
            except OSError:
                continue
        return port
