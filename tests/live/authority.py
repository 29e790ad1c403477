"""A certificate authority to throw away, by openssl(1)."""

import subprocess
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


class Authority:
    """Issues certificates into a folder; `certificate` is its own, for clients to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self.certificate, self._key = folder / "ca.crt", folder / "ca.key"
        if not self.certificate.exists():
            _openssl("-subj", "/CN=throw-away", "-keyout", str(self._key), "-out", str(self.certificate))

    def issue(self, *names: str) -> Path:
        """Return the file with the key and the certificate for these names."""
        both, key = self._folder / f"{names[0]}.pem", self._folder / f"{names[0]}.key"
        if not both.exists():
            signed = ("-CA", str(self.certificate), "-CAkey", str(self._key))
            alternatives = ",".join(f"DNS:{name}" for name in names)
            usage = ("-addext", f"subjectAltName={alternatives}", "-addext", "basicConstraints=critical,CA:FALSE")
            _openssl(*signed, *usage, "-subj", "/", "-keyout", str(key), "-out", str(both))
            both.write_text(both.read_text() + key.read_text())
        return both


def service_names(name: str) -> tuple[str, ...]:
    """All by which pods know the Service `NAMESPACE/NAME`, as an issuer in a cluster certifies."""
    place, _, short = name.partition("/")
    return f"{short}.{place}.svc.cluster.local", f"{short}.{place}.svc", f"{short}.{place}", short


def _openssl(*argv: str) -> None:
    subprocess.run(("openssl", "req", "-x509", *_NEW_KEY, *argv), check=True, capture_output=True, text=True)
