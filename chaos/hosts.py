"""Coordinators on hosts of their own: network namespaces on one bridge. Needs root.

Everything happens below a private network namespace, so nothing of it is left behind.
"""

import os
import subprocess
import sys

from cluster import Cluster, Failed, find_binary, wait_until

NETWORK = "10.77.0"
HUB = f"{NETWORK}.254"
PRIVATE = "VARPULIS_CHAOS_PRIVATE"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip()}")


class Host:
    """A network namespace with one link to the bridge that all share."""

    def __init__(self, number):
        self.number, self.address = number, f"{NETWORK}.{number}"
        self.link = f"host{number}"
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        wait_until("the namespace is there", lambda: self._is_apart(), 5)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        run("ip", "link", "set", self.link, "master", "hub", "up")
        self.run("ip", "addr", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "link", "set", "lo", "up")

    def _is_apart(self):
        try:
            own = os.readlink(f"/proc/{self.holder.pid}/ns/net")
        except OSError:
            return False
        return own != os.readlink("/proc/self/ns/net")

    def inside(self, command):
        return ["nsenter", "--net", f"--target={self.holder.pid}", "--", *command]

    def run(self, *command):
        run(*self.inside(command))

    def limit(self, rate):
        """Both directions of the link carry no more than that."""
        limit = ["root", "tbf", "rate", rate, "burst", "32kb", "latency", "300ms"]
        run("tc", "qdisc", "add", "dev", self.link, *limit)
        self.run("tc", "qdisc", "add", "dev", "eth0", *limit)

    def cut(self):
        """Nothing goes in or out; connections stay as they are, and nobody is told."""
        run("ip", "link", "set", self.link, "nomaster")

    def heal(self):
        run("ip", "link", "set", self.link, "master", "hub")

    def lose(self, others):
        """Nothing reaches those hosts any more, and nothing comes back; others do not notice."""
        for other in others:
            self.run("ip", "route", "add", "blackhole", f"{other.address}/32")

    def find_again(self, others):
        for other in others:
            self.run("ip", "route", "del", "blackhole", f"{other.address}/32")

    @property
    def bytes_received(self):
        """Over the link, towards the host: what its end here has sent."""
        with open("/proc/net/dev") as file:
            fields = next(line.split(":")[1].split() for line in file if line.strip().startswith(self.link + ":"))
        return int(fields[8])

    def end(self):
        self.holder.kill()
        self.holder.wait()


class SpreadCluster(Cluster):
    """Coordinators, and workers if there are to be any, of which each is on a host of its own. A broker is at the hub."""

    PORT = 9100

    def __init__(self, binary, hosts, flags=(), workers=0, heartbeat=1, timeout=3):
        self.hosts = hosts
        super().__init__(binary, coordinators=0, workers=0, flags=flags, heartbeat=heartbeat, timeout=timeout)
        self.broker = self._broker(1883, HUB)
        self.urls = ",".join(f"http://{host.address}:{self.PORT}" for host in hosts[:3])
        self.coordinators = [
            self._spread(number, ["--raft", "--raft-node-id", str(number), "--raft-peers", self.urls])
            for number in (1, 2, 3)
        ]
        self.workers = [self._spread_worker(number, hosts[2 + number]) for number in range(1, workers + 1)]

    def _spread_worker(self, number, host):
        node = self._worker(number, self.PORT)
        node.arguments = host.inside(node.arguments + ["--bind", host.address])
        node.host, node.place = host.address, host
        return node

    def _spread(self, number, flags):
        node = self._member(number, self.PORT, os.path.join(self.directory, "raft"), flags)
        host = self.hosts[number - 1]
        node.arguments = host.inside(node.arguments + ["--bind", host.address])
        node.host = host.address
        return node

    def spread_newcomer(self, number):
        return self._spread(number, ["--join", self.urls])


def among_hosts(count, options, scenario):
    """Runs `scenario(hosts)` below a private network namespace: there at once, or by starting the program anew in one."""
    if PRIVATE not in os.environ:
        os.environ[PRIVATE] = "1"
        os.environ["VARPULIS_BIN"] = find_binary(options.binary)
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    hosts = []
    try:
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "hub", "type", "bridge")
        run("ip", "link", "set", "hub", "up")
        run("ip", "addr", "add", f"{HUB}/24", "dev", "hub")
        hosts.extend(Host(number) for number in range(1, count + 1))
        scenario(hosts)
    finally:
        for host in hosts:
            host.end()
