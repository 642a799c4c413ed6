"""Bad input to what controls runs: each has its status, a pointer where there is a place, a message that says what to do - and loses nothing."""

import contextlib
import http.server
import json
import socket
import threading
import unittest
import uuid

import house
from house import eventually, node

ENDED = ("succeeded", "failed", "cancelled", "timed_out")
HUGE = "k" * (10 << 20)


class BadControl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env={"SLUICE_EGRESS_ALLOW": "127.0.0.1/32"}).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.client = self.server.client("w" + uuid.uuid4().hex[:12])

    def tearDown(self):
        """Whatever was refused: the server is well, and does what it is asked to."""
        self.assertEqual(house.Client(self.server.port).get("/readyz").status, 200)
        self.assertEqual(self.client.run(self.flow([node("well")]))["status"], "succeeded")

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

    def ended(self, run, status=None):
        found = eventually(lambda: (r := self.run_of(run))["status"] in ENDED and r, f"{run} ends")
        if status:
            self.assertEqual(found["status"], status, found)
        return found

    def waiting(self, run):
        eventually(lambda: self.run_of(run)["status"] == "waiting", f"{run} waits")

    def journal(self, run):
        return [(event["seq"], event["kind"]) for event in self.client.run_events(run)]

    def refused(self, answer, status, *texts, pointer=None):
        """A problem document with this status, these texts in its detail, and this pointer."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        body = answer.json
        for text in texts:
            self.assertIn(text, body["detail"])
        if pointer is not None:
            self.assertIn(pointer, [e["pointer"] for e in body.get("errors", [])], body)
        return body

    def verb(self, run, verb, body=None, **more):
        return self.client.post(f"/api/v1/runs/{run}/{verb}", body, **more)

    def insist(self, path, body, headers=()):
        """A POST that reads the answer also when the server had enough of it before it was sent: it takes a part and closes."""
        text = json.dumps(body).encode()
        head = {"Host": "x", "Authorization": f"Bearer {self.client.key}", "Content-Type": "application/json", "Content-Length": len(text),
                "Connection": "close", **dict(headers)}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        received = b""
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.server.port), timeout=house.PATIENCE)) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall("\r\n".join(lines).encode() + text)
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(65536):
                    received += piece
        head, _, answer = received.partition(b"\r\n\r\n")
        first, *fields = head.decode().split("\r\n")
        return house.Answer(int(first.split()[1]), {f.split(": ")[0].lower(): f.split(": ")[1] for f in fields}, answer)

    def published(self, nodes, edges=(), **more):
        return self.client.post("/api/v1/flows", {"name": "bad", "nodes": nodes, "edges": list(edges), **more})

    # -- runs that have ended, or have not

    def test_a_run_that_has_ended_takes_nothing_any_more(self):
        run = self.start(self.flow([node("a")]))
        self.ended(run, "succeeded")
        before = self.journal(run)
        for verb, body, word in (("signals/go", {"payload": 1}, "signalled"), ("pause", None, "paused"), ("resume", None, "resumed"),
                                 ("cancel", None, "cancelled"), ("decide", {"path": "a", "decision": "fail"}, "decided about")):
            with self.subTest(verb=verb):
                self.refused(self.verb(run, verb, body), 409, "has ended (succeeded)", word, "rerun it")
        self.refused(self.verb(run, "retry"), 409, "nothing to retry", "rerun it")
        failed = self.start(self.flow([node("f", "fail", {"message": "m"})]))
        self.ended(failed, "failed")
        self.refused(self.verb(failed, "signals/go"), 409, "has ended (failed)", "retry it")
        self.assertEqual(self.journal(run), before)
        self.assertEqual(self.run_of(run)["output"], {"a": {"done": "a"}})

    def test_a_run_that_goes_on_is_neither_retried_nor_rerun_in_part(self):
        run = self.start(self.flow([node("s", "wait.signal", {"name": "go"})]))
        self.waiting(run)
        before = self.journal(run)
        self.refused(self.verb(run, "retry"), 409, "only a run that has ended", "wait for its end, or cancel it")
        self.refused(self.verb(run, "rerun", {"from": "s"}), 409, "has not ended", "once it has")
        self.refused(self.verb(run, "rerun", {"outputs": {"s": 1}}), 409, "has not ended")
        self.refused(self.verb(run, "resume"), 409, "not paused")
        self.assertEqual(self.journal(run), before)
        self.assertEqual(self.verb(run, "signals/go").status, 200)
        self.ended(run, "succeeded")

    def test_only_an_unknown_step_is_decided_about(self):
        run = self.start(self.flow([node("s", "wait.signal", {"name": "go"})]))
        self.waiting(run)
        before = self.journal(run)
        self.refused(self.verb(run, "decide", {"path": "s", "decision": "fail"}), 409, "the step s is waiting", "only an unknown step",
                     "/steps", pointer="/path")
        self.refused(self.verb(run, "decide", {"path": "nowhere", "decision": "fail"}), 409, "nowhere", pointer="/path")
        for body, pointer, text in (({}, "/path", "names the unknown step"), ({"path": 7, "decision": "fail"}, "/path", "text"),
                                    ({"path": "p" * 1001, "decision": "fail"}, "/path", "1000 bytes"),
                                    ({"path": "s", "decision": "perhaps"}, "/decision", "retry"),
                                    ({"path": "s", "decision": "retry", "output": 1}, "/output", "succeed"),
                                    ({"path": "s", "decision": "fail", "odd": 1}, "/odd", "unknown field")):
            with self.subTest(body=str(body)[:60]):
                self.refused(self.verb(run, "decide", body), 400, text, pointer=pointer)
        self.assertEqual(self.journal(run), before)

    # -- rerun

    def test_a_rerun_with_outputs_or_input_that_do_not_fit_is_refused(self):
        body = {"nodes": [node("in")]}
        schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
        run = self.start(self.flow([node("a"), node("each", "map", {"items": [1, 2], "body": body})], [{"from": "a", "to": "each"}],
                                   input_schema=schema), {"n": 1})
        self.ended(run, "succeeded")
        runs = len(self.client.get("/api/v1/runs").json["items"])
        for value, pointer, text in (({"n": "x"}, "/input/n", "integer"), ({}, "/input", "missing field 'n'"), (None, "/input", "object")):
            with self.subTest(input=value):
                self.refused(self.verb(run, "rerun", {"input": value}), 422, "input_schema", text, pointer=pointer)
        for path in ("nowhere", "a[0]", "a/in", "each/in", "each[x]/in", "each[-1]/in", "each[0", "each[0]/nowhere", ""):
            with self.subTest(path=path):
                self.refused(self.verb(run, "rerun", {"outputs": {path: 1}}), 422, f'no step "{path}"', "/steps",
                             pointer="/outputs/" + path.replace("~", "~0").replace("/", "~1"))
                if path:
                    self.refused(self.verb(run, "rerun", {"from": path}), 404, f'no step "{path}"', pointer="/from")
        self.refused(self.verb(run, "rerun", {"from": "a", "outputs": {"each": []}}), 422, "done again", "leave from out",
                     pointer="/outputs/each")
        long = self.refused(self.verb(run, "rerun", {"outputs": {"p" * 100_000: 1}}), 422, "no step")
        self.assertLess(len(long["detail"]), 1000)
        for body, pointer in (({"outputs": []}, "/outputs"), ({"outputs": None}, "/outputs"), ({"from": 7}, "/from"), ({"version": 0}, "/version"),
                              ({"version": -1}, "/version"), ({"version": "draft"}, "/version"), ({"odd": 1}, "/odd")):
            with self.subTest(body=body):
                self.refused(self.verb(run, "rerun", body), 400, pointer=pointer)
        self.assertEqual(len(self.client.get("/api/v1/runs").json["items"]), runs, "nothing was started")

    def test_edited_outputs_stand_whatever_their_order(self):
        run = self.start(self.flow([node("z"), node("b"), node("sum", "set", {"values": {"z": "{{ nodes.z.output }}", "b": "{{ nodes.b.output }}"}})],
                                   [{"from": "z", "to": "b"}, {"from": "b", "to": "sum"}], output="{{ nodes.sum.output }}"))
        self.ended(run, "succeeded")
        for outputs in ({"b": 2, "z": 1}, {"z": 1, "b": 2}):
            again = self.verb(run, "rerun", {"outputs": outputs}).json["id"]
            self.assertEqual(self.ended(again)["output"], {"z": 1, "b": 2})

    def test_versions_and_flows_that_are_gone(self):
        flow = self.flow([node("f", "fail", {"message": "m"})])
        run = self.start(flow)
        self.ended(run, "failed")
        letter = eventually(lambda: self.client.get("/api/v1/dead-letters").json["items"], "the dead letter is there")[0]["id"]
        self.refused(self.verb(run, "rerun", {"version": 99}), 404, "has no version 99", "latest is 1")
        self.refused(self.client.post(f"/api/v1/dead-letters/{letter}/redrive", {"version": 99}), 404, "has no version 99", "latest is 1")
        self.refused(self.client.post(f"/api/v1/dead-letters/{letter}/redrive", {"version": -1}), 400, pointer="/version")
        self.assertEqual(self.ended(self.verb(run, "rerun", {"version": "live"}).json["id"])["status"], "failed")
        self.assertEqual(self.client.delete(f"/api/v1/flows/{flow}").status, 204)
        self.refused(self.verb(run, "rerun", {}), 409, "was deleted", "can be read")
        self.refused(self.verb(run, "rerun", {"version": "live"}), 404, "flow")
        self.refused(self.client.post(f"/api/v1/dead-letters/{letter}/redrive", {"version": "live"}), 404, "flow")
        self.refused(self.client.post(f"/api/v1/dead-letters/{letter}/redrive", {"version": 1}), 409, "was deleted")
        self.assertEqual(self.client.get(f"/api/v1/dead-letters/{letter}").json["state"], "open", "nothing was lost")
        self.assertEqual(self.run_of(run)["error"]["message"], "m")

    # -- documents

    def test_negative_and_absurd_retries_are_not_published(self):
        for retry, field, text in (({"max_attempts": -1}, "max_attempts", "from 1 to 100"), ({"max_attempts": 0}, "max_attempts", "from 1 to 100"),
                                   ({"max_attempts": 10**9}, "max_attempts", "from 1 to 100"), ({"max_attempts": 1.5}, "max_attempts", "whole"),
                                   ({"max_attempts": "3"}, "max_attempts", "whole"), ({"backoff": "-1s"}, "backoff", "negative"),
                                   ({"backoff": "soon"}, "backoff", "such as 30s"), ({"backoff": 5}, "backoff", "such as"),
                                   ({"backoff": "106751990d"}, "backoff", "at most 36500d"), ({"max_backoff": "99999999d"}, "max_backoff", "at most"),
                                   ({"max_elapsed": "9" * 400 + "d"}, "max_elapsed", "too long"), ({"max_elapsed": "0s"}, "max_elapsed", "longer than 0s"),
                                   ({"factor": 0.5}, "factor", "from 1 to 100"), ({"factor": -2}, "factor", "from 1"), ({"factor": 1e300}, "factor", "to 100"),
                                   ({"jitter": -0.1}, "jitter", "from 0 to 1"), ({"jitter": 2}, "jitter", "from 0 to 1"),
                                   ({"backoff": "10m", "max_backoff": "1m"}, "max_backoff", "less than"), ({"retry_if": "attempt <"}, "retry_if", "1:10"),
                                   ({"retry_if": "nope > 1"}, "retry_if", "in scope"), ({"retry_if": 7}, "retry_if", "string"), ({"tries": 3}, "tries", "known are")):
            with self.subTest(retry=str(retry)[:60]):
                body = self.refused(self.published([node("a", "llm.chat", {"prompt": "x"}, retry=retry)]), 422, pointer=f"/nodes/0/retry/{field}")
                self.assertIn(text, body["errors"][0]["message"])
        for settings, pointer in (({"timeout": "-1s"}, "/settings/timeout"), ({"timeout": "106751990d"}, "/settings/timeout"), ({"max_attempts": 0}, "/settings/max_attempts"),
                                  ({"max_attempts": -5}, "/settings/max_attempts"), ({"priority": 9}, "/settings/priority"), ({"error_flow": "!"}, "/settings/error_flow"),
                                  ({"concurrency": {"limit": 0}}, "/settings/concurrency/limit"), ({"concurrency": {"limit": 1, "key": "{{ nodes.a.output }}"}}, "/settings/concurrency/key"),
                                  ({"retention": {"failed": "-1d"}}, "/settings/retention/failed")):
            with self.subTest(settings=settings):
                self.refused(self.published([node("a")], settings=settings), 422, pointer=pointer)
        self.refused(self.published([node("a", timeout="-1s")]), 422, pointer="/nodes/0/timeout")
        self.refused(self.published([node("a", "fail", {"message": "m"}, on_error="route")]), 422, "no error edge", pointer="/nodes/0/on_error")
        self.assertEqual(self.client.get("/api/v1/flows").json["items"], [], "none of them was stored")

    def test_an_absurd_retry_after_neither_hangs_a_run_nor_hurries_it(self):
        class Busy(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(503)
                self.send_header("Retry-After", self.path[1:].replace("_", " "))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        self.addCleanup(upstream.server_close)
        self.addCleanup(upstream.shutdown)
        url = f"http://127.0.0.1:{upstream.server_port}/{{{{ input.after }}}}"
        flow = self.flow([node("c", "http.request", {"url": url}, retry={"max_attempts": 2, "backoff": "1ms", "max_elapsed": "10s"})])
        for after, text in (("99999999", "retry.max_elapsed"), ("Fri,_31_Dec_2199_23:59:59_GMT", "retry.max_elapsed"), ("-5", "retry.max_attempts"),
                            ("soon", "retry.max_attempts"), ("9" * 200, "retry.max_attempts"), ("Thu,_01_Jan_1970_00:00:00_GMT", "retry.max_attempts")):
            with self.subTest(after=after):
                error = self.ended(self.start(flow, {"after": after}), "failed")["error"]
                self.assertEqual((error["code"], error["step"]), ("upstream_failed", "c"))
                self.assertIn(text, error["message"])

    def test_a_rollback_edge_that_undoes_nothing_sensible_is_not_published(self):
        back = {"from": "a", "to": "b", "on": "rollback"}
        for nodes, edges, pointer, text in (([node("a")], [{"from": "a", "to": "a", "on": "rollback"}], "/edges/0", "itself"),
                                            ([node("a"), node("b"), node("c")], [back, {"from": "a", "to": "c", "on": "rollback"}], "/edges/1", "one rollback edge"),
                                            ([node("a"), node("b")], [{**back, "condition": "true"}], "/edges/0", "condition"),
                                            ([node("a"), node("b"), node("c")], [back, {"from": "b", "to": "c"}], "/nodes/1", "only edge"),
                                            ([node("a"), node("b", "wait", {"for": "1s"})], [back], "/nodes/1/type", "cannot do that")):
            with self.subTest(text=text):
                body = self.refused(self.published(nodes, edges), 422, pointer=pointer)
                self.assertIn(text, str(body["errors"]))

    # -- runs that cannot go on

    def test_a_map_over_what_is_no_list_fails_and_says_what_it_was(self):
        each = {"body": {"nodes": [node("i")]}}
        self.refused(self.published([node("m", "map", {"items": 7, **each})]), 422, pointer="/nodes/0/config/items")
        flow = self.flow([node("m", "map", {"items": "{{ input.x }}", **each})])
        for value, kind in ((7, "number"), ("abc", "string"), ({"a": 1}, "object"), (None, "null"), (True, "boolean")):
            with self.subTest(value=value):
                error = self.ended(self.start(flow, {"x": value}), "failed")["error"]
                self.assertEqual((error["code"], error["step"]), ("unprocessable", "m"))
                self.assertRegex(error["message"], f"items must be a list.*{kind}.*give the map a list")

    def test_a_loop_without_progress_ends_and_says_so(self):
        def loop(**config):
            return node("l", "loop", {"while": "true", "body": {"nodes": [node("n", "set", {"values": {"n": 1}})]}, **config})

        error = self.ended(self.start(self.flow([loop(max_turns=100_000)])), "failed")["error"]
        self.assertEqual((error["code"], error["step"]), ("unprocessable", "l"))
        for text in ("100000 turns", "no progress", "mend its condition, or raise max_turns"):
            self.assertIn(text, error["message"])
        self.assertIn("1000 turns", self.ended(self.start(self.flow([loop()])), "failed")["error"]["message"])
        self.refused(self.published([loop(max_turns=10**9)]), 422, pointer="/nodes/0/config/max_turns")
        broken = node("l", "loop", {"while": "item.missing", "body": {"nodes": [node("n")]}})
        self.assertIn("condition failed before turn 0", self.ended(self.start(self.flow([broken])), "failed")["error"]["message"])

    def test_flows_that_include_themselves_end_at_the_depth_limit(self):
        first, second = "ping" + uuid.uuid4().hex[:6], "pong" + uuid.uuid4().hex[:6]
        ping = self.flow([node("go", "subflow", {"flow": second})], name=first)
        self.flow([node("go", "subflow", {"flow": first})], name=second)
        error = self.ended(self.start(ping), "failed")["error"]
        self.assertEqual(error["code"], "unprocessable")
        self.assertIn("engine.sub_run_depth", error["message"])
        self.assertIn("needs a condition that ends it", error["message"])
        runs = self.client.get("/api/v1/runs?limit=100").json["items"]
        self.assertEqual(({r["status"] for r in runs}, len(runs)), ({"failed"}, 11), "every one of them has ended")

    def test_an_artifact_that_is_deleted_under_a_waiting_run_fails_its_step(self):
        made = self.client.post("/api/v1/artifacts?name=note.txt", b"hello", media="text/plain")
        self.assertEqual(made.status, 201, made)
        artifact = made.json["id"]
        run = self.start(self.flow([node("s", "wait.signal", {"name": "go"}), node("read", "file.read", {"artifact": "{{ input.a }}"})],
                                   [{"from": "s", "to": "read"}]), {"a": artifact})
        self.waiting(run)
        self.assertEqual(self.client.delete(f"/api/v1/artifacts/{artifact}").status, 204)
        self.verb(run, "signals/go", {"payload": {"kept": True}})
        error = self.ended(run, "failed")["error"]
        self.assertEqual((error["code"], error["step"]), ("not_found", "read"))
        self.assertIn(artifact, error["message"])
        done = [e for e in self.client.run_events(run) if e["kind"] == "step.succeeded"]
        self.assertEqual([e["value"]["payload"] for e in done], [{"kept": True}], "what was done before stays")

    # -- the command line

    def test_the_command_line_says_the_same_and_exits_with_1(self):
        self.client = self.server.client()
        run = self.start(self.flow([node("a")]))
        self.ended(run, "succeeded")
        for code, text, arguments in ((1, "has ended (succeeded)", ("signal", run, "go")), (1, "has ended", ("pause", run)), (1, "has ended", ("cancel", run)),
                                      (1, "rerun it", ("retry", run)), (1, "has ended", ("decide", run, "a", "fail")), (1, "no step", ("rerun", run, "--from", "nowhere")),
                                      (1, "no step", ("rerun", run, "--outputs", '{"nowhere": 1}')), (2, "--version", ("rerun", run, "--version", "soon")),
                                      (2, "JSON", ("signal", run, "go", "--payload", "{")), (1, "no run", ("retry", "run_00000000000000000000000000"))):
            with self.subTest(arguments=arguments):
                done = house.sluice("runs", *arguments, data=self.server.data)
                self.assertEqual((done.returncode, text in done.stderr), (code, True), done)

    # -- keys

    def test_keys_of_10_mb_and_other_long_keys_are_refused(self):
        run = self.start(self.flow([node("s", "wait.signal", {"name": "go", "key": "{{ input.k }}"})]), {"k": "a"})
        self.waiting(run)
        before = self.journal(run)
        signals = f"/api/v1/runs/{run}/signals/"
        self.refused(self.insist(signals + "go", {"key": HUGE}), 413, "at most 1048576")
        self.refused(self.verb(run, "signals/go", {"key": "k" * 201}), 400, "at most 200 bytes", pointer="/key")
        self.refused(self.verb(run, "signals/go", {"key": 7}), 400, pointer="/key")
        self.refused(self.verb(run, "signals/" + "n" * 101), 400, "1 to 100 bytes")
        self.refused(self.insist(signals + HUGE, {}), 431, "16384 bytes")
        self.refused(self.verb(run, "signals/go", {"key": "a"}, headers={"Idempotency-Key": "k" * 256}), 400, "1 to 255")
        self.refused(self.insist(signals + "go", {"key": "a"}, {"Idempotency-Key": HUGE}), 431, "16384 bytes")
        self.assertEqual(self.journal(run), before, "none of them was delivered")

        keyed = self.flow([node("a")], settings={"concurrency": {"limit": 1, "key": "{{ input.k }}"}})
        starts = f"/api/v1/flows/{keyed}/runs"
        self.refused(self.insist(starts, {"input": {"k": HUGE}}), 413, "at most 1048576")
        self.refused(self.client.post(starts, {"input": {"k": "k" * 900_000}}), 422, "settings.concurrency.key gives 900000 bytes", "256")
        self.refused(self.client.post(starts, {"input": {}}), 422, "settings.concurrency.key", "no such key")
        self.refused(self.insist(starts, {"input": {"k": "a"}}, {"Idempotency-Key": HUGE}), 431, "16384 bytes")
        self.assertEqual(len(self.client.get("/api/v1/runs").json["items"]), 1, "none of them was started")
        self.assertEqual(self.verb(run, "signals/go", {"key": "a"}).status, 200)
        self.ended(run, "succeeded")

    def test_a_wait_whose_key_comes_out_wrong_fails_instead_of_taking_any_signal(self):
        flow = self.flow([node("s", "wait.signal", {"name": "go", "key": "{{ input.k }}"})])
        for value in ("", "k" * 201, 7, None, "k" * 900_000):
            with self.subTest(value=str(value)[:20]):
                error = self.ended(self.start(flow, {"k": value}), "failed")["error"]
                self.assertIn(error["code"], ("invalid_argument", "unprocessable"))
                self.assertEqual(error["step"], "s")
                self.assertIn("key", error["message"])
                self.assertEqual(error["details"][0]["pointer"], "/key")

    def test_signals_that_nobody_takes_are_bounded(self):
        run = self.start(self.flow([node("s", "wait.signal", {"name": "go"})]))
        self.waiting(run)
        for _ in range(1000):
            self.assertEqual(self.verb(run, "signals/other").status, 200)
        answer = self.verb(run, "signals/other")
        self.refused(answer, 429, "1000 signals that no step has taken")
        self.assertEqual(self.run_of(run)["status"], "waiting")

    def test_trial_runs_with_nodes_that_are_not_there(self):
        flow = self.flow([node("a"), node("b")], [{"from": "a", "to": "b"}])
        starts = f"/api/v1/flows/{flow}/runs"
        for body, status, pointer in (({"until": "nowhere"}, 422, "/until"), ({"only": "nowhere"}, 422, "/only"), ({"pins": {"x/y": 1}}, 422, "/pins/x~1y"),
                                      ({"until": 7}, 400, "/until"), ({"until": "a", "only": "b"}, 400, "/only"), ({"pins": []}, 400, "/pins"),
                                      ({"use_pins": "yes"}, 400, "/use_pins"), ({"version": 0}, 400, "/version"), ({"version": -1}, 400, "/version")):
            with self.subTest(body=body):
                self.refused(self.client.post(starts, {"input": {}, **body}), status, pointer=pointer)
        self.refused(self.client.post(starts, {"only": "b"}), 422, "sample outputs", 'run until "b"')
        self.refused(self.client.post(starts, {"version": "draft"}), 404, "draft")
        self.assertEqual(self.client.get("/api/v1/runs").json["items"], [])


if __name__ == "__main__":
    house.main()
