#!/usr/bin/env python3
"""Many workers in one process, as coordinators see them: registration, a session each, deploys, heartbeats.

They run no programs. Each has a port of its own and answers over real HTTP; its session is a real WebSocket. Reads
commands from standard input, one a line, and answers each with a line of JSON:

    count           how many registered, how many sessions are open, how many pipelines are held
    kill N          worker N is gone at once: its port and all its connections are closed
    holds NAME      which workers hold the pipeline of that name
    quit
"""

import argparse
import asyncio
import base64
import json
import os
import random
import sys
import time
import urllib.parse


class Worker:
    def __init__(self, number, options):
        self.name, self.options = f"sim-{number:03}", options
        self.incarnation = random.getrandbits(62) + 1
        self.pipelines, self.connections = {}, set()
        self.is_alive, self.is_registered, self.has_session = True, False, False
        self.changed = asyncio.Event()
        self.interval, self.heartbeats = 5, 0

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=64)
        self.address = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        self.loop_task = asyncio.create_task(self.live())

    def kill(self):
        self.is_alive = self.has_session = False
        self.server.close()
        self.loop_task.cancel()
        for writer in list(self.connections):
            writer.transport.abort()

    # -- what coordinators call

    async def serve(self, reader, writer):
        self.connections.add(writer)
        try:
            while True:
                line = await reader.readline()
                if not line:
                    break
                method, target, _ = line.decode().split(" ", 2)
                length = 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                body = await reader.readexactly(length) if length else b""
                status, answer = self.answer(method, target, body)
                data = json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode()
                    + data
                )
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # also when the whole process ends
        finally:
            self.connections.discard(writer)
            writer.close()

    def answer(self, method, target, body):
        path = urllib.parse.urlsplit(target).path
        if path == "/health":
            return "200 OK", {"status": "healthy"}
        if method == "POST" and path == "/api/v1/pipelines":
            wanted = json.loads(body)
            place = (wanted["group_id"], wanted["name"])
            held = self.pipelines.get(place)
            if held is None or held["epoch"] < wanted["epoch"]:
                held = {
                    "id": held["id"] if held else f"{self.name}-{len(self.pipelines)}-{random.getrandbits(32):x}",
                    "name": wanted["name"], "group_id": wanted["group_id"], "epoch": wanted["epoch"],
                    "status": "running",
                }
                self.pipelines[place] = held
                self.changed.set()
            return "201 Created", {"id": held["id"], "name": held["name"], "status": "running"}
        if method == "DELETE":
            wanted = path.rsplit("/", 1)[1]
            for place, held in list(self.pipelines.items()):
                if held["id"] == wanted:
                    del self.pipelines[place]
            return "200 OK", {"deleted": True}
        return "404 Not Found", {"error": "no such path", "code": "404"}

    # -- what it tells coordinators

    def heartbeat(self):
        self.heartbeats += 1
        return {
            "events_processed": 0, "pipelines_running": len(self.pipelines), "incarnation": self.incarnation,
            "pipeline_metrics": [
                {"pipeline_name": one["name"], "events_in": 0, "events_out": 0} for one in self.pipelines.values()
            ],
            "pipelines": list(self.pipelines.values()),
        }

    async def live(self):
        while self.is_alive:
            url = urllib.parse.urlsplit(random.choice(self.options.coordinators))
            try:
                await self.register(url)
                await self.session(url)
            except (OSError, asyncio.IncompleteReadError, ValueError):
                pass
            self.has_session = False
            await asyncio.sleep(random.uniform(0.1, 0.5))

    async def register(self, url):
        body = {
            "worker_id": self.name, "address": self.address, "api_key": self.options.key,
            "capacity": {"cpu_cores": 4, "pipelines_running": len(self.pipelines), "max_pipelines": 100},
            "incarnation": self.incarnation,
        }
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        try:
            data = json.dumps(body).encode()
            writer.write(
                (f"POST /api/v1/cluster/workers/register HTTP/1.1\r\nhost: {url.netloc}\r\nconnection: close\r\n"
                 f"x-api-key: {self.options.key}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
                 ).encode() + data
            )
            if b" 201 " not in await reader.readline():
                raise ValueError("not registered")
            self.is_registered = True
        finally:
            writer.close()

    async def session(self, url):
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        self.connections.add(writer)
        try:
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(
                (f"GET /api/v1/cluster/ws HTTP/1.1\r\nhost: {url.netloc}\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                 f"sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n").encode()
            )
            if b" 101 " not in await reader.readline():
                raise ValueError("no session")
            while await reader.readline() not in (b"\r\n", b""):
                pass
            self.send(writer, {
                "type": "Identify", "worker_id": self.name, "api_key": self.options.key,
                "incarnation": self.incarnation,
            })
            answers = asyncio.create_task(self.listen(reader))
            try:
                while not answers.done():
                    self.send(writer, {"type": "Heartbeat", **self.heartbeat()})
                    await writer.drain()
                    self.changed.clear()
                    pause = asyncio.create_task(self.changed.wait())
                    await asyncio.wait([pause, answers], timeout=self.interval, return_when=asyncio.FIRST_COMPLETED)
                    pause.cancel()
                    await asyncio.sleep(0.05)  # many changes at once are one heartbeat
                answers.result()
            finally:
                answers.cancel()
        finally:
            self.connections.discard(writer)
            writer.close()

    def send(self, writer, message):
        data, mask = json.dumps(message).encode(), os.urandom(4)
        head = bytes([0x81])
        if len(data) < 126:
            head += bytes([0x80 | len(data)])
        elif len(data) < 65_536:
            head += bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
        else:
            head += bytes([0x80 | 127]) + len(data).to_bytes(8, "big")
        repeated = (mask * (len(data) // 4 + 1))[: len(data)]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(data), "big")
        writer.write(head + mask + masked)

    async def listen(self, reader):
        while True:
            first, second = await reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                length = int.from_bytes(await reader.readexactly(2), "big")
            elif length == 127:
                length = int.from_bytes(await reader.readexactly(8), "big")
            data = await reader.readexactly(length)
            if first & 0x0F == 8:
                return
            if first & 0x0F != 1:
                continue
            message = json.loads(data)
            if message["type"] == "IdentifyAck":
                self.has_session = True
                self.interval = message.get("heartbeat_interval_secs") or self.interval
            elif message["type"] == "Error":
                return


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--coordinators", required=True, type=lambda text: text.split(","))
    parser.add_argument("--key", required=True)
    options = parser.parse_args()
    workers = [Worker(number, options) for number in range(options.count)]
    for worker in workers:
        await worker.start()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().split():
        if line[0] == "quit":
            break
        if line[0] == "kill":
            workers[int(line[1])].kill()
            answer = {"worker": workers[int(line[1])].name, "pipelines": len(workers[int(line[1])].pipelines)}
        elif line[0] == "holds":
            answer = [w.name for w in workers if w.is_alive and any(name == line[1] for _, name in w.pipelines)]
        else:
            alive = [worker for worker in workers if worker.is_alive]
            answer = {
                "registered": sum(worker.is_registered for worker in alive),
                "sessions": sum(worker.has_session for worker in alive),
                "pipelines": sum(len(worker.pipelines) for worker in alive),
                "heartbeats": sum(worker.heartbeats for worker in workers),
                "cpu": time.process_time(),
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
