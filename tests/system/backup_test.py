"""Backup under load, restore, and what was there before, against the real binary.

    backup_test.py BINARY
"""

import json
import os
import sqlite3
import tempfile
import threading
import unittest

import house
from house import chain, node

LARGE = {"name": "large", **chain(node("echo", "set", {"values": {"text": "{{ input.text }}"}})),
         "output": "{{ nodes.echo.output.text }}"}


class Backups(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory(prefix="sluice-backup-")
        self.addCleanup(self.home.cleanup)
        self.server = house.Server().start()
        self.addCleanup(self.server.close)

    def place(self, name):
        return os.path.join(self.home.name, name)

    def command(self, *words, data=None, code=0):
        done = house.sluice(*words, data=data or self.server.data)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_a_backup_under_load_is_restored_with_every_run_that_was_answered_before_it(self):
        client = self.server.client()
        flow = client.create_flow(LARGE)
        before = [client.run(flow, {"text": f"{n} " + "x" * 100_000})["id"] for n in range(5)]
        stop = threading.Event()
        during = []

        def work():
            while not stop.is_set():
                during.append(client.run(flow, {"text": "y" * 70_000})["id"])

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        try:
            house.eventually(lambda: len(during) > 5, "runs during the backup")
            report = json.loads(self.command("backup", self.place("copy"), "--json").stdout)
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        self.assertEqual(report["path"], self.place("copy"))
        self.assertGreater(report["blobs"], 5)
        self.assertEqual(sorted(os.listdir(self.place("copy"))), ["blobs", "manifest.json", "sluice.db"])
        with sqlite3.connect(f"file:{self.place('copy')}/sluice.db?immutable=1", uri=True) as copy:
            self.assertEqual(copy.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        doctor = self.command("doctor").stdout
        self.assertIn(self.place("copy"), doctor)

        # Into a new directory, under a second server.
        self.command("restore", self.place("copy"), data=self.place("second"))
        with house.Server(data=self.place("second")) as second:
            other = house.Client(second.port, client.key)
            for n, run in enumerate(before):
                shown = other.get(f"/api/v1/runs/{run}").json
                self.assertEqual(shown["status"], "succeeded")
                self.assertTrue(shown["output"].startswith(f"{n} xx"))
            self.assertEqual(len(other.run(flow, {"text": "new"})["output"]), 3)

        # Over the live one: only when it is stopped, and only with --force.
        refused = self.command("restore", self.place("copy"), "--force", code=75)
        self.assertIn(str(self.server.process.pid), refused.stderr)
        later = client.run(flow, {"text": "after the backup"})["id"]
        self.assertEqual(self.server.terminate(), 0)
        self.assertIn("--force", self.command("restore", self.place("copy"), code=1).stderr)
        kept = json.loads(self.command("restore", self.place("copy"), "--force", "--json").stdout)["kept"]
        self.server.start()
        self.assertEqual(client.get(f"/api/v1/runs/{before[0]}").status, 200)
        self.assertEqual(client.get(f"/api/v1/runs/{later}").status, 404)
        with sqlite3.connect(os.path.join(kept, "sluice.db")) as former:
            self.assertGreater(former.execute("SELECT count(*) FROM run").fetchone()[0], len(before))

    def test_over_the_network_a_backup_has_a_plain_name_and_needs_the_permission(self):
        owner, viewer = self.server.machine_client(), self.server.client(role="viewer")
        self.assertEqual(self.server.client().post("/api/v1/system/backup", {"path": "mine"}).status, 403)
        self.assertEqual(viewer.post("/api/v1/system/backup", {"path": "mine"}).status, 403)
        for path in ("/etc/mine", "../mine", ".mine", "a/b", ""):
            self.assertEqual(owner.post("/api/v1/system/backup", {"path": path}).status // 100, 4, path)
        made = owner.post("/api/v1/system/backup", {"path": "monday"})
        self.assertEqual(made.status, 201, made)
        self.assertEqual(made.json["path"], os.path.join(os.path.abspath(self.server.data), "backups", "monday"))
        again = owner.post("/api/v1/system/backup", {"path": "monday"})
        self.assertEqual(again.status, 409, again)
        # Where it lies is told to those alone who keep the machine.
        self.assertEqual(owner.get("/api/v1/system").json["last_backup"]["path"], made.json["path"])
        for other in (viewer, self.server.client()):
            seen = other.get("/api/v1/system").json["last_backup"]
            self.assertEqual(set(seen), {"created_at", "database_bytes", "blob_bytes"}, seen)

    def test_without_a_server_a_backup_takes_up_no_work(self):
        client = self.server.client()
        flow = client.create_flow({"name": "slow", **chain(node("pause", "wait", {"for": "1h"}))})
        run = client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        self.server.kill()
        self.command("backup", self.place("copy"))
        with sqlite3.connect(f"file:{self.place('copy')}/sluice.db?immutable=1", uri=True) as copy:
            rows = copy.execute("SELECT count(*) FROM run WHERE status IN ('succeeded', 'failed', 'cancelled')").fetchone()
        self.assertEqual(rows, (0,))
        self.server.start()
        self.assertNotIn(client.get(f"/api/v1/runs/{run}").json["status"], ("failed", "cancelled"))


if __name__ == "__main__":
    house.main()
