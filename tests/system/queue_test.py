"""The queue of runs against the real binary: limits, order, fairness, delays, backlog, switches, waiting and restarts."""

import datetime
import http.server
import json
import signal
import sqlite3
import threading
import time
import unittest
import uuid

import house
from house import chain, node


class Gate:
    """An HTTP server whose answers wait until they are let go; it counts who has come and in which order."""

    def __init__(self):
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.came = []
        self.tickets = threading.Semaphore(0)
        self.era = 0  # those who came in a former one (from a server that was killed) take no ticket
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with gate.lock:
                    gate.came.append(self.path.strip("/"))
                    era = gate.era
                while era == gate.era and not gate.open.is_set() and not gate.tickets.acquire(timeout=0.05):
                    pass
                body = b"{}"
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def let(self, count):
        for _ in range(count):
            self.tickets.release()

    def visits(self):
        with self.lock:
            return list(self.came)

    def forget(self):
        with self.lock:
            self.came.clear()
            self.era += 1

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()


class QueueStory(unittest.TestCase):
    """A server of its own for each test: the queue is the whole server's."""

    settings = {"SLUICE_ENGINE_MAX_RUNNING_RUNS": "2"}

    def setUp(self):
        self.gate = Gate()
        self.addCleanup(self.gate.close)
        self.server = house.Server(env={"SLUICE_EGRESS_ALLOW": f"127.0.0.1:{self.gate.port}", **self.settings}).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()
        self.busy = self.flow(self.client)

    def flow(self, client, **settings):
        """A flow whose only step is busy until the gate lets it go; it says `input.who` there."""
        url = f"http://127.0.0.1:{self.gate.port}/" + "{{ input.who }}"
        return client.create_flow({"name": "f" + uuid.uuid4().hex[:10], "settings": settings,
                                   **chain(node("call", "http.request", {"method": "GET", "url": url}))})

    def start(self, who, client=None, flow=None, status=202, **more):
        answer = (client or self.client).post(f"/api/v1/flows/{flow or self.busy}/runs", {"input": {"who": who}, **more})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def status(self, run, client=None):
        return (client or self.client).get(f"/api/v1/runs/{run}").json["status"]

    def until(self, run, status, client=None):
        house.eventually(lambda: self.status(run, client) == status, f"{run} is {status}")

    def visited(self, *who):
        house.eventually(lambda: self.gate.visits() == list(who), f"the gate saw {who}, not {self.gate.visits()}")

    def fill(self):
        """Takes both slots."""
        runs = [self.start(f"filler{i}") for i in range(2)]
        house.eventually(lambda: len(self.gate.visits()) == 2, "both slots are taken")
        return [run["id"] for run in runs]

    def queue(self, client=None):
        answer = (client or self.client).get("/api/v1/queues")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["items"][0]


class Order(QueueStory):
    def test_runs_beyond_the_slots_are_queued_and_start_by_priority_then_arrival(self):
        self.fill()
        late = self.start("late", priority=5)
        self.assertEqual(late["status"], "queued")
        first, second = self.start("first"), self.start("second")
        urgent = self.start("urgent", priority=1)
        self.assertEqual(self.status(first["id"]), "queued")
        self.assertIsNone(self.client.get(f"/api/v1/runs/{first['id']}").json["started_at"])
        queue = self.queue()
        self.assertEqual((queue["queued"], queue["running"], queue["paused"]), (4, 2, False))
        self.assertTrue(queue["oldest_ready_at"])
        listed = [run["id"] for run in self.client.get("/api/v1/runs?status=queued").json["items"]]
        self.assertEqual(sorted(listed), sorted(run["id"] for run in (late, first, second, urgent)))
        for turn in range(1, 5):
            self.gate.let(1)
            house.eventually(lambda: len(self.gate.visits()) == 2 + turn, "the next one starts")
        self.assertEqual(self.gate.visits()[2:], ["urgent", "first", "second", "late"])
        self.gate.open.set()
        for run in (late, first, second, urgent):
            self.until(run["id"], "succeeded")
        self.assertTrue(self.client.get(f"/api/v1/runs/{first['id']}").json["started_at"])
        kinds = [event["kind"] for event in self.client.run_events(first["id"])]
        self.assertEqual(kinds[0], "run.started")
        self.assertEqual(kinds[-1], "run.succeeded")

    def test_who_waits_for_a_queued_run_gets_its_end(self):
        self.fill()
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            self.client.post(f"/api/v1/flows/{self.busy}/runs?wait=30s", {"input": {"who": "waited"}})))
        thread.start()
        # The queue knows it before its commit, the list after.
        run = house.eventually(lambda: self.client.get("/api/v1/runs?status=queued").json["items"], "it is queued")[0]["id"]
        reader = threading.Thread(target=lambda: answers.append(self.client.get(f"/api/v1/runs/{run}?wait=30s")))
        reader.start()
        self.gate.open.set()
        thread.join(house.PATIENCE)
        reader.join(house.PATIENCE)
        self.assertEqual([answer.json["status"] for answer in answers], ["succeeded", "succeeded"], answers)

    def test_a_workspaces_flood_lets_anothers_single_run_start_next(self):
        self.fill()
        for i in range(30):
            self.start(f"flood{i}")
        other = self.server.client("other")
        single = self.start("single", client=other, flow=self.flow(other), priority=5)
        self.assertEqual(single["status"], "queued")
        self.gate.let(2)
        house.eventually(lambda: len(self.gate.visits()) == 4, "two more start")
        self.assertIn("single", self.gate.visits())
        self.assertEqual(self.queue(other)["running"], 1)

    def test_a_key_has_its_own_limit_and_holds_nobody_else_back(self):
        flow = self.flow(self.client, concurrency={"limit": 1, "key": "{{ input.who }}"})
        one, two = self.start("acme", flow=flow), self.start("acme", flow=flow)
        other = self.start("bolt", flow=flow)
        self.assertEqual([one["status"], two["status"], other["status"]], ["running", "queued", "running"])
        house.eventually(lambda: sorted(self.gate.visits()) == ["acme", "bolt"], "one of each")
        self.gate.open.set()
        self.until(two["id"], "succeeded")
        self.assertEqual(sorted(self.gate.visits()), ["acme", "acme", "bolt"])

    def test_a_key_that_cannot_be_made_is_said_before_acceptance(self):
        flow = self.flow(self.client, concurrency={"limit": 1, "key": "{{ input.missing }}"})
        self.assertIn("concurrency.key", self.start("x", flow=flow, status=422)["detail"])
        flow = self.flow(self.client, concurrency={"limit": 1, "key": "{{ input.who }}"})
        self.assertIn("256", self.start("x" * 1000, flow=flow, status=422)["detail"])


class Times(QueueStory):
    def test_a_delayed_run_starts_at_its_time_and_not_before(self):
        self.gate.open.set()
        begun = time.time()
        soon = self.start("soon", delay="1500ms")
        at = datetime.datetime.fromtimestamp(begun + 1.5, datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        exact = self.start("exact", run_at=at)
        far = self.start("far", delay="2h")
        past = self.start("past", run_at="2020-01-01T00:00:00Z")
        self.assertEqual([soon["status"], exact["status"], far["status"], past["status"]], ["queued", "queued", "queued", "running"])
        self.assertEqual(self.queue()["delayed"], 3)
        for run in (soon, exact):
            self.until(run["id"], "succeeded")
            row = self.client.get(f"/api/v1/runs/{run['id']}").json
            started = datetime.datetime.fromisoformat(row["started_at"].replace("Z", "+00:00")).timestamp()
            self.assertGreaterEqual(started, begun + 1.499)
        self.assertEqual(self.status(far["id"]), "queued")

    def test_wrong_times_and_priorities_are_named(self):
        for wrong, fragment in (({"delay": "soon"}, "/delay"), ({"run_at": "tomorrow"}, "/run_at"), ({"delay": "-5s"}, "/delay"),
                                ({"run_at": "9999-01-01T00:00:00Z"}, "/run_at"), ({"delay": "1s", "run_at": "2030-01-01T00:00:00Z"}, "/"),
                                ({"priority": 0}, "/priority"), ({"priority": 6}, "/priority"), ({"priority": "high"}, "/priority")):
            with self.subTest(wrong):
                answer = self.client.post(f"/api/v1/flows/{self.busy}/runs", {"input": {}, **wrong})
                self.assertEqual(answer.status, 400, answer)
                self.assertIn(fragment, answer.text)


class Switches(QueueStory):
    def test_a_paused_queue_takes_runs_and_starts_none_also_after_a_restart(self):
        paused = self.client.post("/api/v1/queues/default/pause")
        self.assertEqual((paused.status, paused.json["paused"]), (200, True), paused)
        run = self.start("held")
        self.assertEqual(run["status"], "queued")
        self.server.kill()
        self.server.start()
        queue = self.client.get("/api/v1/queues/default").json
        self.assertEqual((queue["paused"], queue["queued"], queue["running"]), (True, 1, 0))
        other = self.server.client("other")
        self.gate.open.set()
        self.assertEqual(other.run(self.flow(other), {"who": "free"})["status"], "succeeded")
        self.assertEqual(self.status(run["id"]), "queued")
        resumed = self.client.post("/api/v1/queues/default/resume")
        self.assertEqual((resumed.status, resumed.json["paused"]), (200, False), resumed)
        self.until(run["id"], "succeeded")

    def test_a_draining_queue_refuses_new_runs_and_starts_what_it_has(self):
        self.fill()
        last = self.start("last")
        self.assertTrue(self.client.post("/api/v1/queues/default/drain").json["draining"])
        refused = self.client.post(f"/api/v1/flows/{self.busy}/runs", {"input": {"who": "new"}})
        self.assertEqual(refused.status, 503, refused)
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
        self.gate.open.set()
        self.until(last["id"], "succeeded")
        self.assertNotIn("new", self.gate.visits())

    def test_there_is_one_queue_and_only_those_who_may_switch_it(self):
        self.assertEqual(self.client.get("/api/v1/queues/other").status, 404)
        self.assertEqual(self.client.post("/api/v1/queues/other/pause").status, 404)
        viewer = self.server.client(role="viewer")
        self.assertEqual(viewer.get("/api/v1/queues/default").status, 200)
        self.assertEqual(viewer.post("/api/v1/queues/default/pause").status, 403)

    def test_a_queued_run_is_cancelled_without_having_started(self):
        self.fill()
        run = self.start("never")
        cancelled = self.client.post(f"/api/v1/runs/{run['id']}/cancel", {"reason": "changed my mind"})
        self.assertEqual((cancelled.status, cancelled.json["status"]), (200, "cancelled"), cancelled)
        row = self.client.get(f"/api/v1/runs/{run['id']}").json
        self.assertIn("changed my mind", row["error"]["message"])
        self.assertIsNone(row["started_at"])
        self.assertEqual(self.queue()["queued"], 0)
        self.gate.open.set()
        house.eventually(lambda: self.queue()["running"] == 0, "the others end")
        self.assertNotIn("never", self.gate.visits())
        self.assertEqual(self.client.post(f"/api/v1/runs/{run['id']}/cancel").status, 409)


class Restarts(QueueStory):
    def test_queued_and_delayed_runs_keep_their_order_over_a_kill(self):
        self.fill()
        queued = [self.start(who, priority=priority) for who, priority in (("d", 4), ("b", 2), ("c", 3), ("a", 1))]
        delayed = self.start("e", delay="1h")
        self.server.kill()
        self.gate.forget()
        time.sleep(0.2)
        self.server.start()
        # The two that were under way are taken up first, and hold their slots.
        house.eventually(lambda: len(self.gate.visits()) == 2, "the two go on")
        self.assertEqual(sorted(self.gate.visits()), ["filler0", "filler1"])
        for turn in range(4):
            self.gate.let(1)
            house.eventually(lambda: len(self.gate.visits()) == 3 + turn, "the next one starts")
        self.assertEqual(self.gate.visits()[2:6], ["a", "b", "c", "d"])
        self.gate.open.set()
        for run in queued:
            self.until(run["id"], "succeeded")
        self.assertEqual(len(self.gate.visits()), 6)
        self.assertEqual((self.status(delayed["id"]), self.queue()["delayed"]), ("queued", 1))

    def test_a_kill_in_the_middle_of_many_queued_runs_loses_none_and_starts_each_once_more_at_most(self):
        runs = [self.start(f"r{i}")["id"] for i in range(60)]
        self.gate.let(20)
        house.eventually(lambda: len(self.gate.visits()) >= 15, "some have started")
        self.server.kill()
        self.gate.open.set()
        self.server.start()
        for run in runs:
            self.until(run, "succeeded")
        seen = self.gate.visits()
        self.assertEqual(len(set(seen)), 60)
        self.assertLessEqual(len(seen), 62)


class Weights(QueueStory):
    settings = {"SLUICE_ENGINE_MAX_RUNNING_RUNS": "1"}

    def weigh(self, client, weight, status=200):
        """As the machine's owner, in the workspace of `client`."""
        workspace = client.get("/api/v1/auth/me").json["workspace"]["name"]
        answer = self.server.machine_client(workspace).request("PATCH", "/api/v1/queues/default", {"weight": weight})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def test_a_workspace_of_weight_three_starts_three_runs_where_another_starts_one_also_after_a_kill(self):
        other = self.server.client("other")
        self.assertEqual(self.queue()["weight"], 1)
        self.assertEqual(self.weigh(other, 3)["weight"], 3)
        self.start("filler")
        house.eventually(lambda: len(self.gate.visits()) == 1, "the slot is taken")
        flow = self.flow(other)
        for i in range(16):
            self.start(f"red{i}")
            self.start(f"blue{i}", client=other, flow=flow)
        self.server.kill()
        self.gate.forget()
        self.server.start()
        self.assertEqual((self.queue()["weight"], self.queue(other)["weight"]), (1, 3))
        house.eventually(lambda: len(self.gate.visits()) == 1, "the filler goes on")
        for turn in range(16):
            self.gate.let(1)
            house.eventually(lambda: len(self.gate.visits()) == 2 + turn, "the next one starts")
        started = self.gate.visits()[1:]
        self.assertEqual(sum(who.startswith("blue") for who in started), 12, started)
        self.assertEqual(self.weigh(other, 1)["weight"], 1)
        for turn in range(8):
            self.gate.let(1)
            house.eventually(lambda: len(self.gate.visits()) == 18 + turn, "the next one starts")
        blue = sum(who.startswith("blue") for who in self.gate.visits()[17:])
        self.assertIn(blue, (4, 3), "the new weight counts at once")
        self.gate.open.set()

    def test_a_weight_is_the_owners_to_change_and_outlives_a_pause(self):
        developer = self.server.client(role="developer")
        for weak in (developer, self.client):  # the machine's owner's alone
            self.assertEqual(weak.request("PATCH", "/api/v1/queues/default", {"weight": 3}).status, 403)
        for wrong in (0, 101, "many", 1.5):
            self.assertIn("/weight", str(self.weigh(self.client, wrong, status=400)))
        self.assertEqual(self.server.machine_client().request("PATCH", "/api/v1/queues/other", {"weight": 2}).status, 404)
        self.weigh(self.client, 7)
        self.client.post("/api/v1/queues/default/pause")
        self.server.kill()
        self.server.start()
        queue = self.queue()
        self.assertEqual((queue["weight"], queue["paused"]), (7, True))
        weighed = house.sluice("queues", "weight", "4", data=self.server.data)
        self.assertEqual(weighed.returncode, 0, weighed.stderr)
        self.assertEqual((self.queue()["weight"], self.queue()["paused"]), (4, True))
        events = [event["type"] for event in self.client.get("/api/v1/events").json["items"]]
        self.assertEqual([kind for kind in events if kind.startswith("queue.")].count("queue.weighted"), 2, events)


class CommandLine(QueueStory):
    def cli(self, *arguments, code=0):
        done = house.sluice(*arguments, "--json", data=self.server.data)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_a_run_is_started_with_a_priority_later_or_at_a_time(self):
        name = self.client.get(f"/api/v1/flows/{self.busy}").json["name"]
        who = ["--input", '{"who": "x"}']
        self.fill()
        urgent = json.loads(self.cli("runs", "start", name, *who, "--priority", "1").stdout)
        self.assertEqual(urgent["status"], "queued")
        delayed = json.loads(self.cli("runs", "start", name, *who, "--delay", "2h").stdout)
        at = json.loads(self.cli("runs", "start", name, *who, "--at", "2030-01-31T08:00:00Z").stdout)
        self.assertEqual(self.queue()["delayed"], 2)
        self.assertEqual(self.client.get(f"/api/v1/runs/{delayed['id']}/why").json["code"],
                         self.client.get(f"/api/v1/runs/{at['id']}/why").json["code"])
        self.assertIn("2030-01-31T08:00:00", self.client.get(f"/api/v1/runs/{at['id']}/why").text)
        with sqlite3.connect(self.server.database(), timeout=30) as database:
            priorities = [row[0] for row in database.execute("SELECT priority FROM job WHERE state = 'queued' ORDER BY number")]
        database.close()
        self.assertEqual(priorities, [1, 3, 3])
        self.gate.open.set()
        waited = json.loads(self.cli("runs", "start", name, *who, "--delay", "300ms", "--wait").stdout)
        self.assertEqual(waited["run"]["status"], "succeeded")

    def test_a_wrong_time_or_priority_on_the_command_line_is_told(self):
        name = self.client.get(f"/api/v1/flows/{self.busy}").json["name"]
        for options, said in ((["--priority", "9"], "1 (first) to 5"), (["--delay", "soon"], "duration"), (["--at", "tomorrow"], "time"),
                              (["--at", "2030-01-31T08:00:00Z", "--delay", "1m"], "either")):
            with self.subTest(options):
                self.assertIn(said, self.cli("runs", "start", name, *options, code=1).stderr)
        self.assertIn("whole number", self.cli("runs", "start", name, "--priority", "high", code=2).stderr)
        self.assertIn("weight", self.cli("queues", "weight", "0", code=1).stderr)


class FailPoints(QueueStory):
    """The points of the engine at which the kill loop ends the server."""

    def dies(self, point):
        self.server.terminate()
        self.server.env["SLUICE_FAILPOINT"] = f"{point}:kill"
        self.server.start()

    def comes_back(self):
        self.assertEqual(self.server.process.wait(house.PATIENCE), -signal.SIGKILL)
        self.server.process = None
        del self.server.env["SLUICE_FAILPOINT"]
        self.server.start()

    def test_a_kill_right_before_an_effect_leaves_its_start_and_no_effect(self):
        self.gate.open.set()
        self.dies("effect.before")
        run = self.start("once")["id"]
        self.assertEqual(self.server.process.wait(house.PATIENCE), -signal.SIGKILL)
        self.assertEqual(self.gate.visits(), [])
        with sqlite3.connect(self.server.database(), timeout=30) as database:
            kinds = [row[0] for row in database.execute("SELECT kind FROM run_event ORDER BY seq")]
        database.close()
        self.assertEqual(kinds, ["run.started", "step.started"])
        self.comes_back()
        self.until(run, "succeeded")
        self.assertEqual(self.gate.visits(), ["once"])

    def test_a_kill_right_after_a_queued_run_was_claimed_lets_it_go_on(self):
        self.gate.open.set()
        self.dies("claim.after")
        run = self.start("later", delay="200ms")
        self.assertEqual(run["status"], "queued")
        self.assertEqual(self.server.process.wait(house.PATIENCE), -signal.SIGKILL)
        self.assertEqual(self.gate.visits(), [])
        with sqlite3.connect(self.server.database(), timeout=30) as database:
            state = database.execute("SELECT j.state, r.status FROM job j JOIN run r ON r.id = j.run_id").fetchall()
        database.close()
        self.assertEqual(state, [("running", "running")])
        self.comes_back()
        self.until(run["id"], "succeeded")
        self.assertEqual(self.gate.visits(), ["later"])


class Backlog(QueueStory):
    settings = {"SLUICE_ENGINE_MAX_RUNNING_RUNS": "2", "SLUICE_QUEUE_MAX_BACKLOG": "5", "SLUICE_QUEUE_MAX_BACKLOG_WORKSPACE": "3"}

    def test_a_full_backlog_is_refused_before_acceptance_and_accepted_work_all_ends(self):
        self.fill()
        runs = [self.start(f"q{i}")["id"] for i in range(3)]
        refused = self.client.post(f"/api/v1/flows/{self.busy}/runs", {"input": {"who": "over"}})
        self.assertEqual(refused.status, 429, refused)
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
        self.assertIn("queue.max_backlog_workspace", refused.text)
        other = self.server.client("other")
        flow = self.flow(other)
        theirs = [self.start(f"o{i}", client=other, flow=flow)["id"] for i in range(2)]
        refused = other.post(f"/api/v1/flows/{flow}/runs", {"input": {"who": "over"}})
        self.assertEqual(refused.status, 429, refused)
        self.assertIn("(queue.max_backlog)", refused.text)
        self.gate.open.set()
        for run in runs:
            self.until(run, "succeeded")
        for run in theirs:
            self.until(run, "succeeded", client=other)
        self.assertNotIn("over", self.gate.visits())
        self.assertEqual(self.client.get("/api/v1/runs?limit=200").json["items"].__len__(), 5)


class Waiting(QueueStory):
    settings = {"SLUICE_ENGINE_MAX_RUNNING_RUNS": "2", "SLUICE_ENGINE_EVICT_AFTER": "200ms"}

    def waits(self, seconds):
        return self.client.create_flow({"name": "f" + uuid.uuid4().hex[:10], **chain(
            node("before"), node("nap", "wait", {"for": seconds}), node("after", "set", {"values": {"n": "{{ input.n }}"}})),
            "output": "{{ nodes.after.output.n }}"})

    def test_a_waiting_run_leaves_memory_gives_its_slot_back_and_ends_in_time(self):
        flow = self.waits("2s")
        runs = [self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {"n": i}}).json["id"] for i in range(20)]
        house.eventually(lambda: self.client.get("/api/v1/system").json["engine"]["active_runs"] == 0, "all have left memory")
        queue = self.queue()
        self.assertEqual((queue["running"], queue["waiting"]), (0, 20))
        self.assertEqual({self.status(run) for run in runs}, {"waiting"})
        for i, run in enumerate(runs):
            answer = self.client.get(f"/api/v1/runs/{run}?wait=30s").json
            self.assertEqual((answer["status"], answer["output"]), ("succeeded", i))
        self.assertEqual(self.queue()["waiting"], 0)

    def test_a_waiting_run_is_cancelled_paused_and_resumed_while_it_is_not_in_memory(self):
        flow = self.waits("1h")
        ids = [self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {"n": i}}).json["id"] for i in range(2)]
        house.eventually(lambda: self.queue()["waiting"] == 2, "both have left memory")
        cancelled = self.client.post(f"/api/v1/runs/{ids[0]}/cancel")
        self.assertEqual((cancelled.status, cancelled.json["status"]), (200, "cancelled"), cancelled)
        paused = self.client.post(f"/api/v1/runs/{ids[1]}/pause")
        self.assertEqual((paused.status, paused.json["status"]), (200, "paused"), paused)
        house.eventually(lambda: self.client.get("/api/v1/system").json["engine"]["active_runs"] == 0, "it left memory again")
        resumed = self.client.post(f"/api/v1/runs/{ids[1]}/resume")
        self.assertEqual((resumed.status, resumed.json["status"]), (200, "waiting"), resumed)

    def test_a_signal_reaches_a_run_that_is_not_in_memory_and_one_that_is_queued(self):
        flow = self.client.create_flow({"name": "ask", **chain(node("ask", "wait.signal", {"name": "go"})),
                                        "output": "{{ nodes.ask.output.payload.n }}"})
        run = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        house.eventually(lambda: self.queue()["waiting"] == 1, "it has left memory")
        self.assertIn(self.client.post(f"/api/v1/runs/{run}/signals/go", {"payload": {"n": 7}}).status, (200, 202))
        answer = self.client.get(f"/api/v1/runs/{run}?wait=30s").json
        self.assertEqual((answer["status"], answer["output"]), ("succeeded", 7))
        self.fill()
        queued = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json
        self.assertEqual(queued["status"], "queued")
        self.assertIn(self.client.post(f"/api/v1/runs/{queued['id']}/signals/go", {"payload": {"n": 8}}).status, (200, 202))
        self.assertEqual(self.status(queued["id"]), "queued")
        self.gate.open.set()
        answer = self.client.get(f"/api/v1/runs/{queued['id']}?wait=30s").json
        self.assertEqual((answer["status"], answer["output"]), ("succeeded", 8))

    def test_waiting_runs_survive_a_kill_unread_and_end_in_time(self):
        soon, later = self.waits("3s"), self.waits("1h")
        runs = [self.client.post(f"/api/v1/flows/{soon}/runs", {"input": {"n": i}}).json["id"] for i in range(5)]
        far = self.client.post(f"/api/v1/flows/{later}/runs", {"input": {"n": 1}}).json["id"]
        house.eventually(lambda: self.queue()["waiting"] == 6, "all have left memory")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.client.get("/api/v1/system").json["engine"]["recovered"], 0)
        for run in runs:
            self.assertEqual(self.client.get(f"/api/v1/runs/{run}?wait=30s").json["status"], "succeeded")
        self.assertEqual(self.status(far), "waiting")
        self.assertEqual(self.client.post(f"/api/v1/runs/{far}/cancel").json["status"], "cancelled")

    def test_a_wait_that_is_over_stands_in_line_for_a_slot(self):
        flow = self.waits("1s")
        run = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {"n": 1}}).json["id"]
        house.eventually(lambda: self.queue()["waiting"] == 1, "it has left memory")
        self.fill()
        house.eventually(lambda: self.queue()["queued"] == 1, "its time has come")
        self.assertEqual(self.status(run), "waiting")
        self.gate.let(1)
        self.until(run, "succeeded")

    def test_a_worker_whose_run_was_taken_over_records_nothing_more(self):
        """The fence: another process's name in the job refuses every later commit of this one."""
        run = self.start("fenced")["id"]
        self.visited("fenced")
        with sqlite3.connect(self.server.database(), timeout=30) as database:
            before = database.execute("SELECT count(*) FROM run_event").fetchone()[0]
            database.execute("UPDATE job SET worker = x'00112233445566778899aabbccddeeff'")
        database.close()
        self.gate.open.set()
        house.eventually(lambda: "journal could not be written" in self.server.log(), "the commit is refused")
        self.assertEqual(self.status(run), "running")
        with sqlite3.connect(self.server.database(), timeout=30) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM run_event").fetchone()[0], before)
        database.close()


class SubRuns(QueueStory):
    settings = {"SLUICE_ENGINE_MAX_RUNNING_RUNS": "1", "SLUICE_ENGINE_EVICT_AFTER": "100ms"}

    def setUp(self):
        super().setUp()
        self.client.create_flow({"name": "inner", **chain(node("nap", "wait", {"for": "1s"}), node("n", "set", {"values": {"n": 5}})),
                                 "output": "{{ nodes.n.output.n }}"})
        self.client.create_flow({"name": "sleeper", **chain(node("nap", "wait", {"for": "1h"}))})

    def outer(self, inner):
        return self.client.create_flow({"name": "outer-" + inner, **chain(node("sub", "subflow", {"flow": inner}))})

    def test_a_parent_with_the_only_slot_gets_its_childs_end_also_over_a_kill(self):
        flow = self.outer("inner")
        runs = [self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"] for _ in range(3)]
        for run in runs[:2]:
            self.until(run, "succeeded")
        house.eventually(lambda: self.queue()["waiting"] == 1, "the last one's child waits")
        self.server.kill()
        self.server.start()
        self.until(runs[2], "succeeded")
        self.assertEqual((self.queue()["running"], self.queue()["waiting"], self.queue()["queued"]), (0, 0, 0))

    def test_a_cancel_reaches_a_child_that_waits_outside_of_memory(self):
        run = self.client.post(f"/api/v1/flows/{self.outer('sleeper')}/runs", {"input": {}}).json["id"]
        house.eventually(lambda: self.queue()["waiting"] == 1, "the child waits")
        self.assertEqual(self.client.post(f"/api/v1/runs/{run}/cancel").json["status"], "cancelled")
        house.eventually(lambda: {r["status"] for r in self.client.get("/api/v1/runs").json["items"]} == {"cancelled"}, "both are cancelled")
        self.assertEqual(self.queue()["waiting"], 0)


class CommandLine(QueueStory):
    def test_the_queue_is_shown_and_switched_from_the_command_line(self):
        def queues(*arguments):
            done = house.sluice("queues", *arguments, data=self.server.data)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout
        self.assertIn("default", queues("list"))
        self.assertIn("paused", queues("pause"))
        self.start("held")
        self.assertIn("paused", queues("list"))
        self.assertEqual(self.queue()["queued"], 1)
        queues("drain", "default")
        self.assertTrue(self.queue()["draining"])
        queues("resume")
        self.assertEqual((self.queue()["paused"], self.queue()["draining"]), (False, False))
        self.visited("held")
        self.assertEqual(house.sluice("queues", "pause", "nope", data=self.server.data).returncode, 1)


if __name__ == "__main__":
    house.main()
