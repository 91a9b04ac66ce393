"""A receiver of webhooks in this process, for what needs no better clock than Python's."""

import contextlib
import http.server
import json
import threading
import time


class Hook:
    """Keeps (when, body) of whatever arrives, and may take its time to answer."""

    def __init__(self):
        self.arrived = []
        self._answers_at = 0.0
        hook = self

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.arrived.append((time.time(), body))
                hook.wait()
                with contextlib.suppress(OSError):  # who gave up waiting is not answered
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_):  # the base class writes to stderr
                """Nothing: the list is the record."""

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256

            def handle_error(self, *_):
                """Whoever hung up in mid-request: what arrived is recorded."""

        self._server = Server(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def hang(self, seconds):
        """Whatever arrives from now on is answered only then."""
        self._answers_at = time.monotonic() + seconds

    def wait(self):
        """Until this receiver answers."""
        with self._changed:
            self._changed.wait_for(lambda: time.monotonic() >= self._answers_at, max(0.0, self._answers_at - time.monotonic()))

    def bodies(self, since=0):
        return [(at, json.loads(body)) for at, body in self.arrived[since:]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._answers_at = 0.0
        with self._changed:
            self._changed.notify_all()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
