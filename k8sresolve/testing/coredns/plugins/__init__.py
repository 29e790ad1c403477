"""CoreDNS's plugins, one module each."""
