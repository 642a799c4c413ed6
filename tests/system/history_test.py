"""What is told of runs afterwards, over REST and the command line: dead letters, why, diff, replay."""

import json
import unittest
import uuid

import house
from house import chain, fails_when_told, node


class History(unittest.TestCase):
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
        return done.stdout

    def failed_run(self):
        flow = self.client.create_flow(fails_when_told("f" + uuid.uuid4().hex[:8]))
        run = self.client.run(flow, {"fail": True})
        self.assertEqual(run["status"], "failed", run)
        return flow, run["id"]

    def letter_of(self, run):
        items = self.client.get("/api/v1/dead-letters?state=open").json["items"]
        found = [letter for letter in items if letter["run_id"] == run]
        self.assertEqual(len(found), 1, items)
        return found[0]

    def test_a_failed_run_is_a_dead_letter_that_is_redriven_with_another_input(self):
        _, run = self.failed_run()
        letter = self.letter_of(run)
        self.assertEqual(letter["step"], "boom")
        self.assertEqual(letter["error"]["message"], "as the input says")
        detail = self.client.get("/api/v1/dead-letters/" + letter["id"]).json
        self.assertEqual(detail["input"], {"fail": True})
        self.assertTrue(detail["history"])
        answer = self.client.post(f"/api/v1/dead-letters/{letter['id']}/redrive", {"input": {"fail": False}})
        self.assertEqual(answer.status, 202, answer)
        again = answer.json["run_id"]
        self.assertNotEqual(again, run)
        house.eventually(lambda: self.client.get("/api/v1/runs/" + again).json["status"] == "succeeded", "the new run succeeds")
        closed = self.client.get("/api/v1/dead-letters/" + letter["id"]).json
        self.assertEqual((closed["state"], closed["redriven_run_id"]), ("redriven", again))
        self.assertEqual(self.client.post(f"/api/v1/dead-letters/{letter['id']}/redrive", {}).status, 409)

    def test_a_letter_is_discarded_with_a_reason(self):
        _, run = self.failed_run()
        letter = self.letter_of(run)["id"]
        self.assertEqual(self.client.post(f"/api/v1/dead-letters/{letter}/discard", {}).status, 400)
        answer = self.client.post(f"/api/v1/dead-letters/{letter}/discard", {"reason": "known"})
        self.assertEqual((answer.status, answer.json["state"], answer.json["reason"]), (200, "discarded", "known"), answer)
        self.assertEqual(self.client.get("/api/v1/dead-letters?state=open").json["items"], [])

    def test_bad_requests_about_dead_letters_name_the_place(self):
        _, run = self.failed_run()
        letter = self.letter_of(run)["id"]
        self.assertEqual(self.client.get("/api/v1/dead-letters/dl_x").status, 404)
        self.assertEqual(self.client.get("/api/v1/dead-letters?state=lost").status, 400)
        self.assertEqual(self.client.post(f"/api/v1/dead-letters/{letter}/redrive", {"version": 99}).status, 404)
        self.assertEqual(self.client.post(f"/api/v1/dead-letters/{letter}/redrive", {"version": 0}).status, 400)
        answer = self.client.post("/api/v1/dead-letters/redrive", {"filter": {"flo": "x"}})
        self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (400, "/filter/flo"), answer)
        self.assertEqual(self.client.post("/api/v1/dead-letters/redrive", {"rate_per_second": 0}).status, 400)
        self.assertEqual(self.client.post("/api/v1/dead-letters/redrive", {"filter": {"code": "nothing"}}).status, 422)
        self.assertEqual(self.client.get("/api/v1/bulk-actions/bulk_x").status, 404)
        other = self.server.client("w" + uuid.uuid4().hex[:12])
        self.assertEqual(other.get("/api/v1/dead-letters/" + letter).status, 404)

    def test_a_bulk_redrive_stops_at_its_canary(self):
        flow, _ = self.failed_run()
        for _ in range(3):
            self.client.run(flow, {"fail": True})
        dry = self.client.post("/api/v1/dead-letters/redrive", {"filter": {"flow": flow}, "dry_run": True})
        self.assertEqual((dry.status, dry.json["total"], len(dry.json["first"])), (200, 4, 4), dry)
        action = self.client.post("/api/v1/dead-letters/redrive", {"filter": {"flow": flow}, "rate_per_second": 100})
        self.assertEqual(action.status, 202, action)
        place = "/api/v1/bulk-actions/" + action.json["id"]
        house.eventually(lambda: self.client.get(place).json["state"] != "running", "the bulk action ends")
        ended = self.client.get(place).json
        self.assertEqual((ended["state"], ended["done"]), ("stopped", 1), ended)
        self.assertIn("canary", ended["reason"])
        self.assertEqual(len(self.client.get(f"/api/v1/dead-letters?state=open&flow={flow}").json["items"]), 4)

    def test_a_bulk_redrive_goes_on_after_sigkill(self):
        server = house.Server()
        try:
            server.start()
            client = server.client("default")
            flow = client.create_flow({"name": "later", **chain(node("boom", "fail", {"message": "no"}))})
            for _ in range(6):
                client.run(flow)
            action = client.post("/api/v1/dead-letters/redrive", {"rate_per_second": 2, "canary": 0}).json["id"]
            house.eventually(lambda: client.get("/api/v1/bulk-actions/" + action).json["done"] >= 1, "one is redriven")
            server.kill()
            server.start()
            house.eventually(lambda: client.get("/api/v1/bulk-actions/" + action).json["state"] == "done", "the rest is redriven")
            self.assertEqual(client.get("/api/v1/bulk-actions/" + action).json["done"], 6)
        finally:
            server.close()

    def test_why_tells_of_a_timer_and_of_an_end(self):
        flow = self.client.create_flow({"name": "nap", **chain(node("nap", "wait", {"for": "1h"}))})
        run = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        why = lambda: self.client.get(f"/api/v1/runs/{run}/why").json
        house.eventually(lambda: why()["code"] == "waiting_timer", "the run waits")
        self.assertIn("nap", why()["text"])
        self.client.post(f"/api/v1/runs/{run}/cancel", {"reason": "enough of it"})
        self.assertEqual(why()["code"], "cancelled")
        self.assertIn("enough of it", self.cli("runs", "why", run))
        self.assertIn("runs retry", self.cli("runs", "why", run))

    def test_two_runs_are_compared_and_each_replays(self):
        flow = self.client.create_flow({"name": "greet", **chain(node("hello", "set", {"values": {"text": "Hello {{ input.name }}"}}),
                                                                 node("loud", "transform", {"expression": "nodes.hello.output.text + '!'"}))})
        one, other = (self.client.run(flow, {"name": name})["id"] for name in ("Ann", "Bob"))
        diff = self.client.get(f"/api/v1/runs/{one}/diff?with={other}").json
        self.assertEqual([step["path"] for step in diff["steps"]], ["hello", "loud"])
        self.assertEqual(diff["steps"][0]["output"]["places"], [{"pointer": "/text", "first": "Hello Ann", "second": "Hello Bob"}])
        self.assertEqual(diff["input"]["places"][0]["pointer"], "/name")
        self.assertIn("/text Hello Ann → Hello Bob", self.cli("runs", "diff", one, other, code=1))
        self.assertEqual(self.client.get(f"/api/v1/runs/{one}/diff").status, 400)
        report = self.client.post(f"/api/v1/runs/{one}/replay").json
        self.assertTrue(report["same"], report)
        self.assertTrue(report["ended"])
        self.assertIn("gives the journal again", self.cli("runs", "replay", other))

    def test_the_command_line_lists_shows_redrives_and_discards(self):
        _, run = self.failed_run()
        _, second = self.failed_run()
        letter = self.letter_of(run)["id"]
        self.assertIn(letter, self.cli("dead-letters", "list"))
        self.assertIn("as the input says", self.cli("dead-letters", "show", letter))
        self.assertIn("2 dead letters match", self.cli("dead-letters", "redrive-all", "--dry-run"))
        made = json.loads(self.cli("dead-letters", "redrive", letter, "--input", '{"fail": false}', "--json"))
        self.assertEqual(made["dead_letter"]["state"], "redriven")
        self.cli("dead-letters", "discard", self.letter_of(second)["id"], "--reason", "known")
        self.assertIn("no dead letters", self.cli("dead-letters", "list"))
        self.cli("dead-letters", "show", "dl_x", code=1)
        self.assertIn("no bulk actions", self.cli("bulk", "list"))

    def test_steps_are_paged_and_found_by_status(self):
        body = {"nodes": [node("n", "set", {"values": {"i": "{{ index }}"}})], "edges": []}
        flow = self.client.create_flow({"name": "many", **chain(node("each", "map", {"items": list(range(120)), "body": body}))})
        run = self.client.run(flow)["id"]
        page = self.client.get(f"/api/v1/runs/{run}/steps?limit=50&offset=100").json
        self.assertEqual((page["total"], len(page["items"])), (121, 21))
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}/steps?status=failed").json["total"], 0)
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}/steps?status=succeeded&limit=1").json["total"], 121)
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}/steps?status=lost").status, 400)


if __name__ == "__main__":
    house.main()
