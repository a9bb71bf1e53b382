#!/usr/bin/env python3
"""How large a cluster three coordinators carry: simulated workers over real HTTP, and thousands of pipelines.

Everything runs on this machine, the simulated workers too; the CPU seconds of coordinators are their own. Prints a table
and, with --json, writes the figures.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "chaos"))
from cluster import API, KEY, Cluster, Failed, find_binary, wait_until  # noqa: E402
from groups import all_groups, send_until_answered, small_group  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Workers:
    """The process of the simulated workers."""

    def __init__(self, count, coordinators):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "simulated.py"), "--count", str(count),
             "--coordinators", ",".join(coordinators), "--key", KEY],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)


def cpu_seconds(node):
    with open(f"/proc/{node.process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mebibytes(node):
    with open(f"/proc/{node.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def deploy_all(cluster, groups, pipelines, clients):
    """Deploys from several threads; returns the seconds it took, and each deploy's own, sorted."""
    left, times, failures, lock = list(range(groups)), [], [], threading.Lock()

    def run():
        while not failures:
            with lock:
                if not left:
                    return
                number = left.pop()
            moment = time.monotonic()
            name = f"scale_{number}"
            try:
                send_until_answered(
                    cluster, "POST", f"{API}/pipeline-groups", small_group(name, pipelines), key=name, patience=120
                )
            except Failed as failure:
                failures.append(failure)
                return
            times.append(time.monotonic() - moment)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - begun, sorted(times)


def placements(cluster):
    return [one for group in all_groups(cluster) for one in group["placements"]]


def running(cluster, wanted, not_on=None):
    found = placements(cluster)
    return (
        len(found) == wanted
        and all(one["status"] == "Running" and one["worker_id"] != not_on for one in found)
    )


def idle(cluster, workers, seconds):
    """CPU of the leader and of all coordinators for each heartbeat, in microseconds, while nothing else happens."""
    leader = cluster.leader()
    before, all_before, beats = cpu_seconds(leader), sum(map(cpu_seconds, cluster.up())), workers.ask("count")["heartbeats"]
    time.sleep(seconds)
    beats = workers.ask("count")["heartbeats"] - beats
    return (
        beats / seconds,
        (cpu_seconds(leader) - before) / beats * 1e6,
        (sum(map(cpu_seconds, cluster.up())) - all_before) / beats * 1e6,
        (cpu_seconds(leader) - before) / seconds * 100,
    )


def measure(options):
    figures = {}
    wanted = options.groups * options.pipelines
    with Cluster(find_binary(options.binary), workers=0, heartbeat=5, timeout=15) as cluster:
        cluster.start_coordinators()
        with Workers(options.workers, cluster.urls.split(",")) as workers:
            moment = time.monotonic()
            wait_until(
                "all simulated workers have a session",
                lambda: workers.ask("count")["sessions"] == options.workers, 60,
            )
            figures["sessions_seconds"] = time.monotonic() - moment
            body = {"name": "Broker", "connector_type": "mqtt", "params": {"host": "127.0.0.1", "port": "1883"}}
            send_until_answered(cluster, "POST", f"{API}/connectors", body, key="broker")
            took, times = deploy_all(cluster, options.groups, options.pipelines, options.clients)
            wait_until("all pipelines run", lambda: running(cluster, wanted), 60)
            figures["groups_per_second"] = options.groups / took
            figures["pipelines_per_second"] = wanted / took
            figures["deploy_p50_ms"] = times[len(times) // 2] * 1e3
            figures["deploy_p99_ms"] = times[len(times) * 99 // 100] * 1e3
            time.sleep(5)
            rate, leader, together, share = idle(cluster, workers, options.seconds)
            figures["heartbeats_per_second"] = rate
            figures["leader_cpu_us_per_heartbeat"] = leader
            figures["all_cpu_us_per_heartbeat"] = together
            figures["leader_cpu_percent"] = share
            times = []
            for number in range(options.kills):
                killed = workers.ask("kill", number)
                moment = time.monotonic()
                wait_until(
                    "its pipelines run elsewhere",
                    lambda: running(cluster, wanted, not_on=killed["worker"]), 60,
                )
                times.append(time.monotonic() - moment)
                time.sleep(1)
            figures["worker_failover_seconds"] = sorted(times)[len(times) // 2]
            figures["worker_failover_pipelines"] = wanted / options.workers
            leader = cluster.leader()
            figures["leader_resident_mib"] = resident_mebibytes(leader)
            figures["follower_resident_mib"] = max(map(resident_mebibytes, cluster.followers()))
            leader.kill()
            moment = time.monotonic()
            cluster.leader(other_than=leader)
            figures["leader_failover_seconds"] = time.monotonic() - moment
            name = "after"
            send_until_answered(cluster, "POST", f"{API}/pipeline-groups", small_group(name), key=name)
            figures["deploy_after_leader_kill_seconds"] = time.monotonic() - moment
            time.sleep(5)
            if not running(cluster, wanted + 1):
                raise Failed("pipelines stopped running when the leader was killed")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="the varpulis to measure; default: a release build made now")
    parser.add_argument("--workers", type=int, default=200)
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--pipelines", type=int, default=4, help="in each group")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30, help="how long heartbeats are watched")
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    try:
        figures = measure(options)
    except Failed as failure:
        print(f"scale: FAILED: {failure}")
        return 1
    print(f"{options.workers} workers, {options.groups * options.pipelines} pipelines, three coordinators")
    for name, value in figures.items():
        print(f"  {name:36} {value:10.2f}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
