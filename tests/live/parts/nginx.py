"""The Services of `certified.py` in the namespace `edge`, by nginx. Run with the authority's folder."""

import sys
from pathlib import Path

from tests.live.parts.certified import declare
from tests.live.parts.starting import Part
from tests.live.sandbox import Server

BODY = """'{"pod": "%s", "host": "$http_host", "tls": "$ssl_server_name"}'"""


def main() -> None:
    part = Part("nginx")
    servers = [
        f"server {{ listen {spec.address}:{spec.port} ssl; ssl_certificate {spec.pem}; ssl_certificate_key {spec.pem};"
        f" default_type application/json; location / {{ return 200 {BODY % spec.name}; }} }}"
        for spec in declare(Path(sys.argv[1]), "edge", 241)
    ]
    config = part.folder / "nginx.conf"
    kept = " ".join(
        f"{kind}_temp_path {part.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off; worker_processes 1; pid {part.folder}/pid; error_log stderr notice; events {{}}\n"
        f"http {{ access_log off; {kept}\n{chr(10).join(servers)}\n}}\n"
    )
    # It has its sockets when it tells of workers.
    part.serve(Server(["nginx", "-c", str(config)], "start worker process "))


if __name__ == "__main__":
    main()
