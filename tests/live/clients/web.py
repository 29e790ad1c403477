"""A web server that says who it is and what host it was asked for: in a sandbox the pods of a Service, else a stand-in.

Run with `ADDRESS PORT NAME`, it serves until it is ended.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

READY = "serves"


class Pod(BaseHTTPRequestHandler):
    name = ""

    def do_GET(self) -> None:
        body = f"{self.name} for {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - http.server has it so

    def log_message(self, *_: object) -> None:
        pass


def server(address: str, port: int, name: str) -> ThreadingHTTPServer:
    return ThreadingHTTPServer((address, port), type("Pod", (Pod,), {"name": name}))


@contextmanager
def stand_in() -> Iterator[int]:
    """Serve on loopback as `stand-in`; gives the port."""
    with server("127.0.0.1", 0, "stand-in") as web:
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        yield web.server_port
        web.shutdown()


if __name__ == "__main__":
    with server(sys.argv[1], int(sys.argv[2]), sys.argv[3]) as web:
        sys.stdout.write(READY)
        sys.stdout.flush()
        web.serve_forever()
