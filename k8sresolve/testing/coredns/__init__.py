"""CoreDNS, offline: from a Corefile and the store to answers, to the record."""
