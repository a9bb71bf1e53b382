#!/usr/bin/env python3
"""Compares three coordinators with three members of etcd behind its JSON gateway, on this machine, in one run.

Both keep their data on the same disk and run with their defaults. Rounds alternate between the two; a figure is the
median of its rounds, and how many times better one is the median of what the rounds say, since a machine may be faster in
one round than in another. The run fails if a request fails, or if what was acknowledged is not what is stored.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile

from failures import fail_over, restart
from measure import Load, Machine, build_load, require_disk, sync_probe
from systems import Broken, Etcd, Varpulis, find_binary

LEVELS = (1, 16, 64, 256)


class Run:
    def __init__(self, options):
        self.options = options
        self.directory = tempfile.mkdtemp(prefix="bench-raft-", dir=options.directory)
        self.figures, self.probes = {}, []
        self.next = {}
        self.acknowledged = {}

    def note(self, row, system, value):
        self.figures.setdefault(row, {}).setdefault(system.name, []).append(value)

    def median(self, row, name):
        return statistics.median(self.figures[row][name])

    # -- throughput

    def round(self, systems, load, row, kind, connections, spread=False):
        self.probes.append(sync_probe(self.directory))
        for system in systems:
            first, among = self.next[system.name], 0
            if kind != "write":
                first, among = 0, min(first, 10_000)
            result = load.run(
                system, kind, connections,
                seconds=self.options.seconds, first=first, among=among, spread=spread,
            )
            if kind == "write":
                self.next[system.name] += result["issued"]
                self.acknowledged[system.name] += result["acknowledged"]
            self.note(row, system, result["rate"])
            self.note(f"cpu.{row}", system, result["cpu_us"])
            self.note(f"p50.{row}", system, result["p50_us"])
            self.note(f"p99.{row}", system, result["p99_us"])

    def throughput(self, systems, load):
        rows = [(f"writes.{level}", "write", level, False) for level in LEVELS]
        rows += [(f"reads.{level}", "read", level, False) for level in LEVELS]
        rows += [("updates.64", "update", 64, False), ("stale.64", "stale", 64, False)]
        rows += [("spread.writes.64", "write", 64, True), ("spread.reads.64", "read", 64, True)]
        for system in systems:
            self.next[system.name] = self.acknowledged[system.name] = 0
            system.start()
            # Reads need something to read, and nobody is to be measured cold.
            result = load.run(system, "write", 64, requests=2_000)
            self.next[system.name] = self.acknowledged[system.name] = result["acknowledged"]
        for number in range(self.options.rounds):
            for row in rows:
                self.round(systems, load, *row)
            print(f"round {number + 1} of {self.options.rounds} done", flush=True)
        for system in systems:
            stored = system.stored()
            if stored != self.acknowledged[system.name]:
                raise Broken(f"{system.name} acknowledged {self.acknowledged[system.name]} and has stored {stored}")

    # -- failures

    def failovers(self, systems):
        for number in range(self.options.failovers):
            for row, how in (("failover.kill", signal.SIGKILL), ("failover.stop", signal.SIGSTOP)):
                for system in systems:
                    # Probes whose outcome nobody waits for have numbers of their own.
                    self.next[system.name] += 100_000
                    self.note(row, system, fail_over(system, how, self.next[system.name]))
        print(f"{self.options.failovers} failovers of each kind done", flush=True)

    def restarts(self, systems, load):
        """On fresh clusters, so that nothing but the objects counted is in their logs."""
        objects = self.options.objects
        for system in systems:
            system.start()
            load.run(system, "write", 256, requests=objects)
            milliseconds, memory = restart(system, objects)
            self.note("restart", system, milliseconds)
            self.note("memory", system, memory)
            system.end()
        print("restart done", flush=True)

    def run(self):
        binary, disk = find_binary(self.options.binary), require_disk(self.directory)
        load, machine = Load(build_load(self.directory), self.directory), Machine()
        started = []
        try:
            for part in ("throughput", "restart"):
                place = os.path.join(self.directory, part)
                os.mkdir(place)
                systems = started = [Varpulis(binary, place), Etcd(place)]
                if part == "throughput":
                    self.throughput(systems, load)
                    self.failovers(systems)
                    for system in systems:
                        system.end()
                elif self.options.objects:
                    self.restarts(systems, load)
        finally:
            for system in started:
                system.end()
        self.conditions = [
            machine.describe(),
            f"data on {disk}; 4 KiB overwrite and fdatasync: median {statistics.median(p[0] for p in self.probes):.0f} "
            f"us (from {min(p[0] for p in self.probes):.0f} to {max(p[0] for p in self.probes):.0f} over "
            f"{len(self.probes)} probes)",
            f"load generator: {load.requests} requests, {load.cpu:.1f} s of CPU, {load.cpu / load.requests * 1e6:.1f} "
            "us each",
            f"{self.options.rounds} rounds of {self.options.seconds:g} s, {self.options.objects} objects at restart",
        ]


def report(run):
    """The table for people, and the figures for programs."""
    figures, lines = {}, []

    def line(title, key, row, unit, scale=1.0, digits=0, statistic=statistics.median, better="more", rounds=False):
        if row not in run.figures:
            return
        both = [run.figures[row][name] for name in ("varpulis", "etcd")]
        ours, etcd = (statistic(values) * scale for values in both)
        pairs = zip(*both) if rounds else [(ours, etcd)]
        ratio = statistics.median(a / b if better == "more" else b / a for a, b in pairs)
        lines.append(f"| {title} | {ours:,.{digits}f} | {etcd:,.{digits}f} | {unit} | {ratio:.1f} |")
        return key, ours, etcd, ratio

    def add(result, ours_name, etcd_name):
        if result:
            key, ours, etcd, ratio = result
            figures[f"{key}.{ours_name}"] = round(ours, 3)
            figures[f"{key}.{etcd_name}"] = round(etcd, 3)
            figures[f"{key}.ratio"] = round(ratio, 3)

    rows = [row for row in run.figures if not row.startswith(("cpu.", "p50.", "p99.", "failover", "restart", "memory"))]
    for row in rows:
        kind, _, level = row.rpartition(".")
        title = {
            "writes": "writes", "reads": "linearizable reads", "updates": "updates", "stale": "stale reads",
            "spread.writes": "writes through all three members", "spread.reads": "reads through all three members",
        }[kind]
        plural = "connection" if level == "1" else "connections"
        add(line(f"{title}, {level} {plural}", row, row, "1/s", rounds=True), "ours", "etcd")
        for part, name in (("p50", "latency, median"), ("p99", "latency, 99th percentile"), ("cpu", "CPU, three members")):
            key = f"{part}.{row}"
            add(line(f"... {name}", key, key, "us", better="less", rounds=True), "us", "etcd_us")
    for row, title in (("failover.kill", "failover, leader killed"), ("failover.stop", "failover, leader stopped")):
        add(line(f"{title}, median", row, row, "ms", better="less"), "median_ms", "etcd_median_ms")
        result = line(f"{title}, worst", row, row, "ms", statistic=max, better="less")
        if result:
            figures[f"{row}.max_ms"], figures[f"{row}.etcd_max_ms"] = round(result[1], 3), round(result[2], 3)
    add(line("restart to the first read", "restart", "restart", "ms", better="less"), "ms", "etcd_ms")
    add(line("RssAnon of the largest member", "memory", "memory", "MiB", digits=1, better="less"), "rss_anon_mib", "etcd_rss_anon_mib")
    print("\n| | varpulis | etcd | unit | times better |\n|---|---:|---:|---|---:|")
    print("\n".join(lines))
    print()
    for condition in run.conditions:
        print(condition)
    return figures


def main():
    parser = argparse.ArgumentParser(prog="bench raft", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about two minutes, rougher figures")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--binary", help="the varpulis to measure; default: a release build made now")
    parser.add_argument("--directory", help="where data is put; default: the system's place for temporary files")
    parser.add_argument("--keep", action="store_true", help="leave logs and data where they are")
    options = parser.parse_args()
    options.rounds, options.seconds = (1, 1.5) if options.quick else (5, 3.0)
    options.failovers = 2 if options.quick else 7
    options.objects = 10_000 if options.quick else 100_000
    run = Run(options)
    try:
        run.run()
        figures = report(run)
        if options.json:
            with open(options.json, "w") as file:
                json.dump({"quick": options.quick, "conditions": run.conditions, **figures}, file, indent=2)
    except Broken as problem:
        print(f"bench raft: FAILED: {problem}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"logs and data are in {run.directory}")
        else:
            shutil.rmtree(run.directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
