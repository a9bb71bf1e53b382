"""What clients asked and were told, recorded and judged: could it have come from one machine?

A few connectors serve as registers. Each client reads, creates, updates and deletes them through any coordinator, one
request at a time, and writes down when it asked, when it was answered and what; `check-history` decides afterwards.
"""

import json
import os
import random
import subprocess
import threading
import time

from cluster import API, Failed, Unavailable

KEYS = 4


class History:
    """Clients on threads of their own. Use as a context manager; judged at its end, unless something failed before."""

    def __init__(self, cluster, clients=6, pause=0.004):
        self._cluster, self._pause = cluster, pause
        self._lines, self._lock, self._stop = [], threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if kind is None:
            self.judge()

    def _run(self, client):
        chance, serial = random.Random(client), 0
        while not self._stop.is_set():
            serial += 1
            key = f"register_{chance.randrange(KEYS)}"
            operation = chance.choices(("get", "update", "create", "delete"), (10, 6, 3, 1))[0]
            value = f"{client}-{serial}" if operation in ("create", "update") else None
            line = {"client": client, "key": key, "op": operation, "call": time.monotonic_ns(), "return": None}
            if value:
                line["value"] = value
            try:
                self._ask(chance.choice(self._cluster.coordinators), line)
            except Unavailable:
                pass  # nobody knows what became of it
            with self._lock:
                self._lines.append(line)
            time.sleep(self._pause)

    def _ask(self, node, line):
        key, operation = line["key"], line["op"]
        body = None
        if "value" in line:
            body = {"name": key, "connector_type": "mqtt", "params": {"host": line["value"]}}
        method = {"get": "GET", "update": "PUT", "create": "POST", "delete": "DELETE"}[operation]
        path = f"{API}/connectors" if operation == "create" else f"{API}/connectors/{key}"
        status, answer = node.request(method, path, body, timeout=8)
        returned = time.monotonic_ns()
        if status in (200, 201):
            result = answer["params"]["host"] if operation == "get" else True
        elif status == 404 and operation != "create":
            result = None if operation == "get" else False
        elif status == 409 and operation == "create":
            result = False
        elif (answer or {}).get("outcome") == "none" or status == 421:
            line.update({"return": returned, "ok": False})
            return
        elif status in (503, 504):
            return
        else:
            raise Failed(f"{operation} of {key}: {status} {answer}")
        line.update({"return": returned, "ok": True, "result": result})

    def judge(self):
        path = os.path.join(self._cluster.directory, "history.jsonl")
        with open(path, "w") as file:
            for line in self._lines:
                file.write(json.dumps(line) + "\n")
        checker = os.path.join(os.path.dirname(self._cluster.binary), "check-history")
        done = subprocess.run([checker, "--model", "register", path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"the history of the clients: {done.stdout}{done.stderr}")
        answered = sum(1 for line in self._lines if line.get("ok"))
        print(f"{done.stdout.strip().splitlines()[0]} ({answered} answered)")
