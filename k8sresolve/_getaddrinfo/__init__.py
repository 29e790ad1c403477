"""getaddrinfo(3) and its kin by the rules of glibc and musl, on any resolver.

`hints`, `numeric` and `services` read what is asked for; `glibc` and `musl` are the rules, `libc` what they have in
common, `libcs` finds one; `results` are the tuples, `nameinfo` the way back. Nothing here asks a nameserver: `names`
are who does. Only names of services and of network interfaces are looked up on this machine.
"""
