"""Error codes of getaddrinfo(3) that not every system has: POSIX says EAI_NONAME for both."""

from __future__ import annotations

import socket
from typing import Final

EAI_NODATA: Final[int] = getattr(socket, "EAI_NODATA", socket.EAI_NONAME)
EAI_ADDRFAMILY: Final[int] = getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME)
