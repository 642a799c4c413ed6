"""Stories over REST, server-sent events and WebSocket against the real binary."""

import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import time
import unittest
import uuid

import house
from house import chain, node

GREETING = {"name": "greeting", **chain(node("hello", "set", {"values": {"text": "Hello {{ input.name }}"}})),
            "output": "{{ nodes.hello.output.text }}"}


class Story(unittest.TestCase):
    """One server for the tests of a class; each test has a workspace of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env={"SLUICE_LIMITS_ADDRESS_RATE": "0"}).start()  # tests ask often without a key

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.workspace = "w" + uuid.uuid4().hex[:12]
        self.client = self.server.client(self.workspace)

    def refusal(self, path, answer, status, *fragments):
        """A problem document, or below /v1 the same in the words of a vendor's SDK."""
        if not path.startswith("/v1"):
            return self.problem(answer, status, *fragments)
        self.assertEqual(answer.status, status, answer)
        self.assertTrue(answer.json["error"]["message"], answer)
        for fragment in fragments:
            self.assertIn(fragment, answer.text)

    def problem(self, answer, status, *fragments):
        """The answer is a problem document of this status that says each of `fragments`."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers.get("content-type"), "application/problem+json", answer)
        body = answer.json
        self.assertEqual(body["status"], status)
        for member in ("type", "title", "detail", "request_id"):
            self.assertTrue(body.get(member), f"no {member}: {answer}")
        for fragment in fragments:
            self.assertIn(fragment, answer.text)
        return body


class System(Story):
    def test_health_needs_no_key(self):
        stranger = house.Client(self.server.port)
        self.assertEqual(stranger.get("/healthz").status, 200)
        self.assertEqual(stranger.get("/readyz").text, "ready\n")

    def test_the_log_says_where_it_listens(self):
        self.assertIn(f"listening on http://127.0.0.1:{self.server.port}", self.server.log())

    def test_metrics_and_system_state_are_for_those_who_may(self):
        self.assertIn("sluice_http_requests_total", self.client.get("/metrics").text)
        self.assertIn("active_runs", self.client.get("/api/v1/system").json["engine"])
        self.problem(house.Client(self.server.port).get("/metrics"), 401)

    def test_a_request_id_comes_back(self):
        self.assertEqual(self.client.get("/healthz", headers={"X-Request-Id": "mine-7"}).headers["x-request-id"], "mine-7")
        self.assertTrue(self.client.get("/healthz").headers["x-request-id"])

    def test_node_types_have_schema_docs_and_example(self):
        items = self.client.get("/api/v1/node-types").json["items"]
        names = {item["name"] for item in items}
        for name in ("input", "set", "transform", "switch", "merge", "filter", "aggregate", "map", "wait", "fail", "respond",
                     "http.request", "llm.chat", "file.read", "file.write", "csv.parse", "csv.write", "markdown.render",
                     "json.validate"):
            self.assertIn(name, names)
        for item in items:
            self.assertEqual(item["config_schema"]["type"], "object", item["name"])
            self.assertTrue(item["doc"], item["name"])
            self.assertTrue(item["example"], item["name"])
            self.assertEqual(self.client.get("/api/v1/node-types/" + item["name"]).json["name"], item["name"])
        self.problem(self.client.get("/api/v1/node-types/nothing"), 404, "nothing")

    def test_who_a_key_is(self):
        me = self.client.get("/api/v1/auth/me").json
        self.assertEqual(me["workspace"]["name"], self.workspace)
        self.assertEqual(me["role"], "owner")
        self.assertIn("flows:write", me["permissions"])

    def test_a_request_may_be_abandoned_in_the_middle(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.putrequest("POST", "/api/v1/flows")
        connection.putheader("Authorization", f"Bearer {self.client.key}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "1000")
        connection.endheaders()
        connection.send(b'{"name":')
        connection.close()
        self.assertEqual(self.client.get("/api/v1/flows").json["items"], [])


class OpenApi(Story):
    def operations(self):
        document = house.Client(self.server.port).get("/api/v1/openapi.json").json
        for path, verbs in document["paths"].items():
            for verb, operation in verbs.items():
                if verb in ("get", "post", "put", "patch", "delete"):
                    yield verb.upper(), path, operation, document

    @staticmethod
    def is_public(operation, document):
        return not operation.get("security", document.get("security", []))

    def test_the_document_is_public_and_whole(self):
        document = house.Client(self.server.port).get("/api/v1/openapi.json").json
        self.assertTrue(document["openapi"].startswith("3.1"))
        for path in ("/api/v1/flows", "/api/v1/flows/{id}/runs", "/api/v1/runs/{id}/events", "/api/v1/events",
                     "/api/v1/artifacts/{id}/content", "/api/v1/api-keys"):
            self.assertIn(path, document["paths"])
        text = json.dumps(document)
        for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
            self.assertIn(reference, document["components"]["schemas"])

    def test_every_route_but_the_public_ones_refuses_strangers(self):
        stranger, liar = house.Client(self.server.port), house.Client(self.server.port, "slk_" + "x" * 40)
        judged, public = 0, set()
        for verb, path, operation, document in self.operations():
            with self.subTest(verb=verb, path=path):
                if self.is_public(operation, document):
                    public.add(path)
                    continue
                judged += 1
                target = re.sub(r"\{[^}]+\}", "1", path)
                body = None if verb in ("GET", "DELETE") else {}
                for client in (stranger, liar):
                    answer = client.request(verb, target, body)
                    self.refusal(path, answer, 401)
                    self.assertIn("www-authenticate", answer.headers)
        self.assertGreater(judged, 30)
        sign_in = {"login", "login/second-factor", "oidc", "refresh", "setup", "reset", "invitations/{token}"}
        self.assertLessEqual({path for path in public if path.startswith("/api/")},
                             {"/api/v1/openapi.json"} | {"/api/v1/auth/" + name for name in sign_in})
        self.assertNotIn("/metrics", public)

    def test_a_viewer_reads_and_never_writes(self):
        viewer = self.server.client(self.workspace, "viewer")
        flow = self.client.create_flow(GREETING)
        self.assertEqual(viewer.get(f"/api/v1/flows/{flow}").status, 200)
        refused = 0
        for verb, path, operation, document in self.operations():
            if verb == "GET" or self.is_public(operation, document):
                continue
            target = path.replace("{id}", flow)
            target = re.sub(r"\{[^}]+\}", "1", target)
            if path in ("/api/v1/flows/validate", "/api/v1/expressions/preview", "/api/v1/system/echo", "/api/v1/runs/{id}/replay"):
                continue  # they change nothing
            if path.startswith(("/api/v1/auth/", "/api/v1/saved-views")):
                continue  # they change what is the caller's own
            with self.subTest(verb=verb, path=path):
                self.refusal(path, viewer.request(verb, target, None if verb == "DELETE" else {}), 403, "permission")
                refused += 1
        self.assertGreater(refused, 8)
        self.assertEqual(self.client.get(f"/api/v1/flows/{flow}").json["version"], 1)


class Keys(Story):
    def test_a_key_is_made_with_and_without_a_running_server(self):
        with house.Server() as server:
            made = house.sluice("key", "create", "--workspace", "acme", "--role", "owner", "--json", data=server.data)
            self.assertEqual(made.returncode, 0, made.stderr)
            first = json.loads(made.stdout)
            self.assertTrue(first["id"].startswith("key_"))
            self.assertEqual(house.Client(server.port, first["key"]).get("/api/v1/flows").status, 200)
            self.assertEqual(server.terminate(), 0)
            made = house.sluice("key", "create", "--workspace", "late", "--role", "viewer", "--json", data=server.data)
            self.assertEqual(made.returncode, 0, made.stderr)
            second = json.loads(made.stdout)["key"]
            server.start()
            self.assertEqual(house.Client(server.port, first["key"]).get("/api/v1/flows").status, 200)
            me = house.Client(server.port, second).get("/api/v1/auth/me").json
            self.assertEqual((me["workspace"]["name"], me["role"]), ("late", "viewer"))

    def test_scopes_of_a_key_are_exact(self):
        made = self.client.post("/api/v1/api-keys", {"name": "starter", "permissions": ["runs:write", "flows:read"]})
        self.assertEqual(made.status, 201, made)
        starter = house.Client(self.server.port, made.json["key"])
        flow = self.client.create_flow(GREETING)
        run = starter.run(flow, {"name": "Ada"})
        self.assertEqual((run["status"], run["output"], run["masked"]), ("succeeded", None, True))  # to read data is a permission of its own
        self.problem(starter.post("/api/v1/flows", GREETING), 403, "flows:write")
        self.problem(starter.get("/api/v1/runs"), 403, "runs:read")
        self.assertNotIn(made.json["key"], self.client.get("/api/v1/api-keys").text)

    def test_a_revoked_key_ends_at_once(self):
        made = self.client.post("/api/v1/api-keys", {"name": "short", "role": "viewer"}).json
        short = house.Client(self.server.port, made["key"])
        self.assertEqual(short.get("/api/v1/flows").status, 200)
        self.assertEqual(self.client.delete("/api/v1/api-keys/" + made["id"]).status, 204)
        self.problem(short.get("/api/v1/flows"), 401)

    def test_an_expired_key_is_refused(self):
        made = self.client.post("/api/v1/api-keys", {"name": "old", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"})
        if made.status == 201:
            self.problem(house.Client(self.server.port, made.json["key"]).get("/api/v1/flows"), 401)
        else:
            self.problem(made, 400, "expires_at")


class Flows(Story):
    def test_a_flow_is_made_read_changed_moved_back_and_deleted(self):
        made = self.client.post("/api/v1/flows", GREETING)
        self.assertEqual(made.status, 201, made)
        flow = made.json["id"]
        self.assertEqual((made.json["version"], made.json["live_version"]), (1, 1))
        self.assertEqual(made.headers["location"], f"/api/v1/flows/{flow}")
        self.problem(self.client.post("/api/v1/flows", GREETING), 409, "greeting")

        second = json.loads(json.dumps(GREETING))
        second["nodes"][0]["config"]["values"]["text"] = "Good day {{ input.name }}"
        changed = self.client.put(f"/api/v1/flows/{flow}", second)
        self.assertEqual((changed.status, changed.json["version"], changed.json["live_version"]), (200, 2, 2), changed)
        self.assertEqual(self.client.put(f"/api/v1/flows/{flow}", second).json["version"], 2, "the same again is no version")
        self.assertEqual(self.client.run(flow, {"name": "Ada"})["output"], "Good day Ada")

        back = self.client.put(f"/api/v1/flows/{flow}/live", {"version": 1})
        self.assertEqual((back.status, back.json["live_version"]), (200, 1), back)
        self.assertEqual(self.client.run(flow, {"name": "Ada"})["output"], "Hello Ada")
        of_second = self.client.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {"name": "Ada"}, "version": 2})
        self.assertEqual(of_second.json["output"], "Good day Ada")

        versions = self.client.get(f"/api/v1/flows/{flow}/versions").json["items"]
        self.assertEqual([version["version"] for version in versions], [2, 1])
        first = self.client.get(f"/api/v1/flows/{flow}/versions/1").json["document"]
        self.assertEqual(first["nodes"][0]["config"], GREETING["nodes"][0]["config"])
        differences = self.client.get(f"/api/v1/flows/{flow}/diff?from=1&to=2").json["differences"]
        self.assertEqual([(d["kind"], d["change"]) for d in differences], [("node", "changed")], differences)

        self.assertEqual(self.client.delete(f"/api/v1/flows/{flow}").status, 204)
        self.problem(self.client.get(f"/api/v1/flows/{flow}"), 404)
        self.assertEqual(self.client.post("/api/v1/flows", GREETING).status, 201, "its name is free")

    def test_export_and_import_give_the_same_flow(self):
        flow = self.client.create_flow(GREETING)
        other = self.server.client("copy-" + self.workspace)
        for form, media in (("json", "application/json"), ("yaml", "application/yaml")):
            exported = self.client.get(f"/api/v1/flows/{flow}/export?format={form}")
            self.assertEqual((exported.status, exported.headers["content-type"]), (200, media), exported)
            taken = other.post("/api/v1/flows/import", exported.body, media=media)
            self.assertEqual(taken.status, 201 if form == "json" else 200, taken)
            copy = taken.json["id"]
            self.assertEqual(taken.json["version"], 1, "YAML and JSON are the same document")
            again = other.get(f"/api/v1/flows/{copy}/export?format={form}")
            self.assertEqual(again.body, exported.body)
        self.assertEqual(other.run(copy, {"name": "Eve"})["output"], "Hello Eve")

    def test_an_edit_over_anothers_edit_is_refused(self):
        made = self.client.post("/api/v1/flows", GREETING)
        flow, tag = made.json["id"], made.headers["etag"]
        second = dict(GREETING, description="second")
        changed = self.client.put(f"/api/v1/flows/{flow}", second, headers={"If-Match": tag})
        self.assertEqual(changed.status, 200, changed)
        third = dict(GREETING, description="third")
        self.problem(self.client.put(f"/api/v1/flows/{flow}", third, headers={"If-Match": tag}), 412)
        self.problem(self.client.put(f"/api/v1/flows/{flow}/live", {"version": 1}, headers={"If-Match": tag}), 412)
        self.problem(self.client.delete(f"/api/v1/flows/{flow}", headers={"If-Match": tag}), 412)
        self.assertEqual(self.client.get(f"/api/v1/flows/{flow}").json["version"], 2)
        self.assertEqual(self.client.get(f"/api/v1/flows/{flow}", headers={"If-None-Match": changed.headers["etag"]}).status, 304)

    def test_lists_go_by_pages(self):
        for i in range(7):
            self.client.create_flow(dict(GREETING, name=f"flow-{i}"))
        names, cursor = [], ""
        while True:
            page = self.client.get(f"/api/v1/flows?limit=3&cursor={cursor}").json
            names += [item["name"] for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        self.assertEqual(names, [f"flow-{i}" for i in reversed(range(7))], "newest first, each once")
        first = self.client.get("/api/v1/flows?limit=3").json["next_cursor"]
        foreign = self.server.client("other-" + self.workspace)
        self.problem(foreign.get(f"/api/v1/flows?limit=3&cursor={first}"), 400, "cursor")
        self.problem(self.client.get("/api/v1/flows?limit=201"), 400, "limit")


class Runs(Story):
    def test_a_run_is_waited_for_or_asked_for_later(self):
        flow = self.client.create_flow(GREETING)
        done = self.client.run(flow, {"name": "Ada"})
        self.assertEqual((done["status"], done["output"], done["error"]), ("succeeded", "Hello Ada", None))

        started = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {"name": "Bob"}})
        self.assertEqual(started.status, 202, started)
        run = started.json["id"]
        ended = self.client.get(f"/api/v1/runs/{run}?wait=30s").json
        self.assertEqual((ended["status"], ended["output"]), ("succeeded", "Hello Bob"))
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}/input").json["input"], {"name": "Bob"})
        steps = self.client.get(f"/api/v1/runs/{run}/steps").json
        self.assertEqual([(s["path"], s["status"]) for s in steps["items"]], [("hello", "succeeded")])
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}/steps/hello").json["output"], {"text": "Hello Bob"})
        events = self.client.run_events(run)
        self.assertEqual([e["seq"] for e in events], list(range(1, len(events) + 1)))
        self.assertEqual((events[0]["kind"], events[-1]["kind"]), ("run.started", "run.succeeded"))
        self.assertEqual([r["id"] for r in self.client.get("/api/v1/runs").json["items"]], [run, done["id"]])
        self.assertEqual(len(self.client.get("/api/v1/runs?status=failed").json["items"]), 0)

    def test_a_wait_that_is_too_short_answers_202(self):
        flow = self.client.create_flow({"name": "pause", **chain({"id": "p", "type": "wait", "config": {"for": "30s"}})})
        answer = self.client.post(f"/api/v1/flows/{flow}/runs?wait=50ms", {"input": {}})
        self.assertEqual(answer.status, 202, answer)
        run = answer.json["id"]
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}").json["status"], "waiting")
        cancelled = self.client.post(f"/api/v1/runs/{run}/cancel", {"reason": "no longer wanted"})
        self.assertEqual((cancelled.status, cancelled.json["status"]), (200, "cancelled"), cancelled)
        ended = self.client.get(f"/api/v1/runs/{run}").json
        self.assertIn("no longer wanted", json.dumps(ended["error"]))
        self.problem(self.client.post(f"/api/v1/runs/{run}/cancel"), 409, "cancelled")

    def test_branches_joins_and_skips(self):
        flow = self.client.create_flow({
            "name": "branch",
            "nodes": [node("start"), node("high", "set", {"values": {"page": True}}), node("low"), node("end")],
            "edges": [{"from": "start", "to": "high", "condition": "input.level > 5"},
                      {"from": "start", "to": "low", "condition": "input.level <= 5"},
                      {"from": "high", "to": "end"}, {"from": "low", "to": "end"}],
            "output": "{{ has(nodes.high) }}"})
        self.assertIs(self.client.run(flow, {"level": 9})["output"], True)
        low = self.client.run(flow, {"level": 1})
        self.assertIs(low["output"], False)
        steps = {s["path"]: s["status"] for s in self.client.get(f"/api/v1/runs/{low['id']}/steps").json["items"]}
        self.assertEqual(steps, {"start": "succeeded", "low": "succeeded", "high": "skipped", "end": "succeeded"})

    def test_a_map_keeps_the_order_of_its_items(self):
        body = {**chain({"id": "double", "type": "transform", "config": {"expression": "item * 2"}}),
                "output": "{{ nodes.double.output }}"}
        flow = self.client.create_flow({"name": "many", **chain(
            {"id": "each", "type": "map", "config": {"items": "{{ input }}", "concurrency": 7, "body": body}}),
            "output": "{{ nodes.each.output }}"})
        done = self.client.run(flow, list(range(300)))
        self.assertEqual(done["output"], [2 * i for i in range(300)])
        steps = self.client.get(f"/api/v1/runs/{done['id']}/steps?limit=10000").json
        self.assertIn("each[299]/double", {s["path"] for s in steps["items"]})
        self.assertEqual(self.client.get(f"/api/v1/runs/{done['id']}/steps/" + house.segment("each[17]/double")).json["output"], 34)

    def test_a_large_value_comes_back_whole(self):
        flow = self.client.create_flow({"name": "large", **chain(
            {"id": "grow", "type": "transform", "config": {"value": ["{{ input }}", "{{ input }}"]}}), "output": "{{ nodes.grow.output }}"})
        text = "0123456789abcdef" * 20_000
        self.assertEqual(self.client.run(flow, text)["output"], [text, text])

    def test_the_same_key_starts_one_run(self):
        flow = self.client.create_flow(GREETING)
        path = f"/api/v1/flows/{flow}/runs?wait=30s"
        first = self.client.post(path, {"input": {"name": "Ada"}}, headers={"Idempotency-Key": "k1"})
        self.assertEqual(first.status, 200, first)
        again = self.client.post(path, {"input": {"name": "Ada"}}, headers={"Idempotency-Key": "k1"})
        self.assertIn(again.status, (200, 202))
        self.assertEqual(again.json["id"], first.json["id"])
        self.assertEqual(again.headers.get("idempotent-replayed"), "true")
        self.problem(self.client.post(path, {"input": {"name": "Bob"}}, headers={"Idempotency-Key": "k1"}), 422, "Idempotency-Key")
        other = self.client.post(path, {"input": {"name": "Ada"}}, headers={"Idempotency-Key": "k2"})
        self.assertNotEqual(other.json["id"], first.json["id"])
        self.assertEqual(len(self.client.get("/api/v1/runs").json["items"]), 2)

    def test_the_same_key_at_once_starts_one_run(self):
        flow = self.client.create_flow(GREETING)
        start = lambda _: self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {"name": "Ada"}}, headers={"Idempotency-Key": "race"})
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(start, range(24)))
        self.assertEqual({a.status for a in answers}, {202}, answers)
        self.assertEqual(len({a.json["id"] for a in answers}), 1)
        self.assertEqual(len(self.client.get("/api/v1/runs").json["items"]), 1)

    def test_the_same_key_makes_one_flow_and_one_key(self):
        for path, body in (("/api/v1/flows", GREETING), ("/api/v1/projects", {"name": "side"}),
                           ("/api/v1/api-keys", {"name": "one", "role": "viewer"})):
            with self.subTest(path=path):
                first = self.client.post(path, body, headers={"Idempotency-Key": "once"})
                again = self.client.post(path, body, headers={"Idempotency-Key": "once"})
                self.assertEqual((first.status, again.status), (201, 201), again)
                self.assertEqual(first.json["id"], again.json["id"])
                self.assertEqual(again.headers.get("idempotent-replayed"), "true")

    def test_a_flow_without_durability_leaves_no_run(self):
        flow = self.client.create_flow(dict(GREETING, settings={"durability": "none"}))
        done = self.client.run(flow, {"name": "Ada"})
        self.assertEqual((done["output"], done["durable"]), ("Hello Ada", False))
        self.problem(self.client.get("/api/v1/runs/" + done["id"]), 404)
        self.problem(self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}), 409, "wait")

    def test_an_input_is_judged_by_the_flows_schema(self):
        flow = self.client.create_flow(dict(GREETING, input_schema={
            "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}))
        body = self.problem(self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {"name": 7}}), 422)
        self.assertEqual(body["errors"][0]["pointer"], "/input/name")
        self.assertEqual(self.client.get("/api/v1/runs").json["items"], [])

    def test_a_failed_run_names_its_step(self):
        flow = self.client.create_flow({"name": "broken", **chain(node("ok"), {
            "id": "stop", "type": "fail", "config": {"message": "no such customer: {{ input.id }}", "code": "not_found"}})})
        done = self.client.run(flow, {"id": "acme"})
        self.assertEqual((done["status"], done["output"]), ("failed", None))
        self.assertEqual((done["error"]["code"], done["error"]["step"]), ("not_found", "stop"))
        self.assertIn("no such customer: acme", done["error"]["message"])
        self.assertEqual([r["id"] for r in self.client.get("/api/v1/runs?status=failed").json["items"]], [done["id"]])


class Events(Story):
    def test_a_stream_resumes_where_it_broke_off(self):
        flow = self.client.create_flow(GREETING)
        stream = house.EventStream(self.client)
        self.addCleanup(stream.close)
        runs = [self.client.run(flow, {"name": str(i)})["id"] for i in range(3)]
        seen = []
        while len(seen) < 6:
            event = stream.next()
            if event["data"].get("subject") in runs:
                seen.append(event)
        numbers = [int(e["id"]) for e in seen]
        self.assertEqual(numbers, sorted(set(numbers)))
        for event in seen:
            self.assertEqual(event["data"]["specversion"], "1.0")
            self.assertEqual(event["data"]["sequence"], event["id"]) if isinstance(event["data"]["sequence"], str) else \
                self.assertEqual(event["data"]["sequence"], int(event["id"]))
        stream.close()
        resumed = house.EventStream(self.client, last_id=seen[2]["id"])
        self.addCleanup(resumed.close)
        self.assertEqual([resumed.next()["id"] for _ in range(3)], [e["id"] for e in seen[3:]])
        listed = self.client.get("/api/v1/events?limit=3").json["items"]
        self.assertEqual([e["id"] for e in listed], [e["data"]["id"] for e in reversed(seen[3:])])

    def test_a_stream_follows_one_runs_journal(self):
        flow = self.client.create_flow(GREETING)
        run = self.client.run(flow, {"name": "Ada"})["id"]
        stream = house.EventStream(self.client, f"/api/v1/events?topic=run/{run}", last_id=0)
        self.addCleanup(stream.close)
        kinds = []
        while not kinds or kinds[-1] != "run.succeeded":
            event = stream.next()
            kinds.append(event["data"]["kind"])
        self.assertEqual(kinds, [e["kind"] for e in self.client.run_events(run)])

    def test_a_websocket_follows_topics_live_and_resumes(self):
        flow = self.client.create_flow({"name": "slow", **chain(
            node("a"), {"id": "p", "type": "wait", "config": {"for": "300ms"}}, node("b"))})
        socket = house.WebSocket(self.client)
        self.addCleanup(socket.close)
        self.assertEqual(socket.status, 101)
        socket.send({"subscribe": ["events"]})
        self.assertEqual(socket.next(), {"subscribed": ["events"]})
        run = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        socket.send({"subscribe": [f"run/{run}"], "resume_from": 0})
        kinds, types, last = [], [], 0
        while not kinds or kinds[-1] != "run.succeeded" or len(types) < 2:
            message = socket.next()
            if message.get("topic") == f"run/{run}" and "id" in message:
                kinds.append(message["event"]["kind"])
            if message.get("topic") == "events" and "id" in message and message["event"].get("subject") == run:
                types.append(message["event"]["type"])
                last = message["id"]
        self.assertEqual(kinds, [e["kind"] for e in self.client.run_events(run)])
        self.assertTrue(types[0].endswith("run.started") and types[1].endswith("run.succeeded"), types)

        late = house.WebSocket(self.client)
        self.addCleanup(late.close)
        late.send({"subscribe": ["events"], "resume_from": last - 1})
        messages = [late.next(), late.next()]
        self.assertIn(last, [m.get("id") for m in messages])

    def test_a_websocket_says_what_is_wrong_with_a_message(self):
        socket = house.WebSocket(self.client)
        self.addCleanup(socket.close)
        for message in ({"subscribe": "events"}, {"nothing": 1}, [1], {"subscribe": ["run/run_nothing"]}):
            socket.send(message)
            self.assertIn("error", socket.next())
        socket.send({"subscribe": ["events"]})
        self.assertEqual(socket.next(), {"subscribed": ["events"]}, "the socket goes on")

    def test_events_of_another_workspace_are_never_sent(self):
        other = self.server.client("other-" + self.workspace)
        theirs, ours = other.create_flow(GREETING), self.client.create_flow(GREETING)
        stream = house.EventStream(self.client)
        self.addCleanup(stream.close)
        foreign = other.run(theirs, {"name": "X"})["id"]
        own = self.client.run(ours, {"name": "Y"})["id"]
        subjects = []
        while own not in subjects:
            subjects.append(stream.next()["data"].get("subject"))
        self.assertNotIn(foreign, subjects)


class Artifacts(Story):
    def test_a_file_goes_up_and_comes_down_unchanged(self):
        for size in (0, 11, 3_000_000):
            content = bytes(i * 7 % 256 for i in range(size % 65536)) + b"z" * (size - size % 65536)
            with self.subTest(size=size):
                made = self.client.post("/api/v1/artifacts?name=report.csv", content, media="text/csv")
                self.assertEqual(made.status, 201, made)
                self.assertEqual(made.json["size_bytes"], size)
                self.assertEqual(made.json["sha256"], hashlib.sha256(content).hexdigest())
                row = self.client.get(made.headers["location"]).json
                self.assertEqual((row["name"], row["media_type"]), ("report.csv", "text/csv"))
                down = self.client.get(f"/api/v1/artifacts/{row['id']}/content")
                self.assertEqual(down.body, content)
                self.assertIn("attachment", down.headers["content-disposition"])
                self.assertEqual(down.headers["x-content-type-options"], "nosniff")
                self.assertEqual(self.client.delete(f"/api/v1/artifacts/{row['id']}").status, 204)
                self.problem(self.client.get(f"/api/v1/artifacts/{row['id']}/content"), 404)
        self.problem(self.client.post("/api/v1/artifacts", b"x", media="text/plain"), 400, "name")

    def test_a_run_writes_artifacts(self):
        flow = self.client.create_flow({"name": "report", **chain(
            {"id": "table", "type": "csv.write", "config": {"rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}},
            {"id": "save", "type": "file.write", "config": {"artifact": "table.csv", "content": "{{ nodes.table.output.text }}"}})})
        answer = self.client.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {}})
        self.assertEqual(answer.json["status"], "succeeded", answer)
        items = self.client.get(f"/api/v1/artifacts?run={answer.json['id']}").json["items"]
        self.assertEqual([item["name"] for item in items], ["table.csv"])
        self.assertIn(b"1,x", self.client.get(f"/api/v1/artifacts/{items[0]['id']}/content").body)


class Isolation(Story):
    def test_nothing_of_another_workspace_can_be_reached(self):
        flow = self.client.create_flow(GREETING)
        run = self.client.run(flow, {"name": "Ada"})["id"]
        artifact = self.client.post("/api/v1/artifacts?name=a.txt", b"secret", media="text/plain").json["id"]
        key = self.client.post("/api/v1/api-keys", {"name": "k", "role": "viewer"}).json["id"]
        project = self.client.post("/api/v1/projects", {"name": "hidden"}).json["id"]
        workspace = self.client.get("/api/v1/auth/me").json["workspace"]["id"]
        event = self.client.get("/api/v1/events").json["items"][0]
        intruder = self.server.client("intruder-" + self.workspace)
        tries = [
            ("GET", f"/api/v1/flows/{flow}", None), ("PUT", f"/api/v1/flows/{flow}", GREETING),
            ("DELETE", f"/api/v1/flows/{flow}", None), ("PUT", f"/api/v1/flows/{flow}/live", {"version": 1}),
            ("GET", f"/api/v1/flows/{flow}/versions", None), ("GET", f"/api/v1/flows/{flow}/versions/1", None),
            ("GET", f"/api/v1/flows/{flow}/diff?from=1&to=1", None), ("GET", f"/api/v1/flows/{flow}/export", None),
            ("POST", f"/api/v1/flows/{flow}/runs", {"input": {}}), ("POST", f"/api/v1/flows/{flow}/runs?wait=1s", {"input": {}}),
            ("GET", f"/api/v1/runs/{run}", None), ("GET", f"/api/v1/runs/{run}?wait=1s", None),
            ("GET", f"/api/v1/runs/{run}/input", None), ("GET", f"/api/v1/runs/{run}/steps", None),
            ("GET", f"/api/v1/runs/{run}/steps/hello", None), ("GET", f"/api/v1/runs/{run}/events", None),
            ("POST", f"/api/v1/runs/{run}/cancel", {}),
            ("GET", f"/api/v1/artifacts/{artifact}", None), ("GET", f"/api/v1/artifacts/{artifact}/content", None),
            ("DELETE", f"/api/v1/artifacts/{artifact}", None),
            ("GET", f"/api/v1/api-keys/{key}", None), ("DELETE", f"/api/v1/api-keys/{key}", None),
            ("GET", f"/api/v1/projects/{project}", None), ("GET", "/api/v1/projects/hidden", None),
            ("GET", f"/api/v1/workspaces/{workspace}", None), ("GET", f"/api/v1/workspaces/{self.workspace}", None),
        ]
        for verb, path, body in tries:
            with self.subTest(verb=verb, path=path):
                self.problem(intruder.request(verb, path, body), 404)
        for path in ("/api/v1/flows", "/api/v1/runs", "/api/v1/artifacts", f"/api/v1/artifacts?run={run}", f"/api/v1/runs?flow={flow}"):
            with self.subTest(path=path):
                self.assertEqual(intruder.get(path).json["items"], [])
        self.assertNotIn(event["id"], intruder.get("/api/v1/events").text)
        self.assertEqual([w["name"] for w in intruder.get("/api/v1/workspaces").json["items"]], ["intruder-" + self.workspace])
        refused = house.WebSocket(intruder)
        self.addCleanup(refused.close)
        refused.send({"subscribe": [f"run/{run}"]})
        self.assertIn("error", refused.next())
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}").json["status"], "succeeded")
        self.assertEqual(len(self.client.get("/api/v1/runs").json["items"]), 1, "nothing was started")

    def test_a_key_cannot_name_another_workspace(self):
        other = "other-" + self.workspace
        self.server.client(other)
        for headers in ({"Sluice-Workspace": other},):
            answer = self.client.get("/api/v1/auth/me", headers=headers)
            if answer.status == 200:
                self.assertEqual(answer.json["workspace"]["name"], self.workspace)
            else:
                self.assertIn(answer.status, (401, 403, 404), answer)


class Idle(unittest.TestCase):
    def test_an_idle_server_is_small_and_quiet(self):
        """The figures are printed for people; bench records them under known conditions."""
        server = house.Server()
        self.addCleanup(server.close)
        begun = time.monotonic()
        server.start()
        took = time.monotonic() - begun
        server.client().run(server.client().create_flow(GREETING), {"name": "Ada"})

        def facts():
            with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
                status = dict(line.split(":", 1) for line in file)
            switches = 0
            for task in os.listdir(f"/proc/{server.process.pid}/task"):
                with open(f"/proc/{server.process.pid}/task/{task}/status", encoding="ascii") as file:
                    switches += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
            with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return status["VmRSS"].strip(), switches, int(fields[11]) + int(fields[12])

        _, before, ticks = facts()
        time.sleep(3)
        memory, after, later = facts()
        print(f"\nstart to ready {took * 1000:.0f} ms (polled), resident {memory}, {after - before} context switches and "
              f"{later - ticks} ticks of CPU in 3 s idle")
        self.assertEqual(server.terminate(), 0)


if __name__ == "__main__":
    house.main()
