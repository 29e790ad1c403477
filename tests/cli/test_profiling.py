"""`profile`: the command on logs of the real CoreDNS, by whatever way they came."""

import gzip
import io
import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from k8sresolve.cli.profiling import command

LOGS = Path(__file__).parent / "logs"
COMMON, COMBINED, JSON = (str(LOGS / f"{name}.log") for name in ("common", "combined", "json"))
TOLD = ("questions", "nxdomain", "wasted", "names", "clients", "absolute")
PODS = {
    "items": [
        {
            "metadata": {
                "namespace": "shop",
                "name": "web-6d5f7c9b8-2lqzn",
                "labels": {"pod-template-hash": "6d5f7c9b8"},
                "ownerReferences": [{"kind": "ReplicaSet", "name": "web-6d5f7c9b8"}],
            },
            "spec": {"nodeName": "node-1"},
            "status": {"phase": "Running", "podIP": "10.244.1.41", "hostIP": "192.168.0.1"},
        },
        {
            "metadata": {"namespace": "kube-system", "name": "node-local-dns-x7k2p"},
            "spec": {"nodeName": "node-2", "hostNetwork": True},
            "status": {"phase": "Running", "podIP": "10.244.2.43", "hostIP": "10.244.2.43"},
        },
    ]
}


def test_logs_of_both_versions_and_in_all_forms_tell_the_same(run):
    told = [run("profile", path, "--json").json for path in (COMMON, COMBINED, JSON)]
    assert [{key: each[key] for key in TOLD} for each in told[1:]] == [{key: told[0][key] for key in TOLD}] * 2
    # As tests/live/query_logs.py lets pods ask.
    assert [told[0][key] for key in ("questions", "wasted", "clients")] == [134, 80, 3]
    assert [each["skipped_lines"] for each in told] == [5, 5, 3]
    assert [each["would_ask"].get("library_cache") for each in told] == [None, None, 25]


def test_tables_tell_who_asks_and_what_would_save(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("profile", JSON).out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "134 questions from 3 clients within 0.2 s; 3 lines were no queries."
    assert "10.244.1.41   88 (66%)  56 (64%)  58 (66%)" in lines
    assert "api.example.com                          7         48      36        2" in lines
    assert "ndots:2 in the pods' dnsConfig                  74   60 (45%)" in lines


def test_at_40_columns_each_row_is_a_block(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = run("profile", JSON).out
    assert "10.244.1.41\n  QUESTIONS  88 (66%)\n  WASTED     56 (64%)\n" in out


def test_wide_tells_of_each_client_what_would_save(run):
    header, row, *_ = run("profile", JSON, "-o", "wide").out.split("\n\n")[2].splitlines()
    assert header.split() == [
        *("WHO", "QUESTIONS", "WASTED", "NXDOMAIN", "CLIENTS", "NAMESPACE"),
        *("NDOTS:2", "FULL", "LIBRARY", "ABSOLUTE", "CACHE"),
    ]
    assert row.split()[-5:] == ["46", "32", "52", "42", "12"]


def test_pods_name_workloads_and_nodes(run, tmp_path):
    pods = tmp_path / "pods.json"
    pods.write_text(json.dumps(PODS))
    told = run("profile", JSON, "--pods", str(pods), "--json").json
    assert [(row["who"], row["kind"], row["questions"]) for row in told["who"]] == [
        ("shop/Deployment/web", "pod", 88),
        ("10.244.1.42 (of no pod)", "unknown", 32),
        ("node node-2 (NodeLocal)", "node", 14),
    ]
    notes = " ".join(told["notes"])
    assert "node node-2 (NodeLocal): 14 questions. They ask for more than one pod" in notes
    assert "32 questions are from addresses of no pod in the list" in notes
    assert "Clients are addresses" not in notes


def test_a_log_may_come_by_a_pipe_and_pods_by_another_way(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(COMMON).read_bytes())))
    assert run("profile", "--json").json["questions"] == 134
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(PODS).encode())))
    assert run("profile", COMMON, "--pods", "-", "--json").json["who"][0]["who"] == "shop/Deployment/web"
    both = run("profile", "--pods", "-")
    assert both.err == "k8sresolve: FILE and --pods are both standard input; give one of them as a file\n"


def test_what_was_read_is_told_when_standard_input_is_interrupted(run, monkeypatch):
    class Interrupted(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            line = super().readline(-1 if size is None else size)
            if not line:
                raise KeyboardInterrupt
            return line

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted(Path(COMMON).read_bytes())))
    assert run("profile", "--json").json["questions"] == 134


def test_what_serve_writes_is_a_query_log(run, start, shop, tmp_path):
    process = start("serve", "-f", shop, "--json")
    listening = process.stdout.readline()
    where = json.loads(listening)
    conf = tmp_path / "resolv.conf"
    conf.write_text(
        "nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
    )
    ask = (
        "--nameserver",
        f"{where['host']}:{where['port']}",
        "--resolv-conf",
        str(conf),
        "--policy",
        "glibc",
        "--family",
        "both",
    )
    assert run("addresses", "payments.shop.svc.cluster.local", *ask).status == 0
    log = tmp_path / "serve.log"
    log.write_text(listening + "".join(process.stdout.readline() for _ in range(8)))
    told = run("profile", str(log), "--json").json
    assert (told["questions"], told["skipped_lines"], told["wasted"]) == (8, 1, 6)
    assert [row["name"] for row in told["names"]] == ["payments.shop.svc.cluster.local"]


def test_a_log_of_one_coredns_of_several_is_told_as_such(run, tmp_path):
    part = tmp_path / "part.log"
    part.write_text("".join(Path(COMMON).read_text().splitlines(keepends=True)[5::3]))
    says = "is this the log of one CoreDNS of several? Give those of all"
    assert says in " ".join(run("profile", str(part), "--json").json["notes"])
    assert says not in " ".join(run("profile", COMMON, "--json").json["notes"])


def test_a_log_of_denials_alone_is_told_as_such(run, tmp_path):
    part = tmp_path / "denials.log"
    part.write_text("".join(line for line in Path(COMMON).read_text().splitlines(keepends=True) if "NXDOMAIN" in line))
    assert "All answers are NXDOMAIN" in " ".join(run("profile", str(part), "--json").json["notes"])


def test_a_sample_is_told_as_such(run):
    told = run("profile", COMMON, "--sample", "0.5", "--json").json
    assert told["seen"] == 134
    assert 0 < told["questions"] < 134
    assert "of 134, by --sample 0.5," in run("profile", COMMON, "--sample", "0.5").out


def test_lines_of_any_length_are_read_in_pieces(run, tmp_path):
    log = tmp_path / "long.log"
    log.write_bytes(b"x" * 300_000 + b"\n" + Path(COMMON).read_bytes() + b"y" * 300_000)
    told = run("profile", str(log), "--json").json
    assert (told["questions"], told["skipped_lines"]) == (134, 7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no query of CoreDNS's log is taken from its 0 lines; the Corefile needs the plugin `log`"),
        ("CoreDNS-1.14.7\n" * 3, "no query of CoreDNS's log is taken from its 3 lines; the Corefile needs the plugin"),
    ],
)
def test_a_file_without_queries_is_status_2(run, tmp_path, text, says):
    log = tmp_path / "empty.log"
    log.write_text(text)
    ran = run("profile", str(log))
    assert (ran.status, ran.out) == (2, "")
    assert says in ran.err


def test_files_that_cannot_be_used_are_status_2(run, tmp_path):
    missing = str(tmp_path / "no.log")
    assert run("profile", missing) == (
        2,
        "",
        f"k8sresolve: the log '{missing}' cannot be read: No such file or directory\n",
    )
    zipped = tmp_path / "log.gz"
    zipped.write_bytes(gzip.compress(Path(COMMON).read_bytes()))
    assert run("profile", str(zipped)).err.endswith("is compressed; gzip -dc FILE | k8sresolve profile -\n")
    assert run("profile", COMMON, "--pods", COMMON).err.startswith(
        "k8sresolve: the pods are no JSON; give what `kubectl"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--sample", "0"),
        ("--sample", "1.5"),
        ("--sample", "nan"),
        ("--sample", "many"),
        ("--ttl", "-1"),
        ("--ttl", "1e3"),
        ("--plot", "plot.pdf"),
        ("--plot", ""),
        ("-o", "name"),
    ],
)
def test_wrong_words_are_status_2(run, words):
    ran = run("profile", COMMON, *words)
    assert (ran.status, ran.out) == (2, "")


def test_a_ttl_that_is_longer_lets_the_library_ask_less(run, tmp_path):
    line = '{} [INFO] 10.244.1.9:4000 - 1 "A IN db.shop.svc.cluster.local. udp 50 false 512" NOERROR qr 50 0.1s\n'
    log = tmp_path / "timed.log"
    log.write_text("".join(line.format(f"2026-11-29T10:{minute:02}:00Z") for minute in range(60)))
    asked = {ttl: run("profile", str(log), "--ttl", ttl, "--json").json["would_ask"] for ttl in ("5", "119")}
    assert [asked[ttl]["library_cache"] for ttl in asked] == [60, 30]


def test_text_in_a_log_moves_no_cursor(run, tmp_path):
    log = tmp_path / "odd.log"
    log.write_text('[INFO] 10.244.1.9:4000 - 1 "A IN a\x1b[2Jb.example. udp 50 false 512" NOERROR qr 50 0.1s\n')
    for form in ("text", "wide", "json", "yaml"):
        assert "\x1b" not in run("profile", str(log), "-o", form).out


# -- --plot ------------------------------------------------------------------------------------------------------------


def test_it_is_drawn_as_svg_and_png(run, tmp_path):
    log = tmp_path / "odd.log"
    log.write_text(
        Path(COMMON).read_text() + '[INFO] 10.9.9.9:1 - 1 "A IN $x^2$\x1b. udp 50 false 512" NOERROR qr 50 0.1s\n'
    )
    svg, png = tmp_path / "plot.svg", tmp_path / "plot.png"
    assert run("profile", str(log), "--plot", str(svg)).status == 0
    texts = "".join(ET.fromstring(svg.read_bytes()).itertext())
    assert "10.244.1.41" in texts
    assert "ndots:2 in the pods' dnsConfig" in texts
    again = tmp_path / "again.svg"
    run("profile", str(log), "--plot", str(again))
    assert again.read_bytes() == svg.read_bytes()
    assert run("profile", str(log), "--plot", str(png)).status == 0
    assert png.read_bytes().startswith(b"\x89PNG")
    nowhere = run("profile", str(log), "--plot", str(tmp_path / "no/plot.svg"))
    assert (nowhere.status, "cannot be written" in nowhere.err) == (2, True)


def test_without_matplotlib_the_extra_is_named_before_anything_is_read(run, monkeypatch):
    monkeypatch.setattr("k8sresolve.cli.profiling.plotting.find_spec", lambda _name: None)
    ran = run("profile", "no such file", "--plot", "plot.svg")
    assert ran == (2, "", "k8sresolve: --plot needs matplotlib; pip install 'k8sresolve[plots]'\n")


def test_reading_shows_how_far_it_has_come(run, monkeypatch):
    steps = []

    class Counting:
        def __init__(self, label, total=None):
            steps.append([label, total, 0])

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def step(self, steps_done=1):
            steps[-1][2] += steps_done

    monkeypatch.setattr(command, "Progress", Counting)
    run("profile", JSON)
    size = Path(JSON).stat().st_size
    assert steps[0] == ["reading", size, size]
    assert [label for label, *_ in steps[1:]] == ["making lookups again", "with a cache"]
    assert all(total == done for _, total, done in steps)
