"""What is read off the machine and its processes, and the load generator's runs."""

import json
import os
import subprocess
import time

from systems import Broken

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")


def build_load(directory):
    binary = os.path.join(directory, "load")
    compile = ["cc", "-O2", "-Wall", "-D_GNU_SOURCE", "-o", binary, os.path.join(HERE, "load.c")]
    subprocess.run(compile, check=True)
    return binary


def require_disk(directory):
    """The kind of file system that data will be on. Memory would make every sync free, so it is refused."""
    answer = subprocess.run(["df", "--output=fstype", directory], check=True, capture_output=True, text=True)
    kind = answer.stdout.split()[-1]
    if kind in ("tmpfs", "ramfs"):
        raise Broken(f"{directory} is in memory; give --directory a place on a disk")
    return kind


def cpu_seconds(processes):
    """User and system time that the processes have used."""
    total = 0
    for process in processes:
        with open(f"/proc/{process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def rss_anon_mib(process):
    with open(f"/proc/{process.pid}/status") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    raise Broken("the kernel does not tell RssAnon")


def sync_probe(directory, count=200):
    """Microseconds of overwriting 4 KiB and fdatasync: (median, 99th percentile)."""
    path = os.path.join(directory, "probe")
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(file, b"\0" * 4096, 0)
        os.fsync(file)
        times = []
        for round in range(count):
            start = time.perf_counter()
            os.pwrite(file, bytes([round % 256]) * 4096, 0)
            os.fdatasync(file)
            times.append((time.perf_counter() - start) * 1e6)
    finally:
        os.close(file)
        os.unlink(path)
    times.sort()
    return times[count // 2], times[count * 99 // 100]


class Machine:
    """How much of the machine others used while this ran."""

    def __init__(self):
        self.start = self._read()
        self.load = os.getloadavg()[0]

    def _read(self):
        with open("/proc/stat") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
        user, nice, system, idle, iowait, irq, softirq, steal = fields
        return {"all": sum(fields), "idle": idle + iowait, "steal": steal}

    def describe(self):
        end = self._read()
        spent = {key: end[key] - self.start[key] for key in end}
        return (
            f"{os.cpu_count()} cores, load average {self.load:.2f} before and {os.getloadavg()[0]:.2f} after, "
            f"{100 * spent['idle'] / spent['all']:.0f}% idle, {100 * spent['steal'] / spent['all']:.1f}% stolen"
        )


class Load:
    """Runs the load generator against a system and checks that every request was acknowledged."""

    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory
        self.cpu, self.requests = 0.0, 0

    def run(self, system, kind, connections, *, seconds=None, requests=None, first=0, among=0, spread=False):
        """The generator's figures, and `cpu_us`: what all three members together spent on one operation."""
        path = os.path.join(self.directory, f"{system.name}-{kind}.request")
        with open(path, "w") as file:
            file.write(system.requests[kind])
        leader = system.leader()
        members = system.members if spread else [leader]
        command = [
            self.binary, "--ports", ",".join(str(member.port) for member in members),
            "--connections", str(connections), "--request", path, "--first", str(first), "--among", str(among),
        ]
        command += ["--requests", str(requests)] if requests else ["--seconds", str(seconds)]
        if kind in ("read", "stale"):
            command += ["--expect", system.expected]
        before = cpu_seconds(member.process for member in system.members)
        result = subprocess.run(command, capture_output=True, text=True)
        spent = cpu_seconds(member.process for member in system.members) - before
        if result.returncode != 0:
            raise Broken(f"the load generator failed: {result.stderr}")
        figures = json.loads(result.stdout)
        if figures["errors"] or figures["acknowledged"] != figures["issued"] or not figures["acknowledged"]:
            raise Broken(f"{system.name}, {kind}, {connections} connections: {figures} {result.stderr}")
        if system.leader() is not leader:
            raise Broken(f"{system.name} changed its leader during the run")
        figures["cpu_us"] = spent / figures["acknowledged"] * 1e6
        self.cpu += figures["cpu_s"]
        self.requests += figures["acknowledged"]
        return figures
