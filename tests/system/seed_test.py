"""`sluice seed --demo`: the same ids each time, real data in every state, and a server that starts on it."""

import json
import os
import shutil
import sqlite3
import tempfile
import unittest

import house
from house import Client, Server, sluice

LONGEST = 500  # seconds; some 15 on a free machine


def ids_in(value):
    """Every id that the command printed, with its place."""
    found = {}

    def walk(place, inner):
        if isinstance(inner, dict):
            for key, member in inner.items():
                walk(f"{place}/{key}", member)
        elif isinstance(inner, list):
            for number, member in enumerate(inner):
                walk(f"{place}/{number}", member)
        elif isinstance(inner, str):
            found[place] = inner

    walk("", value)
    return found


class Seed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="sluice-seed-")
        cls.data = os.path.join(cls.home, "first")
        cls.shown = cls.seed(cls.data)
        cls.server = Server(data=cls.data).start()
        cls.client = Client(cls.server.port, cls.shown["api_key"])

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        shutil.rmtree(cls.home, ignore_errors=True)

    @staticmethod
    def seed(data, *more):
        made = sluice("seed", "--demo", "--json", *more, data=data, timeout=LONGEST)
        if made.returncode != 0:
            raise AssertionError(f"no demonstration: {made.returncode} {made.stderr}")
        return json.loads(made.stdout)

    def get(self, path, status=200):
        answer = self.client.get(path)
        self.assertEqual(answer.status, status, f"{path}: {answer}")
        return answer.json

    def sign_in(self, email, password):
        answer = Client(self.server.port).post("/api/v1/auth/login", {"email": email, "password": password})
        self.assertEqual(answer.status, 200, str(answer))
        return answer.json["access_token"]

    def rows(self, statement):
        base = sqlite3.connect(f"file:{os.path.join(self.data, 'sluice.db')}?mode=ro", uri=True)
        try:
            return base.execute(statement).fetchall()
        finally:
            base.close()

    def test_the_same_command_makes_the_same_ids_times_and_runs(self):
        again = os.path.join(self.home, "again")
        self.assertEqual(ids_in(self.seed(again)), ids_in(self.shown))
        question = "SELECT hex(id), flow_name, created_at_us, finished_at_us, status FROM run WHERE status NOT IN ('running', 'waiting') ORDER BY id"
        base = sqlite3.connect(f"file:{os.path.join(again, 'sluice.db')}?mode=ro", uri=True)
        other = base.execute(question).fetchall()
        base.close()
        mine = self.rows(question)
        self.assertEqual(len(mine), len(other))
        for one, two in zip(mine, other):
            self.assertEqual(one, two)

    def test_the_runs_have_every_status_in_natural_shares(self):
        counts = dict(self.rows("SELECT status, count(*) FROM run GROUP BY status"))
        self.assertGreater(sum(counts.values()), 9_500)
        self.assertGreater(counts["succeeded"], 8_000)
        self.assertGreater(counts["failed"], 1_000)
        for status, least in (("cancelled", 100), ("timed_out", 20), ("waiting", 20), ("queued", 5), ("paused", 1)):
            self.assertGreaterEqual(counts.get(status, 0), least, str(counts))

    def test_everybody_can_sign_in_with_the_password_that_was_printed(self):
        self.sign_in(**self.shown["sign_in"])
        for role, person in self.shown["people"].items():
            token = self.sign_in(person["email"], person["password"])
            me = Client(self.server.port, token).get("/api/v1/auth/me").json
            self.assertEqual(me["role"], role.replace("_", "-"))

    def test_lists_answer_with_what_was_made(self):
        for path in ("flows", "runs", "dead-letters", "budgets", "api-keys", "users", "secrets", "providers", "model-routes", "roles",
                     "bulk-actions", "audit", "spend", "artifacts", "events", "projects", "workspaces", "invitations"):
            self.assertTrue(self.get(f"/api/v1/{path}?limit=5")["items"], path)
        for name, flow in self.shown["flows"].items():
            self.assertEqual(self.get(f"/api/v1/flows/{flow}")["name"], name)

    def test_the_notable_runs_are_what_their_names_say(self):
        runs = {name: self.get(f"/api/v1/runs/{run}") for name, run in self.shown["runs"].items()}
        expected = {"rolled_back": "failed", "failed": "failed", "waiting": "waiting", "paused": "paused", "queued": "queued",
                    "unknown_step": "waiting"}
        for name, run in runs.items():
            self.assertEqual(run["status"], expected.get(name, "succeeded"), name)
        self.assertGreaterEqual(runs["five_thousand_steps"]["totals"]["steps"], 5_000)
        self.assertGreaterEqual(runs["five_hundred_nodes"]["totals"]["steps"], 490)
        self.assertEqual(runs["reused"]["parent_run_id"], self.shown["runs"]["rolled_back"])
        steps = self.get(f"/api/v1/runs/{self.shown['runs']['big_output']}/steps?limit=200")["items"]
        self.assertGreater(max(step.get("output_bytes") or 0 for step in steps), 5 << 20)
        steps = self.get(f"/api/v1/runs/{self.shown['runs']['unknown_step']}/steps")["items"]
        self.assertIn("unknown", [step["status"] for step in steps])
        steps = self.get(f"/api/v1/runs/{self.shown['runs']['retries']}/steps")["items"]
        self.assertGreaterEqual(max(step["attempts"] for step in steps), 4)

    def test_a_thousand_dead_letters_have_one_class(self):
        codes = dict(self.rows("SELECT code, count(*) FROM dead_letter WHERE state = 'open' GROUP BY code"))
        self.assertGreaterEqual(codes["upstream_failed"], 1_000, str(codes))
        self.assertGreaterEqual(len(codes), 4, str(codes))

    def test_budgets_stand_where_their_names_say(self):
        budgets = {name: self.get(f"/api/v1/budgets/{budget}") for name, budget in self.shown["budgets"].items()}
        share = {name: float(b["spent_usd"]) / float(b["limit_usd"]) for name, b in budgets.items()}
        self.assertGreater(share["nearly"], 0.8, str(share))
        self.assertLess(share["nearly"], 1.0, str(share))
        self.assertGreater(share["breached"], 1.0, str(share))
        self.assertGreater(float(budgets["raised"]["left_usd"]), float(budgets["raised"]["limit_usd"]) - 0.01)
        told = dict(self.rows("SELECT type, count(*) FROM event WHERE type LIKE 'budget.%' GROUP BY type"))
        for event in ("budget.threshold", "budget.exceeded", "budget.unknown"):
            self.assertIn(event, told)
        self.assertTrue(self.get(f"/api/v1/budgets/{self.shown['budgets']['workspace']}/unknown")["items"])

    def test_a_used_directory_is_refused(self):
        refused = sluice("seed", "--demo", data=self.data)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("name a new one with --data", refused.stderr)

    def test_what_is_asked_for_wrongly_is_named(self):
        place = os.path.join(self.home, "never")
        for arguments, words in ((("seed",), "sluice seed --demo"), (("seed", "--demo", "--now", "soon"), "--now soon")):
            refused = sluice(*arguments, data=place)
            self.assertEqual(refused.returncode, 2, refused.stderr)
            self.assertIn(words, refused.stderr)
        self.assertFalse(os.path.exists(place))

    def test_a_place_that_cannot_be_written_ends_the_command_with_its_reason(self):
        file = os.path.join(self.home, "file")
        open(file, "w").close()
        refused = sluice("seed", "--demo", data=os.path.join(file, "data"))
        self.assertEqual(refused.returncode, 74, refused.stderr)
        self.assertIn(file, refused.stderr)


if __name__ == "__main__":
    house.main()
