"""What people do to runs: pause, signals, decisions, retry, rerun, undoing, sub-flows, error flows - over the real binary."""

import http.server
import threading
import time
import unittest
import uuid

import house
from house import eventually, node

LOOPBACK = {"SLUICE_EGRESS_ALLOW": "127.0.0.1/32"}


class Upstream:
    """A loopback HTTP server that notes each request and answers what its table says."""

    def __init__(self):
        self.requests, self.answers, self.lock = [], {}, threading.Lock()
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                with upstream.lock:
                    upstream.requests.append((self.path, self.headers.get("Idempotency-Key"), body))
                    status, delay = upstream.answers.get(self.path, (200, 0))
                time.sleep(delay)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"ok")
                except OSError:
                    pass

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def set(self, path, status, delay=0):
        with self.lock:
            self.answers[path] = (status, delay)

    def count(self, path):
        with self.lock:
            return sum(1 for seen, _, _ in self.requests if seen == path)

    def keys(self, path):
        with self.lock:
            return [key for seen, key, _ in self.requests if seen == path]

    def paths(self):
        with self.lock:
            return [path for path, _, _ in self.requests]

    def close(self):
        self.server.shutdown()


class Controls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env=LOOPBACK).start()
        cls.upstream = Upstream()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.upstream.close()

    def setUp(self):
        self.client = self.server.client("w" + uuid.uuid4().hex[:12])

    # -- parts

    def flow(self, nodes, edges=(), **more):
        name = more.pop("name", "f" + uuid.uuid4().hex[:8])
        return self.client.create_flow({"name": name, "nodes": nodes, "edges": list(edges), **more})

    def start(self, flow, value=None):
        answer = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {} if value is None else value})
        self.assertEqual(answer.status, 202, answer)
        return answer.json["id"]

    def run_of(self, run):
        return self.client.get(f"/api/v1/runs/{run}").json

    def ended(self, run):
        return eventually(lambda: (r := self.run_of(run))["status"] in ("succeeded", "failed", "cancelled", "timed_out") and r,
                          f"{run} ends")

    def status(self, run, wanted):
        return eventually(lambda: self.run_of(run)["status"] == wanted, f"{run} is {wanted}")

    def post(self, run, verb, body=None, status=200):
        answer = self.client.post(f"/api/v1/runs/{run}/{verb}", body)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def kinds(self, run):
        return [event["kind"] for event in self.client.run_events(run)]

    def call(self, id, path, **more):
        return node(id, "http.request", {"url": self.upstream.url(path), "method": "POST", "body": {}, "fail_on_status": True}, **more)

    # -- stories

    def test_a_paused_run_starts_nothing_until_it_is_resumed(self):
        path = "/" + uuid.uuid4().hex
        flow = self.flow([node("w", "wait", {"for": "300ms"}), self.call("c", path)], [{"from": "w", "to": "c"}])
        run = self.start(flow)
        paused = self.post(run, "pause", {"reason": "a look"})
        self.assertEqual(paused["status"], "paused")
        self.post(run, "pause", status=409)
        time.sleep(0.6)
        self.assertEqual(self.upstream.count(path), 0)
        self.assertEqual(self.run_of(run)["status"], "paused")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.run_of(run)["status"], "paused")
        self.post(run, "resume")
        self.assertEqual(self.ended(run)["status"], "succeeded")
        self.assertEqual(self.upstream.count(path), 1)
        self.post(run, "resume", status=409)
        self.post(run, "pause", status=409)
        self.assertIn("run.paused", self.kinds(run))

    def test_a_signal_is_taken_whether_it_comes_before_or_after_the_wait(self):
        flow = self.flow([node("d", "wait", {"for": "400ms"}), node("s", "wait.signal", {"name": "go", "key": "{{ input.k }}"})],
                         [{"from": "d", "to": "s"}], output="{{ nodes.s.output.payload.n }}")
        early, late, lost = self.start(flow, {"k": "a"}), self.start(flow, {"k": "b"}), self.start(flow, {"k": "c"})
        self.post(early, "signals/go", {"key": "a", "payload": {"n": 1}})
        self.post(lost, "signals/go", {"key": "other", "payload": {"n": 9}})
        self.assertEqual(self.ended(early)["output"], 1)
        self.status(late, "waiting")
        self.server.kill()
        self.server.start()
        self.post(late, "signals/go", {"key": "b", "payload": {"n": 2}})
        self.assertEqual(self.ended(late)["output"], 2)
        self.status(lost, "waiting")
        self.post(late, "signals/go", {"key": "b"}, status=409)
        self.post(lost, "signals/go", {"key": 7}, status=400)
        self.post(lost, "signals/go", {"key": "c", "payload": {"n": 3}})
        self.assertEqual(self.ended(lost)["output"], 3)

    def test_a_signal_that_does_not_come_is_a_timeout_that_an_edge_can_take(self):
        flow = self.flow([node("s", "wait.signal", {"name": "go"}, timeout="200ms"), node("no", "set", {"values": {"why": "{{ error.code }}"}})],
                         [{"from": "s", "to": "no", "on": "error"}])
        self.assertEqual(self.ended(self.start(flow))["output"], {"no": {"why": "timeout"}})

    def test_what_a_crash_hid_is_decided_by_a_person(self):
        path = "/" + uuid.uuid4().hex
        self.upstream.set(path, 200, delay=1.5)
        flow = self.flow([self.call("c", path, on_unknown="stop")], output="{{ nodes.c.output }}")
        runs = [self.start(flow) for _ in range(3)]
        eventually(lambda: self.upstream.count(path) == 3, "the calls are under way")
        self.server.kill()
        self.server.start()
        for run in runs:
            self.status(run, "waiting")
        self.post(runs[0], "decide", {"path": "c", "decision": "perhaps"}, status=400)
        self.post(runs[0], "decide", {"path": "nowhere", "decision": "retry"}, status=409)
        self.post(runs[0], "decide", {"path": "c", "decision": "succeed", "output": {"seen": True}})
        self.assertEqual(self.ended(runs[0])["output"], {"seen": True})
        self.post(runs[1], "decide", {"path": "c", "decision": "fail", "reason": "the peer has no trace"})
        failed = self.ended(runs[1])
        self.assertEqual(failed["status"], "failed")
        self.assertIn("the peer has no trace", failed["error"]["message"])
        self.upstream.set(path, 200)
        self.post(runs[2], "decide", {"path": "c", "decision": "retry"})
        self.assertEqual(self.ended(runs[2])["status"], "succeeded")
        self.assertEqual(self.upstream.count(path), 4)
        self.post(runs[2], "decide", {"path": "c", "decision": "retry"}, status=409)

    def test_a_retried_run_goes_on_from_its_failed_step(self):
        first, second = "/" + uuid.uuid4().hex, "/" + uuid.uuid4().hex
        self.upstream.set(second, 500)
        flow = self.flow([self.call("a", first), self.call("b", second), node("c", "set", {"values": {"n": 1}})],
                         [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}])
        run = self.start(flow)
        self.assertEqual(self.ended(run)["status"], "failed")
        self.upstream.set(second, 200, delay=1)
        self.post(run, "retry", {"reason": "the peer is back"})
        eventually(lambda: self.upstream.count(second) == 2, "the second call is made again")
        self.server.kill()  # in the middle of it: the retry outlives the process
        self.upstream.set(second, 200)
        self.server.start()
        ended = self.ended(run)
        self.assertEqual(ended["status"], "succeeded")
        self.assertEqual(ended["output"], {"c": {"n": 1}})
        self.assertEqual(self.upstream.count(first), 1)
        self.assertEqual(len(set(self.upstream.keys(second))), 1, "attempts keep the key")
        numbers = [event["seq"] for event in self.client.run_events(run)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(self.kinds(run).count("run.retried"), 1)
        self.post(run, "retry", status=409)
        self.assertEqual(self.client.post("/api/v1/runs/run_00000000000000000000000000/retry").status, 404)

    def test_a_rerun_does_again_what_comes_after_a_step_and_nothing_before(self):
        first, second = "/" + uuid.uuid4().hex, "/" + uuid.uuid4().hex
        flow = self.flow([self.call("a", first), node("b", "set", {"values": {"n": "{{ nodes.a.output.status }}"}}), self.call("c", second)],
                         [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}], output="{{ nodes.b.output.n }}")
        run = self.start(flow)
        self.assertEqual(self.ended(run)["output"], 200)
        again = self.post(run, "rerun", {"from": "c"}, status=202)["id"]
        ended = self.ended(again)
        self.assertEqual((ended["status"], ended["output"], ended["parent_run_id"]), ("succeeded", 200, run))
        self.assertEqual((self.upstream.count(first), self.upstream.count(second)), (1, 2))
        self.assertEqual(len(set(self.upstream.keys(second))), 2, "another run has keys of its own")
        edited = self.post(run, "rerun", {"outputs": {"a": {"status": 418}}}, status=202)["id"]
        self.assertEqual(self.ended(edited)["output"], 418)
        self.assertEqual((self.upstream.count(first), self.upstream.count(second)), (1, 3))
        whole = self.post(run, "rerun", {}, status=202)["id"]
        self.assertEqual(self.ended(whole)["status"], "succeeded")
        self.assertEqual((self.upstream.count(first), self.upstream.count(second)), (2, 4))
        reused = [e for e in self.client.run_events(again) if e.get("data", {}).get("reused")]
        self.assertEqual([e["path"] for e in reused], ["a", "b"])
        self.post(run, "rerun", {"from": "nowhere"}, status=404)
        self.post(run, "rerun", {"version": 99}, status=404)
        self.post(run, "rerun", {"outputs": []}, status=400)

    def test_what_was_done_is_undone_in_reverse_order(self):
        base = "/" + uuid.uuid4().hex
        self.upstream.set(base + "/car", 500)
        nodes = [self.call("flight", base + "/flight"), self.call("hotel", base + "/hotel"), self.call("car", base + "/car"),
                 self.call("no_flight", base + "/no_flight"), self.call("no_hotel", base + "/no_hotel")]
        edges = [{"from": "flight", "to": "hotel"}, {"from": "hotel", "to": "car"},
                 {"from": "flight", "to": "no_flight", "on": "rollback"}, {"from": "hotel", "to": "no_hotel", "on": "rollback"}]
        flow = self.flow(nodes, edges)
        run = self.start(flow)
        ended = self.ended(run)
        self.assertEqual(ended["status"], "failed")
        self.assertEqual(ended["error"]["step"], "car")
        ours = [path[len(base) + 1:] for path in self.upstream.paths() if path.startswith(base)]
        self.assertEqual(ours, ["flight", "hotel", "car", "no_hotel", "no_flight"])
        self.upstream.set(base + "/no_hotel", 500)
        self.assertEqual(self.ended(self.start(flow))["error"]["rollback_failed"], ["no_hotel"])
        # A retry does again what was undone, under a new key.
        self.upstream.set(base + "/car", 200)
        self.post(run, "retry")
        self.assertEqual(self.ended(run)["status"], "succeeded")
        keys = [key for key in self.upstream.keys(base + "/flight") if key.startswith(run)]
        self.assertEqual(len(set(keys)), 2)

    def test_a_loop_turns_until_its_condition_fails(self):
        body = {"nodes": [node("w", "wait", {"for": "10ms"}), node("n", "set", {"values": {"n": "{{ index + 1 }}"}})],
                "edges": [{"from": "w", "to": "n"}], "output": "{{ nodes.n.output.n }}"}
        flow = self.flow([node("poll", "loop", {"while": "index == 0 || item < input.goal", "body": body})])
        self.assertEqual(self.ended(self.start(flow, {"goal": 4}))["output"], {"poll": {"turns": 4, "last": 4}})
        endless = self.flow([node("poll", "loop", {"while": "true", "max_turns": 5,
                                                   "body": {"nodes": [node("n", "set", {"values": {"n": 1}})]}})])
        error = self.ended(self.start(endless))["error"]
        self.assertIn("makes no progress", error["message"])
        self.assertIn("max_turns", error["message"])

    def test_a_container_has_a_timeout(self):
        slow = {"nodes": [node("w", "wait", {"for": "1h"})]}
        flow = self.flow([node("poll", "loop", {"while": "true", "body": slow}, timeout="200ms")])
        ended = self.ended(self.start(flow))
        self.assertEqual(ended["error"]["code"], "timeout")
        flow = self.flow([node("each", "map", {"items": [1, 2], "body": slow}, timeout="200ms")])
        self.assertEqual(self.ended(self.start(flow))["error"]["code"], "timeout")

    def test_a_map_takes_lists_of_items_and_the_lines_of_an_artifact(self):
        body = {"nodes": [node("n", "set", {"values": {"count": "{{ size(item) }}"}})], "output": "{{ nodes.n.output.count }}"}
        flow = self.flow([node("each", "map", {"items": "{{ input.items }}", "chunk": 3, "body": body})])
        self.assertEqual(self.ended(self.start(flow, {"items": list(range(8))}))["output"], {"each": [3, 3, 2]})
        lines = "".join('{"n": %d, "pad": "%s"}\n' % (i, "x" * 200) for i in range(1000))
        made = self.client.request("POST", "/api/v1/artifacts?name=items.jsonl", lines, media="application/x-ndjson")
        self.assertEqual(made.status, 201, made)
        reference = {"$artifact": made.json["id"]}
        body = {"nodes": [node("w", "wait", {"for": "1ms"}), node("n", "set", {"values": {"n": "{{ item.n }}"}})],
                "edges": [{"from": "w", "to": "n"}], "output": "{{ nodes.n.output.n }}"}
        flow = self.flow([node("each", "map", {"items": "{{ input.items }}", "concurrency": 50, "body": body})],
                         output="{{ nodes.each.output }}")
        run = self.start(flow, {"items": reference})
        eventually(lambda: sum(k == "step.items" for k in self.kinds(run)) >= 2, "two pieces were read")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.ended(run)["output"], list(range(1000)))
        gone = self.ended(self.start(flow, {"items": {"$artifact": "art_00000000000000000000000000"}}))
        self.assertEqual(gone["error"]["code"], "not_found")
        self.assertIn("list", self.ended(self.start(flow, {"items": 7}))["error"]["message"])
        text = self.client.request("POST", "/api/v1/artifacts?name=notes.txt", "no lines", media="text/plain").json["id"]
        self.assertIn("JSON lines", self.ended(self.start(flow, {"items": {"$artifact": text}}))["error"]["message"])

    def test_a_step_that_passes_the_runs_memory_fails_alone(self):
        with house.Server(env={"SLUICE_ENGINE_RUN_MEMORY": "4MiB"}) as server:
            client = server.client()
            text = "x" * 700_000
            grow = {"nodes": [node("n", "set", {"values": {"text": text}})]}
            flow = client.create_flow({"name": "heavy", "nodes": [node("each", "map", {"items": list(range(20)), "body": grow})]})
            ended = client.run(flow)
            self.assertEqual((ended["status"], ended["error"]["code"]), ("failed", "too_large"))
            self.assertIn("engine.run_memory", ended["error"]["message"])
            light = client.create_flow({"name": "light", "nodes": [node("n", "set", {"values": {"n": 1}})]})
            self.assertEqual(client.run(light)["status"], "succeeded")

    def test_a_flow_may_let_go_of_what_its_steps_gave(self):
        path = "/" + uuid.uuid4().hex
        flow = self.flow([self.call("c", path), node("n", "set", {"values": {"big": "y" * 100_000, "n": 1}})], [{"from": "c", "to": "n"}],
                         output="{{ nodes.n.output.n }}", settings={"record": False})
        run = self.start(flow)
        self.assertEqual(self.ended(run)["output"], 1)
        self.assertFalse([e for e in self.client.run_events(run) if e["kind"] == "step.succeeded" and "value" in e and e["value"] is not None])
        self.assertIn("settings.record", self.post_problem(run, "replay", 409))
        self.assertEqual(self.ended(self.post(run, "rerun", {"from": "n"}, status=202)["id"])["output"], 1)
        self.assertEqual(self.upstream.count(path), 2)

    def post_problem(self, run, verb, status):
        answer = self.client.post(f"/api/v1/runs/{run}/{verb}")
        self.assertEqual(answer.status, status, answer)
        return answer.text

    def test_a_sub_flow_is_a_run_of_its_own(self):
        path = "/" + uuid.uuid4().hex
        name = "inner" + uuid.uuid4().hex[:8]
        self.flow([self.call("c", path)], name=name, output={"said": "{{ input.word }}"})
        flow = self.flow([node("sub", "subflow", {"flow": name, "input": {"word": "{{ input.word }}"}})], output="{{ nodes.sub.output }}")
        run = self.start(flow, {"word": "hello"})
        output = self.ended(run)["output"]
        self.assertEqual(output["output"], {"said": "hello"})
        inner = self.run_of(output["run"])
        self.assertEqual((inner["parent_run_id"], inner["trigger"]), (run, "flow"))
        missing = self.flow([node("sub", "subflow", {"flow": "nobody"})])
        self.assertEqual(self.ended(self.start(missing))["error"]["code"], "not_found")

    def test_a_sub_flow_is_found_again_after_a_crash_and_ends_with_its_caller(self):
        path = "/" + uuid.uuid4().hex
        name = "inner" + uuid.uuid4().hex[:8]
        self.flow([node("w", "wait", {"for": "700ms"}), self.call("c", path)], [{"from": "w", "to": "c"}], name=name)
        flow = self.flow([node("sub", "subflow", {"flow": name})])
        run = self.start(flow)
        eventually(lambda: len(self.client.get("/api/v1/runs").json["items"]) == 2, "the inner run has started")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.ended(run)["status"], "succeeded")
        self.assertEqual(self.upstream.count(path), 1)
        self.assertEqual(len(self.client.get("/api/v1/runs").json["items"]), 2)
        run = self.start(flow)
        eventually(lambda: len(self.client.get("/api/v1/runs").json["items"]) == 4, "the inner run has started")
        self.post(run, "cancel")
        inner = [r for r in self.client.get("/api/v1/runs").json["items"] if r["parent_run_id"] == run][0]
        self.assertEqual(self.ended(inner["id"])["status"], "cancelled")

    def test_attempts_of_a_sub_flow_count_for_the_run_around_it_also_after_a_kill(self):
        path = "/" + uuid.uuid4().hex
        self.upstream.set(path, 503)
        name = "inner" + uuid.uuid4().hex[:8]
        self.flow([self.call("c", path, retry={"max_attempts": 50, "backoff": "500ms", "factor": 1})], name=name)
        flow = self.flow([node("sub", "subflow", {"flow": name})], settings={"max_attempts": 5})
        run = self.start(flow)
        inner = eventually(lambda: [r["id"] for r in self.client.get("/api/v1/runs").json["items"] if r["parent_run_id"] == run],
                           "the inner run has started")[0]
        tries = lambda: sum(kind in ("step.attempt_failed", "step.failed") for kind in self.kinds(inner))
        eventually(lambda: tries() >= 2, "it was tried twice")
        self.server.kill()
        self.server.start()
        ended = self.ended(run)
        self.assertEqual(ended["status"], "failed")
        self.assertIn("the 5 attempts of a run around this one are used up", ended["error"]["message"])
        self.assertEqual(tries(), 5)
        told = [event["data"]["attempts"] for event in self.client.run_events(run) if event["kind"] == "step.attempts"]
        self.assertEqual((told[-1], told), (5, sorted(set(told))))
        self.assertTrue(self.client.post(f"/api/v1/runs/{run}/replay").json["same"])

    def test_a_flow_that_starts_itself_ends_at_a_depth(self):
        name = "self" + uuid.uuid4().hex[:8]
        flow = self.flow([node("again", "subflow", {"flow": name})], name=name)
        ended = self.ended(self.start(flow))
        self.assertEqual(ended["status"], "failed")
        self.assertIn("engine.sub_run_depth", ended["error"]["message"])
        self.assertEqual(len(self.client.get("/api/v1/runs?limit=100").json["items"]), 11)

    def test_a_failed_run_calls_its_error_flow_once(self):
        name = "alarm" + uuid.uuid4().hex[:8]
        self.flow([node("a", "set", {"values": {"what": "{{ input.error.message }}", "of": "{{ input.flow }}"}})], name=name)
        flow = self.flow([node("f", "fail", {"message": "broken"})], settings={"error_flow": name})
        run = self.start(flow)
        self.ended(run)

        def called():
            return [r for r in self.client.get("/api/v1/runs").json["items"] if r["parent_run_id"] == run]

        alarm = eventually(called, "the error flow runs")[0]
        ended = self.ended(alarm["id"])
        self.assertEqual(ended["trigger"], "error")
        self.assertIn("broken", ended["output"]["a"]["what"])
        self.server.kill()
        self.server.start()
        self.assertEqual(len(called()), 1)

    def test_a_draft_is_tried_over_samples_up_to_a_node_and_one_node_alone(self):
        paid, after = "/" + uuid.uuid4().hex, "/" + uuid.uuid4().hex
        name = "draft" + uuid.uuid4().hex[:8]
        nodes = [self.call("model", paid), node("line", "set", {"values": {"text": "it is {{ nodes.model.output.word }}"}}), self.call("tell", after)]
        edges = [{"from": "model", "to": "line"}, {"from": "line", "to": "tell"}]
        flow = self.flow(nodes, edges, name=name)
        draft = {"name": name, "nodes": [nodes[0], node("line", "set", {"values": {"text": "draft: {{ nodes.model.output.word }}"}}), nodes[2]],
                 "edges": edges}

        def go(status=200, **body):
            answer = self.client.post(f"/api/v1/flows/{flow}/runs?wait=20s", {"input": {}, **body})
            self.assertEqual(answer.status, status, answer)
            return answer

        self.assertIn("draft", go(404, version="draft").text)
        self.assertEqual(self.client.put(f"/api/v1/flows/{flow}/draft", draft).status, 201)
        self.assertEqual(self.client.put(f"/api/v1/flows/{flow}/pins/model", {"output": {"word": "pinned"}}).status // 100, 2)
        self.assertEqual(go(version="draft", until="line").json["output"], {"text": "draft: pinned"})
        self.assertEqual((self.upstream.count(paid), self.upstream.count(after)), (0, 0))
        self.assertEqual(go(only="line", pins={"model": {"word": "given"}}).json["output"], {"text": "it is given"})
        self.assertIn("model", go(422, only="line").text)
        self.assertEqual(go(version="draft", until="model", use_pins=False).json["output"]["status"], 200)
        self.assertEqual((self.upstream.count(paid), self.upstream.count(after)), (1, 0))
        self.assertEqual(go(version="draft").json["status"], "succeeded")
        self.assertEqual((self.upstream.count(paid), self.upstream.count(after)), (1, 1))
        go(422, until="nowhere")
        go(422, pins={"nowhere": 1})
        go(400, until="line", only="line")
        go(400, pins=[])
        runs = self.client.get("/api/v1/runs").json["items"]
        self.assertEqual({r["trigger"] for r in runs}, {"draft", "trial"})
        self.assertLess(min(r["flow"]["version"] for r in runs), 0)

    def test_retries_keep_to_their_condition_their_time_and_the_runs_budget(self):
        path = "/" + uuid.uuid4().hex
        self.upstream.set(path, 503)
        retry = {"max_attempts": 5, "backoff": "10ms", "factor": 1}
        flow = self.flow([self.call("c", path, retry={**retry, "retry_if": "attempt < 3"})])
        self.assertEqual(self.ended(self.start(flow))["status"], "failed")
        self.assertEqual(self.upstream.count(path), 3)
        flow = self.flow([self.call("c", path, retry=retry)], settings={"max_attempts": 2})
        self.assertIn("settings.max_attempts", self.ended(self.start(flow))["error"]["message"])
        self.assertEqual(self.upstream.count(path), 5)
        flow = self.flow([self.call("c", path, retry={**retry, "backoff": "2s", "max_elapsed": "1s"})])
        self.assertIn("retry.max_elapsed", self.ended(self.start(flow))["error"]["message"])
        self.assertEqual(self.upstream.count(path), 6)


if __name__ == "__main__":
    house.main()
