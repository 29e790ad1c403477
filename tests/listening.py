"""A listener on loopback, in a thread of its own, that has something for each who connects."""

import socket
import threading


class Listener:
    """Takes one connection after another, until it is closed."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.port = listening.getsockname()[1]
        self._closing = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection:
                if self._closing:
                    return
                connection.settimeout(10)
                try:
                    self.answer(connection)
                except OSError:  # who only connects is gone by now
                    continue

    def answer(self, connection: socket.socket) -> None:
        """What there is for one."""
        raise NotImplementedError

    def close(self) -> None:
        self._closing = True
        with socket.create_connection(self._listening.getsockname()[:2]):
            self._thread.join()
        self._listening.close()
