"""The cluster that adapters are tried on, by clients that know nothing of k8sresolve."""

import json
import socket
from typing import Any

import pytest

from tests.live.kube import RESOLV_CONF, Kube

pytestmark = pytest.mark.live
CLIENTS = "tests.live.clients"
URLLIB = f"{CLIENTS}.load_urllib"


def said(kube: Kube, *argv: str) -> str:
    """What a command prints, which is to succeed."""
    [[status, output, errors]] = kube.run(f"{CLIENTS}.command", [argv])
    assert (status, errors) == (0, "")
    return str(output)


def curl(kube: Kube, url: str) -> Any:
    """What a pod answers, or curl's exit status."""
    argv = ["curl", "-sS", "--max-time", "10", "--cacert", str(kube.authority.certificate), url]
    [[status, output, errors]] = kube.run(f"{CLIENTS}.command", [argv])
    return json.loads(output) if status == 0 else (status, errors)


@pytest.mark.parametrize(("part", "place"), [("https", "shop"), ("nginx", "edge")])
def test_right_names_are_verified_and_wrong_ones_refused(kube: Kube, part: str, place: str) -> None:
    kube.part(part)
    for name in (f"payments.{place}", f"payments.{place}.svc.cluster.local"):
        assert curl(kube, f"https://{name}/") == {"pod": "payments-0", "host": name, "tls": name}
    pod = f"ledger-1.ledger.{place}.svc.cluster.local"
    assert curl(kube, f"https://{pod}/") == {"pod": "ledger-1", "host": pod, "tls": pod}
    for name in (f"wrong.{place}", f"ledger.{place}"):
        status, errors = curl(kube, f"https://{name}/")
        assert status == 60  # the peer's certificate is not trusted
        assert "no alternative certificate subject name matches" in errors


def test_a_roll_out_shows_who_fails(kube: Kube) -> None:
    """A new connection to a Service's address for each request loses nothing; whoever keeps a pod's address loses."""
    clients = {
        "service": (URLLIB, {"url": "http://web.shop/"}),
        "pinned": (URLLIB, {"url": "http://web-pods.shop:8080/", "pinned": True}),
    }
    reports = kube.under_load(clients, [("wait", 1), ("roll_out",), ("wait", 1)], grace=1.0)
    service, pinned = reports["service"], reports["pinned"]
    [_, rolled, _] = service.acts
    assert not service.failures, service
    assert set(service.shares(until=rolled.start)) <= {"web-1", "web-2", "web-3"}, service
    after = service.shares(since=rolled.end)
    assert after, service
    assert set(after) <= {"web-4", "web-5", "web-6"}, service
    assert len(pinned.shares()) == 1, pinned
    assert pinned.failures, pinned
    assert not pinned.shares(since=rolled.end), pinned


def test_a_service_follows_what_is_ready(kube: Kube) -> None:
    clients = {"service": (URLLIB, {"url": "http://web.shop/"})}
    acts = [("wait", 1), ("scale", 6), ("wait", 3), ("kill", 1), ("wait", 1)]
    report = kube.under_load(clients, acts, replicas=1, grace=0.1)["service"]
    scaled, rest, killed = report.acts[1:4]
    assert set(report.shares(until=scaled.start)) == {"web-1"}, report
    assert len(report.shares(rest.start, rest.end)) == 6, report
    assert "web-1" not in report.shares(since=killed.end), report
    assert report.failures, report
    assert all(failure.end >= killed.start and failure.start <= killed.end for failure in report.failures), report


def test_grpc_pods_roll_out(kube: Kube) -> None:
    """gRPC looks its target up again when a pod says that it goes, here as often as it likes."""
    often = [["grpc.dns_min_time_between_resolutions_ms", 100]]
    clients = {"grpc": (f"{CLIENTS}.load_grpc", {"target": "dns:///web-pods.shop:50051", "options": often})}
    acts = [("wait", 1), ("roll_out",), ("wait", 1)]
    report = kube.under_load(clients, acts, kind="grpc", target=50051, replicas=2, grace=0.5)["grpc"]
    rolled, rest = report.acts[1:]
    assert set(report.shares(until=rolled.start)) <= {"web-1", "web-2"}, report
    assert set(report.shares(rest.start + 0.5)) == {"web-3", "web-4"}, report


def test_postgresql_has_a_writer_and_a_standby_with_tls_and_without(kube: Kube) -> None:
    kube.part("postgresql")
    verified = f"user=postgres sslmode=verify-full sslrootcert={kube.authority.certificate}"

    def in_recovery(conninfo: str) -> str:
        return said(kube, "psql", conninfo, "-Atc", "select pg_is_in_recovery()").strip()

    assert in_recovery("host=db-rw.data user=postgres sslmode=disable") == "f"
    assert in_recovery(f"host=db-ro.data {verified}") == "t"
    assert in_recovery(f"host=db-0.db.data.svc.cluster.local {verified}") == "f"
    assert in_recovery(f"host=db.data target_session_attrs=read-write {verified}") == "f"


def test_redis_has_a_master_a_replica_and_sentinels(kube: Kube) -> None:
    kube.part("redis")
    tls = ("-p", "6380", "--tls", "--cacert", str(kube.authority.certificate), "--sni", "cache-1.cache.data")
    assert said(kube, "redis-cli", "-h", "cache-rw.data", "role").startswith("master")
    assert said(kube, "redis-cli", "-h", "cache-1.cache.data", *tls, "role").startswith("slave")
    master = ("sentinel", "get-master-addr-by-name", "shop")
    assert said(kube, "redis-cli", "-h", "sentinel.data", "-p", "26379", *master) == "10.244.243.1\n6379\n"


def test_rabbitmq_speaks_amqp(kube: Kube) -> None:
    kube.part("rabbitmq")
    hello = "exec 3<>/dev/tcp/mq-rw.data/5672; printf 'AMQP\\0\\0\\11\\1' >&3; head -c 11 <&3 | od -An -tu1"
    # A method frame on channel 0, of class 10, connection, and method 10, start.
    frame = said(kube, "bash", "-c", hello).split()
    assert frame[:3] + frame[7:] == ["1", "0", "0", "0", "10", "0", "10"]


def test_names_follow_too_and_dns_can_be_away(kube: Kube) -> None:
    brief = RESOLV_CONF + "options timeout:1 attempts:1\n"
    assert kube.run(f"{CLIENTS}.kube_changes", resolv_conf=brief) == {
        "first": ["10.244.9.1"],
        "then": ["10.244.9.2", "10.244.9.3"],
        "away": socket.EAI_AGAIN,
        "back": ["10.244.9.2", "10.244.9.3"],
        "gone": socket.EAI_NONAME,
    }
