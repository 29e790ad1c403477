"""What holds of every balanced client: over listeners on loopback, which are the pods of an offline cluster."""

import ssl

import pytest
import trustme

from k8sresolve import ConnectFailed, LookupTimeout, NoEndpoints, NoSuchName
from k8sresolve.testing import service
from tests.contrib.balanced import KINDS, STREAM
from tests.contrib.pods import Pods, addresses, cluster_of


@pytest.fixture(params=KINDS)
def client_of(request):
    return KINDS[request.param]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def causes(error):
    """All texts of an error and what it came of: httpx has none of its own in trio."""
    texts = []
    while error is not None:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def asked(pods):
    """How often each was asked, and forget it."""
    told = pods.asked()
    pods.requests.clear()
    return told


def test_requests_are_even_over_the_pods_and_connections_are_kept(client_of):
    cluster = cluster_of(3)
    with Pods(*addresses(cluster)) as pods, client_of(cluster, policy="round_robin") as client:
        seen = [client.ask("GET", f"http://web.shop:{pods.port}/") for _ in range(9)]
        assert pods.asked() == dict.fromkeys(addresses(cluster), 3)
        assert seen[:3] == seen[3:6] == seen[6:]
        assert len({request.connection for request in pods.requests}) == 3


def test_the_host_header_is_the_urls(client_of):
    cluster = cluster_of(1)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        for host in ("web", "web.shop", "web.shop.svc.cluster.local"):
            client.ask("GET", f"http://{host}:{pods.port}/")
            assert pods.requests[-1].host == f"{host}:{pods.port}"
        client.ask("GET", f"http://web:{pods.port}/", headers={"Host": "other"})
        assert pods.requests[-1].host == "other"


def test_tls_verifies_the_urls_name(client_of, authority, tmp_path):
    cluster = cluster_of(2)
    trusts = ssl.create_default_context()
    authority.configure_trust(trusts)
    pem = tmp_path / "web.pem"
    authority.issue_cert("web.shop", "web.shop.svc.cluster.local").private_key_and_cert_chain_pem.write_to_path(pem)
    with Pods(*addresses(cluster), pem=pem) as pods, client_of(cluster, tls=trusts) as client:
        for host in ("web.shop", "web.shop.svc.cluster.local"):
            for _ in range(4):
                client.ask("GET", f"https://{host}:{pods.port}/")
            assert {request.sni for request in pods.requests} == {host}
            pods.requests.clear()
        with pytest.raises(client.connect_error) as caught:
            client.ask("GET", f"https://web:{pods.port}/")
        assert "Hostname mismatch" in causes(caught.value)
        assert pods.requests == []


def test_connections_are_of_a_name_and_an_endpoint(client_of, authority, tmp_path):
    """Else a request would go by a connection of which another name was verified."""
    cluster = cluster_of(1)
    trusts = ssl.create_default_context()
    authority.configure_trust(trusts)
    pem = tmp_path / "web.pem"
    authority.issue_cert("web.shop").private_key_and_cert_chain_pem.write_to_path(pem)
    with Pods(*addresses(cluster), pem=pem) as pods, client_of(cluster, tls=trusts) as client:
        client.ask("GET", f"https://web.shop:{pods.port}/")
        with pytest.raises(client.connect_error) as caught:
            client.ask("GET", f"https://web:{pods.port}/")
        assert "Hostname mismatch" in causes(caught.value)
        client.ask("GET", f"https://web.shop:{pods.port}/")
        assert len({request.connection for request in pods.requests}) == 1


@pytest.mark.parametrize("body", [b"body", STREAM], ids=["bytes", "stream"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_where_nothing_was_sent_the_others_are_tried(client_of, method, body):
    cluster = cluster_of(3)
    first, second, third = addresses(cluster)
    with Pods(first, second, third) as pods, client_of(cluster, policy="round_robin") as client:
        pods.stop(second, third)
        for _ in range(4):
            assert client.ask(method, f"http://web.shop:{pods.port}/", body) == first
        assert asked(pods) == {first: 4}


def test_where_none_can_be_connected_to_each_is_told(client_of):
    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        pods.stop(*addresses(cluster))
        with pytest.raises(
            client.connect_error, match=rf"web\.shop: no connection to port {pods.port}; tried "
        ) as caught:
            client.ask("GET", f"http://web.shop:{pods.port}/")
        cause = caught.value.__cause__
        assert isinstance(cause, ConnectFailed)
        assert {attempt.address for attempt in cause.attempts} == {*addresses(cluster)}
        assert {attempt.outcome for attempt in cause.attempts} == {"connection refused"}
        assert str(cause) in str(caught.value)
        pods.start(*addresses(cluster))
        client.ask("GET", f"http://web.shop:{pods.port}/")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_what_may_be_sent_twice_is_once_more_to_another(client_of, method):
    cluster = cluster_of(3)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        for _ in range(8):
            pods.breaking.update(dict.fromkeys(addresses(cluster), 1))
            with pytest.raises(client.broken):
                client.ask(method, f"http://web.shop:{pods.port}/", b"body")
            assert sorted(asked(pods).values()) == [1, 1]
            pods.breaking.clear()


def test_a_pod_that_breaks_connections_is_not_seen(client_of):
    cluster = cluster_of(3)
    bad, *good = addresses(cluster)
    with Pods(bad, *good) as pods, client_of(cluster) as client:
        pods.breaking[bad] = 100
        told = [client.ask("PUT", f"http://web.shop:{pods.port}/", b"body") for _ in range(20)]
        assert {*told} == {*good}
        assert pods.asked()[bad]
        assert {request.body for request in pods.requests} == {b"body"}


@pytest.mark.parametrize(("method", "body"), [("POST", b"body"), ("PATCH", b"body"), ("PUT", STREAM), ("POST", STREAM)])
def test_what_may_not_be_sent_twice_is_not(client_of, method, body):
    cluster = cluster_of(3)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        pods.breaking.update(dict.fromkeys(addresses(cluster), 1))
        with pytest.raises(client.broken):
            client.ask(method, f"http://web.shop:{pods.port}/", body)
        assert sum(asked(pods).values()) == 1 + (client.sends_rests and method == "PUT")


def test_a_sole_endpoint_is_asked_again(client_of):
    cluster = cluster_of(1)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        pods.breaking[addresses(cluster)[0]] = 1
        client.ask("GET", f"http://web.shop:{pods.port}/")
        assert sum(asked(pods).values()) == 2


def test_pods_that_come_are_asked_and_those_that_left_are_not(client_of):
    cluster = cluster_of(2)
    first = addresses(cluster)
    cluster.scale("shop/web", 3)
    [new] = {*addresses(cluster)} - {*first}
    cluster.scale("shop/web", 2)
    with Pods(*first, new) as pods, client_of(cluster, policy="round_robin") as client:
        url = f"http://web.shop:{pods.port}/"
        for _ in range(4):
            client.ask("GET", url)
        assert asked(pods) == dict.fromkeys(first, 2)
        cluster.scale("shop/web", 3)
        grown = addresses(cluster)
        [added] = {*grown} - {*first}
        if added != new:
            pods.start(added)
        client.advance(40)
        for _ in range(6):
            client.ask("GET", url)
        assert asked(pods) == dict.fromkeys(grown, 2)
        cluster.scale("shop/web", 1)
        client.advance(120)
        for _ in range(3):
            client.ask("GET", url)
        assert asked(pods) == {first[0]: 3}


def test_a_connection_whose_endpoint_left_is_not_used_again(client_of):
    """Not even where the address comes back, as another pod's may."""
    cluster = cluster_of(2)
    stays, leaves = addresses(cluster)
    with Pods(stays, leaves) as pods, client_of(cluster, policy="round_robin") as client:
        url = f"http://web.shop:{pods.port}/"
        for _ in range(2):
            client.ask("GET", url)
        before = {request.address: request.connection for request in pods.requests}
        cluster.set_ready("shop/web-1", False)
        client.advance(120)
        client.ask("GET", url)
        cluster.set_ready("shop/web-1", True)
        client.advance(300)
        pods.requests.clear()
        for _ in range(2):
            client.ask("GET", url)
        after = {request.address: request.connection for request in pods.requests}
        assert after[stays] == before[stays]
        assert after[leaves] != before[leaves]


def test_dns_away_takes_no_pod_away(client_of):
    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods, client_of(cluster, policy="round_robin") as client:
        url = f"http://web.shop:{pods.port}/"
        client.ask("GET", url)
        with cluster.network.drop():
            client.advance(3600)
            for _ in range(3):
                client.ask("GET", url)
        assert asked(pods) == dict.fromkeys(addresses(cluster), 2)


def test_dns_away_at_the_start_is_told_and_passes(client_of):
    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        url = f"http://web.shop:{pods.port}/"
        with cluster.network.drop(), pytest.raises(client.lookup_timeout) as caught:
            client.ask("GET", url)
        assert isinstance(caught.value.__cause__, LookupTimeout)
        assert str(caught.value.__cause__) in str(caught.value)
        client.ask("GET", url)


def test_a_service_that_is_missing_is_told_and_found_when_it_is_there(client_of):
    cluster = cluster_of(1)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        with pytest.raises(client.connect_error, match=r"wep\.shop: no such name") as caught:
            client.ask("GET", f"http://wep.shop:{pods.port}/")
        assert isinstance(caught.value.__cause__, NoSuchName)


def test_where_all_pods_are_gone_it_says_so_at_once(client_of):
    cluster = cluster_of(1)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        url = f"http://web.shop:{pods.port}/"
        client.ask("GET", url)
        cluster.scale("shop/web", 0)
        client.advance(200)
        with pytest.raises(client.connect_error, match="there is no endpoint to choose") as caught:
            client.ask("GET", url)
        assert isinstance(caught.value.__cause__, NoEndpoints)


def test_a_service_with_an_address_of_its_own_is_one_endpoint(client_of):
    cluster = cluster_of(0, service("api.shop", http=80), service_cidrs=["127.11.0.0/16"])
    [address] = cluster.store.service("shop", "api").cluster_ips
    with Pods(address) as pods, client_of(cluster) as client:
        for _ in range(3):
            assert client.ask("GET", f"http://api.shop:{pods.port}/") == address
        assert asked(pods) == {address: 3}


def test_a_pods_own_name_goes_the_plain_way(client_of):
    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods, client_of(cluster) as client:
        assert client.ask("GET", f"http://web-1.web.shop.svc.cluster.local:{pods.port}/") == addresses(cluster)[1]


def test_no_watch_is_left_when_the_client_is_closed(client_of):
    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods:
        with client_of(cluster) as client:
            client.ask("GET", f"http://web.shop:{pods.port}/")
        known = len(cluster.queries)
        cluster.clock.advance(300)
        assert len(cluster.queries) == known
        pods.until_closed(*addresses(cluster))


def test_disabled_it_is_the_plain_client(client_of, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    cluster = cluster_of(1)
    with Pods("127.0.0.1") as pods, client_of(cluster) as client:
        assert client.ask("GET", f"http://localhost:{pods.port}/") == "127.0.0.1"
        assert not cluster.queries
