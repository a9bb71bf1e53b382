"""Failover after the leader is killed or stopped, and the restart of a whole cluster."""

import base64
import selectors
import signal
import socket
import time

from measure import rss_anon_mib
from systems import Broken, wait_for

INTERVAL = 0.01


class Probe:
    """Sends a new write to each survivor every 10 ms, each on a connection of its own."""

    def __init__(self, system, survivors, first):
        self.system, self.survivors, self.serial = system, survivors, first
        self.selector, self.open = selectors.DefaultSelector(), set()

    def send(self):
        for member in self.survivors:
            digits = f"{self.serial:09d}"
            digits64 = base64.b64encode(digits.encode()).decode()
            request = self.system.requests["write"].replace("{serial}", digits).replace("{serial64}", digits64)
            self.serial += 1
            connection = socket.create_connection(("127.0.0.1", member.port))
            connection.sendall(request.encode())
            connection.setblocking(False)
            self.open.add(connection)
            self.selector.register(connection, selectors.EVENT_READ)

    def acknowledged(self, timeout):
        """Whether a write was acknowledged within the timeout."""
        for key, _ in self.selector.select(max(0, timeout)):
            try:
                answer = key.fileobj.recv(65536)
            except OSError:
                answer = b""
            if answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
                return True
            self.selector.unregister(key.fileobj)
            self.open.discard(key.fileobj)
            key.fileobj.close()
        return False

    def run(self, patience=30.0):
        """Seconds until the first acknowledged write."""
        start = time.monotonic()
        due = start
        while time.monotonic() < start + patience:
            if time.monotonic() >= due:
                self.send()
                due += INTERVAL
            if self.acknowledged(due - time.monotonic()):
                return time.monotonic() - start
        raise Broken(f"{self.system.name} took no write for {patience} s after its leader was gone")

    def close(self):
        for connection in self.open:
            connection.close()
        self.selector.close()


def fail_over(system, how, first):
    """Milliseconds from the signal to the leader until another member acknowledges a write. Mends the cluster."""
    leader = system.leader()
    probe = Probe(system, [member for member in system.members if member is not leader], first)
    try:
        leader.process.send_signal(how)
        milliseconds = probe.run() * 1000
    finally:
        probe.close()
    if how == signal.SIGKILL:
        leader.process.wait()
        leader.start()
    else:
        leader.process.send_signal(signal.SIGCONT)
    system.leader()
    return milliseconds


def restart(system, objects):
    """Ends all three members and starts them again: (milliseconds to the first linearizable read, MiB of the
    largest member before)."""
    wait_for("members have settled", lambda: system.stored() == objects)
    memory = max(rss_anon_mib(member.process) for member in system.members)
    system.end()
    begun = time.monotonic()
    for member in system.members:
        member.start()
    wait_for(
        "a read after the restart",
        lambda: any(system.reads(member) for member in system.members),
        pause=0.002,
    )
    milliseconds = (time.monotonic() - begun) * 1000
    system.leader()
    if system.stored() != objects:
        raise Broken(f"{system.name} had {objects} objects before the restart and has {system.stored()} after it")
    return milliseconds, memory
