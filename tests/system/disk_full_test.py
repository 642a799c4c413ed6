"""A real file system that is full: writes are refused before they are accepted, nothing acknowledged is lost, and work resumes by
itself when there is room again.

    disk_full_test.py BINARY

The data directory lies on a small ext4 image (loop device), or on a small tmpfs where there is no loop device. Where neither can
be mounted the tests are skipped, and say so.
"""

import concurrent.futures
import http.client
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import house

MIB = 1 << 20


class SmallDisk:
    """A mounted file system of `size` bytes in a folder of its own; raises OSError where mounting is impossible."""

    def __init__(self, size):
        self.home = tempfile.mkdtemp(prefix="sluice-disk-")
        self.root = os.path.join(self.home, "disk")
        self.ballast = os.path.join(self.root, "somebody-elses-file")
        os.mkdir(self.root)
        image = os.path.join(self.home, "image")
        with open(image, "wb") as file:
            file.truncate(size)
        tries = [("ext4 on a loop device", [["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image],
                                            ["mount", "-o", "loop", image, self.root]]),
                 ("tmpfs", [["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.root]])]
        said = ""
        for self.kind, commands in tries:
            try:
                for command in commands:
                    subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
                return
            except (OSError, subprocess.SubprocessError) as refused:
                said = f"{refused} {getattr(refused, 'stderr', '') or ''}"
        shutil.rmtree(self.home, ignore_errors=True)
        raise OSError(said)

    def free(self):
        room = os.statvfs(self.root)
        return room.f_bavail * room.f_frsize

    def fill(self, leave):
        """Somebody else's file takes all but `leave` bytes."""
        with open(self.ballast, "ab") as file:
            while self.free() > leave:
                try:
                    file.write(b"x" * min(64 * 1024, max(4096, self.free() - leave)))
                    file.flush()
                except OSError:
                    break

    def clear(self):
        os.unlink(self.ballast)

    def close(self):
        subprocess.run(["umount", "-l", self.root], capture_output=True, timeout=60)
        shutil.rmtree(self.home, ignore_errors=True)


class Load:
    """Clients that start runs with keys until they are stopped; what was acknowledged and what was refused."""

    def __init__(self, client, flow, threads=4):
        self.client, self.flow = client, flow
        self.acknowledged = {}
        self.refused = {}      # key → body
        self.odd = []
        self.in_a_row = 0
        self.stopped = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)
        self.work = [self.pool.submit(self.start_runs, number) for number in range(threads)]

    def start_runs(self, number):
        turn = 0
        while not self.stopped.is_set():
            turn += 1
            key, body = f"{number}-{turn}", {"input": {"turn": turn, "text": "y" * 3000}}
            answer = self.client.post(f"/api/v1/flows/{self.flow}/runs?wait=1s", body, headers={"Idempotency-Key": key})
            if answer.status in (200, 202):
                self.acknowledged[key] = answer.json["id"]
                self.in_a_row = 0
            elif answer.status == 503:
                self.refused[key] = body
                self.in_a_row += 1
                self.stopped.wait(0.01)
            else:
                self.odd.append(str(answer))

    def stop(self):
        self.stopped.set()
        for one in self.work:
            one.result()
        self.pool.shutdown()


class DiskFull(unittest.TestCase):
    def place(self, size, **settings):
        try:
            self.disk = SmallDisk(size)
        except OSError as refused:
            self.skipTest(f"SKIPPED: no small file system can be mounted here ({refused})")
        self.addCleanup(self.disk.close)
        env = {"SLUICE_STORAGE_" + name.upper(): str(value) for name, value in settings.items()}
        self.server = house.Server(data=os.path.join(self.disk.root, "data"), env=env)
        self.addCleanup(self.server.close)
        self.server.start()
        self.client = self.server.client()
        self.pid = self.server.process.pid
        print(f"{self.disk.kind}, {size // MIB} MiB", flush=True)

    def ready(self):
        try:
            return house.Client(self.server.port).get("/readyz", timeout=5)
        except (OSError, http.client.HTTPException) as broken:
            self.fail(f"the server does not answer: {broken!r}\n{self.server.log()[-3000:]}")

    def fill_until_refused(self, load):
        house.eventually(lambda: load.in_a_row >= 40 and self.ready().status == 503, "writes are refused and readiness is false")
        self.assertIn("full", self.ready().text)

    def judge(self, load, slow):
        """Nothing acknowledged is lost, it all ends, and a refused start can be made after all."""
        self.assertEqual(self.server.process.pid, self.pid)
        self.assertIsNone(self.server.process.poll(), "no restart was needed")
        self.assertEqual(load.odd, [], "every answer is a 2xx or a 503")
        self.assertGreater(len(load.acknowledged), 20)
        self.assertEqual(len(set(load.acknowledged.values())), len(load.acknowledged))
        for run in [*load.acknowledged.values(), *slow]:
            answer = self.client.get(f"/api/v1/runs/{run}?wait=30s")
            self.assertEqual((answer.status, answer.json.get("status")), (200, "succeeded"), answer)
        key, body = next(iter(load.refused.items()))
        again = self.client.post(f"/api/v1/flows/{load.flow}/runs?wait=1s", body, headers={"Idempotency-Key": key})
        self.assertIn(again.status, (200, 202), again)
        self.assertEqual(self.server.terminate(), 0)
        database = sqlite3.connect(f"file:{self.server.database()}?mode=ro", uri=True)
        self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(database.execute("PRAGMA foreign_key_check").fetchall(), [])
        self.assertEqual(database.execute("SELECT count(*) FROM job").fetchone()[0], 0)
        self.assertEqual(database.execute("SELECT count(*) FROM run").fetchone()[0], len(load.acknowledged) + len(slow) + 1,
                         "what was refused is not there, and what was accepted is there once")
        database.close()

    def start_slow(self):
        """Runs that are under way while the disk is full: their steps end when nothing can be written."""
        flow = self.client.create_flow({"name": "slow", **house.chain(
            house.node("first"), {"id": "pause", "type": "wait", "config": {"for": "1s"}},
            house.node("effect", "noop", {"effect": "keyed", "delay": "500ms"}), house.node("last"))})
        return [self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"] for _ in range(8)]

    def test_a_disk_without_a_byte_left(self):
        self.place(8 * MIB, min_free_bytes=0, ballast_bytes=0)
        flow = self.client.create_flow({"name": "load", **house.chain(house.node("a"), house.node("b"))})
        slow = self.start_slow()
        self.disk.fill(leave=2 * MIB)
        load = Load(self.client, flow)
        try:
            self.fill_until_refused(load)
            self.disk.fill(leave=0)
            time.sleep(2)  # the steps under way end now, and the load goes on
            run = next(iter(load.acknowledged.values()))
            self.assertEqual(self.client.get(f"/api/v1/runs/{run}").status, 200, "what is stored can be read")
            self.assertEqual(self.ready().status, 503)
        finally:
            load.stop()
        self.disk.clear()
        house.eventually(lambda: self.ready().status == 200, "the server is ready by itself within 5 s after there is room", 5.0)
        self.judge(load, slow)

    def test_new_work_ends_before_the_disk_does_and_work_under_way_is_recorded(self):
        self.place(32 * MIB, min_free_bytes=4 * MIB, ballast_bytes=2 * MIB)
        flow = self.client.create_flow({"name": "load", **house.chain(house.node("a"), house.node("b"))})
        load = Load(self.client, flow)
        try:
            house.eventually(lambda: len(load.acknowledged) > 30, "the load runs")
            slow = self.start_slow()
            self.disk.fill(leave=3 * MIB)
            self.fill_until_refused(load)
            for run in slow:  # below the watermark, above what is kept for work under way
                answer = self.client.get(f"/api/v1/runs/{run}?wait=30s")
                self.assertEqual(answer.json["status"], "succeeded", answer)
            self.assertEqual(self.ready().status, 503)
        finally:
            load.stop()
        self.disk.clear()
        house.eventually(lambda: self.ready().status == 200, "the server is ready by itself within 5 s after there is room", 5.0)
        self.judge(load, slow)


if __name__ == "__main__":
    house.main()
