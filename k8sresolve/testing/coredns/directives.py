"""The directives and options that CoreDNS knows: what does not stand here, CoreDNS does not start with.

Source: `core/dnsserver/zdirectives.go` of CoreDNS 1.14.7 and 1.15.0, and each plugin's `setup.go`.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from k8sresolve.testing.coredns.corefile import Directive, Token
from k8sresolve.testing.versions import NEW_WORDS, Version

# A line for each directive, and behind the colon its options, each with the number of its arguments: `ttl=1` takes one,
# `to=1-` one or more, `reload=0-2` up to two, `match` any. Where nothing is behind the colon, a directive has no
# options, and where there is no colon its block holds words of its own, which are not looked at here.
_TABLE = """
acl : allow block filter drop
any=0 :
auto : directory=1-3 reload=1 upstream
autopath=1-
azure : subscription=1 tenant=1 client=1 secret=1 environment=1 fallthrough access=1
bind=1- : except
bufsize=0-1
cache : success=1- denial=1- prefetch=1- serve_stale=0-5 serve_stale_policy=1 servfail=1 disable=1- keepttl=0
cancel=0-1
chaos :
clouddns : upstream credentials=1 fallthrough
debug=0 :
dns64=0-1 : prefix=1 translate_all=0 allow_ipv4=0
dnssec : key=1- cache_capacity=1
dnstap=1- : skipverify=0 tls identity=1 version=1 extra=1
erratic : drop=0-1 delay=0-2 truncate=0-1 large=0
errors=0-1 : stacktrace=0 consolidate=2-
etcd : stubzones=0 fallthrough debug=0 path=1 endpoint=1- upstream tls credentials=2 min-lease-ttl=1 max-lease-ttl=1
file=1- : fallthrough reload=1 reload_by_mtime=0 upstream
forward=2- : except=1- max_fails=1 max_connect_attempts=1 health_check=1- force_tcp=0 prefer_udp=0 tls=0-3
  tls_servername=1 expire=1 max_age=1 max_idle_conns=1 read_timeout=1 doh_method=1 policy=1 max_concurrent=1 next=1-
  next_on_nodata=0 failfast_all_unhealthy_upstreams=0 failover=1- resolver=1- source_address=1
geoip=1 : edns-subnet=0
grpc=2- : except=1- tls=0-3 tls_servername=1 policy=1 fallthrough
grpc_server=0 : max_streams=1 max_connections=1
header : query=2- response=2-
health=0-1 : lameduck=1
hosts
https=0 : max_connections=1
https3=0 : max_streams=1 max_connections=1
k8s_external : ttl=1- apex=1 headless=0 fallthrough
kubernetes : endpoint_pod_names=0 pods=1 namespaces=1- endpoint=1- tls=3 labels=1- namespace_labels=1- fallthrough
  ttl=1- noendpoints=0 zonal=0 ignore kubeconfig=1-2 multicluster startup_timeout=1 apiserver_qps=1 apiserver_burst=1
  apiserver_max_inflight=1
loadbalance=0-2 : prefer reload=1
local=0 : localhost_prefix=1
log : class=1-
loop=0 :
metadata :
minimal=0 :
multisocket=0-1 :
nomad : address=1- filter=1 token=1 ttl=1
nsid
on
pprof=0-1 : block=0-1
prometheus=0-1 : runtime_metrics=0 tls=1
proxyproto=0 : allow default=1 udp_session_tracking=1-2
quic=0 : max_streams=1 worker_pool_size=1
ready=0-1 : monitor=1
reload=0-2
rewrite
root=1 :
route53 : aws_access_key=2 aws_endpoint=1 upstream credentials=1-2 fallthrough refresh=1
secondary : transfer=2- catalog fallthrough
shed=0 :
sign=1- : key=1- directory=1
template=2- : match=1- answer=1- additional=1- authority=1- rcode=1 ederror=1-2 fallthrough upstream
timeouts=0 : read=1 write=1 idle=1 maxtcpqueries=1
tls
trace=0-2 : every=1 service=1 client_server=0-1 datadog_analytics_rate=0-1 zipkin_max_backlog_size=1
  zipkin_max_batch_size=1 zipkin_max_batch_interval=1
transfer : to=1- source=1
tsig : secret=2 secrets=1 require=1- require_opcode=1-
view=1 : expr
whoami=0 :
"""
# What newer versions have besides: new directives, and new options of those above.
_NEWER = {
    NEW_WORDS: """
azure : refresh=1
clouddns : endpoint=1 refresh=1
dynupdate : database=1 max_records=1 max_bytes=1 max_update_records=1 file=1 allow
etcd : no_apex_fallback=0
https : max_streams=1
proxyproto : tlv_metadata=0
quic : max_connections=1
siit=0 : ipv6_prefix=1 eam=2
template : var=2- expr=1-
"""
}
_ENTRY = re.compile(r"(?P<name>[^\s=]+)(?:=(?P<least>\d+)(?P<open>-)?(?P<most>\d+)?)?")
_ANY_CASE = frozenset({"acl", "header"})
"""Directives whose options are known in any letter case."""

REMOVED: Mapping[str, str] = {
    "federation": "CoreDNS has it no more since 1.7.0: take it out",
    "proxy": "CoreDNS has it no more since 1.5.0: `forward` takes its place",
    "resyncperiod": "CoreDNS has it no more since 1.7.0: take it out",
    "upstream": "CoreDNS has it no more since 1.7.0: take it out",
}
"""What older Corefiles have, and what to do about it (github.com/coredns/corefile-migration)."""


class Arguments(NamedTuple):
    """How many arguments something takes."""

    least: int = 0
    most: int | None = None


class Known(NamedTuple):
    """A directive: its arguments, and its options; None where these are words of its own."""

    arguments: Arguments
    options: Mapping[str, Arguments] | None


def _read(table: str) -> Iterator[tuple[str, Known]]:
    for line in table.replace("\n  ", " ").strip().splitlines():
        head, colon, options = line.partition(":")
        ((name, arguments),) = _entries(head)
        yield name, Known(arguments, dict(_entries(options)) if colon else None)


def _entries(text: str) -> Iterator[tuple[str, Arguments]]:
    for found in _ENTRY.finditer(text):
        least, most = int(found["least"] or 0), found["most"] or (found["least"] if not found["open"] else None)
        yield found["name"], Arguments(least, None if most is None else int(most))


@cache
def directives(coredns: Version) -> Mapping[str, Known]:
    """Tell what a version of CoreDNS knows, be it modelled here or not."""
    found = dict(_read(_TABLE))
    for table in (table for difference, table in _NEWER.items() if coredns.has(difference)):
        for name, added in _read(table):
            known = found.get(name, added)
            found[name] = known._replace(options={**(known.options or {}), **(added.options or {})})
    return found


def check_known(directive: Directive, coredns: Version) -> None:
    """Check that CoreDNS knows a directive and its options. Raises `ManifestError` at the word that it does not."""
    all_known = directives(coredns)
    known = all_known.get(directive.name)
    if known is None:
        raise directive.token.error(_unknown("directive", directive.token, all_known))
    directive.take(*known.arguments)
    for option in directive.block if known.options is not None else ():
        name = option.name.lower() if directive.name in _ANY_CASE else option.name
        arguments = (known.options or {}).get(name)
        if arguments is None:
            raise option.token.error(_unknown(f"option of {directive.name}", option.token, known.options or ()))
        option.take(*arguments)


def _unknown(what: str, token: Token, known: Iterable[str]) -> str:
    """Say that CoreDNS does not know a word, and what may be meant."""
    advice = REMOVED.get(token.text)
    if advice is None:
        alike = difflib.get_close_matches(token.text[:64], known, n=1)
        advice = f"is it {alike[0]}?" if alike else ""
    problem = f"CoreDNS does not start: it knows no {what} {token.text!r}"
    return f"{problem}; {advice}" if advice else problem
