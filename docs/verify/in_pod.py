"""In a pod, where `verify.py` runs it: what the cluster's DNS answers, beside what CoreDNS answers of the same objects.

`python in_pod.py questions getaddrinfo doctor watch` does these parts in turn, and prints a line of JSON for each thing
found. The wheels, the objects and this file are mounted at /verify; nothing is written but below /tmp.
"""

import asyncio
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import zipfile
from ipaddress import ip_address
from itertools import groupby
from pathlib import Path

MOUNTED = Path("/verify")
LIBRARY = Path("/tmp/k8sresolve-verify")  # noqa: S108 - an emptyDir of the pod's own
TRIES, SECONDS = 3, 3.0
SETTLE_SECONDS = 30.0  # CoreDNS may not have heard of the newest objects yet
WATCH_SECONDS = 240.0
NEGATIVE = ("EAI_NONAME", "EAI_NODATA")
NO_PODS = "192-0-2-77"  # RFC 5737: nobody's address
CODES = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}
COREFILE = """\
.:53 {{
    kubernetes {domain} in-addr.arpa ip6.arpa {{
        pods {pods}
        ttl 30
    }}
}}
"""


def install(mounted, library):
    """Unpack the wheels, which came in parts no larger than a ConfigMap takes."""
    parts = sorted((mounted / "wheels").glob("*.whl.*"))
    for _, together in groupby(parts, key=lambda part: part.name.rpartition(".")[0]):
        wheel = io.BytesIO(b"".join(part.read_bytes() for part in together))
        zipfile.ZipFile(wheel).extractall(library)
    sys.path.insert(0, str(library))
    os.environ["PYTHONPATH"] = str(library)


class Teller:
    """Prints what is found. Search domains that are not the cluster's say where it runs: they are left out."""

    def __init__(self, config, out=sys.stdout):
        own = f".{config.cluster_domain}"
        domains = [domain.rstrip(".") for domain in config.search]
        foreign = [one for one in domains if one and not f".{one}".endswith(own) and not own.endswith(f".{one}")]
        masks = {domain: f"outside-{number}.invalid" for number, domain in enumerate(foreign, 1)}
        longest = sorted(masks, key=len, reverse=True)
        self._foreign = re.compile(
            rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest)) or '(?!)'})(?![\w-])", re.IGNORECASE
        )
        self._masks = {domain.lower(): mask for domain, mask in masks.items()}
        self._out = out

    def tell(self, part, **found):
        text = json.dumps({"part": part, **found})
        print(self._foreign.sub(lambda match: self._masks[match[0].lower()], text), file=self._out, flush=True)


# The questions, and their answers.


def is_web(thing):
    return thing["kind"] == "Pod" and thing["metadata"]["labels"].get("app") == "web"


def questions(objects, namespace, domain):
    """Say what is asked: (name, type, transport). `udp` is without EDNS, `udp1232` and `tcp` are with it."""
    here = f"{namespace}.svc.{domain}."
    pods = sorted({thing["status"]["podIP"] for thing in objects if is_web(thing)})
    services = {thing["metadata"]["name"]: thing["spec"] for thing in objects if thing["kind"] == "Service"}
    asked = [
        *((f"{name}.{here}", rdtype) for name in sorted(services) for rdtype in ("A", "AAAA", "SRV")),
        *((f"{name}.{here}", "A") for name in ("db-0.db", "db-1.db", "db-9.db", "WEB", "Db-0.DB", "nothing")),
        *((f"_{port}.{here}", "SRV") for port in ("http._tcp.web", "stats._udp.web", "http._tcp.peers", "sql._tcp.db")),
        *((f"_{port}.{here}", "SRV") for port in ("nope._tcp.web", "http._udp.web", "http._tcp.nothing")),
        (f"alias.{here}", "CNAME"),
        (f"web.{here}", "MX"),
        (here, "A"),
        (f"svc.{domain}.", "A"),
        (f"web.{namespace}-gone.svc.{domain}.", "A"),
        (f"dns-version.{domain}.", "TXT"),
        *((ip_address(address).reverse_pointer + ".", "PTR") for address in (*pods, services["web"]["clusterIP"])),
    ]
    for pod in pods:
        dashed, rdtype = pod.replace(".", "-").replace(":", "-"), "AAAA" if ":" in pod else "A"
        asked += [(f"{dashed}.peers.{here}", rdtype), (f"{dashed}.{namespace}.pod.{domain}.", rdtype)]
    asked.append((f"{NO_PODS}.{namespace}.pod.{domain}.", "A"))
    both = [one for one in asked if one[0].startswith(("web.", "peers.", "alias."))]
    twice = [(name, rdtype, via) for name, rdtype in both for via in ("udp", "tcp")]
    return [(name, rdtype, "udp1232") for name, rdtype in asked] + twice


def query(question):
    import dns.message

    name, rdtype, via = question
    edns = None if via == "udp" else 0
    return dns.message.make_query(name, rdtype, use_edns=edns, payload=1232)


def ask(question, nameserver):
    """Ask a nameserver, (address, port); None where it does not answer."""
    import dns.exception
    import dns.query

    address, port = nameserver
    over = dns.query.tcp if question[2] == "tcp" else dns.query.udp
    for _ in range(TRIES):
        try:
            return over(query(question), address, port=port, timeout=SECONDS, one_rr_per_rrset=True)
        except (OSError, EOFError, dns.exception.DNSException):
            continue
    return None


def said(reply):
    """Say what of a reply counts: rcode, TC, and the records of the answer; order, TTLs and glue do not."""
    import dns.flags
    import dns.rcode
    import dns.rdatatype

    if reply is None:
        return ["no reply"]
    rcode = dns.rcode.to_text(reply.rcode())
    if reply.flags & dns.flags.TC:
        return [rcode, "truncated"]
    records = [
        f"{dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}".lower() for rrset in reply.answer for rdata in rrset
    ]
    if not records and any(rrset.rdtype == dns.rdatatype.SOA for rrset in reply.authority):
        return [rcode, "soa"]  # without it, nobody keeps that there is nothing
    return [rcode, *sorted(records)]


def pods_option(namespace, domain, pod, nameserver):
    """Find out what CoreDNS has for `pods`, by a pod that is there and one that is not."""
    dashed = pod.replace(".", "-").replace(":", "-")
    kind = "AAAA" if ":" in pod else "A"
    there, not_there = (
        bool(reply and reply.answer)
        for reply in (
            ask((f"{dashed}.{namespace}.pod.{domain}.", kind, "udp1232"), nameserver),
            ask((f"{NO_PODS}.{namespace}.pod.{domain}.", "A", "udp1232"), nameserver),
        )
    )
    return "insecure" if not_there else "verified" if there else "disabled"


def coredns(objects, domain, pods):
    """Make the offline cluster of these objects: what CoreDNS is to answer."""
    from k8sresolve.testing import Cluster

    return Cluster.from_objects(objects, corefile=COREFILE.format(domain=domain, pods=pods), upstream=None)


def expected(cluster, question):
    import dns.message

    wire = cluster.respond(query(question).to_wire(), tcp=question[2] == "tcp")
    return said(wire and dns.message.from_wire(wire, one_rr_per_rrset=True))


def compare(teller, objects, namespace, domain, nameserver, *, settle=SETTLE_SECONDS):
    """Ask the nameserver, and tell each answer beside the offline cluster's; True where all agree."""
    deadline = time.monotonic() + settle
    pod = next(thing["status"]["podIP"] for thing in objects if is_web(thing))
    pods = pods_option(namespace, domain, pod, nameserver)
    teller.tell("found", pods=pods)
    cluster = coredns(objects, domain, pods)
    same = True
    for question in questions(objects, namespace, domain):
        wanted = expected(cluster, question)
        while (got := said(ask(question, nameserver))) != wanted and time.monotonic() < deadline:
            time.sleep(1)
        teller.tell("question", question=question, expected=wanted, got=got)
        same &= got == wanted
    return same


# getaddrinfo: the C library's, and ours.


def libc():
    """Say which C library this process runs on."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "musl"
    except (ValueError, OSError):
        return "musl"


def hosts(namespace, domain):
    spellings = ("web", "web.{0}", "web.{0}.svc", "web.{0}.svc.{1}", "web.{0}.svc.{1}.", "WEB", "Web.{0}.SVC")
    others = ("peers", "db-0.db", "db-0.db.{0}.svc.{1}", "alias", "idle", "asleep", "nothing", "nothing.{0}")
    numeric = ("web.{0}-gone", "a.b.c.d.e.f.{0}", "127.0.0.1", "0x7f.1", "::1", "localhost")
    return [text.format(namespace, domain) for text in (*spellings, *others, *numeric)]


def outcome(getaddrinfo, host):
    """Say what a call comes to: the addresses, or the error."""
    try:
        found = getaddrinfo(host, 80, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return {"error": CODES.get(error.errno, str(error.errno))}
    return {"addresses": sorted({address[0] for *_, address in found})}


def agree(ours, theirs):
    """Whether two outcomes mean the same to a program; which of the two negatives it is differs between versions."""
    both = [one.get("error") for one in (ours, theirs)]
    return ours == theirs or all(error in NEGATIVE for error in both)


def walk(teller, config, names, system=socket.getaddrinfo):
    """Tell what the C library and a resolver of its policy find, and how many questions ours took."""
    from k8sresolve import Observer, Resolver

    class Count(Observer):
        questions = 0

        def asked(self, *_question):
            self.questions += 1

    count, same = Count(), True
    policy = "musl" if libc() == "musl" else "glibc"
    with Resolver(config, policy=policy, family="both", observers=[count]) as resolver:
        for name in names:
            resolver.forget()
            before = count.questions
            ours, theirs = outcome(resolver.getaddrinfo, name), outcome(system, name)
            both = {"ours": ours, "theirs": theirs, "questions": count.questions - before}
            teller.tell("getaddrinfo", name=name, libc=libc(), agrees=agree(ours, theirs), **both)
            same &= agree(ours, theirs)
    return same


# The command, and a watch.


def doctor(teller):
    """Tell what `k8sresolve doctor` says."""
    command = [sys.executable, "-m", "k8sresolve", "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)
    try:
        teller.tell("doctor", status=done.returncode, output=json.loads(done.stdout))
    except ValueError:
        teller.tell("doctor", status=done.returncode, output=None, error=done.stderr.strip()[-500:])


async def follow(teller, config, replicas, seconds=WATCH_SECONDS, interval=(5.0, 30.0)):
    """Follow the Service `peers` until each pod has been replaced, and tell each change."""
    from k8sresolve import AsyncResolver

    async with AsyncResolver(config) as resolver, resolver.watch("peers", "http", interval=interval) as watch:
        first = {str(endpoint.address) for endpoint in await watch.ready(at_least=replicas, timeout=60)}
        began = time.monotonic()
        teller.tell("watching", addresses=sorted(first))
        try:
            async with asyncio.timeout(seconds):
                async for change in watch:
                    kinds = {"current": change.current, "added": change.added, "removed": change.removed}
                    told = {kind: [str(one.address) for one in endpoints] for kind, endpoints in kinds.items()}
                    teller.tell("change", seconds=round(time.monotonic() - began, 1), stale=change.stale, **told)
                    if len(change.current) == replicas and first.isdisjoint(told["current"]):
                        return
        except TimeoutError:
            teller.tell("watched", seconds=seconds)


def main(parts, mounted=MOUNTED, library=LIBRARY):
    install(mounted, library)
    import k8sresolve

    config = k8sresolve.load_config()
    teller = Teller(config)
    given = json.loads((mounted / "given/given.json").read_text())
    namespace, domain = given["namespace"], config.cluster_domain
    teller.tell(
        "machine",
        k8sresolve=k8sresolve.__version__,
        python=sys.version.partition(" ")[0],
        libc=libc(),
        nameservers=[str(nameserver) for nameserver in config.nameservers],
        search=list(config.search),
        ndots=config.ndots,
    )
    if "questions" in parts:
        first = config.nameservers[0]
        compare(teller, given["objects"], namespace, domain, (str(first.address), first.port))
    if "getaddrinfo" in parts:
        walk(teller, None, hosts(namespace, domain))
    if "doctor" in parts:
        doctor(teller)
    if "watch" in parts:
        asyncio.run(follow(teller, None, given["replicas"]))
    teller.tell("end")


if __name__ == "__main__":
    main(sys.argv[1:])
