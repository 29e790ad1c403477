"""The files that a resolver reads, as texts: resolv.conf(5), hosts(5), and what to improve in them."""
