"""The ids of all rules of `check` and `lint`, by which settings, comments and annotations name them."""

import difflib
from fnmatch import fnmatchcase

_TEXT = """
address-type alias-loop alias-ports alias-selector alias-short-name alias-to-address annotation api-version app-protocol
backend-port backend-service-missing carriage-return cluster-ip cluster-ip-family cluster-ip-range cluster-ip-taken
cluster-ips completion-mode container-port-name container-port-protocol corefile-domain corefile-forward corefile-key
corefile-loop corefile-own-names corefile-port corefile-probe corefile-refused dns-nameserver dns-option
dns-option-bound dns-policy dns-search endpoint-address endpoint-addresses endpoint-hostname endpoint-port-name
endpoint-port-protocol endpoints-deprecated endpoints-overwritten endpoints-without-service external-ip external-name
external-name-with-address family-missing headless-port headless-type host-alias host-alias-hides-service
host-network-dns host-port hostname hostname-override hosts-file-unreadable import-not-served ip-family ip-family-policy
job-name key-duplicate keyword-indented keyword-unknown label line-incomplete line-too-long manifest more-findings
name-endpoint name-hidden name-namespace name-not-searched name-port name-service-missing nameserver-address
nameserver-beyond nameserver-missing nameserver-outside nameserver-read-otherwise nameserver-scope nameserver-spelling
namespace-hides-host namespace-missing namespace-name ndots-cost no-aaaa no-endpoints node-port node-port-taken nul-byte
object-name object-twice option-not-everywhere option-number option-prefix option-read-otherwise option-unknown
pod-management pod-names-alias pod-names-hostname pod-names-not-headless pod-names-selector pod-names-service-missing
pod-names-unset pods-not-ready port-duplicate port-name port-name-duplicate port-name-missing port-name-srv
port-protocol port-unnamed ports-missing ports-undeclared probe-port resolv-conf-unreadable restart-policy rotate
route-host rule-unknown search-aborts search-again search-bounds search-domain search-duplicate search-empty
search-not-read search-overridden search-read-otherwise search-root search-wildcard selector selector-empty
selector-idle selector-misfit selector-missing selector-no-pods selector-operator service-hides-host service-name
service-name-digit service-not-found service-selector service-type session-affinity slice-port sortlist-hangs
sortlist-ignored source-range subdomain target-port target-port-differs target-port-name target-port-number
target-port-protocol template-missing template-unfilled traffic-distribution traffic-from-outside traffic-policy
unknown-field words-ignored
"""
RULE_IDS = frozenset(_TEXT.split())


def unknown(pattern: str) -> str:
    """Say of a pattern that it names no rule, and which may be meant; empty where it names one.

    >>> unknown("port-*"), unknown("port-unamed")
    ('', "'port-unamed' is no rule; did you mean port-unnamed?")
    """
    if any(fnmatchcase(rule, pattern) for rule in RULE_IDS):
        return ""
    near = difflib.get_close_matches(pattern, RULE_IDS, 1)
    return f"{pattern!r} is no rule" + (f"; did you mean {near[0]}?" if near else "")
