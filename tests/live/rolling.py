"""Inside a `Kube`: a Deployment of real processes that is scaled, rolled out and killed while clients ask it.

Reads `{"deployment", "clients", "acts"}`, and prints what each client's requests came to and when what was done.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from importlib import import_module
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from tests.live import kubectl
from tests.live.parts.web import Spec

START_SECONDS = 30.0
STOP_SECONDS = 30.0


class Running(NamedTuple):
    """A pod: what it is, and its process, which is a child of the fork server's."""

    spec: Spec
    process: BaseProcess


class Deployment:
    """Replicas behind two Services: `NAME`, with an address, and `NAME-pods`, headless."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._run = import_module(f"tests.live.parts.{plan['kind']}").run
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.live.parts.web"])
        self._numbers = count(1)
        self._pods: list[Running] = []

    def scale(self, replicas: int) -> None:
        """Add pods, which are ready before they are published, or end the first ones, as pods should end."""
        if replicas > len(self._pods):
            self._pods += self._start(replicas - len(self._pods))
            self._publish()
        else:
            self._end(len(self._pods) - replicas)

    def roll_out(self) -> None:
        """Replace one pod after the other: the new one is ready before the old one is not, which then ends."""
        for _ in range(len(self._pods)):
            self._pods += self._start(1)
            self._publish()
            self._end(1)

    def kill(self, notice: float) -> None:
        """Kill a pod, of which the cluster hears some seconds later."""
        pod = self._pods.pop(0)
        pod.process.kill()
        time.sleep(notice)
        self._publish()

    def _start(self, wanted: int) -> list[Running]:
        started = []
        for _ in range(wanted):
            number = next(self._numbers)
            name = f"{self._plan['name'].partition('/')[2]}-{number}"
            address = f"10.244.{1 + number // 250}.{1 + number % 250}"
            plan = self._plan
            spec = Spec(name, address, plan["target"], plan["work"], plan["pem"], plan["age"])
            listening, ready = self._context.Pipe(duplex=False)
            process = self._context.Process(target=self._run, args=(spec, ready), daemon=True)
            process.start()
            ready.close()
            started.append((Running(spec, process), listening))
        for pod, listening in started:
            with listening:
                if not listening.poll(START_SECONDS):
                    raise RuntimeError(f"{pod.spec} does not serve")
                listening.recv_bytes()
        return [pod for pod, _ in started]

    def _end(self, number: int) -> None:
        ending, self._pods = self._pods[:number], self._pods[number:]
        self._publish()
        time.sleep(self._plan["grace"])
        for pod in ending:
            pod.process.terminate()
        for pod in ending:
            pod.process.join(STOP_SECONDS)
            if pod.process.exitcode != 0:
                raise RuntimeError(f"{pod.spec.name} ended with {pod.process.exitcode}, not as pods should")

    def _publish(self) -> None:
        plan = self._plan
        pods = {pod.spec.address: pod.spec.name for pod in self._pods}
        targets = {plan["port_name"]: plan["target"]}
        kubectl.headless(f"{plan['name']}-pods", targets, pods)
        kubectl.cluster_ip(plan["name"], plan["address"], {plan["port_name"]: plan["port"]}, pods, targets)

    def close(self) -> None:
        for pod in self._pods:
            pod.process.kill()
        for pod in self._pods:
            pod.process.join()


class Client:
    """A client module in a process of its own, which asks until it is closed."""

    def __init__(self, module: str, value: object, errors: Path) -> None:
        self._module, self._errors = module, errors
        self.requests: list[Any] = []
        self._asked = threading.Event()
        with errors.open("w") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self._process.stdin.write(json.dumps(value) + "\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]

    def _read(self) -> None:
        for line in self._process.stdout:  # type: ignore[union-attr]
            self.requests.append(json.loads(line))
            self._asked.set()
        self._asked.set()

    def ready(self) -> None:
        """Wait until it has asked once."""
        if not self._asked.wait(START_SECONDS):
            raise RuntimeError(f"{self._module} asks nothing")

    def close(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        try:
            status = self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            self._reader.join()
            self._process.stdout.close()  # type: ignore[union-attr]
        if status or self._errors.stat().st_size:
            raise RuntimeError(f"{self._module} ended with {status}: {self._errors.read_text()}")


class Acts:
    """What is done meanwhile, and when each began and ended."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.done: list[tuple[float, float, str]] = []

    def act(self, name: str, *arguments: Any) -> None:
        start = time.monotonic()
        with ExitStack() as stack:
            if name == "dns_away":
                stack.enter_context(kubectl.dns_away())
            if name in ("wait", "dns_away"):
                time.sleep(*arguments)
            else:
                getattr(self._deployment, name)(*arguments)
        self.done.append((start, time.monotonic(), " ".join(map(str, (name, *arguments)))))


def main() -> None:
    plan = json.load(sys.stdin)
    deployment = Deployment(plan["deployment"])
    acts = Acts(deployment)
    clients: dict[str, Client] = {}
    with ExitStack() as stack:
        stack.callback(deployment.close)
        deployment.scale(plan["deployment"]["replicas"])
        for name, (module, value) in plan["clients"].items():
            clients[name] = Client(module, value, Path(plan["folder"]) / f"client-{os.getpid()}-{name}.log")
            stack.callback(clients[name].close)
        for client in clients.values():
            client.ready()
        for name, *arguments in plan["acts"]:
            acts.act(name, *arguments)
    json.dump({"acts": acts.done, "clients": {name: client.requests for name, client in clients.items()}}, sys.stdout)


if __name__ == "__main__":
    main()
