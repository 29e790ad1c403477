"""The resolver's decisions, without I/O: sockets, loops, clocks, chance and files are arguments here."""
