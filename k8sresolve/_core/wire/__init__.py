"""From octets to values and back: names, queries and replies (RFC 1035), written for what cluster DNS sends."""
