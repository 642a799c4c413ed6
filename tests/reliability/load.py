"""The load of the kill tests: flows whose every step tells the ledger, and clients that settle every start they make."""

import http.client
import random
import threading
import time

from house import chain


def call(name, ledger, extra=None):
    """A step with an effect: it posts its run and place to the ledger."""
    body = {"run": "{{ run.id }}", "path": name}
    body.update(extra or {})
    return {"id": name, "type": "http.request",
            "config": {"method": "POST", "url": f"http://127.0.0.1:{ledger}/effect", "body": body, "timeout": "20s"},
            "retry": {"max_attempts": 12, "backoff": "20ms", "max_backoff": "200ms"}}


def flows(ledger):
    """name → (document, paths of the steps with effects in a run of it)."""
    pure = [{"id": f"p{i}", "type": "transform", "config": {"expression": f"input.n + {i}"}} for i in range(5)]
    each = {"nodes": [{"id": "double", "type": "transform", "config": {"expression": "item * 2"}},
                      call("tell", ledger, {"path": "each[{{ index }}]/tell"})],
            "edges": [{"from": "double", "to": "tell"}], "output": "{{ nodes.double.output }}"}
    spread = {"id": "each", "type": "map", "config": {"items": "{{ input.items }}", "concurrency": 3, "body": each}}
    pause = {"id": "pause", "type": "wait", "config": {"for": "1s"}}
    mixed = [call("first", ledger), {"id": "think", "type": "set", "config": {"values": {"n": "{{ input.n }}"}}},
             call("second", ledger)]
    return {
        "effects": ({"name": "effects", **chain(*[call(f"e{i}", ledger) for i in range(5)])}, [f"e{i}" for i in range(5)]),
        "pure": ({"name": "pure", **chain(*pure), "output": "{{ nodes.p4.output }}"}, []),
        "mapped": ({"name": "mapped", **chain(spread), "output": "{{ nodes.each.output }}"},
                   [f"each[{i}]/tell" for i in range(4)]),
        "waiting": ({"name": "waiting", **chain(call("before", ledger), pause, call("after", ledger))}, ["before", "after"]),
        "mixed": ({"name": "mixed", **chain(*mixed)}, ["first", "second"]),
    }


class Load:
    """Client threads. Each start has an Idempotency-Key and is repeated with it until the server has answered."""

    def __init__(self, client, flow_ids, seed, threads, pace):
        self.client = client
        self.flow_ids = flow_ids    # name → id
        self.pace = pace            # mean seconds between two starts of a thread
        self.acknowledged = {}      # key → (run, name, n)
        self.broken = []            # sentences about answers that must not be
        self.repeats = 0
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(random.Random(f"{seed}-{i}"), i)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def finish(self, patience):
        self.stop.set()
        for thread in self.threads:
            thread.join(patience)
        return not any(thread.is_alive() for thread in self.threads)

    def work(self, dice, number):
        turn = 0
        while not self.stop.is_set():
            turn += 1
            name = dice.choice(list(self.flow_ids))
            key = f"client-{number}-{turn}"
            n = dice.randrange(1000)
            path = f"/api/v1/flows/{self.flow_ids[name]}/runs" + dice.choice(["", "?wait=100ms", "?wait=10s"])
            body = {"input": {"n": n, "items": [n, n + 1, n + 2, n + 3]}}
            run = self.settle(path, body, key)
            if run is None:
                continue
            with self.lock:
                self.acknowledged[key] = (run, name, n)
            if dice.random() < 0.1:  # a client that lost the answer asks again
                again = self.settle(path, body, key)
                self.repeats += 1
                if again is not None and again != run:
                    self.broken.append(f"the key {key} made {run}, and later {again}")
            time.sleep(dice.random() * 2 * self.pace)

    def settle(self, path, body, key):
        """The run's id, however many tries it takes; none only when the load was stopped for good."""
        give_up = None
        while True:
            if self.stop.is_set():
                give_up = give_up or time.monotonic() + 60
                if time.monotonic() > give_up:
                    self.broken.append(f"the start {key} got no answer after the last restart")
                    return None
            try:
                answer = self.client.post(path, body, headers={"Idempotency-Key": key}, timeout=40)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            if answer.status in (200, 202):
                return answer.json["id"]
            if answer.status == 503:
                time.sleep(0.05)
                continue
            self.broken.append(f"{path} with the key {key} was answered {answer}")
            return None
