"""Bounded clients that start, repeat, cancel, pause and signal runs, and write down what they were told.

    driver.py PORT KEY JOURNAL LEDGER_PORT SEED [--clients 16] [--pace 0.1]

A line of JOURNAL, written before and after each call, is {"at_us", "client", "op", "call", "phase", …}:

    invoke    the request is about to be sent
    ok        a 2xx arrived
    fail      a 4xx that settles the call
    unknown   a 5xx, a timeout or a broken connection; the call is made again with the same Idempotency-Key
    wrong     the driver itself saw a broken promise; `sentence` says which

One more thread follows the workspace's events and writes each one (`op` event), taking up where it was after every break.
Prints "ready" once the flows exist. A line on standard input ends the load: every call under way is settled, then "settled" is
printed. A second line, the number of the last event, ends the follower once it has had that one.
"""

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)

from flows import specs, value_of  # noqa: E402

CALL_SECONDS = 30.0     # a call without an answer is unknown after that
SETTLE_SECONDS = 60.0   # once the faults have stopped, every call is settled in that


class Journal:
    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, **line):
        line["at_us"] = time.time_ns() // 1000
        os.write(self.descriptor, json.dumps(line, separators=(",", ":")).encode() + b"\n")


class GaveUp(Exception):
    """A call that was not settled in time after the faults had stopped; it is in the journal as wrong."""


class Client:
    """One client: one connection, one call at a time, chance of its own."""

    def __init__(self, driver, name, seed):
        self.driver = driver
        self.name = name
        self.dice = random.Random(f"{seed}-{name}")
        self.connection = None
        self.calls = 0

    def exchange(self, verb, path, body, key):
        """(status, headers, body), or an OSError/HTTPException of a call whose end is unknown."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.driver.port, timeout=CALL_SECONDS)
        headers = {"Authorization": f"Bearer {self.driver.key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        try:
            self.connection.request(verb, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except BaseException:
            self.connection.close()
            self.connection = None
            raise

    def settle(self, op, verb, path, body=None, key=None, **more):
        """(status, answer) of a call, made again until it is settled."""
        self.calls += 1
        call = f"{self.name}.{self.calls}"
        journal, give_up = self.driver.journal, None
        while True:
            if self.driver.stop.is_set():
                give_up = give_up or time.monotonic() + SETTLE_SECONDS
                if time.monotonic() > give_up:
                    journal.write(client=self.name, op=op, call=call, phase="wrong", key=key, **more,
                                  sentence=f"{op} was not settled within {SETTLE_SECONDS:.0f} s after the faults had stopped")
                    raise GaveUp()
            journal.write(client=self.name, op=op, call=call, phase="invoke", key=key, **more)
            try:
                status, text = self.exchange(verb, path, body, key)
            except (OSError, http.client.HTTPException) as broken:
                journal.write(client=self.name, op=op, call=call, phase="unknown", why=type(broken).__name__)
                time.sleep(0.02)
                continue
            try:
                answer = json.loads(text) if text else {}
            except ValueError:
                answer = {}
                journal.write(client=self.name, op=op, call=call, phase="wrong", sentence=f"{op} was answered {status} without JSON")
            if status >= 500 or status in (408, 429):
                journal.write(client=self.name, op=op, call=call, phase="unknown", status=status,
                              why=str(answer.get("detail", ""))[:200])
                time.sleep(0.05)
                continue
            journal.write(client=self.name, op=op, call=call, phase="ok" if status < 300 else "fail", key=key, status=status,
                          id=answer.get("id"), run_status=answer.get("status"), **more)
            return status, answer

    def wrong(self, sentence, **more):
        self.driver.journal.write(client=self.name, op="judge", phase="wrong", sentence=sentence, **more)

    # -- what a client does

    def work(self):
        turn = 0
        while not self.driver.stop.is_set():
            turn += 1
            try:
                if self.dice.random() < 0.03:
                    self.publish(turn)
                else:
                    self.start(turn)
            except GaveUp:
                return
            except Exception as broken:  # a client that has died is no load, and must be seen
                return self.wrong(f"the driver is at fault: {type(broken).__name__}: {broken}")
            self.driver.stop.wait(self.dice.random() * 2 * self.driver.pace)

    def publish(self, turn):
        """A flow of its own: a write that is no run."""
        name = f"made-{self.name}-{turn}"
        document = {"name": name, "nodes": [{"id": "x", "type": "set", "config": {"values": {"turn": turn}}}], "edges": []}
        status, answer = self.settle("publish", "POST", "/api/v1/flows", document, name, name=name)
        if status != 201:
            self.wrong(f"publishing {name} was answered {status}: {answer}")

    def start(self, turn):
        driver, dice = self.driver, self.dice
        name = dice.choices(driver.names, driver.weights)[0]
        spec = driver.specs[name]
        n = dice.randrange(1000)
        key = f"{self.name}-{turn}"
        waits = [""] * 4 + ["?wait=100ms", "?wait=2s"]
        path = f"/api/v1/flows/{driver.flows[name]}/runs" + dice.choice(waits)
        body = {"input": value_of(spec, n)}
        if dice.random() < 0.15:  # it is queued, and claimed later
            body["delay"] = "100ms"
        note = {"flow": name, "n": n}
        twin, second = None, []
        if dice.random() < 0.05:  # two requests with one key at the same time
            other = Client(driver, f"{self.name}-{turn}-twin", driver.seed)
            twin = threading.Thread(target=lambda: second.append(other.quietly("start", "POST", path, body, key, **note)))
            twin.start()
        try:
            status, answer = self.settle("start", "POST", path, body, key, **note)
        finally:
            if twin:
                twin.join()
        run = answer.get("id")
        if status not in (200, 202) or not run:
            return self.wrong(f"starting {name} was answered {status}: {answer}", key=key)
        for told in [x for x in second if x]:
            if told[1].get("id") != run:
                self.wrong(f"the key {key} made {run} and, at the same time, {told}", key=key, id=run)
        if dice.random() < 0.08:  # a client that lost the answer asks again
            told = self.settle("start", "POST", path, body, key, **note)
            if told[1].get("id") != run:
                self.wrong(f"the key {key} made {run}, and later {told}", key=key, id=run)
        if dice.random() < 0.03:
            status, answer = self.settle("misuse", "POST", path, {"input": {**body["input"], "n": -1}}, key)
            if status != 422:
                self.wrong(f"the key {key} with another body was answered {status}: {answer}", key=key, id=run)
        if dice.random() < 0.05:
            status, answer = self.settle("read", "GET", f"/api/v1/runs/{run}", run=run)
            if status != 200:
                self.wrong(f"{run} was acknowledged and cannot be read: {status} {answer}", id=run)
        self.control(spec, run)

    def command(self, verb, run, path, body, *wanted):
        """Something that a client does to a run; the same key whenever it has to ask again, so that it is done once."""
        status, answer = self.settle(verb, "POST", f"/api/v1/runs/{run}/{path}", body, f"{verb}-{run}-{self.calls}", run=run)
        if status not in wanted:
            self.wrong(f"{verb} of {run} was answered {status}: {answer}", id=run)
        return status

    def control(self, spec, run):
        pause = self.dice.uniform(0, 0.8)
        if spec.cancel:
            self.driver.stop.wait(pause)
            self.command("cancel", run, "cancel", {"reason": "the driver's"}, 200)
        if spec.signal:
            self.driver.stop.wait(pause)
            self.command("signal", run, f"signals/{spec.signal}", {"payload": {"from": self.name}}, 200)
        if spec.pause:  # 409: it has ended meanwhile, or was not paused
            self.command("pause", run, "pause", {}, 200, 409)
            self.driver.stop.wait(pause)
            self.command("resume", run, "resume", {}, 200, 409)
        if spec.retry:
            end = None
            while True:
                if self.driver.stop.is_set():
                    end = end or time.monotonic() + SETTLE_SECONDS
                    if time.monotonic() > end:
                        return self.wrong(f"{run} did not succeed however often it was retried", id=run)
                status, answer = self.settle("read", "GET", f"/api/v1/runs/{run}?wait=2s", run=run)
                if status != 200 or answer["status"] == "succeeded":
                    break
                if answer["status"] == "failed":
                    # A server that has lost the run to another one may still think that it is under way.
                    self.command("retry", run, "retry", {}, 200, *([409] if self.driver.twins else []))

    def quietly(self, *call, **more):
        try:
            return self.settle(*call, **more)
        except GaveUp:
            return None


class Driver:
    def __init__(self, arguments):
        self.port = arguments.port
        self.key = arguments.key
        self.seed = arguments.seed
        self.pace = arguments.pace
        self.twins = arguments.twins
        self.journal = Journal(arguments.journal)
        self.stop = threading.Event()
        self.ended = threading.Event()
        self.last = 0        # number of the last event that the follower had
        self.flows = {}
        self.specs = {}
        self.publish_flows(specs(arguments.ledger_port))
        self.names = list(self.specs)
        self.weights = [spec.weight for spec in self.specs.values()]
        self.clients = [Client(self, f"c{i}", self.seed) for i in range(arguments.clients)]

    def publish_flows(self, wanted):
        first = Client(self, "setup", self.seed)
        paths = first.settle("read", "GET", "/api/v1/openapi.json")[1].get("paths", {})
        for name, spec in wanted.items():
            known = first.settle("validate", "POST", "/api/v1/flows/validate", spec.document)[1].get("valid", False)
            known = known and (not spec.pause or "/api/v1/runs/{id}/pause" in paths)
            if not known and spec.optional:
                continue
            status, answer = first.settle("publish", "POST", "/api/v1/flows", spec.document, f"setup-{name}", name=name)
            if status != 201:
                sys.exit(f"the flow {name} was refused: {answer}")
            self.flows[name], self.specs[name] = answer["id"], spec

    def follow(self):
        """Every event of the workspace, from the first; after a break it goes on behind the last one it had."""
        while not self.ended.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/api/v1/events", headers={
                    "Authorization": f"Bearer {self.key}", "Accept": "text/event-stream", "Last-Event-ID": str(self.last)})
                answer = connection.getresponse()
                while answer.status == 200 and not self.ended.is_set():
                    line = answer.readline()
                    if not line:
                        break
                    if line.startswith(b"data:"):
                        event = json.loads(line[5:])
                        if "sequence" not in event:
                            continue  # progress, which is not stored
                        self.last = int(event["sequence"])
                        self.journal.write(op="event", number=self.last, type=event["type"], subject=event["subject"])
            except (OSError, http.client.HTTPException, ValueError):
                pass
            finally:
                connection.close()
            time.sleep(0.05)

    def work(self):
        follower = threading.Thread(target=self.follow)
        threads = [threading.Thread(target=client.work) for client in self.clients]
        for thread in [follower, *threads]:
            thread.start()
        sys.stdin.readline()
        self.stop.set()
        for thread in threads:
            thread.join()
        print("settled", flush=True)
        until = sys.stdin.readline().strip()
        patience = time.monotonic() + 10
        while until and self.last < int(until) and time.monotonic() < patience:
            time.sleep(0.02)
        self.ended.set()
        follower.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("key")
    parser.add_argument("journal")
    parser.add_argument("ledger_port", type=int)
    parser.add_argument("seed")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--pace", type=float, default=0.1)
    parser.add_argument("--twins", action="store_true", help="at times two servers work on the directory")
    driver = Driver(parser.parse_args())
    print("ready " + " ".join(driver.names), flush=True)
    driver.work()


if __name__ == "__main__":
    main()
