"""Tells over HTTP where the Service `payments` is. Its pod needs no configuration."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from k8sresolve import NotFound, Resolver, TemporaryFailure


def look(resolver: Resolver) -> tuple[int, str]:
    try:
        return 200, str(resolver.port("payments", "http"))
    except NotFound as error:
        print(error, flush=True)
        return 404, error.problem
    except TemporaryFailure as error:
        print(error, flush=True)
        return 503, error.problem


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, text = look(self.server.resolver)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(f"{text}\n".encode())


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", 8080), Page)
    server.resolver = Resolver()
    server.serve_forever()
