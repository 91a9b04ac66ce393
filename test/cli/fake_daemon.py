"""A daemon that answers what a test put in its table, and remembers what it was asked. Loopback only."""

import http.server
import json
import threading

TOKEN = "test-token-of-the-fake-daemon"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        path = self.path.split("?")[0]
        self.server.asked.append((self.command, self.path, body))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.send(401, {"title": "unauthorized", "status": 401, "detail": "no"})
        routes = self.server.routes
        found = routes.get(f"{self.command} {self.path}", routes.get(f"{self.command} {path}"))
        if found is None and self.command == "GET" and path == "/api/v1/tenants":
            found = {"items": [], "next": None}  # every listing of alerts asks whether anybody is silenced
        if found is None:
            return self.send(404, {"title": "not found", "status": 404, "detail": "no such thing"})
        if hasattr(found, "__next__"):  # one answer after the other
            found = next(found)
        self.send(*(found if isinstance(found, tuple) else (200, found)))

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def send(self, status, body):
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class FakeDaemon:
    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.asked = []
        self.server.routes = {}
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, **routes):
        """serve(**{"GET /path": body, (status, body) or an iterator of them}) replaces the table."""
        self.server.routes = routes
        self.server.asked.clear()

    @property
    def asked(self):
        return self.server.asked

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
