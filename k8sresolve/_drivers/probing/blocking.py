"""Probing for threads, each of which polls its own conversations."""

from __future__ import annotations

from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.polling import READ, WRITE, new_poll, wait
from k8sresolve._drivers.probing.conversations import Conversation, Probes, Want
from k8sresolve.reachability import ProbedEndpoint


class BlockingProbes(Probes):
    """Conversations of the thread that calls `run`."""

    def run(self) -> tuple[ProbedEndpoint, ...]:
        """Return what came of all."""
        try:
            while True:
                told = self._step(monotonic())
                if told is not None:
                    return told
                self._wait()
        finally:
            self._abandon()

    def _wait(self) -> None:
        poll = new_poll()
        pending: dict[int, Conversation] = {}
        for conversation, want in self._begun.items():
            if conversation.sock is not None:
                pending[conversation.sock.fileno()] = conversation
                poll.register(conversation.sock.fileno(), READ if want == "read" else WRITE)
        ready = wait(poll, self._wakes - monotonic())
        self._ready.update(pending[fd] for fd, _ in ready)

    def _watch(self, conversation: Conversation, want: Want) -> None:
        """Each `_wait` looks at all."""

    def _unwatch(self, conversation: Conversation) -> None:
        """Nothing is held between two of them."""
