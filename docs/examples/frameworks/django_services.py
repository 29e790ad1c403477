"""The Services that this project asks."""

from functools import cache

import requests

from k8sresolve import NotFound, Resolver
from k8sresolve.contrib.requests import HTTPAdapter

resolver: Resolver | None = None  # the process's own; tests give that of their cluster


@cache
def session() -> requests.Session:
    """Made by a worker's first request: gunicorn forks before it has connections."""
    made = requests.Session()
    made.mount("http://", HTTPAdapter(resolver=resolver))
    return made


class NotReached:
    """Middleware: 404 where there is no such Service, 503 where nobody can say."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, _request, error):
        from django.http import HttpResponse

        if not isinstance(error, requests.ConnectionError):
            return None
        if isinstance(error.__cause__, NotFound):
            return HttpResponse("there is no such service", status=404)
        return HttpResponse("try again", status=503, headers={"Retry-After": "1"})
