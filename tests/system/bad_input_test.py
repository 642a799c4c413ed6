"""Bad input and a bad environment: each has its status or exit code, a message that says what to do, and loses nothing."""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import unittest

import house
from house import chain, node
from rest_test import GREETING, Story


def nested(depth):
    return "[" * depth + "]" * depth


class Requests(Story):
    def tearDown(self):
        """Whatever was refused left nothing behind, and the server is well."""
        self.assertEqual(house.Client(self.server.port).get("/readyz").status, 200)

    def test_bodies_that_are_no_json_are_refused(self):
        for text in ("", "{", "nul", '{"name": "x",}', "{'name': 'x'}", '{"a": 1} extra', b'{"name": "\xff\xfe"}', '{"a": 1, "a": 2}',
                     '{"n": 1e999}', "\x00"):
            with self.subTest(text=text):
                answer = self.client.post("/api/v1/flows", text)
                self.assertIn(answer.status, (400, 422), answer)
                self.problem(answer, answer.status)
        body = self.problem(self.client.post("/api/v1/flows", '{"name": "x",\n "nodes": [}'), 400)
        self.assertRegex(body["detail"], r"line 2|position|column|byte|offset", "it says where")
        flow = self.client.create_flow(GREETING)
        self.problem(self.client.post(f"/api/v1/flows/{flow}/runs", "{"), 400)
        self.problem(self.client.post(f"/api/v1/flows/{flow}/runs", "[1]"), 400, "input")
        self.assertEqual(self.client.get("/api/v1/runs").json["items"], [])

    def test_json_that_is_too_deep_is_refused(self):
        for depth in (1_000, 100_000):
            with self.subTest(depth=depth):
                answer = self.client.post("/api/v1/flows/validate", nested(depth))
                self.problem(answer, 413, "deep") if answer.status == 413 else self.problem(answer, 400, "nest")
        flow = self.client.create_flow(GREETING)
        answer = self.client.post(f"/api/v1/flows/{flow}/runs", '{"input": ' + nested(5_000) + "}")
        self.assertIn(answer.status, (400, 413), answer)

    def test_bodies_that_are_too_large_are_refused(self):
        flow = self.client.create_flow(GREETING)
        big = json.dumps({"input": "x" * (9 << 20)})
        self.problem(self.client.post(f"/api/v1/flows/{flow}/runs", big), 413, "at most")
        self.problem(self.client.post("/api/v1/flows", big), 413, "at most")
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
        with contextlib.closing(connection):
            connection.sendall((f"POST /api/v1/flows/{flow}/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.client.key}\r\n"
                                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
            with contextlib.suppress(OSError):
                for _ in range(200):
                    connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
            with contextlib.suppress(ConnectionResetError):
                self.assertIn(b" 413 ", connection.recv(4096).split(b"\r\n")[0], "a body of unknown length is counted")
        self.assertEqual(self.client.get("/api/v1/runs").json["items"], [])

    def test_heads_that_are_too_large_are_refused(self):
        self.assertEqual(self.client.get("/healthz", headers={"X-Long": "y" * 100_000}).status, 431)
        answer = self.client.get("/healthz", headers={f"X-{i}": "y" for i in range(200)})
        self.assertEqual(answer.status, 431, answer)

    def test_a_wrong_type_is_named_with_its_place(self):
        flow = self.client.create_flow(GREETING)
        for body, pointer in (({"input": {}, "version": "one"}, "/version"), ({"input": {}, "version": 0}, "/version")):
            answer = self.problem(self.client.post(f"/api/v1/flows/{flow}/runs", body), 400)
            self.assertEqual(answer["errors"][0]["pointer"], pointer)
        answer = self.client.post("/api/v1/flows", {"name": 7, "nodes": "none"})
        self.problem(answer, 422)
        self.assertEqual({e["pointer"] for e in answer.json["errors"]} & {"/name", "/nodes"}, {"/name", "/nodes"}, answer)
        answer = self.client.post("/api/v1/api-keys", {"name": 7})
        self.problem(answer, 400)
        self.assertEqual(answer.json["errors"][0]["pointer"], "/name")

    def test_an_unknown_field_is_named(self):
        flow = self.client.create_flow(GREETING)
        self.problem(self.client.post(f"/api/v1/flows/{flow}/runs", {"inputs": {}}), 400, "inputs")
        self.problem(self.client.post("/api/v1/flows", dict(GREETING, name="second", colour="red")), 422, "colour")
        self.problem(self.client.post("/api/v1/api-keys", {"name": "k", "colour": "red"}), 400, "colour")
        run = self.client.run(flow, {"name": "Ada"})["id"]
        self.problem(self.client.post(f"/api/v1/runs/{run}/cancel", {"because": "red"}), 400, "because")
        self.problem(self.client.post(f"/api/v1/runs/{run}/cancel", {"reason": 7}), 400, "reason")
        self.problem(self.client.post(f"/api/v1/runs/{run}/cancel"), 409, "succeeded")
        wrong = {"name": "third", **chain(node("a", "set", {"values": {}, "colour": "red"}))}
        answer = self.problem(self.client.post("/api/v1/flows", wrong), 422, "colour")
        self.assertTrue(answer["errors"][0]["pointer"].startswith("/nodes/0/config"), answer)

    def test_the_wrong_media_type_and_method_are_named(self):
        self.problem(self.client.post("/api/v1/flows", "name: x", media="text/plain"), 415, "application/json")
        answer = self.client.request("PATCH", "/api/v1/flows", {})
        self.problem(answer, 405, "POST")
        self.assertIn("GET", answer.headers["allow"])
        self.problem(self.client.get("/api/v1/nothing"), 404, "/api/v1/nothing")
        self.problem(self.client.get("/api/v1/flows/flw_nonsense"), 404)
        self.problem(self.client.get("/api/v1/runs?limit=many"), 400, "limit")
        self.problem(self.client.get("/api/v1/flows?cursor=forged"), 400, "cursor")

    def test_garbage_instead_of_http_is_answered(self):
        for raw in (b"garbage\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
                    b"POST /api/v1/flows HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                    b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n"):
            connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
            with self.subTest(raw=raw[:30]), contextlib.closing(connection):
                connection.sendall(raw)
                answer = b""
                with contextlib.suppress(ConnectionResetError):
                    answer = connection.recv(4096)
                self.assertTrue(answer == b"" or b" 400 " in answer.split(b"\r\n")[0], answer)

    # -- flows

    def refused(self, document, pointer, *fragments):
        answer = self.problem(self.client.post("/api/v1/flows", document), 422, *fragments)
        self.assertIn(pointer, [e["pointer"] for e in answer["errors"]], answer)
        judged = self.client.post("/api/v1/flows/validate", document)
        self.assertEqual((judged.status, judged.json["valid"]), (200, False), judged)
        self.assertEqual(self.client.get("/api/v1/flows?name=" + document["name"]).json["items"], [])

    def test_a_container_without_an_id_is_named_with_its_place(self):
        body = {"nodes": [{"id": "inner", "type": "noop"}]}
        self.refused({"name": "bad", "nodes": [{"type": "map", "config": {"items": [], "body": body}}], "edges": []}, "/nodes/0", "id")

    def test_a_bad_expression_is_named_with_its_place(self):
        document = {"name": "bad", "nodes": [node("a"), node("b")], "edges": [{"from": "a", "to": "b", "condition": "input.x >"}]}
        self.refused(document, "/edges/0/condition")
        self.refused({"name": "bad", **chain({"id": "t", "type": "transform", "config": {"expression": "1 +"}})}, "/nodes/0/config/expression")
        self.refused({"name": "bad", **chain(node("a", "set", {"values": {"x": "{{ 1 + }}"}}))}, "/nodes/0/config/values/x")
        self.refused({"name": "bad", **chain(node("a", "set", {"values": {"x": "{{ nodes.ghost.output }}"}}))},
                     "/nodes/0/config/values/x", "ghost")

    def test_a_cycle_is_named_with_its_path(self):
        document = {"name": "round", "nodes": [node("a"), node("b"), node("c")],
                    "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}, {"from": "c", "to": "b"}]}
        answer = self.problem(self.client.post("/api/v1/flows", document), 422, "cycle")
        self.assertRegex(json.dumps(answer["errors"], ensure_ascii=False), r"b.{1,5}c.{1,5}b|c.{1,5}b.{1,5}c", "it shows the way round")

    def test_other_mistakes_of_a_graph_are_named(self):
        self.refused({"name": "bad", **chain(node("a", "no.such.type", {}))}, "/nodes/0/type", "no.such.type")
        self.refused({"name": "bad", "nodes": [node("a"), node("a")], "edges": []}, "/nodes/1/id", "a")
        self.refused({"name": "bad", "nodes": [node("a")], "edges": [{"from": "a", "to": "ghost"}]}, "/edges/0/to", "ghost")
        self.refused({"name": "bad", **chain({"id": "h", "type": "http.request", "config": {}})}, "/nodes/0/config", "url")

    # -- runs

    def failed(self, flow, value, *fragments):
        done = self.client.run(flow, value)
        self.assertEqual(done["status"], "failed", done)
        for fragment in fragments:
            self.assertIn(fragment, json.dumps(done["error"]))
        self.assertEqual(self.client.get("/api/v1/runs/" + done["id"]).json["error"], done["error"], "it is recorded")
        return done["error"]

    def test_a_missing_variable_fails_the_run_and_is_named(self):
        flow = self.client.create_flow(GREETING)
        error = self.failed(flow, {"nom": "Ada"}, "name")
        self.assertEqual(error["step"], "hello")

    def test_a_condition_that_errors_fails_its_source(self):
        flow = self.client.create_flow({"name": "cond", "nodes": [node("a"), node("b")],
                                        "edges": [{"from": "a", "to": "b", "condition": "input.level > 3"}]})
        self.failed(flow, {}, "level")

    def test_an_item_list_that_is_none_fails_the_map(self):
        body = chain(node("x"))
        flow = self.client.create_flow({"name": "m", **chain({"id": "each", "type": "map", "config": {"items": "{{ input.list }}", "body": body}})})
        self.failed(flow, {"list": "abc"}, "each", "items")

    def test_a_file_that_is_missing_or_outside_fails_with_its_name(self):
        flow = self.client.create_flow({"name": "read", **chain({"id": "r", "type": "file.read", "config": {"path": "{{ input.path }}"}})})
        self.failed(flow, {"path": "absent.csv"}, "absent.csv")
        for path in ("../../sluice.db", "/etc/passwd", "a/../../x", "..", ""):
            with self.subTest(path=path):
                error = self.failed(flow, {"path": path})
                self.assertNotIn("root:", json.dumps(error))

    def test_a_node_whose_type_was_removed_fails_saying_so(self):
        with house.Server() as server:
            client = server.client()
            flow = client.create_flow({"name": "old", **chain(node("a"), {"id": "b", "type": "noop", "config": {}})})
            kept = client.create_flow(GREETING)
            before = client.run(flow)
            self.assertEqual(server.terminate(), 0)
            database = sqlite3.connect(server.database())
            changed = database.execute("UPDATE flow_version SET document = replace(document, '\"noop\"', '\"acme.removed\"') "
                                       "WHERE document LIKE '%\"noop\"%'").rowcount
            database.commit()
            database.close()
            self.assertEqual(changed, 1)
            server.start()
            answer = client.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {}})
            said = answer.text
            self.assertIn("acme.removed", said)
            self.assertTrue(answer.status == 422 or (answer.status == 200 and answer.json["status"] == "failed"), answer)
            self.assertEqual(client.get(f"/api/v1/flows/{flow}").status, 200, "the flow can still be read and mended")
            self.assertEqual(client.get(f"/api/v1/flows/{flow}/export").status, 200)
            self.assertEqual(client.get(f"/api/v1/runs/{before['id']}/steps").status, 200, "and so can its old runs")
            mended = client.put(f"/api/v1/flows/{flow}", {"name": "old", **chain(node("a"))})
            self.assertEqual(mended.status, 200, mended)
            self.assertEqual(client.run(flow)["status"], "succeeded")
            self.assertEqual(client.run(kept, {"name": "Ada"})["output"], "Hello Ada")


class Upstream:
    """A server that treats each connection as told."""

    def __init__(self, treat):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.treat = treat
        self.calls = 0
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.calls += 1
                self.held.append(connection)
                with contextlib.suppress(OSError):
                    self.treat(connection)

    def leave(self):
        """Nobody listens any more; a plain close would leave the socket to the thread that waits on it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def close(self):
        self.leave()
        for connection in self.held:
            connection.close()


def answering(raw):
    def treat(connection):
        connection.recv(65536)
        connection.sendall(raw)
        connection.close()
    return treat


def hanging(connection):
    connection.recv(65536)


class Upstreams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env={"SLUICE_EGRESS_ALLOW": "127.0.0.1/32"}).start()
        cls.client = cls.server.client()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def call(self, upstream, attempts=1, config=None, **more):
        self.addCleanup(upstream.close)
        name = f"up-{upstream.port}"
        flow = self.client.create_flow({"name": name, **chain({
            "id": "call", "type": "http.request", "retry": {"max_attempts": attempts, "backoff": "10ms"},
            "config": {"url": f"http://127.0.0.1:{upstream.port}/thing", "timeout": "400ms", **(config or {})}, **more})})
        done = self.client.run(flow)
        self.assertEqual(done["status"], "failed", done)
        self.assertEqual(done["error"]["step"], "call")
        kinds = [e["kind"] for e in self.client.run_events(done["id"])]
        return done["error"], kinds

    def test_one_that_hangs_costs_the_attempts_timeout(self):
        upstream = Upstream(hanging)
        error, kinds = self.call(upstream, attempts=3)
        self.assertEqual(error["code"], "timeout")
        self.assertEqual(error["attempt"], 3)
        self.assertEqual(upstream.calls, 3)
        self.assertEqual(kinds.count("step.attempt_failed"), 2)

    def test_the_nodes_own_timeout_counts_as_well(self):
        error, _ = self.call(Upstream(hanging), config={"timeout": "60s"}, timeout="300ms")
        self.assertEqual(error["code"], "timeout")
        self.assertIn("300ms", error["message"])

    def test_one_that_drips_is_cut_off(self):
        def drip(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        error, _ = self.call(Upstream(drip))
        self.assertEqual(error["code"], "timeout")

    def test_one_that_answers_garbage_fails_the_step(self):
        table = (
            (b"garbage\r\n\r\n", None), (b"", None), (b"HTTP/1.1 2000 WHAT\r\n\r\n", None),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", None),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", None),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", None),
            (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nnogzi", None),
            (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{\"a\":", {"response": "json"}),
            (b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n", None),
        )
        for raw, config in table:
            with self.subTest(raw=raw):
                error, _ = self.call(Upstream(answering(raw)), config=config)
                self.assertIn(error["code"], ("upstream_failed", "invalid_argument"), error)
                self.assertIn("127.0.0.1", error["message"], "the message names the server")

    def test_one_that_answers_too_much_is_cut_off(self):
        error, _ = self.call(Upstream(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)),
                             config={"max_response_bytes": 100})
        self.assertEqual(error["code"], "too_large")

    def test_one_that_is_not_there_is_named(self):
        upstream = Upstream(hanging)
        upstream.leave()
        error, _ = self.call(upstream)
        self.assertEqual(error["code"], "upstream_failed")
        self.assertIn(str(upstream.port), error["message"])

    def test_one_that_says_no_is_quoted(self):
        error, _ = self.call(Upstream(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\nno such cake")))
        self.assertIn("404", error["message"])
        self.assertIn("no such cake", error["message"])

    def test_internal_addresses_are_refused_unless_named(self):
        with house.Server() as server:
            client = server.client()
            upstream = Upstream(hanging)
            self.addCleanup(upstream.close)
            for url in (f"http://127.0.0.1:{upstream.port}/", f"http://localhost:{upstream.port}/", "http://169.254.169.254/latest",
                        "http://[::1]:80/", "http://0.0.0.0:80/"):
                with self.subTest(url=url):
                    flow = client.post("/api/v1/flows/import", {"name": "ssrf", **chain(
                        {"id": "call", "type": "http.request", "config": {"url": url, "timeout": "2s"}})}).json["id"]
                    done = client.run(flow)
                    self.assertEqual((done["status"], done["error"]["code"]), ("failed", "forbidden"), done)
                    self.assertIn("never allowed" if "169.254" in url else "egress.allow", done["error"]["message"])
            self.assertEqual(upstream.calls, 0)

    def test_a_model_server_that_hangs_or_lies_neither_stops_the_start_nor_hides(self):
        for treat in (hanging, answering(b"garbage\r\n\r\n"), answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")):
            upstream = Upstream(treat)
            self.addCleanup(upstream.close)
            with house.Server(env={"OPENAI_BASE_URL": f"http://127.0.0.1:{upstream.port}/v1", "OPENAI_API_KEY": "sk-not-shown"}) as server:
                client = server.client()
                flow = client.create_flow({"name": "ask", **chain({
                    "id": "ask", "type": "llm.chat", "timeout": "1s", "retry": {"max_attempts": 1}, "config": {"prompt": "hello"}})})
                done = client.run(flow)
                self.assertEqual(done["status"], "failed", done)
                self.assertIn(done["error"]["code"], ("upstream_failed", "timeout", "invalid_argument", "not_found", "unavailable"), done)
                self.assertEqual(client.run(client.create_flow(GREETING), {"name": "Ada"})["output"], "Hello Ada")
                self.assertNotIn("sk-not-shown", server.log() + json.dumps(done))


class Processes(unittest.TestCase):
    """What `sluice` says and how it exits when its surroundings are wrong."""

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="sluice-test-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def ended(self, done, code, *fragments):
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, said)
        for fragment in fragments:
            self.assertIn(fragment, said)
        self.assertNotIn("terminate called", said)

    def serve(self, data, listen=None, *more, env=None):
        return house.sluice("serve", "--data", data, "--listen", listen or f"127.0.0.1:{house.free_port()}", *more, env=env)

    def test_a_second_server_on_the_directory_exits_75_and_names_the_first(self):
        with house.Server() as server:
            client = server.client()
            self.ended(self.serve(server.data), 75, str(server.process.pid), "--data")
            run = client.run(client.create_flow(GREETING), {"name": "Ada"})
            self.assertEqual(run["output"], "Hello Ada", "the first goes on")

    def test_a_directory_of_a_newer_version_exits_76_and_stays_untouched(self):
        server = house.Server().start()
        self.addCleanup(server.close)
        client = server.client()
        run = client.run(client.create_flow(GREETING), {"name": "Ada"})["id"]
        self.assertEqual(server.terminate(), 0)
        database = sqlite3.connect(server.database())
        database.execute("INSERT INTO schema_migration (number, name, checksum, applied_at_us) VALUES (9999, 'future', 'x', 1)")
        database.commit()
        database.close()
        self.ended(self.serve(server.data), 76, "newer")
        flow = os.path.join(self.home, "flow.json")
        with open(flow, "w", encoding="utf-8") as file:
            json.dump(GREETING, file)
        self.ended(house.sluice("run", flow, data=server.data), 76, "newer")
        database = sqlite3.connect(server.database())
        self.assertEqual(database.execute("SELECT count(*) FROM run").fetchone(), (1,))
        database.execute("DELETE FROM schema_migration WHERE number = 9999")
        database.commit()
        database.close()
        server.start()
        self.assertEqual(client.get(f"/api/v1/runs/{run}").json["output"], "Hello Ada", "nothing was lost")

    def test_a_changed_history_of_the_schema_is_refused(self):
        server = house.Server().start()
        self.addCleanup(server.close)
        self.assertEqual(server.terminate(), 0)
        database = sqlite3.connect(server.database())
        database.execute("UPDATE schema_migration SET checksum = 'x' WHERE number = 1")
        database.commit()
        database.close()
        done = self.serve(server.data)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("0001", done.stdout + done.stderr)

    def test_a_database_that_is_garbage_is_refused_and_kept(self):
        data = os.path.join(self.home, "data")
        os.mkdir(data)
        garbage = b"this is no database, but somebody's file" * 200
        with open(os.path.join(data, "sluice.db"), "wb") as file:
            file.write(garbage)
        done = self.serve(data)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("sluice.db", done.stdout + done.stderr)
        with open(os.path.join(data, "sluice.db"), "rb") as file:
            self.assertEqual(file.read(), garbage)

    def test_a_port_in_use_exits_69_and_names_it(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            self.ended(self.serve(os.path.join(self.home, "data"), f"127.0.0.1:{port}"), 69, str(port), "in use")

    def test_wrong_configuration_exits_78_with_file_and_line(self):
        file = os.path.join(self.home, "sluice.toml")
        with open(file, "w", encoding="utf-8") as config:
            config.write('[log]\nlevel = "loud"\n[server]\nmax_bodyy = "1MiB"\n')
        done = self.serve(os.path.join(self.home, "data"), None, "--config", file)
        self.ended(done, 78, "sluice.toml", "log.level", "max_bodyy")
        self.ended(house.sluice("config", "check", "--config", file), 78, "2", "4")
        self.ended(self.serve(os.path.join(self.home, "data"), "nowhere"), 78, "nowhere")
        self.ended(self.serve(os.path.join(self.home, "data"), env={"SLUICE_EGRESS_ALLOW": "not-an-address/99"}), 78, "not-an-address/99")
        self.assertFalse(os.path.exists(os.path.join(self.home, "data", "sluice.db")), "nothing was made")

    def test_a_data_directory_that_cannot_be_one_is_named(self):
        file = os.path.join(self.home, "file")
        with open(file, "w", encoding="utf-8"):
            pass
        done = self.serve(file)
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertIn(file, done.stdout + done.stderr)

    def test_missing_and_unreadable_files_of_run_are_named(self):
        data = os.path.join(self.home, "data")
        flow = os.path.join(self.home, "flow.json")
        with open(flow, "w", encoding="utf-8") as file:
            json.dump(GREETING, file)
        self.ended(house.sluice("run", os.path.join(self.home, "absent.yaml"), data=data), 2, "absent.yaml")
        self.ended(house.sluice("run", self.home, data=data), 2, self.home)
        self.ended(house.sluice("run", flow, "--input", "@" + os.path.join(self.home, "absent.json"), data=data), 2, "absent.json")
        self.ended(house.sluice("run", flow, "--input", "{broken", data=data), 2, "--input")
        bad = os.path.join(self.home, "bad.yaml")
        with open(bad, "w", encoding="utf-8") as file:
            file.write("name: bad\nnodes:\n  - {id: a, type: no.such.type}\n")
        self.ended(house.sluice("run", bad, data=data), 1, "no.such.type")
        self.ended(house.sluice("apply", "-f", os.path.join(self.home, "nowhere"), data=data), 2, "nowhere")
        done = house.sluice("run", flow, "--input", '{"name": "Ada"}', data=data)
        self.ended(done, 0, "Hello Ada")
        self.ended(house.sluice("run", flow, "--input", '{"nom": "Ada"}', data=data), 1, "name")

    def test_wrong_use_of_the_command_line_exits_2(self):
        for arguments in (["nothing"], ["run"], ["serve", "--colour"], ["runs", "show"], ["cel"], []):
            with self.subTest(arguments=arguments):
                done = house.sluice(*arguments)
                self.assertEqual(done.returncode, 2, done)
                self.assertTrue(done.stderr or done.stdout)

    def test_a_server_that_is_not_there_exits_69(self):
        done = house.sluice("runs", "list", "--url", f"http://127.0.0.1:{house.free_port()}", "--key", "slk_x")
        self.ended(done, 69, "127.0.0.1")


@unittest.skipUnless(os.geteuid() == 0, "a full disk is tried on a small tmpfs, which only root can mount")
class FullDisk(unittest.TestCase):
    def setUp(self):
        self.disk = tempfile.mkdtemp(prefix="sluice-disk-")
        self.addCleanup(shutil.rmtree, self.disk, ignore_errors=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=112m", "tmpfs", self.disk], capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=False)
        self.server = house.Server(data=os.path.join(self.disk, "data"))
        self.addCleanup(self.server.close)

    def fill(self, left):
        """Takes the disk's room until about `left` bytes are free."""
        path = os.path.join(self.disk, "filler")
        with open(path, "ab") as file:
            while True:
                state = os.statvfs(self.disk)
                room = state.f_bavail * state.f_frsize - left
                if room <= 0:
                    return
                with contextlib.suppress(OSError):
                    file.write(b"\0" * min(room, 1 << 20))
                    file.flush()

    def free(self):
        os.remove(os.path.join(self.disk, "filler"))

    def refused(self, answer):
        self.assertEqual(answer.status, 503, answer)
        self.assertIn("disk", answer.json["detail"])
        self.assertIn("Free space", answer.json["detail"])

    def test_a_full_disk_refuses_writes_serves_reads_and_recovers(self):
        self.server.start()
        client = self.server.client()
        flow = client.create_flow(GREETING)
        kept = [client.run(flow, {"name": str(i)})["id"] for i in range(5)]
        pause = client.create_flow({"name": "pause", **chain(
            {"id": "p", "type": "wait", "config": {"for": "2s"}}, node("x", "noop", {"effect": "keyed"}), node("y"))})
        waiting = client.post(f"/api/v1/flows/{pause}/runs", {"input": {}}).json["id"]
        for left in (40 << 20, 8 << 20, 0):
            with self.subTest(left=left):
                self.fill(left)
                house.eventually(lambda: client.post(f"/api/v1/flows/{flow}/runs", {"input": {"name": "x"}}).status == 503, "starts are refused")
                self.refused(client.post(f"/api/v1/flows/{flow}/runs?wait=5s", {"input": {"name": "x"}}))
                if left < 16 << 20:
                    edits = (client.post("/api/v1/flows", dict(GREETING, name=f"flow-{left}-{i}")) for i in range(100_000))
                    self.refused(house.eventually(lambda: next((a for a in [next(edits)] if a.status != 201), None), "edits are refused"))
                ready = house.Client(self.server.port).get("/readyz")
                self.assertEqual(ready.status, 503, ready)
                self.assertEqual(house.Client(self.server.port).get("/healthz").status, 200)
                for run in kept:
                    self.assertEqual(client.get(f"/api/v1/runs/{run}").json["status"], "succeeded")
                self.assertEqual(client.get(f"/api/v1/flows/{flow}").status, 200)
                self.assertEqual(client.get(f"/api/v1/runs/{waiting}").status, 200)
        before = {run["id"] for run in client.get("/api/v1/runs?limit=200").json["items"]}
        self.free()
        self.server.wait_ready()
        done = client.run(flow, {"name": "Ada"})
        self.assertEqual(done["output"], "Hello Ada", "it goes on by itself")
        ended = client.get(f"/api/v1/runs/{waiting}?wait=30s").json
        self.assertEqual(ended["status"], "succeeded", "a run that was under way has ended")
        after = {run["id"] for run in client.get("/api/v1/runs?limit=200").json["items"]}
        self.assertEqual(after, before | {done["id"]}, "no refused start left a run")
        self.assertEqual(self.server.terminate(), 0)
        database = sqlite3.connect(f"file:{self.server.database()}?mode=ro", uri=True)
        self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        database.close()

    def test_a_kill_on_a_full_disk_loses_nothing(self):
        self.server.start()
        client = self.server.client()
        flow = client.create_flow(GREETING)
        kept = [client.run(flow, {"name": str(i)})["id"] for i in range(20)]
        self.fill(0)
        house.eventually(lambda: client.post(f"/api/v1/flows/{flow}/runs", {"input": {"name": "x"}}).status == 503, "starts are refused")
        self.server.kill()
        self.free()
        self.server.start()
        for run in kept:
            self.assertEqual(client.get(f"/api/v1/runs/{run}").json["status"], "succeeded")
        self.assertEqual(client.run(flow, {"name": "Ada"})["output"], "Hello Ada")


if __name__ == "__main__":
    house.main()
