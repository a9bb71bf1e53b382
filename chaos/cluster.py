"""A cluster of real processes on loopback, for fault injection: a broker, coordinators, workers.

Everything gets free ports and a directory of its own, and everything started here is ended here. Needs only Python's
standard library, mosquitto and its clients.
"""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from certificates import Authority

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
API = "/api/v1/cluster"
KEY = "chaos-key"


def free_ports(count):
    """Ports that nobody listens on now. All are held until all are found, so they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def find_binary(given=None):
    """The `varpulis` to test: the one given, the environment's, or a release build made now."""
    binary = given or os.environ.get("VARPULIS_BIN")
    if binary:
        return os.path.abspath(binary)
    print("building varpulis (release)", flush=True)
    # With Swift's own libraries inside: calls into them cost less than through the dynamic linker.
    build = ["swift", "build", "-c", "release", "--static-swift-stdlib"]
    for product in ("varpulis", "check-history"):
        subprocess.run([*build, "--product", product], cwd=ROOT, check=True)
    path = subprocess.run(
        ["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    return os.path.join(path, "varpulis")


class Unavailable(Exception):
    """No answer, or none that says what became of the request."""


def connect(host, port, timeout, tls=None):
    """A connection for HTTP requests: over TLS if given a context for it."""
    if tls:
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=tls)
    return http.client.HTTPConnection(host, port, timeout=timeout)


def request(port, method, path, body=None, timeout=10.0, host="127.0.0.1", decode=json.loads, tls=None):
    """One HTTP request; returns (status, decoded body). Raises Unavailable when no answer came."""
    connection = connect(host, port, timeout, tls)
    try:
        payload = None if body is None else json.dumps(body)
        headers = {"x-api-key": KEY}
        if payload is not None:
            headers["content-type"] = "application/json"
        connection.request(method, path, payload, headers)
        response = connection.getresponse()
        text = response.read()
        return response.status, decode(text) if text else None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(str(error)) from error
    finally:
        connection.close()


def wait_until(what, condition, timeout):
    """Waits until `condition()` is true (or gives something), and returns that. Fails loudly when time is up."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            value = condition()
        except Unavailable:
            value = None
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {timeout} s: {what}")
        time.sleep(0.02)


class Failed(Exception):
    """The scenario's verdict is negative."""


class Node:
    """One process, which may be killed and started again."""

    def __init__(self, name, arguments, port, directory, environment=None):
        self.name, self.arguments, self.port = name, arguments, port
        self.log_path = os.path.join(directory, f"{name}.log")
        self.environment = dict(os.environ, **(environment or {}))
        self.process, self.host, self.tls = None, "127.0.0.1", None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )

    @property
    def is_up(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, how=signal.SIGKILL):
        if self.is_up:
            self.process.send_signal(how)
            if how in (signal.SIGKILL, signal.SIGTERM):
                try:
                    self.process.wait(20)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                    raise Failed(f"{self.name} does not end on {how.name}") from None

    def request(self, method, path, body=None, timeout=10.0):
        return request(self.port, method, path, body, timeout, self.host, tls=self.tls)

    def connect(self, timeout=10.0):
        return connect(self.host, self.port, timeout, self.tls)

    def text(self, path):
        """An answer that is not JSON."""
        return request(self.port, "GET", path, host=self.host, decode=bytes.decode, tls=self.tls)[1]

    def get(self, path, timeout=10.0):
        status, body = self.request("GET", path, timeout=timeout)
        if status != 200:
            raise Unavailable(f"{self.name}: {status} {body}")
        return body

    def tail(self, lines=15):
        with open(self.log_path, errors="replace") as log:
            return "".join(log.readlines()[-lines:])


class Cluster:
    """Coordinators, workers and a broker. Use as a context manager."""

    def __init__(
        self, binary, coordinators=3, workers=2, heartbeat=1, timeout=3, keep=False, flags=(), is_secure=False
    ):
        self.binary, self.keep, self.flags = binary, keep, list(flags)
        self.directory = tempfile.mkdtemp(prefix="varpulis-")
        self.authority = Authority(os.path.join(self.directory, "certificates")) if is_secure else None
        scheme = "https" if is_secure else "http"
        self._members = []  # all that ever belonged to it
        self.heartbeat, self.timeout = heartbeat, timeout
        ports = free_ports(coordinators + workers + 1)
        self.broker = self._broker(ports.pop())
        peers = ",".join(f"{scheme}://127.0.0.1:{port}" for port in ports[:coordinators])
        self.coordinators = [
            self._coordinator(number + 1, ports[number], peers) for number in range(coordinators)
        ]
        self.urls = peers
        self.workers = [
            self._worker(number + 1, ports[coordinators + number]) for number in range(workers)
        ]

    def _broker(self, port, address="127.0.0.1"):
        path = os.path.join(self.directory, "mosquitto.conf")
        with open(path, "w") as file:
            file.write(f"listener {port} {address}\nallow_anonymous true\npersistence false\n")
            file.write("max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n")
        binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        node = Node("broker", [binary, "-c", path], port, self.directory)
        node.host = address
        return node

    def _coordinator(self, number, port, peers):
        flags = ["--raft", "--raft-node-id", str(number), "--raft-peers", peers]
        return self._member(number, port, os.path.join(self.directory, "raft"), flags)

    def newcomer(self, number, port=None, *flags):
        """A coordinator that joins, and will be member `number`; not started, and not among `coordinators` yet."""
        port = port or free_ports(1)[0]
        urls = ",".join(f"http://{node.host}:{node.port}" for node in self.up())
        return self._member(number, port, os.path.join(self.directory, f"joined-{number}"), ["--join", urls, *flags])

    def _member(self, number, port, directory, flags):
        node = Node(
            f"coordinator-{number}",
            [
                self.binary, "coordinator", "--port", str(port), *flags, "--data-dir", directory,
                "--heartbeat-interval", str(self.heartbeat), "--heartbeat-timeout", str(self.timeout), *self.flags,
            ],
            port, self.directory, {"VARPULIS_API_KEY": KEY},
        )
        self._members.append(node)
        self._secure(node)
        node.member = number
        node.data_path = os.path.join(directory, "member" if "--join" in flags else f"node-{number}")
        return node

    def _worker(self, number, port, urls=None):
        node = Node(
            f"worker-{number}",
            [
                self.binary, "server", "--port", str(port), "--coordinator", urls or self.urls,
                "--worker-id", f"worker-{number}",
            ],
            port, self.directory, {"VARPULIS_API_KEY": KEY},
        )
        self._secure(node, "--tls-client-cert", "--tls-client-key")
        return node

    def _secure(self, node, *as_client):
        """Gives a process a certificate of the cluster's authority, if the cluster has one."""
        if not self.authority:
            return
        certificate, key = self.authority.issue(node.name)
        node.arguments += ["--tls-cert", certificate, "--tls-key", key, "--tls-ca-cert", self.authority.certificate]
        if as_client:
            node.arguments += [as_client[0], certificate, as_client[1], key]
        node.tls = self.authority.client_context(certificate, key)

    # -- life

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and not issubclass(kind, KeyboardInterrupt):
            self.show_logs()
        if self.keep and kind is None:
            return
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def nodes(self):
        return self._members + self.workers + [self.broker]

    def stop(self):
        for node in self.nodes:
            if node.is_up:
                node.process.terminate()
        for node in self.nodes:
            if node.process is not None:
                try:
                    node.process.wait(10)
                except subprocess.TimeoutExpired:
                    node.process.kill()
                    node.process.wait()

    def show_logs(self):
        for node in self.nodes:
            if os.path.exists(node.log_path):
                print(f"--- {node.name}\n{node.tail()}", flush=True)

    def start_coordinators(self):
        for node in self.coordinators:
            node.start()
        return self.leader()

    def start_broker(self):
        self.broker.start()

        def accepts():
            with socket.socket() as probe:
                return probe.connect_ex((self.broker.host, self.broker.port)) == 0

        wait_until("the broker listens", accepts, 10)

    def start_workers(self):
        for node in self.workers:
            node.start()
        wait_until("all workers are ready", lambda: self.ready_workers() == len(self.workers), 30)

    # -- observation

    def up(self):
        return [node for node in self.coordinators if node.is_up]

    def leader(self, timeout=10, other_than=None):
        """The coordinator that a majority of the running ones call the leader."""

        def find():
            votes = []
            for node in self.up():
                try:
                    votes.append(node.get("/raft/metrics", timeout=1)["current_leader"])
                except Unavailable:
                    continue
            for candidate in set(votes):
                if candidate and votes.count(candidate) * 2 > len(self.coordinators):
                    for node in self.up():
                        if node.member == candidate and node is not other_than:
                            return node
            return None

        return wait_until("a leader is known", find, timeout)

    def followers(self):
        leader = self.leader()
        return [node for node in self.up() if node is not leader]

    def ready_workers(self):
        page = self.any_get(f"{API}/workers")
        return sum(1 for worker in page["workers"] if worker["status"] == "ready")

    def any_get(self, path):
        for node in self.up():
            try:
                return node.get(path, timeout=3)
            except Unavailable:
                continue
        raise Unavailable("no coordinator answers")

    def members(self):
        """The members as the leader lists them, by their ids."""
        return {member["id"]: member for member in self.any_get(f"{API}/raft/members")["members"]}

    def wait_for_voter(self, number, timeout=30):
        """Waits until a newcomer votes and lacks nothing to speak of."""

        def votes():
            member = self.members().get(number)
            return member and member["role"] == "voter" and member["lag"] < 100

        wait_until(f"member {number} votes", votes, timeout)

    def command(self, *arguments):
        """Runs `varpulis raft ...` against the coordinators that run; returns the exit code and what it printed."""
        urls = ",".join(f"http://{node.host}:{node.port}" for node in self.up())
        done = subprocess.run(
            [self.binary, "raft", *arguments, "--coordinator", urls], capture_output=True, text=True, timeout=60,
            env=dict(os.environ, VARPULIS_API_KEY=KEY), check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def settle(self, timeout=20):
        """Waits until all running coordinators have applied the same."""

        def equal():
            applied = [node.get("/raft/metrics")["last_applied"] for node in self.up()]
            return applied[0] is not None and all(one == applied[0] for one in applied) and applied[0]

        return wait_until("all coordinators have applied the same", equal, timeout)


class Clients:
    """Threads that repeat an operation and count what was acknowledged, and when."""

    def __init__(self, count, operation):
        self.acknowledged, self.times, self.unclear, self._failure = [], [], 0, None
        self._operation, self._lock, self._stop = operation, threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._failure and kind is None:
            raise self._failure

    def _run(self, number):
        serial = 0
        while not self._stop.is_set():
            serial += 1
            while not self._stop.is_set():
                try:
                    result = self._operation(number, serial)
                except Unavailable:
                    with self._lock:
                        self.unclear += 1
                    time.sleep(0.01)
                    continue
                except Failed as failure:
                    self._failure = failure
                    self._stop.set()
                    return
                with self._lock:
                    self.acknowledged.append(result)
                    self.times.append(time.monotonic())
                break

    def resumed(self, moment):
        """Whether anything was acknowledged after `moment`."""
        with self._lock:
            return any(time > moment for time in self.times)

    def longest_pause(self, since):
        """The longest time without an acknowledgement from `since` to the last one, in seconds."""
        with self._lock:
            times = [since] + sorted(time for time in self.times if time > since)
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=float("inf"))


class Subscriber:
    """Listens to a topic at QoS 1 and keeps every message, decoded."""

    def __init__(self, cluster, topic, on_message=None):
        self.messages, self._on_message = [], on_message
        self.process = subprocess.Popen(
            [
                "mosquitto_sub", "-h", cluster.broker.host, "-p", str(cluster.broker.port), "-q", "1", "-c",
                "-i", f"chaos-{os.getpid()}-{topic.replace('/', '-')}", "-t", topic,
            ],
            stdout=subprocess.PIPE, text=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            self.messages.append(message)
            if self._on_message:
                self._on_message(message)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self._thread.join()


class Publisher:
    """Publishes at QoS 1 over one connection, a message for each call."""

    def __init__(self, cluster, topic):
        self.process = subprocess.Popen(
            ["mosquitto_pub", "-h", cluster.broker.host, "-p", str(cluster.broker.port), "-q", "1", "-l", "-t", topic],
            stdin=subprocess.PIPE, text=True,
        )

    def send(self, event):
        self.process.stdin.write(json.dumps(event) + "\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Returns when the broker has acknowledged everything."""
        self.process.stdin.close()
        if self.process.wait(60) != 0:
            raise Failed("the publisher could not deliver everything to the broker")


# -- what scenarios share

def create_connector(cluster, name):
    """Creates one connector, through any coordinator. Raises Unavailable unless it is acknowledged."""
    body = {"name": name, "connector_type": "mqtt", "params": {"host": "127.0.0.1", "port": "1883"}}
    node = random.choice(cluster.coordinators)
    status, answer = node.request("POST", f"{API}/connectors", body, timeout=5)
    if status == 201:
        return name
    if status in (421, 503, 504):
        raise Unavailable(f"{status}")
    raise Failed(f"creating {name}: {status} {answer}")


def stored_connectors(node):
    """The names of all connectors in a member's own state."""
    names, offset = set(), 0
    while True:
        page = node.get(f"{API}/connectors?consistency=stale&limit=1000&offset={offset}")
        names.update(connector["name"] for connector in page["connectors"])
        if not page["pagination"]["has_more"]:
            return names
        offset += 1000


def check_connectors(cluster, acknowledged):
    """Nothing acknowledged may be missing anywhere, and all members must have the same."""
    cluster.settle()
    for node in cluster.coordinators:
        missing = set(acknowledged) - stored_connectors(node)
        if missing:
            raise Failed(f"{node.name} lost {len(missing)} acknowledged connectors, such as {sorted(missing)[0]}")
    topologies = [node.get(f"{API}/topology?consistency=stale") for node in cluster.coordinators]
    if any(one != topologies[0] for one in topologies):
        raise Failed("the members' states differ")


def wait_for_end(node, code, *words):
    """Waits until a process ends by itself with that code, having said those words."""
    wait_until(f"{node.name} ends by itself", lambda: not node.is_up, 20)
    said = node.tail(5)
    if node.process.returncode != code or any(word not in said for word in words):
        raise Failed(f"{node.name} ended with {node.process.returncode} and said: {said}")
