"""A stop by SIGTERM and a new start: nothing is cut off, nothing is done twice, and a wait is neither shortened nor begun anew."""

import collections
import concurrent.futures
import http.client
import os
import sys
import time
import unittest

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "system"))
sys.path.insert(0, here)

import house  # noqa: E402
from flows import call, specs, value_of  # noqa: E402
from ledger import LedgerProcess  # noqa: E402


class GracefulRestart(unittest.TestCase):
    def setUp(self):
        self.server = house.Server(env={"SLUICE_EGRESS_ALLOW": "127.0.0.1/32"})
        self.addCleanup(self.server.close)
        self.ledger = LedgerProcess(os.path.join(self.server.home, "ledger.jsonl"), 1, calm=True)
        self.addCleanup(self.ledger.close)
        self.server.start()
        self.client = self.server.client()

    def start(self, flow, **value):
        answer = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": value})
        self.assertEqual(answer.status, 202, answer)
        return answer.json["id"]

    def ended(self, run):
        answer = self.client.get(f"/api/v1/runs/{run}?wait=60s", timeout=90)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["status"], "succeeded", answer)
        return answer.json

    def kinds(self, run):
        return collections.Counter(event["kind"] for event in self.client.run_events(run))

    def test_runs_of_every_kind_go_on_after_a_restart(self):
        known = {name: spec for name, spec in specs(self.ledger.port).items()
                 if spec.status == "succeeded" and not (spec.signal or spec.pause or spec.retry or spec.inner)}
        ids = {name: self.client.create_flow(spec.document) for name, spec in known.items()}
        runs = {}
        for turn in range(40):
            name = list(ids)[turn % len(ids)]
            runs[self.start(ids[name], **value_of(known[name], turn))] = name
        self.assertEqual(self.server.terminate(), 0, "a stop by SIGTERM is no failure")
        self.server.start()
        for run, name in runs.items():
            self.ended(run)
            kinds = self.kinds(run)
            self.assertEqual(kinds["step.unknown"], 0, name)
            self.assertEqual(kinds["run.started"], 1, name)
            self.assertEqual(kinds["run.succeeded"], 1, name)
        effects = collections.Counter((line["body"]["run"], line["body"]["path"]) for line in self.ledger.lines())
        wanted = {(run, path): 1 for run, name in runs.items() for path in known[name].effects}
        self.assertEqual(dict(effects), wanted, "each effect is had once: a graceful stop lets the steps that run end")

    def test_a_wait_goes_on_where_it_was(self):
        flow = self.client.create_flow({"name": "pause", **house.chain(
            call("before", self.ledger.port), {"id": "pause", "type": "wait", "config": {"for": "3s"}},
            call("after", self.ledger.port))})
        run = self.start(flow)
        house.eventually(lambda: self.kinds(run)["step.waiting"] == 1, "the wait has begun")
        begun = self.client.run_events(run)
        self.assertEqual(self.server.terminate(), 0)
        self.server.start()
        self.assertIn(self.client.get(f"/api/v1/runs/{run}").json["status"], ("waiting", "running", "succeeded"))
        self.ended(run)
        events = self.client.run_events(run)
        self.assertEqual(events[:len(begun)], begun, "what was recorded before the stop stands")
        self.assertEqual(sum(event["kind"] == "step.waiting" for event in events), 1, "the wait was not begun anew")
        until = next(event["data"]["until_us"] for event in events if event["kind"] == "step.waiting")
        self.assertGreaterEqual(time.time() * 1e6, until)

    def test_a_step_that_must_not_be_repeated_may_end_before_the_stop(self):
        flow = self.client.create_flow({"name": "unsafe", **house.chain(
            house.node("slow", "noop", {"effect": "unsafe", "delay": "700ms", "output": "done"}), house.node("last"))})
        run = self.start(flow)
        house.eventually(lambda: self.kinds(run)["step.started"] == 1, "the step has started")
        self.assertEqual(self.server.terminate(), 0)
        self.server.start()
        self.ended(run)
        self.assertEqual(self.kinds(run)["step.unknown"], 0)
        self.assertEqual(self.kinds(run)["step.started"], 1)

    def test_after_a_kill_the_same_step_waits_for_a_person(self):
        flow = self.client.create_flow({"name": "unsafe", **house.chain(
            house.node("slow", "noop", {"effect": "unsafe", "delay": "60s", "output": "done"}), house.node("last"))})
        run = self.start(flow)
        house.eventually(lambda: self.kinds(run)["step.started"] == 1, "the step has started")
        self.server.kill()
        self.server.start()
        house.eventually(lambda: self.kinds(run)["step.unknown"] == 1, "the step is found unknown")
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}").json["status"], "waiting")
        steps = {step["path"]: step["status"] for step in self.client.get(f"/api/v1/runs/{run}/steps").json["items"]}
        self.assertEqual(steps.get("slow"), "unknown")
        self.assertNotIn(steps.get("last"), ("running", "succeeded"))
        cancelled = self.client.post(f"/api/v1/runs/{run}/cancel", {"reason": "looked into"})
        self.assertEqual((cancelled.status, cancelled.json["status"]), (200, "cancelled"))

    def test_callers_that_wait_are_not_left_hanging_by_a_stop(self):
        flow = self.client.create_flow({"name": "long", **house.chain({"id": "pause", "type": "wait", "config": {"for": "20s"}})})

        def ask():
            try:
                return self.client.post(f"/api/v1/flows/{flow}/runs?wait=60s", {"input": {}}, timeout=60)
            except (OSError, http.client.HTTPException) as broken:
                return broken

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(ask) for _ in range(2)]
            house.eventually(lambda: len(self.client.get("/api/v1/runs?status=waiting").json["items"]) == 2, "both runs wait")
            runs = {run["id"] for run in self.client.get("/api/v1/runs").json["items"]}
            self.assertEqual(self.server.terminate(), 0)
            answers = [one.result() for one in asking]
        for answer in answers:
            self.assertIsInstance(answer, house.Answer, "a caller was cut off without an answer")
            self.assertEqual(answer.status, 202, answer)
            self.assertIn(answer.json["id"], runs)
        self.server.start()
        for run in runs:
            self.assertEqual(self.client.post(f"/api/v1/runs/{run}/cancel").status, 200)


if __name__ == "__main__":
    house.main()
