"""How long a name and a line may be."""

from __future__ import annotations

from typing import Final

# Characters of an absolute name without escapes: 255 octets on the wire (RFC 1035, section 2.3.4).
LONGEST_NAME: Final = 254

# musl's resolvconf.c reads lines by fgets(3) into 256 bytes, one of which is the newline and one the NUL.
MUSL_LINE: Final = 254
