"""`addresses`, `reverse`, `pod` and `lookup`: from hosts to addresses and back, and to any other record."""

import argparse

from k8sresolve.cli.asking import add_ask, add_ask_each, add_names
from k8sresolve.cli.options import ASKING, Commands
from k8sresolve.cli.output import Shown, aliases, plain, record, remarks
from k8sresolve.cli.screen import Cell, Screen
from k8sresolve.names import EndpointName, ServiceName
from k8sresolve.resolver import Resolver


def register(commands: Commands) -> None:
    """Add the subcommands."""
    addresses = add_ask_each(
        commands,
        "addresses",
        "look up any host, as the pod's libc would find it",
        _addresses,
        takes=(*ASKING, "policy", "family"),
    )
    add_names(addresses, "HOST", "a host name, also `localhost`, of /etc/hosts, or an address")
    reverse = add_ask_each(commands, "reverse", "find the Service or pod that has an address", _reverse)
    add_names(reverse, "ADDRESS", "an IPv4 or IPv6 address")
    pod = add_ask_each(
        commands,
        "pod",
        "show the DNS name of a pod, by its address",
        _pod,
        "In most clusters DNS has such a name for any address: it is no proof that the pod exists.",
        short=("po",),
    )
    add_names(pod, "ADDRESS", "the pod's IPv4 or IPv6 address, of the namespace that --namespace names")
    lookup = add_ask(
        commands,
        "lookup",
        "look up records of any type, with the search list",
        _lookup,
        takes=(*ASKING, "policy"),
    )
    lookup.add_argument("name", metavar="NAME", help="a name, searched for as `addresses` searches for a host")
    lookup.add_argument("rdtype", metavar="TYPE", help="the type of record: A, AAAA, SRV, TXT, MX, ..., or TYPE65")


def _addresses(resolver: Resolver, _args: argparse.Namespace, name: str) -> Shown:
    found = resolver.addresses(name)

    def text(on: Screen) -> str:
        return on.fields(
            ("host", Cell(found.host, "bold")),
            ("found as", found.candidate),
            ("found", "" if found.candidate else "here, without asking a nameserver"),
            ("alias of", aliases(found.cname)),
            ("addresses", [str(address) for address in found.addresses]),
            ("TTL", f"{found.ttl} s" if found.candidate else ""),
            ("incomplete", remarks(found)),
        )

    return Shown(text, record(found), names=[found.candidate or found.host])


def _reverse(resolver: Resolver, _args: argparse.Namespace, address: str) -> Shown:
    names = resolver.reverse(address)
    rows = [(str(name), _kind(name)) for name in names]
    return Shown(lambda on: on.table(("NAME", "IS"), rows), {"reverse": plain(names)}, names=list(map(str, names)))


def _kind(name: ServiceName | EndpointName | str) -> str:
    if isinstance(name, ServiceName):
        return "a Service"
    return "a pod of a headless Service" if isinstance(name, EndpointName) else "another host"


def _pod(resolver: Resolver, _args: argparse.Namespace, address: str) -> Shown:
    pod = resolver.pod(address)
    return Shown(pod.host, record(pod, host=pod.host, fqdn=pod.fqdn), names=[pod.host])


def _lookup(resolver: Resolver, args: argparse.Namespace) -> Shown:
    answer = resolver.lookup(args.name, args.rdtype)

    def text(on: Screen) -> str:
        return on.fields(
            ("name", Cell(answer.name, "bold")),
            ("found as", answer.candidate),
            ("alias of", aliases(answer.cname)),
            (answer.rdtype, answer.records),
            ("TTL", f"{answer.ttl} s"),
            ("truncated", "the nameserver cut the answer, even over TCP" if answer.truncated else ""),
        )

    return Shown(text, record(answer), names=[answer.candidate])
