"""`service`, `port`, `ports` and `endpoints`: what a Service is and where it is reached."""

import argparse
from collections.abc import Iterable
from functools import partial
from typing import Any

from k8sresolve._columns import aligned
from k8sresolve.cli.asking import add_ask, add_ask_each, add_names, ask_each
from k8sresolve.cli.forms import add_forms
from k8sresolve.cli.listing import add_all_namespaces, list_services
from k8sresolve.cli.options import ASKING, Commands
from k8sresolve.cli.output import FORMS, Shown, aliases, listed, plain, port_numbers, record, remarks
from k8sresolve.cli.screen import Cell, Screen
from k8sresolve.errors import ConfigError
from k8sresolve.names import PortName
from k8sresolve.records import Endpoint, Port
from k8sresolve.resolver import Resolver

_PROTOCOLS = ("tcp", "udp", "sctp")
_A_SERVICE = "the Service: svc, svc.ns, ns/svc, svc.ns.svc or its full name"
TAKES = (*ASKING, "family")


def register(commands: Commands) -> None:
    """Add the subcommands."""
    service = commands.add(
        "service",
        "show a Service's addresses, and the ports named",
        _run_service,
        "Without a name it lists the Services of the manifests given.",
        takes=TAKES,
        short=("svc",),
    )
    add_names(service, "NAME", _A_SERVICE, "*")
    add_all_namespaces(service)
    add_forms(service, FORMS)
    service.add_argument(
        "--port",
        action="append",
        default=[],
        metavar="PORT",
        dest="ports",
        help="a port's name, as `http` or `dns/udp` (default protocol: tcp); may be repeated",
    )
    port = add_ask(commands, "port", "show the number of a Service's port", _port, takes=TAKES)
    add_name(port)
    add_port(port, "the port's name, as `http` or `dns/udp`, or its number")
    ports = add_ask_each(
        commands,
        "ports",
        "list a Service's ports by number",
        _ports,
        "DNS does not tell their names here. This is an extension of CoreDNS.",
        takes=TAKES,
    )
    add_names(ports, "NAME", _A_SERVICE)
    endpoints = add_ask(
        commands,
        "endpoints",
        "list the pods that a headless Service publishes",
        _endpoints,
        takes=TAKES,
        short=("ep",),
    )
    add_name(endpoints)
    add_port(endpoints, "the port's name, as `http` or `dns/udp`", nargs="?")


def add_name(parser: argparse.ArgumentParser) -> None:
    """Let a command take a Service's name."""
    parser.add_argument("name", metavar="NAME", help=_A_SERVICE)


def add_port(parser: argparse.ArgumentParser, text: str, name: str = "port", **how: Any) -> None:
    """Let a command take a port, and its protocol."""
    parser.add_argument(name, metavar="PORT", help=text, **how)
    parser.add_argument(
        "--protocol", choices=_PROTOCOLS, type=str.lower, help="the port's protocol: %(choices)s (default: tcp)"
    )


def named_port(args: argparse.Namespace) -> tuple[str, str]:
    """Return a port's name and protocol, whichever way the protocol was given."""
    if args.protocol is not None or args.port.isdigit():
        return args.port, args.protocol or "tcp"
    port = PortName.parse(args.port)
    return port.port, port.protocol


def _run_service(args: argparse.Namespace) -> int:
    if args.names and args.all_namespaces:
        raise ConfigError("-A lists, and a name asks for one Service", advice="give one of them")
    return ask_each(_service, args) if args.names else list_services(args)


def _service(resolver: Resolver, args: argparse.Namespace, name: str) -> Shown:
    service = resolver.service(name, ports=args.ports)

    def text(on: Screen, *, wide: bool = False) -> str:
        ports = aligned([(f"{port.name}/{port.protocol}", port_numbers(port)) for port in service.ports])
        told = on.fields(
            ("Service", Cell(str(service.name), "bold")),
            ("alias of", aliases(service.cname)),
            ("addresses", [str(address) for address in service.addresses]),
            ("ports", ports),
            ("TTL", f"{service.ttl} s"),
            ("incomplete", remarks(service)),
            ("found as", service.candidate if wide else ""),
        )
        return "\n\n".join([told, *(_targets(on, port) for port in service.ports if wide)])

    return Shown(text, record(service), wide=partial(text, wide=True), names=[str(service.name)])


def _port(resolver: Resolver, args: argparse.Namespace) -> Shown:
    port = resolver.port(args.name, *named_port(args))

    def text(on: Screen) -> str:
        head = on.fields(
            ("Service", f"{port.service}{' (headless: the targets are its pods)' if port.headless else ''}"),
            ("port", "" if port.name is None else f"{port.name}/{port.protocol}"),
            ("number", port_numbers(port)),
            ("TTL", f"{port.ttl} s"),
            ("incomplete", remarks(port)),
        )
        return f"{head}\n\n{_targets(on, port)}"

    return Shown(text, record(port), names=_hosts_and_ports([port]))


def _targets(on: Screen, port: Port) -> str:
    rows = [(t.name, str(t.port), str(t.priority), str(t.weight), listed(t.addresses)) for t in port.targets]
    return on.table(("TARGET", "PORT", "PRIORITY", "WEIGHT", "ADDRESSES"), rows)


def _hosts_and_ports(ports: Iterable[Port]) -> list[str]:
    return [f"{target.name.removesuffix('.')}:{target.port}" for port in ports for target in port.targets]


def _ports(resolver: Resolver, _args: argparse.Namespace, name: str) -> Shown:
    ports = resolver.ports(name)
    rows = [(str(target.port), target.name, listed(target.addresses)) for port in ports for target in port.targets]
    return Shown(
        lambda on: on.table(("PORT", "TARGET", "ADDRESSES"), rows),
        {"ports": plain(ports)},
        names=_hosts_and_ports(ports),
    )


def _endpoints(resolver: Resolver, args: argparse.Namespace) -> Shown:
    return endpoints_shown(resolver.endpoints(args.name, *(() if args.port is None else named_port(args))))


def endpoints_shown(endpoints: tuple[Endpoint, ...]) -> Shown:
    """Show endpoints; without a port's name DNS tells of none which numbers are its own."""
    has_ports = any(endpoint.port is not None for endpoint in endpoints)
    columns = ("ADDRESS", "PORT", "HOSTNAME", "NAME") if has_ports else ("ADDRESS", "HOSTNAME", "NAME")
    rows = [[_cell(endpoint, column.lower()) for column in columns] for endpoint in endpoints]
    return Shown(
        lambda on: on.table(columns, rows),
        {"endpoints": plain(endpoints)},
        names=[str(endpoint.name or endpoint.address) for endpoint in endpoints],
    )


def _cell(endpoint: Endpoint, field: str) -> str:
    value = getattr(endpoint, field)
    return "" if value is None else str(value)
