"""Record in which order glibc and musl give addresses: `unshare -n -m python -m tests.golden.order.record`, as root.

Names stand in /etc/hosts, so nothing is asked. Own addresses are those of one interface, with routes to everywhere.
"""

import gzip
import json
import random
import subprocess
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCE = FOLDER.parents[1] / "live/getaddrinfo.c"
COMPILERS = {"glibc": "cc", "musl": "musl-gcc"}
NAMES = 40  # for each list of own addresses

OWN = (
    ("10.244.0.77/32",),
    ("10.244.0.77/32", "fd00:10:244::77/64", "fe80::77/64"),
    ("192.0.2.7/32", "2001:db8:1::7/64", "fe80::77/64"),
    ("10.244.0.77/32", "fd00:10:244::77/64", "2001:db8:1::7/64", "fe80::77/64"),
    ("2001:db8:1::7/64", "2001:db8:99::7/64", "fe80::77/64"),
    ("10.244.0.77/32", "2002:c633:6401::7/64", "fe80::77/64"),
    ("2001:0:5ef5::7/64", "fe80::77/64", "172.16.5.5/32"),
    ("fec0::7/64", "3ffe::7/64", "fe80::77/64", "169.254.3.3/32"),
    ("::a00:7/96", "fe80::77/64", "fd00:10:244::77/64"),
)
DESTINATIONS = (
    *("10.244.0.1", "10.244.0.200", "10.96.0.1", "10.1.2.3", "192.0.2.1", "192.0.2.200", "198.51.100.7"),
    *("169.254.3.9", "169.254.1.1", "127.0.0.1", "127.9.9.9", "172.16.9.9", "8.8.8.8"),
    *("::1", "::5", "::a00:9", "fd00:10:244::1", "fd00:10:96::20", "fc00::5", "fdff::1", "fe80::9", "fec0::9"),
    *("2001:db8:1::9", "2001:db8:99::9", "2001:db8:5::1", "2001:4860::8", "2001::5", "2001:0:5ef5::9", "2001:1::1"),
    *("2002::1", "2002:c633:6401::9", "2002:0a00::1", "feff::1", "3ffe::9", "3fff::1", "2003::1", "2400::1"),
)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def configure(own: tuple[str, ...]) -> None:
    ip("link", "set", "d0", "down")
    ip("link", "set", "d0", "up")
    time.sleep(0.2)  # the kernel gives it a link-local address
    ip("addr", "flush", "dev", "d0")
    for address in own:
        ip("addr", "add", address, "dev", "d0", *(["nodad"] if ":" in address else []))
    for family, sign in (("-4", "."), ("-6", ":")):
        if any(sign in address for address in own):
            ip(family, "route", "replace", "default", "dev", "d0")


def main() -> None:
    rng, rows = random.Random(6724), []
    ip("link", "set", "lo", "up")
    ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
    ip("link", "set", "d1", "up")
    with tempfile.TemporaryDirectory() as folder:
        hosts = Path(folder, "hosts")
        hosts.touch()
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        for libc, compiler in COMPILERS.items():
            subprocess.run([compiler, "-o", f"{folder}/{libc}", SOURCE], check=True)
        for own in OWN:
            configure(own)
            listed = [rng.sample(DESTINATIONS, rng.randint(2, 6)) for _ in range(NAMES)]
            hosts.write_text("".join(f"{address} n{i}\n" for i, sample in enumerate(listed) for address in sample))
            given = {libc: answers(f"{folder}/{libc}") for libc in COMPILERS}
            known = [*(address.partition("/")[0] for address in own), "127.0.0.1", "::1"]
            rows += [
                {"own": known, "hosts": sample, "glibc": glibc, "musl": musl}
                for sample, glibc, musl in zip(listed, given["glibc"], given["musl"], strict=True)
            ]
        subprocess.run(["umount", "/etc/hosts"], check=True)
    with gzip.GzipFile(FOLDER / "order.jsonl.gz", "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


def answers(program: str) -> list[list[str]]:
    calls = "".join(f"0 1 0 0\tn{i}\t80\n" for i in range(NAMES))
    done = subprocess.run([program], input=calls, capture_output=True, text=True, check=True)
    return [[entry[4][0] for entry in json.loads(line)] for line in done.stdout.splitlines()]


if __name__ == "__main__":
    main()
