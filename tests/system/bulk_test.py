"""Many runs retried, run again or cancelled by filter, over REST and the command line, and over a kill."""

import json
import unittest
import uuid

import house
from house import chain, eventually, fails_when_told, node


class Bulk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.workspace = "w" + uuid.uuid4().hex[:12]
        self.client = self.server.client(self.workspace)

    def cli(self, *arguments, code=0):
        done = house.sluice(*arguments, "--workspace", self.workspace, data=self.server.data)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}\n{done.stderr}")
        return done

    def failed_runs(self, count, document=None):
        document = document or fails_when_told("f" + uuid.uuid4().hex[:8])
        flow = self.client.create_flow(document)
        # In the order of their ids, in which an action takes them: of one millisecond's runs any may be the first.
        runs = sorted(self.client.run(flow, {"fail": True})["id"] for _ in range(count))
        return document["name"], flow, runs

    def bulk(self, status=202, **body):
        answer = self.client.post("/api/v1/runs/bulk", body)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def ended(self, action):
        answer = self.client.get(f"/api/v1/bulk-actions/{action['id']}?wait=30s").json
        self.assertNotEqual(answer["state"], "running", answer)
        return answer

    def items(self, action, query=""):
        return self.client.get(f"/api/v1/bulk-actions/{action['id']}/items{query}").json["items"]

    def retries(self, run):
        return sum(event["kind"] == "run.retried" for event in self.client.run_events(run))

    def test_a_dry_run_changes_nothing_and_a_failing_canary_stops_the_rest(self):
        _, flow, runs = self.failed_runs(4)
        dry = self.bulk(200, action="retry", filter={"flow": flow}, dry_run=True)
        self.assertEqual((dry["total"], dry["first"]), (4, runs))
        self.assertEqual(self.client.get("/api/v1/bulk-actions").json["items"], [])
        action = self.ended(self.bulk(action="retry", filter={"flow": flow}, rate_per_second=100))
        self.assertEqual((action["state"], action["done"], action["total"]), ("stopped", 1, 4), action)
        self.assertIn("canary " + runs[0], action["reason"])
        self.assertEqual([self.retries(run) for run in runs], [1, 0, 0, 0])

    def test_runs_are_run_again_with_another_input_and_each_result_is_told(self):
        _, flow, runs = self.failed_runs(3)
        action = self.ended(self.bulk(action="rerun", filter={"flow": flow, "status": "failed"}, input={"fail": False}, version="live",
                                      rate_per_second=100))
        self.assertEqual((action["state"], action["done"], action["failed"]), ("done", 3, 0), action)
        self.assertEqual(action["options"], {"input": {"fail": False}, "version": "live"})
        items = self.items(action)
        self.assertEqual([item["id"] for item in items], runs)
        for item in items:
            run = self.client.get(f"/api/v1/runs/{item['run_id']}?wait=30s").json
            self.assertEqual((run["status"], run["parent_run_id"]), ("succeeded", item["id"]))
        self.assertEqual({item["run_status"] for item in self.items(action)}, {"succeeded"})
        refused = self.ended(self.bulk(action="rerun", filter={"flow": flow, "status": "failed"}, **{"from": "nowhere"}, canary=0, rate_per_second=100))
        self.assertEqual((refused["state"], refused["failed"]), ("done", 3), refused)
        self.assertEqual([failure["error"]["code"] for failure in refused["failures"]], ["not_found"] * 3)
        self.assertEqual(len(self.items(refused, "?result=failed")), 3)

    def test_a_text_is_looked_for_only_in_messages_that_may_be_read(self):
        _, flow, runs = self.failed_runs(2)
        message = self.client.get(f"/api/v1/runs/{runs[0]}").json["error"]["message"]
        wanted = {"flow": flow, "q": message[:20]}
        dry = self.bulk(200, action="retry", filter=wanted, dry_run=True)
        self.assertEqual((dry["total"], dry["filter"]), (2, {**wanted, "status": ["failed", "timed_out"]}))
        self.client.post("/api/v1/roles", {"name": "blind", "permissions": ["runs:read", "runs:write"], "description": "Sees no data"})
        blind = self.server.client(self.workspace, role="blind")
        answer = blind.post("/api/v1/runs/bulk", {"action": "retry", "filter": wanted, "dry_run": True})
        self.assertEqual((answer.status, answer.json["total"]), (200, 0), answer)
        self.assertEqual(answer.json["filter"], dry["filter"])

    def test_by_text_a_sub_run_is_left_to_the_run_around_it_only_where_that_one_has_the_text_too(self):
        self.client.create_flow({"name": "pager", **chain(node("stop", "fail", {"message": "nobody answers"}))})
        outer = self.client.create_flow({"name": "rounds", **chain(node("sub", "subflow", {"flow": "pager"}))})
        around = self.client.run(outer, {})["id"]
        matching = lambda **wanted: self.bulk(200, action="retry", filter=wanted, dry_run=True)["first"]
        inner = matching(trigger="flow")
        self.assertEqual(len(inner), 1)
        self.assertEqual(matching(), [around])
        self.assertEqual(matching(q="nobody answers"), [around])
        self.assertEqual(matching(q="pager", trigger="flow"), inner)
        self.assertEqual(matching(q="rounds"), [around])
        self.assertEqual(matching(parent=around), inner)

    def test_runs_are_cancelled_and_those_of_sub_flows_with_the_run_around_them(self):
        inner = self.client.create_flow({"name": "inner", **chain(node("ask", "wait.signal", {"name": "go"}))})
        outer = self.client.create_flow({"name": "outer", **chain(node("sub", "subflow", {"flow": "inner"}))})
        runs = sorted(self.client.post(f"/api/v1/flows/{outer}/runs", {"input": {}}).json["id"] for _ in range(3))
        waiting = lambda: self.client.get(f"/api/v1/runs?flow={inner}&status=waiting").json["items"]
        eventually(lambda: len(waiting()) == 3, "all sub-runs wait")
        self.assertEqual(self.bulk(200, action="cancel", dry_run=True)["first"], runs)
        self.assertEqual(self.bulk(200, action="cancel", filter={"flow": inner}, dry_run=True)["total"], 3)
        action = self.ended(self.bulk(action="cancel", reason="a mistake", rate_per_second=100))
        self.assertEqual((action["state"], action["done"], action["total"]), ("done", 3, 3), action)
        for run in runs:
            row = self.client.get(f"/api/v1/runs/{run}").json
            self.assertEqual((row["status"], row["error"]["message"]), ("cancelled", "a mistake"))
        eventually(lambda: not waiting(), "the sub-runs are cancelled as well")
        self.bulk(422, action="cancel")

    def test_a_kill_in_the_middle_does_no_run_twice(self):
        _, flow, runs = self.failed_runs(12)
        action = self.bulk(action="retry", filter={"flow": flow}, canary=0, rate_per_second=20)
        place = "/api/v1/bulk-actions/" + action["id"]
        for done in (3, 7):
            eventually(lambda: self.client.get(place).json["done"] >= done, f"{done} are done")
            self.server.kill()
            self.server.start()
        ended = self.ended(action)
        self.assertEqual((ended["state"], ended["done"], ended["failed"]), ("done", 12, 0), ended)
        self.assertEqual([self.retries(run) for run in runs], [1] * 12)
        self.assertEqual(sorted(item["id"] for item in self.items(action)), sorted(runs))

    def test_a_cancelled_action_does_no_more(self):
        _, flow, runs = self.failed_runs(3)
        action = self.bulk(action="retry", filter={"flow": flow}, canary=0, rate_per_second=0.01)
        eventually(lambda: self.items(action), "the first is retried")
        place = f"/api/v1/bulk-actions/{action['id']}/cancel"
        cancelled = self.client.post(place)
        self.assertEqual((cancelled.status, cancelled.json["state"]), (200, "cancelled"), cancelled)
        self.assertEqual(self.client.post(place).status, 409)
        self.server.kill()
        self.server.start()
        self.assertEqual([self.retries(run) for run in runs], [1, 0, 0])

    def test_bad_requests_name_the_place(self):
        _, flow, _ = self.failed_runs(1)
        for body, pointer in (({"action": "explode"}, "/action"), ({}, ""), ({"action": "rerun"}, "/filter/status"),
                              ({"action": "retry", "filter": {"status": "running"}}, "/filter/status"),
                              ({"action": "cancel", "filter": {"flow": "triage"}}, "/filter/flow"),
                              ({"action": "cancel", "filter": {"flo": "x"}}, "/filter/flo"),
                              ({"action": "cancel", "filter": {"version": 1}}, "/filter/version"),
                              ({"action": "cancel", "filter": {"parent": "x"}}, "/filter/parent"),
                              ({"action": "cancel", "filter": {"q": 7}}, "/filter/q"), ({"action": "cancel", "filter": {"reads": "x"}}, "/filter/reads"),
                              ({"action": "retry", "from": "a"}, "/from"), ({"action": "cancel", "input": 1}, "/input"),
                              ({"action": "rerun", "filter": {"status": "failed"}, "version": 0}, "/version"),
                              ({"action": "rerun", "filter": {"status": "failed"}, "reason": "x"}, "/reason"),
                              ({"action": "retry", "rate_per_second": 0}, "/rate_per_second"), ({"action": "retry", "canary": -1}, "/canary")):
            with self.subTest(body):
                answer = self.client.post("/api/v1/runs/bulk", body)
                self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (400, pointer), answer)
        self.assertEqual(self.client.get("/api/v1/bulk-actions/bulk_x/items").status, 404)
        action = self.ended(self.bulk(action="retry", filter={"flow": flow}, canary=0))
        self.assertEqual(self.client.get(f"/api/v1/bulk-actions/{action['id']}/items?result=lost").status, 400)
        self.assertEqual(self.client.get(f"/api/v1/bulk-actions/{action['id']}?wait=soon").status, 400)
        viewer = self.server.client(self.workspace, role="viewer")
        self.assertEqual(viewer.post("/api/v1/runs/bulk", {"action": "retry"}).status, 403)
        other = self.server.client("w" + uuid.uuid4().hex[:12])
        self.assertEqual(other.get(f"/api/v1/bulk-actions/{action['id']}").status, 404)

    def test_the_command_line_follows_an_action_to_its_end(self):
        name, _, runs = self.failed_runs(3)
        self.assertIn("3 runs match", self.cli("runs", "retry-all", "--flow", name, "--dry-run").stdout)
        self.assertIn("0 runs match", self.cli("runs", "retry-all", "--flow", name, "--code", "timeout", "--dry-run").stdout)
        for given, matching in ((("--text", runs[0]), 1), (("--text", "nothing says this"), 0), (("--trigger", "api"), 3),
                                (("--trigger", "rerun"), 0), (("--of-version", "1"), 3), (("--of-version", "2"), 0), (("--parent", runs[0]), 0)):
            told = self.cli("runs", "retry-all", "--flow", name, *given, "--dry-run").stdout
            self.assertIn(f"{matching} runs match", told, given)
        done = self.cli("runs", "rerun-all", "--status", "failed", "--flow", name, "--input", '{"fail": false}', "--rate", "100", "--wait")
        self.assertIn("done  3 of 3 done, 0 failed", done.stdout)
        self.assertIn("of 3 done", done.stderr)
        stopped = self.cli("runs", "retry-all", "--flow", name, "--reason", "again", "--wait", "--json", code=1)
        action = json.loads(stopped.stdout)
        self.assertEqual((action["state"], action["kind"]), ("stopped", "runs.retry"))
        self.assertIn(action["id"], self.cli("bulk", "list").stdout)
        self.assertIn(runs[0], self.cli("bulk", "items", action["id"]).stdout)
        self.assertIn("nothing was dealt with", self.cli("bulk", "items", action["id"], "--failed").stdout)
        self.assertIn("the canary", self.cli("bulk", "watch", action["id"], code=1).stdout)
        started = json.loads(self.cli("runs", "retry-all", "--flow", name, "--canary", "0", "--rate", "0.01", "--json").stdout)
        self.assertIn("cancelled", self.cli("bulk", "cancel", started["id"]).stdout)
        self.assertIn("no run matches", self.cli("runs", "cancel-all", "--status", "paused", code=1).stderr)
        self.assertIn("only runs that have ended", self.cli("runs", "retry-all", "--status", "running", code=1).stderr)
        self.cli("runs", "retry-all", "--rate", "fast", code=2)
        self.cli("runs", "rerun-all", "--status", "failed", "--version", "newest", code=2)


if __name__ == "__main__":
    house.main()
