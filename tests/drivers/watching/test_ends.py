"""How watches end: closed, cancelled, forgotten, with their loop, in a child process, at the end of the program."""

import asyncio
import ctypes
import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trio

from k8sresolve import AsyncResolver, AsyncWatch, Observer, Resolver, ResolverConfig
from k8sresolve._core.watching import pace
from k8sresolve._drivers import watch_thread
from k8sresolve.errors import NetworkError, ResolverClosed
from tests.drivers import held
from tests.drivers.children import fds_in_child, in_child, status_of
from tests.drivers.watching.players import REAL, served

QUICK = {"interval": REAL[0], "empty_hold": REAL[1]}
LOOPS = pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LEAST_JITTER", 0.0)


@pytest.fixture
def config() -> Iterator[ResolverConfig]:
    with served() as (_, config):
        yield config


def hosts() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "k8sresolve-watch"]


def in_another_thread(act: Callable[[], object]) -> None:
    """Do it there, where what this thread holds is a lock to wait for."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "something is locked for good"


async def start(runner: Callable[..., Any], work: Callable[[], Any], others: Callable[[], Any]) -> None:
    """Run both in tasks of the loop that runs here."""
    if runner is asyncio.run:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(others())
    else:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            nursery.start_soon(others)


def test_one_thread_serves_all_watches_of_a_resolver_and_ends_with_the_last(config: ResolverConfig) -> None:
    with Resolver(config) as resolver:
        assert hosts() == []
        with resolver.watch("db", "sql", **QUICK) as one:
            (host,) = hosts()
            assert host.daemon
            with resolver.watch("web", "http", **QUICK) as other:
                one.ready(2)
                other.ready()
                assert hosts() == [host]
            assert hosts() == [host]
        assert hosts() == []
        with resolver.watch("db", **QUICK) as again:
            assert len(again.ready(2)) == 2


def test_a_watch_that_another_thread_closes_ends_whoever_waits(config: ResolverConfig) -> None:
    with Resolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
        next(watch)
        thread = threading.Timer(0.05, watch.close)
        thread.start()
        assert list(watch) == []
        thread.join()


@LOOPS
def test_a_watch_that_another_task_closes_ends_whoever_waits(config: ResolverConfig, run: Any) -> None:
    async def main() -> None:
        async with AsyncResolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
            await anext(watch)

            async def read() -> None:
                assert [change async for change in watch] == []

            async def close() -> None:
                await (asyncio.sleep if run is asyncio.run else trio.sleep)(0.05)
                await watch.close()

            await start(run, read, close)

    run(main if run is trio.run else main())


def test_a_watch_that_another_thread_closes_is_not_ready_any_more(config: ResolverConfig) -> None:
    with Resolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
        next(watch)
        follower: Any = resolver._follower

        def close() -> None:
            while not follower._bells:  # until it waits
                time.sleep(0)
            watch.close()

        thread = threading.Thread(target=close)
        thread.start()
        with pytest.raises(ResolverClosed, match="this watch was closed"):
            watch.ready(3, timeout=None)
        thread.join()


@LOOPS
def test_a_watch_that_another_task_closes_is_not_ready_any_more(config: ResolverConfig, run: Any) -> None:
    async def main() -> None:
        async with AsyncResolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
            await anext(watch)

            async def wait() -> None:
                with pytest.raises(ResolverClosed, match="this watch was closed"):
                    await watch.ready(3, timeout=None)

            async def close() -> None:
                await (asyncio.sleep if run is asyncio.run else trio.sleep)(0.05)
                await watch.close()

            await start(run, wait, close)

    run(main if run is trio.run else main())


def test_no_timeout_is_too_long(config: ResolverConfig) -> None:
    with Resolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
        assert len(watch.ready(2, timeout=1e300)) == 2


def test_a_hint_for_a_watch_that_another_thread_has_closed_is_nothing(
    config: ResolverConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with Resolver(config) as resolver, resolver.watch("web", "http", **QUICK) as other:
        with resolver.watch("db", "sql", **QUICK) as watch:
            follower = watch._require()
        follower.hint(watch._following)
        other.ready()
        other.resolve_now()
        next(other)
    assert caplog.text == ""


def test_without_a_thread_a_watch_cannot_be_opened(config: ResolverConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with Resolver(config) as resolver:
        watch = resolver.watch("db", "sql", **QUICK)
        open_before = held.fds()
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", start)
            with pytest.raises(NetworkError, match="no thread can be started for a watch"):
                watch.__enter__()
        gc.collect()
        assert held.fds() == open_before
        with watch:
            assert len(watch.ready(2)) == 2


@pytest.mark.parametrize("left", [0, 1, 2], ids="{} descriptors".format)
def test_without_descriptors_a_watch_cannot_be_opened(config: ResolverConfig, left: int) -> None:
    with Resolver(config) as resolver:
        watch = resolver.watch("db", "sql", **QUICK)
        with held.no_more_than(left), pytest.raises(NetworkError, match="no thread can be started for a watch"):
            watch.__enter__()
        gc.collect()
        with watch:
            assert len(watch.ready(2)) == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_watch_whose_thread_was_killed_can_be_closed(config: ResolverConfig) -> None:
    with Resolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
        watch.ready(2)
        (host,) = hosts()
        assert host.ident is not None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(host.ident), ctypes.py_object(KeyboardInterrupt))
        host.join(10)
        with pytest.raises(ResolverClosed):
            next(watch)
        watch.close()
        with resolver.watch("db", "sql", **QUICK) as another:
            assert len(another.ready(2)) == 2


def test_a_resolver_that_another_thread_closes_ends_whoever_waits(config: ResolverConfig) -> None:
    resolver = Resolver(config)
    with resolver.watch("db", "sql", **QUICK) as watch:
        next(watch)
        thread = threading.Timer(0.05, resolver.close)
        thread.start()
        with pytest.raises(ResolverClosed):
            next(watch)
        thread.join()
        with pytest.raises(ResolverClosed):
            _ = watch.current


def test_a_task_that_is_cancelled_leaves_nothing(config: ResolverConfig) -> None:
    async def follow(resolver: AsyncResolver) -> None:
        async with resolver.watch("db", "sql", **QUICK) as watch:
            async for _ in watch:
                pass

    async def main() -> None:
        async with AsyncResolver(config) as resolver:
            task = asyncio.create_task(follow(resolver))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_scope_that_is_cancelled_leaves_nothing(config: ResolverConfig) -> None:
    async def main() -> None:
        async with AsyncResolver(config) as resolver:
            tasks = trio.lowlevel.current_statistics().tasks_living
            with trio.move_on_after(0.1):
                async with resolver.watch("db", "sql", **QUICK) as watch:
                    async for _ in watch:
                        pass
            # But for those of the driver: its clock, and one for each socket.
            assert trio.lowlevel.current_statistics().tasks_living <= tasks + 2

    trio.run(main)


def test_the_end_of_a_loop_ends_its_watches(config: ResolverConfig) -> None:
    resolver = AsyncResolver(config)
    watches = []

    async def main() -> None:
        watch = await resolver.watch("db", "sql", **QUICK).__aenter__()
        await watch.ready(2)
        watches.append(watch)

    for _ in range(2):
        asyncio.run(main())
    trio.run(main)
    for watch in watches:
        with pytest.raises(ResolverClosed):
            watch.resolve_now()
    asyncio.run(resolver.close())


def test_a_loop_that_is_closed_in_the_midst_of_a_watch_leaves_no_fault(config: ResolverConfig) -> None:
    resolver = AsyncResolver(config)

    async def main() -> AsyncWatch:
        watch = await resolver.watch("db", "sql", **QUICK).__aenter__()
        await watch.ready(2)
        return watch

    loop = asyncio.new_event_loop()
    watch = loop.run_until_complete(main())
    loop.close()
    gc.collect()  # pytest tells of what is raised here
    asyncio.run(resolver.close())
    with pytest.raises(ResolverClosed):
        watch.resolve_now()


def test_who_cancels_the_task_of_a_watch_ends_it(config: ResolverConfig) -> None:
    async def main() -> None:
        async with AsyncResolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
            await anext(watch)
            (task,) = asyncio.all_tasks() - {asyncio.current_task()}
            task.cancel()
            with pytest.raises(ResolverClosed):
                await anext(watch)
            async with resolver.watch("db", "sql", **QUICK) as another:
                assert len(await another.ready(2)) == 2

    asyncio.run(main())


def test_a_watch_that_is_lost_is_followed_no_more(config: ResolverConfig) -> None:
    with Resolver(config) as resolver:
        watch = resolver.watch("db", "sql", **QUICK).__enter__()
        watch.ready(2)
        del watch
        gc.collect()
        assert hosts() == []


def test_a_resolver_that_is_lost_with_its_watch_is_collected(config: ResolverConfig) -> None:
    resolver = Resolver(config)
    with resolver.watch("db", "sql", **QUICK) as watch:
        watch.ready(2)
    gone = weakref.ref(resolver)
    del resolver, watch
    gc.collect()
    assert gone() is None


def _is_closed(use: Callable[[], object]) -> bool:
    try:
        use()
    except ResolverClosed:
        return True
    return False


def test_a_child_process_has_no_watch_and_may_open_its_own(config: ResolverConfig) -> None:
    with Resolver(config) as resolver:
        _watch_in_children(resolver, fds_in_child())


def _watch_in_children(resolver: Resolver, idle: int) -> None:
    with resolver.watch("db", "sql", **QUICK) as watch:
        everyone = watch.ready(2)

        def work() -> bool:
            uses = (
                lambda: watch.current,
                lambda: watch.ready(timeout=1),
                lambda: next(watch),
                watch.resolve_now,
                lambda: watch.suspect(everyone[0]),
            )
            watch_again = resolver.watch("db", "sql", **QUICK)
            assert (hosts(), held.fds()) == ([], idle)
            assert all(map(_is_closed, uses))
            watch.close()
            with watch_again:
                return watch_again.ready(2) == everyone

        for _ in range(3):
            assert status_of(in_child(work)) == 1
            assert watch.ready(2) == everyone
        assert len(hosts()) == 1
        watch.resolve_now()


def test_two_threads_that_fork_at_once_leave_the_watches_as_they_are(
    config: ResolverConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_thread, "_REST", 0.05)
    with Resolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
        follower = watch._require()
        assert isinstance(follower, watch_thread.ThreadFollower)

        def fork() -> None:
            follower.before_fork()  # waits for the other one in vain
            follower.after_fork_in_parent()

        follower.before_fork()
        in_another_thread(fork)
        follower.after_fork_in_parent()
        in_another_thread(watch.resolve_now)
        assert len(watch.ready(2)) == 2


def test_a_parent_without_descriptors_ends_its_watches(config: ResolverConfig) -> None:
    with Resolver(config) as resolver, Resolver(config) as other:
        with resolver.watch("db", "sql", **QUICK) as watch, other.watch("db", "sql", **QUICK) as another:
            watch.ready(2)
            another.ready(2)
            followers = [watch._require(), another._require()]
            for follower in followers:
                follower.before_fork()  # type: ignore[attr-defined]
            with held.no_more_than(0):
                for follower in followers:
                    follower.after_fork_in_parent()  # type: ignore[attr-defined]
            for one in (watch, another):
                with pytest.raises(ResolverClosed):
                    one.ready(3, timeout=None)
        with resolver.watch("db", "sql", **QUICK) as again:
            in_another_thread(lambda: again.ready(2))


def test_a_child_process_has_no_watch_of_tasks(config: ResolverConfig) -> None:
    async def main() -> None:
        async with AsyncResolver(config) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
            await watch.ready(2)
            both = (lambda: watch.current, watch.resolve_now)
            assert status_of(in_child(lambda: all(map(_is_closed, both)))) == 1
            assert len(watch.current) == 2

    asyncio.run(main())


def test_a_program_may_end_while_it_watches(config: ResolverConfig) -> None:
    (nameserver,) = config.nameservers
    program = f"""
from k8sresolve import Resolver, ResolverConfig
resolver = Resolver(ResolverConfig.for_cluster("{nameserver}", namespace="shop"))
watch = resolver.watch("db", "sql").__enter__()
print(len(watch.ready(2)))
"""
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert (run.stdout, run.stderr, run.returncode) == ("2\n", "", 0)


def test_a_fault_while_it_asks_is_told_and_it_goes_on(config: ResolverConfig, caplog: pytest.LogCaptureFixture) -> None:
    with Resolver(config) as resolver:
        to_ask, faults = resolver._to_ask, [KeyError("ours")]

        def fail() -> Any:
            if faults:
                raise faults.pop()
            return to_ask()

        resolver._to_ask = fail  # type: ignore[method-assign]
        with resolver.watch("db", "sql", **QUICK) as watch:
            assert len(watch.ready(2)) == 2
    assert "a watch could not ask" in caplog.text


class Asked(Observer):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def asked(self, name: str, rdtype: str) -> None:
        self.names.add(f"{name} {rdtype}")


def test_observers_are_told_of_what_is_asked(config: ResolverConfig) -> None:
    observer = Asked()
    with Resolver(config, observers=[observer]) as resolver, resolver.watch("db", "sql", **QUICK) as watch:
        watch.ready(2)
    assert observer.names == {"_sql._tcp.db.shop.svc.cluster.local. SRV"}
