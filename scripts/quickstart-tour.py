"""What scripts/quickstart shows once varpulis is built: a cluster that keeps running while its parts are killed."""

import argparse
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "chaos"))
from cluster import (  # noqa: E402  (the path above must be set first)
    API, KEY, Cluster, Failed, Publisher, Subscriber, wait_until,
)
from groups import create_broker_connector, deploy, placement  # noqa: E402


class Source:
    """Twenty readings a second, now and then one that deserves an alert, until told to stop."""

    def __init__(self, cluster):
        self._cluster, self._stop = cluster, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        with Publisher(self._cluster, "greenhouse/climate") as climate, \
                Publisher(self._cluster, "greenhouse/doors") as doors:
            number = 0
            while not self._stop.wait(0.05):
                celsius = {7: 38.5, 17: -1.5}.get(number % 20, 21.0)
                climate.send({"event_type": "Climate", "house": f"G{number % 3 + 1}", "celsius": celsius, "seq": number})
                if number % 40 == 0:
                    doors.send({"event_type": "Door", "house": f"G{number % 3 + 1}", "minutes_open": 15, "seq": number})
                number += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


class Tour:
    def __init__(self):
        self.start, self.table = time.monotonic(), []

    def say(self, text):
        print(f"{time.monotonic() - self.start:6.1f} s  {text}", flush=True)

    def note(self, what, took):
        self.table.append((what, f"{took:.2f} s"))

    def timed(self, what, action):
        begin = time.monotonic()
        result = action()
        self.note(what, time.monotonic() - begin)
        return result


def run(cluster, tour):
    say = tour.say
    cluster.start_broker()
    leader = tour.timed("three coordinators elect a leader", cluster.start_coordinators)
    say(f"three coordinators are up; {leader.name} leads")
    tour.timed("two workers register", cluster.start_workers)
    say("two workers are ready")

    follower = cluster.followers()[0]
    create_broker_connector(cluster, follower)
    group = tour.timed(
        "group deployed through a follower", lambda: deploy(follower, "greenhouse", "overheating", "frost")
    )
    for one in group["placements"]:
        say(f"{one['pipeline_name']} runs on {one['worker_id']} (epoch {one['epoch']}), deployed through {follower.name}")

    show = lambda alert: say(f"   alert: {alert['alert']}")
    with Subscriber(cluster, "greenhouse/alerts", show) as alerts:
        time.sleep(0.3)  # the subscription has no other sign of life
        with Source(cluster):
            wait_until("the first alerts", lambda: len(alerts.messages) >= 4, 20)

            say(f"killing the leader, {leader.name}, with SIGKILL")
            leader.kill()
            new = tour.timed("another leader after the first was killed", lambda: cluster.leader(other_than=leader))
            say(f"{new.name} leads now")
            tour.timed("second group deployed through a survivor", lambda: deploy(new, "doors", "doors"))
            say("a second group, doors, runs")
            wait_until(
                "an alert of the second group",
                lambda: any("door" in alert["alert"] for alert in alerts.messages), 20,
            )

            before = placement(cluster, group["id"], "overheating")
            victim = next(node for node in cluster.workers if node.name == before["worker_id"])
            say(f"killing {victim.name}, which runs overheating, with SIGKILL")
            victim.kill()

            def moved():
                now = placement(cluster, group["id"], "overheating")
                return now if now["epoch"] > before["epoch"] and now["status"] == "Running" else None

            after = tour.timed("its pipeline runs on the other worker", lambda: wait_until("the move", moved, 20))
            say(f"overheating runs on {after['worker_id']} (epoch {before['epoch']} -> {after['epoch']})")
            count = len([alert for alert in alerts.messages if "degrees" in alert["alert"]])
            wait_until(
                "alerts from the other worker",
                lambda: len([one for one in list(alerts.messages) if "degrees" in one["alert"]]) > count + 1, 20,
            )
    leader.start()
    victim.start()
    wait_until("everything is back", lambda: cluster.ready_workers() == 2, 20)
    cluster.settle()
    say("the killed coordinator and the killed worker are back, and all coordinators agree")
    return len(alerts.messages)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    tour = Tour()
    cluster = Cluster(options.binary, heartbeat=1, timeout=3, keep=options.keep)
    try:
        with cluster:
            alerts = run(cluster, tour)
            print(f"\nwhat happened{'':40}took")
            for what, took in tour.table:
                print(f"  {what:<48} {took:>7}")
            print(f"  alerts received{'':34}{alerts:>8}\n")
            if options.keep:
                keep(cluster)
    except Failed as failure:
        print(f"quickstart: {failure}", file=sys.stderr)
        return 1
    return 0


def keep(cluster):
    print("The cluster is still up:")
    for node in cluster.coordinators:
        print(f"  {node.name}   http://127.0.0.1:{node.port}{API}/topology")
    for node in cluster.workers:
        print(f"  {node.name}        http://127.0.0.1:{node.port}/health")
    print(f"  broker          127.0.0.1:{cluster.broker.port}")
    print(f"  API key         {KEY}   (header x-api-key)")
    print(f"  logs and data   {cluster.directory}")
    print(f"Stop it with: kill {' '.join(str(node.process.pid) for node in cluster.nodes)}")


if __name__ == "__main__":
    sys.exit(main())
