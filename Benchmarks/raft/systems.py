"""The two systems under test, three members each on loopback, and how to speak to them.

Both are started with their defaults. A write creates an object with 256 bytes of values under a name of its own; an
update changes one that exists; a read gets one by its name.
"""

import base64
import http.client
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "chaos"))
from cluster import KEY, Node, find_binary, free_ports  # noqa: E402,F401

VALUE_BYTES = 256
PAD = "0123456789abcdef" * 16


class Broken(Exception):
    """The run is void."""


def http_request(port, method, path, body=None, timeout=30.0, headers=None):
    """One request on a connection of its own; returns (status, decoded body), or (None, None) without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, dict(headers or {}, **{"content-type": "application/json"}))
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    except (OSError, http.client.HTTPException, ValueError):
        return None, None
    finally:
        connection.close()


def wait_for(what, condition, timeout=60.0, pause=0.02):
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value is not None and value is not False:
            return value
        if time.monotonic() > deadline:
            raise Broken(f"not within {timeout} s: {what}")
        time.sleep(pause)


def template(method, path, body, headers=()):
    """A request for the load generator, its length counted with the placeholders filled in."""
    length = len(body.replace("{serial}", "0" * 9).replace("{serial64}", "0" * 12))
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *headers]
    if body:
        lines += ["content-type: application/json", f"content-length: {length}"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


class System:
    """Three processes. `members` are in the order of their numbers."""

    def start(self):
        for member in self.members:
            member.start()
        return self.leader()

    def end(self):
        for member in self.members:
            if member.is_up:
                member.process.send_signal(signal.SIGCONT)
                member.process.terminate()
        for member in self.members:
            if member.process is not None:
                try:
                    member.process.wait(20)
                except Exception:
                    member.process.kill()
                    member.process.wait()

    def leader(self):
        """The member that all running ones call the leader."""

        def find():
            up = [member for member in self.members if member.is_up]
            if len(up) < len(self.members):
                raise Broken(f"a member of {self.name} has ended; see {self.members[0].log_path}")
            said = {self.leader_according_to(member) for member in up}
            return said.pop() if len(said) == 1 else None

        return wait_for(f"all members of {self.name} know the leader", find)


class Varpulis(System):
    name = "varpulis"
    prefix = "/api/v1/cluster/connectors"

    def __init__(self, binary, directory):
        ports = free_ports(3)
        peers = ",".join(f"http://127.0.0.1:{port}" for port in ports)
        self.members = [
            Node(
                f"varpulis-{number}",
                [
                    binary, "coordinator", "--port", str(port), "--raft", "--raft-node-id", str(number),
                    "--raft-peers", peers, "--raft-data-dir", os.path.join(directory, "varpulis"),
                ],
                port, directory, {"VARPULIS_API_KEY": KEY},
            )
            for number, port in enumerate(ports, 1)
        ]
        key = (f"x-api-key: {KEY}",)
        # The values of the parameters have 256 bytes together; one of them is a password, sealed before it is logged.
        params = {"host": "127.0.0.1", "password": "correct horse battery"}
        rest = VALUE_BYTES - sum(len(value) for value in params.values()) - 9
        params["topic"] = "{serial}" + PAD[:rest]
        body = json.dumps({"name": "c{serial}", "connector_type": "mqtt", "params": params}, separators=(",", ":"))
        self.requests = {
            "write": template("POST", self.prefix, body, key),
            "update": template("PUT", self.prefix + "/c{serial}", body, key),
            "read": template("GET", self.prefix + "/c{serial}", "", key),
            "stale": template("GET", self.prefix + "/c{serial}?consistency=stale", "", key),
        }
        self.expected = '"topic":"{serial}0123456789abcdef'

    def get(self, member, path, timeout=30.0):
        return http_request(member.port, "GET", path, timeout=timeout, headers={"x-api-key": KEY})

    def leader_according_to(self, member):
        _, body = self.get(member, "/raft/metrics", timeout=2)
        number = (body or {}).get("current_leader")
        return self.members[number - 1] if number else None

    def stored(self):
        status, body = self.get(self.leader(), f"{self.prefix}?limit=1")
        if status != 200:
            raise Broken(f"varpulis does not list its objects: {status} {body}")
        return body["total"]

    def reads(self, member):
        """Whether the member answers a linearizable read of the first object."""
        status, _ = self.get(member, f"{self.prefix}/c{0:09d}", timeout=1)
        return status == 200


class Etcd(System):
    name = "etcd"

    def __init__(self, directory):
        ports = free_ports(6)
        clients, peers = ports[:3], ports[3:]
        self.ids = {}
        cluster = ",".join(f"m{number}=http://127.0.0.1:{port}" for number, port in enumerate(peers, 1))
        self.members = [
            Node(
                f"etcd-{number}",
                [
                    "etcd", "--name", f"m{number}", "--data-dir", os.path.join(directory, f"etcd-{number}"),
                    "--listen-client-urls", f"http://127.0.0.1:{client}",
                    "--advertise-client-urls", f"http://127.0.0.1:{client}",
                    "--listen-peer-urls", f"http://127.0.0.1:{peer}",
                    "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
                    "--initial-cluster", cluster, "--initial-cluster-state", "new",
                ],
                client, directory,
            )
            for number, (client, peer) in enumerate(zip(clients, peers), 1)
        ]
        key = base64.b64encode(b"bench/").decode() + "{serial64}"
        value = "{serial64}" + base64.b64encode(PAD[: VALUE_BYTES - 9].encode()).decode()
        put = '{"key":"' + key + '","value":"' + value + '"}'
        self.requests = {
            "write": template("POST", "/v3/kv/put", put),
            "update": template("POST", "/v3/kv/put", put),
            "read": template("POST", "/v3/kv/range", '{"key":"' + key + '"}'),
            "stale": template("POST", "/v3/kv/range", '{"key":"' + key + '","serializable":true}'),
        }
        self.expected = '"value":"{serial64}MDEyMzQ1Njc4OWFi'

    def post(self, member, path, body, timeout=30.0):
        return http_request(member.port, "POST", path, body, timeout=timeout)

    def leader_according_to(self, member):
        _, body = self.post(member, "/v3/maintenance/status", {}, timeout=2)
        if not body or "header" not in body:
            return None
        self.ids[body["header"]["member_id"]] = member
        return self.ids.get(body.get("leader"))

    def stored(self):
        everything = base64.b64encode(b"\0").decode()
        query = {"key": everything, "range_end": everything, "count_only": True}
        status, body = self.post(self.leader(), "/v3/kv/range", query)
        if status != 200:
            raise Broken(f"etcd does not count its objects: {status} {body}")
        return int(body.get("count", 0))

    def reads(self, member):
        """Whether the member answers a linearizable read of the first object."""
        key = base64.b64encode(b"bench/%09d" % 0).decode()
        status, body = self.post(member, "/v3/kv/range", {"key": key}, timeout=1)
        return status == 200 and "kvs" in body
