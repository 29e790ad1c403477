"""For the tests of the examples: a local server that stands in for `payments`."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


class Payments(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = f"order {self.path.rpartition('/')[2]} is paid".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def payments():
    with HTTPServer(("127.0.0.1", 0), Payments) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address
        server.shutdown()
