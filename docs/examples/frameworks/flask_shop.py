"""A site that asks `payments`: 404 where there is no such Service, 503 at trouble."""

import requests
from flask import Flask, current_app

from k8sresolve import NotFound, Resolver
from k8sresolve.contrib.requests import HTTPAdapter


def make_app(resolver: Resolver | None = None) -> Flask:
    """In a pod no resolver is given: the process has its own. Tests give theirs."""
    app = Flask(__name__)
    app.extensions["payments"] = session = requests.Session()
    session.mount("http://", HTTPAdapter(resolver=resolver))
    app.post("/orders/<int:order>/payment")(pay)
    app.register_error_handler(requests.ConnectionError, not_reached)
    return app


def pay(order: int) -> str:
    payments = current_app.extensions["payments"]
    reply = payments.post(f"http://payments/orders/{order}", timeout=5)
    reply.raise_for_status()
    return reply.text


def not_reached(error: requests.ConnectionError) -> tuple[str, int, dict[str, str]]:
    """requests raises its own errors, with k8sresolve's as their cause."""
    if isinstance(error.__cause__, NotFound):
        return "there is no such service", 404, {}
    return "try again", 503, {"Retry-After": "1"}
