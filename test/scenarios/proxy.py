"""A way to PostgreSQL that fails on demand: it can fall silent without closing anything, or close right behind a COMMIT.

Runs on a thread of its own. Bytes that were under way when it fell silent go on later, as after a partition that has healed.
"""

import asyncio
import random
import threading

UNTYPED = {80877103, 80877104}  # SSLRequest and GSSENCRequest: another message without a type follows


class CommitWatch:
    """Reads along what a client of PostgreSQL's protocol says; notices when all of a COMMIT has gone by."""

    def __init__(self):
        self.buffer = b""
        self.begun = False      # the startup message has gone by
        self.commits = set()    # names of the prepared statements whose text is "commit"
        self.is_under_way = False

    def commits_in(self, data):
        """How many were completed by these bytes: bound, and asked to be carried out (Sync or Flush)."""
        self.buffer += data
        completed = 0
        while message := self._take():
            completed += self._hear(*message)
        return completed

    def _take(self):
        head = 5 if self.begun else 4
        if len(self.buffer) < head:
            return None
        length = int.from_bytes(self.buffer[head - 4:head], "big") + head - 4
        if len(self.buffer) < length:
            return None
        kind = self.buffer[:1] if self.begun else b""
        body, self.buffer = self.buffer[head:length], self.buffer[length:]
        return kind, body

    def _hear(self, kind, body):
        if not kind:
            self.begun = int.from_bytes(body[:4], "big") not in UNTYPED
        elif kind == b"P":
            name, text = body.split(b"\0", 2)[:2]
            (self.commits.add if text.strip().lower() == b"commit" else self.commits.discard)(name)
        elif kind == b"B" and body.split(b"\0", 2)[1] in self.commits:
            self.is_under_way = True
        elif kind in (b"S", b"H") and self.is_under_way:
            self.is_under_way = False
            return 1
        return 0


class Proxy:
    def __init__(self, port, seed=1):
        self.to = port
        self.draw = random.Random(seed)
        self.cut_one_in = 0  # of the commits; 0: none
        self.cuts = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.flows, self.server = self._call(self._open())
        self.port = self.server.sockets[0].getsockname()[1]

    def fall_silent(self):
        self.loop.call_soon_threadsafe(self.flows.clear)

    def go_on(self):
        self.loop.call_soon_threadsafe(self.flows.set)

    def end(self):
        self._call(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _call(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(10)

    async def _open(self):
        flows = asyncio.Event()
        flows.set()
        return flows, await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _close(self):
        self.server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, from_client, to_client):
        try:
            await self.flows.wait()
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.to)
        except ConnectionError:  # the server is away, which the client sees as an end
            to_client.close()
            return
        ways = [asyncio.ensure_future(self._carry(from_client, to_server, CommitWatch())),
                asyncio.ensure_future(self._carry(from_server, to_client, None))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_server.close()
            to_client.close()

    async def _carry(self, reader, writer, watch):
        """Until one end closes, or behind a commit that is to be cut."""
        while data := await reader.read(65536):
            await self.flows.wait()
            writer.write(data)
            await writer.drain()
            if watch and self._is_cut(watch.commits_in(data)):
                return
        await self.flows.wait()

    def _is_cut(self, commits):
        if not any(self.cut_one_in and self.draw.randrange(self.cut_one_in) == 0 for _ in range(commits)):
            return False
        self.cuts += 1
        return True
