"""A pod that answers `/shop.Who/Are` by gRPC with JSON: which pod it is, and for which authority.

On SIGTERM it sends GOAWAY and answers what came. Its `age` is gRPC's `max_connection_age`.
"""

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

import grpc

from tests.live.parts.web import Spec

METHOD = "/shop.Who/Are"
LAST = 10.0  # seconds for what is being answered at the end


def run(spec: Spec, ready: Connection) -> None:
    """Be a pod, in a process of its own; says by `ready` that it listens."""
    # Before gRPC has threads, which then block it too.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    options = [("grpc.so_reuseport", 0)]
    if spec.age is not None:
        options.append(("grpc.max_connection_age_ms", int(1000 * spec.age)))
    with ThreadPoolExecutor(8) as threads:
        server = grpc.server(threads, options=options)
        handlers = {"Are": grpc.unary_unary_rpc_method_handler(_answer(spec))}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("shop.Who", handlers)])
        server.add_insecure_port(f"{spec.address}:{spec.port}")
        server.start()
        threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
        ready.send_bytes(b"")
        signal.sigwait({signal.SIGTERM})
        server.stop(LAST).wait()


def _answer(spec: Spec) -> Any:
    def answer(_request: bytes, context: grpc.ServicerContext) -> bytes:
        threading.Event().wait(spec.work)
        authority = dict(context.invocation_metadata()).get(":authority")
        return json.dumps({"pod": spec.name, "host": authority}).encode()

    return answer


def _end_with(parent: Any) -> None:
    wait([parent.sentinel])
    os._exit(1)
