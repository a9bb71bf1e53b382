"""Pipeline groups, as scenarios deploy and watch them."""

import http.client
import itertools
import json
import os
import random
import threading
import time

from cluster import API, KEY, ROOT, Failed, Publisher, wait_until

EXAMPLE = os.path.join(ROOT, "examples", "greenhouse")


def create_broker_connector(cluster, node):
    body = {
        "name": "Broker", "connector_type": "mqtt",
        "params": {"host": cluster.broker.host, "port": str(cluster.broker.port)},
    }
    status, answer = node.request("POST", f"{API}/connectors", body)
    if status != 201:
        raise Failed(f"creating the connector: {status} {answer}")


def deploy(node, group, *pipelines):
    """Deploys programs of the greenhouse example as one group; returns the answer once all of it runs."""
    body = {"name": group, "pipelines": []}
    for pipeline in pipelines:
        with open(os.path.join(EXAMPLE, f"{pipeline}.vpl")) as file:
            body["pipelines"].append({"name": pipeline, "source": file.read()})
    status, answer = node.request("POST", f"{API}/pipeline-groups", body, timeout=30)
    if status != 201:
        raise Failed(f"deploying {group}: {status} {answer}")
    if answer["status"] != "running":
        raise Failed(f"group {group} is {answer['status']}: {answer['placements']}")
    return answer


def placement(cluster, group, pipeline):
    """Where a pipeline is, by the word of any coordinator."""
    info = cluster.any_get(f"{API}/pipeline-groups/{group}")
    return next(one for one in info["placements"] if one["pipeline_name"] == pipeline)


def small_group(name, pipelines=1, topic="chaos/in"):
    """A group of filters between two topics of the broker; what passes carries the name of its pipeline."""
    def program(pipeline):
        return (
            "event Reading:\n    seq: int\n    value: float\n\n"
            f'stream Passed = Reading.from(Broker, topic: "{topic}/{pipeline}", qos: 1)\n'
            f'    .where(value > 50.0)\n    .emit(by: "{pipeline}", seq: seq)\n'
            '    .to(Broker, topic: "chaos/out", qos: 1)\n'
        )

    names = [f"{name}_{number}" for number in range(pipelines)]
    return {"name": name, "pipelines": [{"name": one, "source": program(one)} for one in names]}


class Readings:
    """Numbered readings for the pipelines of `small_group`s in turn, at QoS 1, until told to stop."""

    def __init__(self, cluster, pipelines, first=0):
        self.sent, self._first = [], first
        self._cluster, self._pipelines, self._stop = cluster, pipelines, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        publishers = {name: Publisher(self._cluster, f"chaos/in/{name}") for name in self._pipelines}
        for number, name in enumerate(itertools.cycle(self._pipelines), self._first):
            if self._stop.is_set():
                break
            publishers[name].send({"event_type": "Reading", "seq": number, "value": 99.0})
            self.sent.append((name, number))
            time.sleep(0.005)
        for publisher in publishers.values():
            publisher.__exit__()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def check_all_came_out(readings, out, timeout=30):
    """Every reading that was sent must come out; returns how many there were, and how many copies of them came."""
    expected = set(readings.sent)

    def missing():
        return expected - {(one["by"], one["seq"]) for one in list(out.messages)}

    try:
        wait_until("every event comes out", lambda: not missing(), timeout)
    except Failed:
        lost = missing()
        raise Failed(f"{len(lost)} of {len(expected)} events are lost, such as {min(lost)}") from None
    return len(expected), sum((one["by"], one["seq"]) in expected for one in list(out.messages)) - len(expected)


def send_until_answered(cluster, method, path, body, key, patience=40, wanted=(200, 201, 202)):
    """Sends a write under an Idempotency-Key to one coordinator after the other, as answers tell, until it is done.

    Returns the status, the body, and how often it was sent. Raises Failed on a refusal or when patience ends."""
    deadline, sent, told = time.monotonic() + patience, 0, None
    while time.monotonic() < deadline:
        node = random.choice(cluster.coordinators)
        connection = node.connect(timeout=12)
        headers = {"x-api-key": KEY, "content-type": "application/json", "Idempotency-Key": key}
        sent += 1
        try:
            connection.request(method, path, json.dumps(body), headers)
            response = connection.getresponse()
            told, answer = response.status, response.read().decode()
            pause = float(response.headers.get("Retry-After", 0))
        except (OSError, http.client.HTTPException) as error:
            told, answer, pause = "no answer", str(error), 0.05
        finally:
            connection.close()
        if told in wanted:
            return told, json.loads(answer), sent
        if told not in ("no answer", 421, 503, 504):
            raise Failed(f"{method} {path} under {key}: {told} {answer}")
        time.sleep(pause)
    raise Failed(f"{method} {path} under {key}: still {told} after {patience} s")


def all_groups(cluster):
    """Every group, by the word of any coordinator."""
    groups, offset = [], 0
    while True:
        page = cluster.any_get(f"{API}/pipeline-groups?limit=1000&offset={offset}")
        groups += page["pipeline_groups"]
        if not page["pagination"]["has_more"]:
            return groups
        offset += 1000


def held_by_workers(cluster):
    """What workers hold for the cluster, by their own word: (group's pipeline name) -> workers that have it running."""
    held = {}
    for worker in cluster.workers:
        if not worker.is_up:
            continue
        for pipeline in worker.get("/api/v1/pipelines?limit=1000")["pipelines"]:
            if pipeline["status"] == "running":
                held.setdefault(pipeline["name"], []).append(worker.name)
    return held


def wait_until_all_run(cluster, names, timeout):
    """All placements of the groups run, each on the worker that the coordinators name and on no other.

    Pipelines must have names of their own over all groups."""
    def all_run():
        groups = [group for group in all_groups(cluster) if group["name"] in names]
        if len(groups) != len(names) or any(group["status"] != "running" for group in groups):
            return False
        wanted = {one["pipeline_name"]: [one["worker_id"]] for group in groups for one in group["placements"]}
        return {name: where for name, where in held_by_workers(cluster).items() if name in wanted} == wanted

    try:
        return wait_until("every group runs, each pipeline on its one worker", all_run, timeout)
    except Failed:
        groups = all_groups(cluster)
        states = {group["name"]: group["status"] for group in groups if group["status"] != "running"}
        raise Failed(
            f"not within {timeout} s: {len(names)} groups run, each pipeline on its one worker; there are "
            f"{len(groups)}, not running: {states}, held: {held_by_workers(cluster)}"
        ) from None
