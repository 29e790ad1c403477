"""Each line of docs/how-to/loops.md is run as it stands there, and finds `payments` as a pod does, beside CoreDNS.

Its port is in SRV records alone, so that a line which does nothing finds nothing.
"""

import re
import sys
from typing import Any

import pytest

from tests.live.clients.pods import RESOLV_CONF
from tests.live.kube import Kube
from tests.live.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.live

FOUND = "payments for payments"
PAGE = (ROOT / "docs/how-to/loops.md").read_text()
ASYNCIO = "import asyncio\nfrom k8sresolve.contrib.asyncio import install, new_event_loop\n"
ASKING = "from payments import ask, ask_blocking, main\n"
TEST = f"""\
import pytest
from payments import ask

@pytest.mark.{{mark}}
async def test_it():
    assert await ask() == {FOUND!r}
"""


def table(heading: str) -> list[list[str]]:
    """The rows of the page's table of which this is the first line."""
    rows = PAGE.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


LINES: dict[str, str] = dict(table("| what runs the loop | the line |"))


def code(before: str, after: str = "") -> dict[str, Any]:
    """A line of Python, in a program."""
    return {
        "kind": "prints",
        "file": "program.py",
        "before": before,
        "after": after,
        "command": ["python", "program.py"],
    }


def served(before: str) -> dict[str, Any]:
    return {**code(before), "kind": "serves"}


def of_conftest(mark: str, *options: str) -> dict[str, Any]:
    """A line of conftest.py."""
    return {
        "kind": "prints",
        "file": "conftest.py",
        "before": f"import pytest\n{ASYNCIO}",
        "after": "",
        "files": {"test_it.py": TEST.format(mark=mark)},
        "command": ["python", "-m", "pytest", "-q", *options],
    }


COMMAND = {"kind": "serves"}
# A broker of files, to have none.
CELERY = """\
import os
os.makedirs("broker", exist_ok=True)
broker_url = "filesystem://"
broker_transport_options = {"data_folder_in": "broker", "data_folder_out": "broker", "control_folder": "broker"}
result_backend = f"file://{os.path.abspath('broker')}"
"""
HOW = {
    "asyncio, since Python 3.11": code(ASYNCIO + ASKING),
    "asyncio, since Python 3.12": code(ASYNCIO + ASKING),
    "a loop that runs already": code(
        f"{ASYNCIO}{ASKING}async def run():\n    ", "\n        await main()\nasyncio.run(run())"
    ),
    "uvicorn, the command": COMMAND,
    "uvicorn, the command, with uvloop": COMMAND,
    "uvicorn, in code": served("import uvicorn\n"),
    "gunicorn with uvicorn-worker": COMMAND,
    "gunicorn with its own ASGI worker": COMMAND,
    "hypercorn, the command": COMMAND,
    "hypercorn, in code": served(
        f"{ASYNCIO}from hypercorn import Config\nfrom hypercorn.asyncio import serve\nfrom app import app\n"
    ),
    "granian": COMMAND,
    "aiohttp's server": served(
        f"{ASYNCIO}{ASKING}from aiohttp import web\n"
        "async def root(_request):\n    return web.Response(text=await ask())\n"
        "app = web.Application()\napp.router.add_get('/', root)\n"
        "web.run_app.__kwdefaults__['port'] = 8000\n"
    ),
    "celery": {
        "kind": "works",
        "files": {"celeryconfig.py": CELERY},
        "client": ["python", "-c", "from tasks import settle; print(settle.delay().get(timeout=50))"],
    },
    "pytest-asyncio, since 1.5": of_conftest("asyncio", "-pno:anyio"),
    "anyio": code(f"import anyio\n{ASYNCIO}{ASKING}"),
    "anyio's plugin for pytest": of_conftest("anyio", "-pno:asyncio"),
    "trio": code(
        "import trio\nfrom k8sresolve.contrib.trio import HostnameResolver\nasync def main():\n    ",
        "\n    async with await trio.open_tcp_stream('_http._tcp.payments', 1) as stream:\n"
        "        await stream.send_all(b'GET / HTTP/1.0\\r\\nHost: payments\\r\\n\\r\\n')\n"
        "        reply = b''.join([part async for part in stream])\n"
        "    print(reply.decode().splitlines()[-1])\ntrio.run(main)",
    ),
    "gevent, threads, a whole process": code(
        f"from gevent import monkey; monkey.patch_all()\nfrom k8sresolve.contrib.socket import override\n{ASKING}",
        "\n    print(ask_blocking())",
    ),
}


def plan(what: str) -> dict[str, Any]:
    """How the line is run: what stands in the first pair of backquotes."""
    line = re.findall("`(.*?)`", LINES[what])[0]
    how = HOW[what]
    if "before" not in how:
        return {"files": {}, **how, "command": line.split(" ")}
    return {**how, "files": {how["file"]: f"{how['before']}{line}{how['after']}\n", **how.get("files", {})}}


@pytest.mark.parametrize("what", [what for what in HOW if sys.version_info >= (3, 12) or "3.12" not in what])
def test_a_line(real: Sandbox, what: str) -> None:
    asked = plan(what)
    said, log = real.run("tests.live.clients.page_line", asked, resolv_conf=RESOLV_CONF)
    if "pytest" in asked["command"]:
        assert re.search(r"^1 passed in .*\nstatus 0$", said, re.MULTILINE), said
    elif asked["kind"] == "serves":
        assert said in (FOUND, f'"{FOUND}"'), log
    else:
        assert said == f"{FOUND}\nstatus 0", log


def test_fastapi_run_says_the_ways_out(real: Sandbox) -> None:
    asked = {"kind": "serves", "files": {}, "command": ["fastapi", "run", "installed.py"]}
    said, log = real.run("tests.live.clients.page_line", asked, resolv_conf=RESOLV_CONF)
    assert said is None
    assert "ConfigError: a loop of uvloop does not ask its own getaddrinfo" in log
    assert "uvicorn --loop k8sresolve.contrib.uvloop:new_event_loop" in log


@pytest.mark.parametrize(
    ("command", "env"),
    [(["uvicorn", "app:app"], {}), (plan("uvicorn, the command")["command"], {"K8SRESOLVE_DISABLE": "1"})],
    ids=["without a line", "switched off"],
)
def test_otherwise_nothing_is_found(real: Sandbox, command: list[str], env: dict[str, str]) -> None:
    asked = {"kind": "serves", "files": {}, "command": command}
    said, log = real.run("tests.live.clients.page_line", asked, resolv_conf=RESOLV_CONF, env=env)
    assert said == "HTTP Error 500: Internal Server Error", log


@pytest.mark.parametrize("adapter", ["asyncio", "uvloop"])
def test_which_clients_ask_the_loop_and_connect_to_which_port(kube: Kube, adapter: str) -> None:
    rows = table("| client | port's name | SRV host | number |")
    told = kube.run("tests.live.clients.loop_clients", adapter, timeout=300)
    assert {row[0].split()[0]: row[1:5] for row in rows} == {
        CALLED.get(client, client): cells(client, saw) for client, saw in told.items()
    }


CALLED = {"streams": "asyncio", "aio_pika": "aio-pika", "nats": "nats-py", "grpc": "grpcio"}


def cells(client: str, saw: dict[str, str | None]) -> list[str]:
    """A row of the table: who came; whether the Service's certificate was taken, and that of another was not."""
    came = ["yes" if saw[way] == "came" else "no" for way in ("port name", "SRV host", "number")]
    verifies = (saw["TLS"], saw["TLS of another"]) == ("books.shop", "refused")
    if client == "grpc":
        came[2] = "by itself" if came[2] == "yes" else "no"  # see the page
    return [*came, "yes" if verifies else "no"]


def test_each_failure_is_said_and_none_stays_when_dns_is_back(kube: Kube) -> None:
    told = kube.run("tests.live.clients.loop_failures")
    assert told.keys() == {"asyncio", "uvloop", "trio", "socket"}
    for name, [away, back, portless, missing] in told.items():
        assert away[0] == "LookupTimeout"
        assert away[1].startswith(f"{name}.shop: no answer in time, after 1.0 s; tried {name}.shop.svc.cluster.local.")
        assert back == ["10.244.9.1", 50051]
        assert portless[0] == "InvalidHints"  # EAI_SERVICE
        assert portless[1].startswith(f"{name}.shop: the Service has no port 'sql' (tcp); tried ")
        assert missing[0] == "NoSuchName"
        assert missing[1].startswith(f"missing-{name}.shop: no such name; tried missing-{name}.shop.shop.svc.")


def test_each_row_is_run() -> None:
    assert LINES.keys() == HOW.keys() | {"`fastapi run`"}
