"""Who listens to the daemon beside its channels: systemd and the watchdog outside."""

import contextlib
import http.server
import os
import socket
import threading
import time


class NotifySocket:
    """What systemd would hear: (steady seconds, text) of every datagram."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.heard = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def listen(self):
        """Everything heard until now; call it often, because a time is when it was read."""
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self.socket.recv(4096).decode()
                self.heard.append((time.monotonic(), text))
        return self.heard

    def times(self, text):
        return [at for at, line in self.listen() if text in line]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Heartbeats:
    """A watchdog service: when it was asked."""

    def __init__(self):
        beats = self.beats = []

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                beats.append(time.monotonic())
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):  # the base class writes to stderr
                """Nothing: the list is the record."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/beat"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
