"""Resolvers in the small cluster of the tests of lookups, by both facades."""

from tests.core.conftest import dual, ipv4, resolver_of

__all__ = ["dual", "ipv4", "resolver_of"]
