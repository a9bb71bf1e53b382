#!/usr/bin/env python3
"""What a worker's API carries beside its engine, and what its pipelines leave each other. On this machine, in one run.

Producer: JSON lines sent to one pipeline over loopback, against `varpulis simulate` on the same file and program, with one
worker. Rounds alternate; a figure is the median of its rounds. Neighbours: two pipelines that are fed at a steady rate, alone,
and beside one that burns processor time and one that keeps everything it gets. The run fails below the bars.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "chaos"))
from cluster import Failed, find_binary, free_ports, wait_until  # noqa: E402

API = "/api/v1/pipelines"
LINES = "application/x-ndjson"
FILTER = "stream Hot = Reading.where(value > 90).emit(sensor: sensor, value: value)"
# Tens of thousands of steps for each event.
BURN = """
fn burn(n: int) -> int:
    var x = 0
    for i in 0..n:
        x := (x * 31 + i) % 65521
    x
stream Burnt = Reading.where(burn(20000) == -1).emit(sensor: sensor)
"""
HOARD = "stream Kept = Reading.window(session: 1h).aggregate(n: count()).emit(n: n)"
TICK = os.sysconf("SC_CLK_TCK")
BARS = {"producer": 0.5, "beside_burner": 0.8, "beside_hoarder": 0.8}


def lines(count, first=0):
    return "".join(
        f'{{"event_type":"Reading","fields":{{"sensor":"s{number % 1000}","value":{number % 100}.5}}}}\n'
        for number in range(first, first + count)
    ).encode()


class Worker:
    def __init__(self, binary, directory, *flags):
        self.port = free_ports(1)[0]
        self.log = open(os.path.join(directory, f"worker-{self.port}.log"), "w")
        self.process = subprocess.Popen(
            [binary, "server", "--port", str(self.port), "--workdir", directory, *flags], stdout=self.log, stderr=self.log
        )

    def __enter__(self):
        wait_until("the worker is ready", self.is_ready, 20)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def is_ready(self):
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"content-type": kind})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def deploy(self, name, source):
        status, answer = self.call("POST", API, json.dumps({"name": name, "source": source}))
        if status != 201:
            raise Failed(f"{name} was not deployed: {status} {answer}")
        return answer["id"]

    def look(self, pipeline):
        return self.call("GET", f"{API}/{pipeline}")[1]

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


# -- one producer against the engine


def through_api(binary, directory, data, count):
    with Worker(binary, directory) as worker:
        pipeline = worker.deploy("hot", FILTER)
        worker.call("POST", f"{API}/{pipeline}/events-batch", data[: data.index(b"\n") + 1], LINES)
        cpu, moment = worker.cpu_seconds(), time.monotonic()
        status, answer = worker.call("POST", f"{API}/{pipeline}/events-batch", data, LINES)
        took = time.monotonic() - moment
        if status != 200 or answer["accepted"] != count:
            raise Failed(f"the worker answered {status} {answer}")
        return count / took, count / (worker.cpu_seconds() - cpu)


def through_engine(binary, directory, path, count):
    program = os.path.join(directory, "hot.vpl")
    with open(program, "w") as file:
        file.write(FILTER + "\n")
    moment = time.monotonic()
    before = os.times()
    subprocess.run(
        [binary, "simulate", "-p", program, "-e", path, "--immediate", "--workers", "1", "--quiet"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return count / (time.monotonic() - moment), count / cpu


def producer(binary, directory, options, figures):
    data = lines(options.events)
    path = os.path.join(directory, "events.jsonl")
    with open(path, "wb") as file:
        file.write(data)
    api, engine = [], []
    for _ in range(options.rounds):
        engine.append(through_engine(binary, directory, path, options.events))
        api.append(through_api(binary, directory, data, options.events))
    figures["engine_events_per_second"] = statistics.median(rate for rate, _ in engine)
    figures["producer_events_per_second"] = statistics.median(rate for rate, _ in api)
    figures["engine_events_per_cpu_second"] = statistics.median(rate for _, rate in engine)
    figures["producer_events_per_cpu_second"] = statistics.median(rate for _, rate in api)
    figures["producer"] = statistics.median(one[0] / other[0] for one, other in zip(api, engine))


# -- neighbours


def feed(port, pipeline, rate, seconds, answers):
    """Sends batches at a steady rate, one after the other; tells how many events were processed in that time."""
    batch, size = lines(1_000), 1_000
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    begun, sent, slowest = time.monotonic(), 0, 0
    while time.monotonic() - begun < seconds:
        ahead = sent / rate - (time.monotonic() - begun) if rate else 0
        if ahead > 0:
            time.sleep(ahead)
        moment = time.monotonic()
        connection.request("POST", f"{API}/{pipeline}/events-batch", batch, {"content-type": LINES})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            break
        slowest = max(slowest, time.monotonic() - moment)
        sent += size
    answers.put((pipeline, sent / (time.monotonic() - begun), slowest))


def rates(worker, fed, seconds):
    """`fed`: rates by pipeline; 0 for as fast as it goes. Gives the rates that came about, and the slowest batch."""
    answers = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=feed, args=(worker.port, pipeline, rate, seconds, answers))
        for pipeline, rate in fed.items()
    ]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    return {pipeline: rate for pipeline, rate, _ in found}, {pipeline: slowest for pipeline, _, slowest in found}


def neighbours(binary, directory, options, figures):
    with Worker(binary, directory, "--pipeline-memory", "64") as worker:
        steady = {worker.deploy(name, FILTER): options.rate for name in ("left", "right")}
        rates(worker, steady, 1)
        alone, slowest = rates(worker, steady, options.seconds)
        figures["alone_events_per_second"] = sum(alone.values())
        figures["alone_slowest_batch_ms"] = max(slowest.values()) * 1e3
        for kind, source in (("burner", BURN), ("hoarder", HOARD)):
            greedy = worker.deploy(kind, source)
            beside, slowest = rates(worker, {**steady, greedy: 0}, options.seconds)
            figures[f"beside_{kind}_slowest_batch_ms"] = max(slowest[one] for one in steady) * 1e3
            figures[f"beside_{kind}"] = min(beside[one] / alone[one] for one in steady)
            figures[f"{kind}_events_per_second"] = beside[greedy]
            status = worker.look(greedy)["status"]
            print(f"  the {kind} is then: {status}")
            if kind == "hoarder" and status == "running":
                raise Failed("what keeps everything was not stopped")
            worker.call("DELETE", f"{API}/{greedy}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="the varpulis to measure; default: a release build made now")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=100_000, help="events a second of each neighbour")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    figures = {}
    try:
        with tempfile.TemporaryDirectory(prefix="bench-worker-") as directory:
            binary = find_binary(options.binary)
            producer(binary, directory, options, figures)
            neighbours(binary, directory, options, figures)
    except Failed as failure:
        print(f"worker: FAILED: {failure}")
        return 1
    for name, value in figures.items():
        bar = f"  (bar {BARS[name]})" if name in BARS else ""
        print(f"  {name:36} {value:14.2f}{bar}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)
    missed = [name for name, bar in BARS.items() if figures[name] < bar]
    if missed:
        print("worker: below the bar: " + ", ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
