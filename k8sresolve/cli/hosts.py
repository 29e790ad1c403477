"""`addresses`, `reverse` and `pod`: from hosts to addresses and back."""

import argparse

from k8sresolve.cli.options import Commands
from k8sresolve.cli.output import Shown, aliases, fields, plain, record, remarks, table
from k8sresolve.names import EndpointName, ServiceName
from k8sresolve.resolver import Resolver


def register(commands: Commands) -> None:
    """Add the subcommands."""
    addresses = commands.ask("addresses", "look up any host, as the pod's libc would find it", _addresses)
    addresses.add_argument("host", metavar="HOST", help="a host name, also `localhost`, of /etc/hosts, or an address")
    reverse = commands.ask("reverse", "tell which Service or pod of a headless Service has an address", _reverse)
    reverse.add_argument("address", metavar="ADDRESS", help="an IPv4 or IPv6 address")
    pod = commands.ask(
        "pod",
        "show the DNS name of a pod, by its address",
        _pod,
        "In most clusters DNS has such a name for any address: it is no proof that the pod exists.",
    )
    pod.add_argument("address", metavar="ADDRESS", help="the pod's IPv4 or IPv6 address; its namespace: --namespace")


def _addresses(resolver: Resolver, args: argparse.Namespace) -> Shown:
    found = resolver.addresses(args.host)
    text = fields(
        ("host", found.host),
        ("found as", found.candidate),
        ("found", "" if found.candidate else "here, without asking a nameserver"),
        ("alias of", aliases(found.cname)),
        ("addresses", [str(address) for address in found.addresses]),
        ("TTL", f"{found.ttl} s" if found.candidate else ""),
        ("incomplete", remarks(found)),
    )
    return Shown(text, record(found))


def _reverse(resolver: Resolver, args: argparse.Namespace) -> Shown:
    names = resolver.reverse(args.address)
    rows = [(str(name), _kind(name)) for name in names]
    return Shown(table(("NAME", "IS"), rows), {"reverse": plain(names)})


def _kind(name: ServiceName | EndpointName | str) -> str:
    if isinstance(name, ServiceName):
        return "a Service"
    return "a pod of a headless Service" if isinstance(name, EndpointName) else "another host"


def _pod(resolver: Resolver, args: argparse.Namespace) -> Shown:
    pod = resolver.pod(args.address)
    return Shown(pod.host, record(pod, host=pod.host, fqdn=pod.fqdn))
