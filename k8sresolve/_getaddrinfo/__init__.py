"""getaddrinfo(3) and its kin by the rules of glibc and musl, on any resolver."""
