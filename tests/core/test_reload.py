"""L6, L7, L8, C10: /etc/resolv.conf is read again when it changes, and nothing old leaks into the new configuration."""

import asyncio
import contextlib
import errno
import gc
import os
import threading
import time

import attrs
import pytest

from k8sresolve import AsyncResolver, NoSuchName, Observer, Refused, Resolver, ResolverClosed, _system
from k8sresolve._drivers import forks
from k8sresolve.testing import Cluster
from tests.core.world import namespace, service

SEARCH = "search shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"


@pytest.fixture
def resolv_conf(tmp_path, monkeypatch):
    path = tmp_path / "resolv.conf"
    path.write_text(f"nameserver 127.0.2.1\n{SEARCH}")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    monkeypatch.setattr(_system, "RESOLV_CONF", str(path))
    monkeypatch.setattr(_system, "HOSTS", str(tmp_path / "hosts"))
    return path


@pytest.fixture
def reloader(resolv_conf):
    return _system.Reloader("glibc")


def swap(path, text):
    """Put another file in its place, as the kubelet's atomic writer does."""
    new = path.with_name("new")
    new.write_text(text)
    new.replace(path)


def nameserver(config):
    return config and str(config.nameservers[0])


@pytest.mark.behaviour("K11")
def test_a_changed_file_is_taken_at_the_next_look_and_no_earlier(reloader, resolv_conf):
    assert nameserver(reloader.config) == "127.0.2.1"
    assert reloader.changed(10.0) is None
    resolv_conf.write_text(f"nameserver 127.0.2.22\n{SEARCH}")
    assert reloader.changed(10.99) is None
    assert nameserver(reloader.changed(11.0)) == "127.0.2.22"
    assert reloader.changed(12.0) is None


@pytest.mark.behaviour("K11")
def test_a_file_swapped_for_one_of_the_same_size_is_seen(reloader, resolv_conf):
    swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
    assert nameserver(reloader.changed(0.0)) == "127.0.2.2"


@pytest.mark.behaviour("K11")
def test_one_look_a_second_at_most(reloader, monkeypatch):
    looks = []
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **kwargs: (looks.append(path), real(path, **kwargs))[1])
    for tick in range(100):
        reloader.changed(tick / 100)
    assert looks == [_system.RESOLV_CONF, _system.HOSTS]


@pytest.mark.behaviour("L8", "K11")
@pytest.mark.parametrize("text", ["", "search a b\n", "\x00\xff", None])
def test_what_names_no_nameserver_is_passed_over(reloader, resolv_conf, text):
    if text is None:
        resolv_conf.unlink()
    else:
        resolv_conf.write_text(text)
    assert reloader.changed(0.0) is None
    assert reloader.changed(1.0) is None
    assert nameserver(reloader.config) == "127.0.2.1"
    swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
    assert nameserver(reloader.changed(2.0)) == "127.0.2.2"


UNUSABLE = {
    "none named": "nameserver\n",
    "no address": "nameserver not-an-address\nnameserver 10.96.0.x\nnameserver https://evil/\n",
    "broadcast": "nameserver 255.255.255.255\n",
    "multicast": "nameserver 224.0.0.1\nnameserver ff02::1%lo\n",
    "no scope": "nameserver fe80::1\n",
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_f22_what_names_only_nameservers_that_cannot_be_used_is_passed_over_and_logged_once(
    reloader, resolv_conf, caplog, text
):
    resolv_conf.write_text(text + SEARCH)
    assert [reloader.changed(float(look)) for look in range(5)] == [None] * 5
    assert nameserver(reloader.config) == "127.0.2.1"
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("k8sresolve", "WARNING")
    assert record.getMessage().startswith(f"{resolv_conf} is passed over, and what it said before holds on: ")
    swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
    assert nameserver(reloader.changed(10.0)) == "127.0.2.2"


def test_f22_what_can_be_used_in_part_is_adopted_as_it_stands(reloader, resolv_conf, caplog):
    resolv_conf.write_text(f"nameserver bogus\nnameserver 255.255.255.255\nnameserver 127.0.2.2\n{SEARCH}")
    assert [str(server) for server in reloader.changed(0.0).nameservers] == ["255.255.255.255", "127.0.2.2"]
    assert caplog.records == []


def test_f22_a_nameserver_out_of_reach_is_adopted_once_it_can_be_reached(reloader, resolv_conf, monkeypatch):
    reached = []
    monkeypatch.setattr(_system, "_can_be_asked", lambda _server: bool(reached))
    swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
    assert [reloader.changed(float(look)) for look in range(3)] == [None] * 3
    reached.append(True)
    assert nameserver(reloader.changed(4.0)) == "127.0.2.2"


def test_f22_where_the_nameservers_stay_the_rest_is_taken_whatever_can_be_reached(reloader, resolv_conf, monkeypatch):
    monkeypatch.setattr(_system, "_can_be_asked", lambda _server: False)
    swap(resolv_conf, f"nameserver 127.0.2.1\n{SEARCH}options rotate\n")
    assert "rotate" in reloader.changed(0.0).flags


def test_f22_having_no_socket_left_is_no_word_on_a_nameserver(reloader, resolv_conf, monkeypatch):
    def no_socket(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("_socket.socket", no_socket)
    swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
    assert nameserver(reloader.changed(0.0)) == "127.0.2.2"


def test_a_file_that_is_being_written_is_not_logged(reloader, resolv_conf, caplog):
    for step in range(9):
        resolv_conf.write_text("search a\n" * step)
        assert reloader.changed(float(step)) is None
    assert caplog.records == []


@pytest.mark.behaviour("L8", "K11")
def test_the_seven_steps_of_a_rewrite_come_to_the_last(reloader, resolv_conf):
    final = f"{SEARCH}nameserver 127.0.2.2\n"
    for step in range(1, 7):
        resolv_conf.write_text(final[: len(final) * step // 9])
        assert reloader.changed(float(step)) is None
    resolv_conf.write_text(final)
    assert nameserver(reloader.changed(7.0)) == "127.0.2.2"


def test_a_file_without_a_last_newline_must_stay_as_it_is_for_a_look(reloader, resolv_conf):
    resolv_conf.write_text("nameserver 127.0.2.2")
    assert reloader.changed(0.0) is None
    resolv_conf.write_text("nameserver 127.0.2.22")
    assert reloader.changed(1.0) is None
    assert nameserver(reloader.changed(2.0)) == "127.0.2.22"


@pytest.mark.behaviour("L8")
def test_a_directory_in_its_place_is_passed_over(reloader, resolv_conf):
    resolv_conf.unlink()
    resolv_conf.mkdir()
    assert reloader.changed(0.0) is None
    assert nameserver(reloader.config) == "127.0.2.1"


@pytest.mark.behaviour("L7")
def test_no_reload_is_honoured(resolv_conf):
    resolv_conf.write_text("nameserver 127.0.2.1\noptions no-reload\n")
    reloader = _system.Reloader("glibc")
    resolv_conf.write_text(f"nameserver 127.0.2.22\n{SEARCH}")
    assert reloader.changed(0.0) is None


def test_hosts_are_read_again_too(reloader, tmp_path):
    (tmp_path / "hosts").write_text("192.0.2.7 db\n")
    assert dict(reloader.changed(0.0).hosts) == {"db": ("192.0.2.7",)}


def cluster(address):
    return Cluster.from_objects([namespace("shop"), service("shop/payments", "http 80", clusterIP=address)])


@pytest.fixture
def two_clusters(resolv_conf, monkeypatch):
    """Two nameservers; the file names the first. Time is the test's."""
    first, second = cluster("10.96.0.1"), cluster("10.96.0.2")
    now = [100.0]
    monkeypatch.setattr("k8sresolve._facade.monotonic", lambda: now[0])
    with first.serve() as one, second.serve() as two:
        ports = {"127.0.2.1": one.port, "127.0.2.2": two.port}
        monkeypatch.setattr(
            "k8sresolve._drivers.sockets.address_of", lambda server: ("127.0.0.1", ports[server.address])
        )
        yield first, second, now


@pytest.mark.behaviour("L6", "C10")
def test_a_resolver_asks_the_new_nameserver_and_remembers_nothing_of_the_old(resolv_conf, two_clusters):
    first, second, now = two_clusters
    with Resolver(family="ipv4") as resolver:
        assert str(resolver.service("payments").addresses[0]) == "10.96.0.1"
        swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
        assert str(resolver.service("payments").addresses[0]) == "10.96.0.1"  # remembered, and no look yet
        now[0] += 1.5
        assert str(resolver.service("payments").addresses[0]) == "10.96.0.2"
        assert str(resolver.config.nameservers[0]) == "127.0.2.2"
    assert (len(first.queries), len(second.queries)) == (1, 1)


@pytest.mark.behaviour("L6")
def test_what_is_under_way_ends_with_the_old_configuration(resolv_conf, two_clusters):
    first, _second, now = two_clusters
    first.network.delay(0.2)

    async def main():
        async with AsyncResolver(family="ipv4") as resolver:
            waiting = asyncio.create_task(resolver.service("payments"))
            await asyncio.sleep(0.05)
            swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
            now[0] += 1.5
            new = await resolver.service("payments")
            old = await waiting
        return old, new

    old, new = asyncio.run(main())
    assert str(old.addresses[0]) == "10.96.0.1"
    assert str(new.addresses[0]) == "10.96.0.2"


def test_a_resolver_with_a_configuration_of_its_own_looks_at_no_file(resolv_conf, monkeypatch):
    config = _system.Reloader("glibc").config
    monkeypatch.setattr(_system, "_identity", lambda: pytest.fail("looked"))
    with Resolver(config) as resolver:
        resolver.addresses("localhost")


def test_what_was_looked_at_is_what_is_taken(reloader, resolv_conf, monkeypatch):
    """A file that is rewritten while it is read is not adopted by halves: it is read once, and that is parsed."""
    whole = f"{SEARCH}nameserver 127.0.2.2\n"
    reads = []
    real = _system._read

    def read_and_cut(path, most):
        data = real(path, most)
        if path == _system.RESOLV_CONF:
            reads.append(data)
            resolv_conf.write_text("nameserver 127.0.2.66\n")  # half of the next one
        return data

    resolv_conf.write_text(whole)
    monkeypatch.setattr(_system, "_read", read_and_cut)
    config = reloader.changed(0.0)
    assert (nameserver(config), config.search[0]) == ("127.0.2.2", "shop.svc.cluster.local")
    assert reads == [whole.encode()]


def test_threads_that_meet_a_reload_ask_either_wholly_by_the_old_or_wholly_by_the_new(resolv_conf, two_clusters):
    """Configuration, setting and driver are taken as one: no question of the one goes through the other."""
    first, second, now = two_clusters
    text = "nameserver 127.0.2.{0}\nsearch shop.svc.{1} svc.{1} {1}\noptions ndots:5\n"
    domains = {"1": "cluster.local", "2": "other.test"}
    resolv_conf.write_text(text.format("1", domains["1"]))
    with Resolver(family="ipv4") as resolver:
        done = threading.Event()

        def ask():
            while not done.is_set():
                with contextlib.suppress(NoSuchName, Refused):
                    resolver.service("payments", fresh=True)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        turn = 0
        while turn < 20 or not (len(first.queries) and len(second.queries)):
            turn += 1
            number = "12"[turn % 2]
            swap(resolv_conf, text.format(number, domains[number]))
            now[0] += 1.5
            time.sleep(0.005)
        done.set()
        for thread in threads:
            thread.join()
    assert {query.name.rpartition("payments.shop.svc.")[2] for query in first.queries} <= {"cluster.local."}
    assert {query.name.rpartition("payments.shop.svc.")[2] for query in second.queries} <= {"other.test."}


def test_counters_go_on_over_a_reload(resolv_conf, two_clusters):
    _first, _second, now = two_clusters
    with Resolver(family="ipv4") as resolver:
        for turn, number in enumerate("12121", 1):
            swap(resolv_conf, f"nameserver 127.0.2.{number}\n{SEARCH}")
            now[0] += 1.5
            resolver.service("payments")
            resolver.service("payments")
            gc.collect()
            assert attrs.astuple(resolver.stats()) == (2 * turn, turn, 0, turn, 0)
        assert len(resolver._drivers) <= 2, "the books of drivers that are gone do not pile up"


def test_a_reload_is_told_to_observers_and_the_log(resolv_conf, two_clusters, caplog):
    _first, _second, now = two_clusters
    told = []

    class Reloads(Observer):
        def reloaded(self, config):
            told.append(nameserver(config))

    with Resolver(family="ipv4", observers=[Reloads()]) as resolver, caplog.at_level("DEBUG", "k8sresolve"):
        resolver.service("payments")
        assert told == []
        swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
        now[0] += 1.5
        resolver.service("payments")
    assert told == ["127.0.2.2"]
    (message,) = [record.message for record in caplog.records if "has changed" in record.message]
    search = "shop.svc.cluster.local svc.cluster.local cluster.local"
    assert message == f"{resolv_conf} has changed: nameservers 127.0.2.2, search {search}"


def test_the_old_configurations_sockets_are_closed_when_its_last_question_ends(resolv_conf, two_clusters):
    first, _second, now = two_clusters
    first.network.drop()  # its questions end when this test wants them to

    async def main():
        async with AsyncResolver(family="ipv4") as resolver:
            before = resolver._line.driver
            waiting = [asyncio.create_task(resolver.service(name)) for name in ("payments", "nowhere")]
            while {query.name.partition(".")[0] for query in first.queries} != {"payments", "nowhere"}:  # noqa: ASYNC110 - the log has no event
                await asyncio.sleep(0.001)
            (driver,) = before._drivers.values()
            assert len(driver._open) == 1
            swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
            now[0] += 1.5
            await resolver.service("payments")
            assert len(driver._open) == 1
            first.network.restore()
            await asyncio.gather(*waiting, return_exceptions=True)
            return len(driver._open), len(driver.desk.flights)

    assert asyncio.run(main()) == (0, 0)


def test_of_threads_that_see_a_change_at_once_one_reloads(resolv_conf, two_clusters, monkeypatch):
    _first, _second, now = two_clusters
    with Resolver(family="ipv4") as resolver:
        made, gate = [], threading.Event()
        real = resolver._lay

        def lay(config):
            made.append(config)
            gate.wait(5)
            return real(config)

        monkeypatch.setattr(resolver, "_lay", lay)
        swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
        now[0] += 1.5
        slow = threading.Thread(target=resolver.service, args=("payments",))
        slow.start()
        while not made:
            time.sleep(0.001)
        now[0] += 1.5
        resolver.service("payments")  # goes on with what holds, and waits for nobody
        gate.set()
        slow.join()
    assert len(made) == 1


def test_a_child_reloads_though_its_parent_was_at_it_when_it_forked(resolv_conf, two_clusters):
    _first, _second, now = two_clusters
    with Resolver(family="ipv4") as resolver:
        assert resolver._reloading.take()
        forks._after_fork()
        swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
        now[0] += 1.5
        assert str(resolver.service("payments").addresses[0]) == "10.96.0.2"


def test_closed_while_it_reloads_it_leaves_no_driver_open(resolv_conf, two_clusters, monkeypatch):
    _first, _second, now = two_clusters
    resolver = Resolver(family="ipv4")
    real = resolver._lay

    def lay(config):
        resolver.close()
        return real(config)

    monkeypatch.setattr(resolver, "_lay", lay)
    swap(resolv_conf, f"nameserver 127.0.2.2\n{SEARCH}")
    now[0] += 1.5
    with pytest.raises(ResolverClosed):
        resolver.service("payments")
    assert resolver._line.driver._closed
