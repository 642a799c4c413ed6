#!/usr/bin/env python3
"""The audit trail of the real binary: what is written with a change, denials, search, export, and that no alteration passes."""

import csv
import io
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house


def flow(name):
    return {"name": name, **house.chain(house.node("a"), house.node("b"))}


class AuditTrail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server().start()
        cls.owner = cls.server.client("acme")

    @classmethod
    def tearDownClass(cls):
        log = cls.server.log()
        cls.server.close()
        assert "left no audit entry" not in log, "a change left no audit entry:\n" + log[-3000:]

    def entries(self, query="", client=None):
        answer = (client or self.owner).get("/api/v1/audit?limit=200" + query)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["items"]

    def test_a_change_names_who_did_what_to_which_object(self):
        made = self.owner.post("/api/v1/flows", flow("audited"))
        self.assertEqual(made.status, 201, made)
        entry = self.entries("&target=" + made.json["id"])[0]
        self.assertEqual((entry["action"], entry["outcome"], entry["address"]), ("flows.create", "done", "127.0.0.1"))
        self.assertEqual(entry["actor"]["kind"], "api_key")
        self.assertTrue(entry["actor"]["id"].startswith("key_"))
        self.assertEqual(entry["request_id"], made.headers["x-request-id"])
        self.assertEqual(entry["after"]["id"], made.json["id"])

    def test_every_change_leaves_an_entry_and_a_refused_one_leaves_none(self):
        run_flow = self.owner.create_flow(flow("changes"))
        before = len(self.entries())
        self.assertEqual(self.owner.put(f"/api/v1/flows/{run_flow}", flow("changes") | {"output": "{{ 1 }}"}).status, 200)
        self.assertEqual(self.owner.put(f"/api/v1/flows/{run_flow}/live", {"version": 1}).status, 200)
        self.assertEqual(self.owner.post("/api/v1/projects", {"name": "paper"}).status, 201)
        self.assertEqual(self.owner.post("/api/v1/projects", {"name": "paper"}).status, 409)
        self.assertEqual(self.owner.post("/api/v1/flows", {"name": "broken"}).status // 100, 4)
        self.assertEqual(self.owner.post("/api/v1/flows/validate", flow("x")).status, 200)
        actions = [e["action"] for e in self.entries()][: len(self.entries()) - before]
        self.assertEqual(sorted(actions), ["flows.live.update", "flows.update", "projects.create"])

    def test_what_people_do_to_runs_is_written_down_and_what_keys_start_often_is_not(self):
        waiting = self.owner.create_flow({"name": "waits", "nodes": [house.node("w", "wait", {"for": "1h"})], "edges": []})
        run = self.owner.post(f"/api/v1/flows/{waiting}/runs", {"input": {}}).json["id"]
        self.assertEqual(self.owner.post(f"/api/v1/runs/{run}/cancel", {"reason": "no more"}).status, 200)
        self.assertEqual([e["action"] for e in self.entries("&target=" + run)], ["runs.cancel"])
        local = house.sluice("runs", "start", "waits", "--workspace", "acme", "--json", data=self.server.data)
        self.assertEqual(local.returncode, 0, local.stderr)
        mine = json.loads(local.stdout)["id"]
        self.assertEqual([(e["action"], e["actor"]["kind"]) for e in self.entries("&target=" + mine)], [("runs.start", "local")])

    def test_a_repeated_request_leaves_one_entry(self):
        for _ in range(3):
            answer = self.owner.post("/api/v1/projects", {"name": "once"}, headers={"Idempotency-Key": "once"})
            self.assertEqual(answer.status, 201)
        self.assertEqual(len(self.entries("&action=projects.create&target=" + answer.json["id"])), 1)

    def test_refusals_are_written_down_and_a_flood_of_them_becomes_counts(self):
        viewer = self.server.client("acme", "viewer")
        for _ in range(40):
            self.assertEqual(viewer.post("/api/v1/projects", {"name": "mine"}).status, 403)
        denied = self.entries("&outcome=denied&action=projects.create")
        self.assertTrue(1 <= len(denied) <= 40, len(denied))
        self.assertIn("projects:write", denied[0]["reason"])
        self.assertEqual(house.Client(self.server.port, "slk_wrong").get("/api/v1/flows").status, 401)

    def test_another_workspace_reads_none_of_it_and_a_role_without_the_permission_neither(self):
        stranger = self.server.client("globex")
        self.owner.post("/api/v1/projects", {"name": "private"})
        self.assertNotIn("acme", json.dumps(self.entries(client=stranger)))
        self.assertEqual(self.server.client("acme", "developer").get("/api/v1/audit").status, 403)
        self.assertEqual(self.server.client("acme", "auditor").get("/api/v1/audit").status, 200)
        self.assertEqual(self.owner.get("/api/v1/audit?scope=instance").status, 403)
        cursor = self.owner.get("/api/v1/audit?limit=1").json["next_cursor"]
        self.assertEqual(stranger.get("/api/v1/audit?limit=1&cursor=" + cursor).status, 400)
        self.assertEqual(self.owner.get("/api/v1/audit?outcome=maybe").status, 400)
        self.assertEqual(self.owner.get("/api/v1/audit?since=yesterday").status, 400)

    def test_pages_and_filters(self):
        for i in range(5):
            self.owner.post("/api/v1/projects", {"name": f"page-{i}"})
        seen, cursor = [], ""
        while cursor is not None:
            page = self.owner.get("/api/v1/audit?limit=2&action=projects.*" + (f"&cursor={cursor}" if cursor else "")).json
            seen += [e["seq"] for e in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(seen, sorted(seen, reverse=True))
        self.assertGreaterEqual(len(seen), 5)

    def test_an_export_is_whole_audited_and_no_spreadsheet_formula(self):
        self.owner.post("/api/v1/api-keys", {"name": "=cmd()", "role": "viewer"})
        lines = self.owner.get("/api/v1/audit/export?format=jsonl").text.splitlines()
        seqs = [json.loads(line)["seq"] for line in lines]
        self.assertEqual(seqs, sorted(seqs))
        table = list(csv.reader(io.StringIO(self.owner.get("/api/v1/audit/export?format=csv").text)))
        self.assertEqual(table[0][0], "seq")
        self.assertGreater(len(table), len(lines))
        self.assertFalse([c for row in table[1:] for c in row if c.startswith(("=", "+", "@"))])
        self.assertGreaterEqual(len(self.entries("&action=audit.export")), 2)
        self.assertEqual(self.owner.get("/api/v1/audit/export?format=xml").status, 400)

    def test_a_key_is_in_no_entry(self):
        key = self.owner.post("/api/v1/api-keys", {"name": "hidden", "role": "viewer"}).json["key"]
        self.assertNotIn(key, self.owner.get("/api/v1/audit/export").text)

    def test_every_altered_removed_or_moved_entry_is_named(self):
        server = house.Server()
        self.addCleanup(server.close)
        server.start()
        client = server.client("acme")
        for i in range(60):
            self.assertEqual(client.post("/api/v1/projects", {"name": f"p{i}"}).status, 201)
        server.terminate()
        key = server.data + ".key"

        def verdict(directory):
            done = house.sluice("audit", "verify", "--json", data=directory, env={"SLUICE_VAULT_KEY_FILE": key})
            self.assertIn(done.returncode, (0, 1), done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual(report["sound"], done.returncode == 0)
            return report

        untouched = verdict(server.data)
        self.assertTrue(untouched["sound"], untouched)
        self.assertGreaterEqual(untouched["checked"], 60)
        self.assertGreaterEqual(untouched["checkpoints"], 1)
        last = untouched["last_seq"]
        chance = random.Random(4)
        kinds = ["alter"] * 120 + ["remove"] * 50 + ["swap"] * 29 + ["cut"]
        columns = ["at_us", "actor_kind", "actor", "actor_name", "action", "target", "reason", "request_id", "address", "before", "after",
                   "mac", "workspace_id"]
        with tempfile.TemporaryDirectory() as scratch:
            for number, kind in enumerate(kinds):
                copy = os.path.join(scratch, str(number))
                shutil.copytree(server.data, copy, ignore=shutil.ignore_patterns("lock", "admin.sock", "snapshots"))
                seq = chance.randrange(1, last)
                database = sqlite3.connect(os.path.join(copy, "sluice.db"))
                if kind == "alter":
                    column = chance.choice(columns)
                    old = database.execute(f"SELECT {column} FROM audit_entry WHERE seq = ?", (seq,)).fetchone()[0]
                    new = old + 1 if isinstance(old, int) else bytes([old[0] ^ 1]) + old[1:] if isinstance(old, bytes) else old + "x"
                    database.execute(f"UPDATE audit_entry SET {column} = ? WHERE seq = ?", (new, seq))
                elif kind == "remove":
                    database.execute("DELETE FROM audit_entry WHERE seq = ?", (seq,))
                elif kind == "swap":
                    database.execute("UPDATE audit_entry SET seq = -1 WHERE seq = ?", (seq,))
                    database.execute("UPDATE audit_entry SET seq = ? WHERE seq = ?", (seq, seq + 1))
                    database.execute("UPDATE audit_entry SET seq = ? WHERE seq = -1", (seq + 1,))
                else:  # the end is cut off, with its signature in the database
                    seq = last - 4
                    database.execute("DELETE FROM audit_entry WHERE seq >= ?", (seq,))
                    database.execute("DELETE FROM audit_checkpoint WHERE seq >= ?", (seq,))
                database.commit()
                database.close()
                report = verdict(copy)
                self.assertEqual(report["broken_seq"], seq, f"{kind} of {seq}: {report}")
                shutil.rmtree(copy)


if __name__ == "__main__":
    house.main()
