"""Rows of golden DNS data: a question as it is sent, and a reply as a row, to record, replay and compare.

The format is that of `tests/golden/coredns`: `via` is `udp1232` (UDP, EDNS with that payload size), `udp512` (UDP
without EDNS) or `tcp` (with EDNS); sections are in the order received, records as `owner ttl TYPE rdata`, SOA serials
as 0.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.rrset
import yaml

FOLDER = Path(__file__).parent
TYPES = ("A", "AAAA", "SRV", "CNAME", "TXT")
SECTIONS = ("answer", "authority", "additional")
FLAGS = {"AA": dns.flags.AA, "TC": dns.flags.TC, "RA": dns.flags.RA, "AD": dns.flags.AD}
Row = dict[str, Any]


def objects() -> list[Row]:
    """The world's Kubernetes objects."""
    return list(yaml.safe_load_all((FOLDER / "world.yaml").read_text()))


def recorded() -> list[Row]:
    """What CoreDNS answered."""
    return [json.loads(line) for line in (FOLDER / "kubeadm.jsonl").read_text().splitlines()]


def query(name: str, rdtype: str, via: str) -> dns.message.QueryMessage:
    """Make the question as `via` says."""
    edns = {} if via == "udp512" else {"use_edns": 0, "payload": 1232}
    return dns.message.make_query(name, rdtype, **edns)


def row(name: str, rdtype: str, via: str, reply: dns.message.Message) -> Row:
    """Write a reply as a row. It must have been read with `one_rr_per_rrset`, which keeps the order of records."""
    return {
        "q": name,
        "t": rdtype,
        "via": via,
        "rcode": dns.rcode.to_text(reply.rcode()),
        "flags": [flag for flag, bit in FLAGS.items() if reply.flags & bit],
        "answer": [_record(rrset) for rrset in reply.answer],
        "authority": [_record(rrset) for rrset in reply.authority],
        "additional": [_record(rrset) for rrset in reply.additional],
    }


def _record(rrset: dns.rrset.RRset) -> str:
    rdata = rrset[0].replace(serial=0) if rrset.rdtype == dns.rdatatype.SOA else rrset[0]
    return f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}"


def agree(got: Row, want: Row) -> bool:
    """Whether two rows say the same. Order apart: CoreDNS walks the slices of a Service in random order."""
    if "TC" in got["flags"] or "TC" in want["flags"]:
        return got["rcode"] == want["rcode"] and "TC" in got["flags"] and "TC" in want["flags"]
    if got["rcode"] != want["rcode"] or got["flags"] != want["flags"]:
        return False
    if want.get("cut"):
        return want["count"] == {section: len(got[section]) for section in SECTIONS}
    return all(sorted(got[section]) == sorted(want[section]) for section in SECTIONS)


def names(world: list[Row]) -> Iterator[str]:
    """Every name that the objects may give, and some beside them that they do not."""
    for namespace in (item for item in world if item["kind"] == "Namespace"):
        yield f"{namespace['metadata']['name']}.svc.cluster.local."
    for service in (item for item in world if item["kind"] == "Service"):
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        whole = f"{name}.{namespace}.svc.cluster.local."
        yield whole
        ports = {port["name"] for port in service["spec"]["ports"]} | {"nope"}
        yield from (f"_{port}._{protocol}.{whole}" for port in sorted(ports) for protocol in ("tcp", "udp"))
        for endpoint in _endpoints(world, name, namespace):
            labels = {address.replace(".", "-").replace(":", "-") for address in endpoint["addresses"]}
            labels |= {label + "0" for label in labels if label.endswith("-")}
            yield from (f"{label}.{whole}" for label in sorted(labels | {endpoint.get("hostname") or "nope"}))


def _endpoints(world: list[Row], service: str, namespace: str) -> Iterator[Row]:
    for item in world:
        meta = item["metadata"]
        labels = meta.get("labels", {})
        if labels.get("kubernetes.io/service-name") == service and meta["namespace"] == namespace:
            yield from item["endpoints"]


def addresses(world: list[Row]) -> Iterator[str]:
    """Every address of the objects."""
    for item in world:
        yield from (address for address in item.get("spec", {}).get("clusterIPs", ()) if address != "None")
        for endpoint in item.get("endpoints", ()):
            yield from endpoint["addresses"]


def questions(world: list[Row]) -> list[tuple[str, str, str]]:
    """What is recorded: (name, type, via)."""
    forward = [(name, rdtype) for name in dict.fromkeys(names(world)) for rdtype in TYPES]
    reverse = [(dns.reversename.from_address(address).to_text(), "PTR") for address in dict.fromkeys(addresses(world))]
    plain = [(*question, "udp1232") for question in forward + reverse]
    large = [(name, "SRV", via) for name, rdtype in forward if rdtype == "SRV" for via in ("udp512", "tcp")]
    return plain + large
