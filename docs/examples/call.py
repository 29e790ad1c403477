import httpx

from k8sresolve.contrib.httpx import HTTPTransport

payments = HTTPTransport(port_name="http")
with httpx.Client(mounts={"http://": payments}) as client:
    print(client.get("http://payments/").status_code)
