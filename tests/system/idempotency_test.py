"""The same Idempotency-Key twice, on every route that writes: the stored answer, and its effect once. One row for each route."""

import http.client
import json
import os
import socket
import sqlite3
import unittest
import uuid

import house
from budget_books import leave_granted, offline
from control_test import LOOPBACK, Upstream
from house import chain, eventually, node

# Routes that change nothing, or whose change is not one that a request could be asked to have once.
WITHOUT_EFFECT = {
    ("POST", "/api/v1/flows/validate"): "judges a document",
    ("POST", "/api/v1/expressions/preview"): "computes",
    ("POST", "/api/v1/runs/{id}/replay"): "computes",
    ("POST", "/api/v1/system/echo"): "answers what it was sent",
    ("POST", "/api/v1/auth/links"): "gives a secret that is stored nowhere and works once",
    ("POST", "/auth/link"): "takes such a secret, which works once",
    ("POST", "/api/v1/auth/logout"): "ends the session that the repetition would need",
    ("DELETE", "/api/v1/auth/sessions"): "of a person who is signed in; twice is as once",
    ("DELETE", "/api/v1/auth/sessions/{id}"): "of a person who is signed in; twice is as once",
    ("POST", "/api/v1/auth/login"): "each makes a session of its own",
    ("POST", "/api/v1/auth/login/second-factor"): "works once",
    ("POST", "/api/v1/auth/refresh"): "has a rule of its own: the same successor within ten seconds",
    ("POST", "/api/v1/auth/reauthenticate"): "makes a new cookie",
    ("POST", "/api/v1/auth/password"): "ends the session that the repetition would need",
    ("POST", "/api/v1/auth/reset"): "takes a link that works once",
    ("POST", "/api/v1/auth/setup"): "takes a link that works once",
    ("POST", "/api/v1/auth/totp"): "gives a secret that is stored nowhere, of a person who is signed in",
    ("POST", "/api/v1/auth/totp/confirm"): "takes a code that works once",
    ("POST", "/api/v1/auth/totp/disable"): "takes a code that works once",
    ("POST", "/api/v1/auth/totp/recovery-codes"): "gives codes that are stored nowhere, of a person who is signed in",
    ("POST", "/api/v1/auth/invitations/{token}"): "takes a link that works once",
    ("POST", "/api/v1/audit/verify"): "computes",
    ("POST", "/v1/responses"): "as /v1/chat/completions",
    ("POST", "/v1/messages"): "as /v1/chat/completions",
    ("POST", "/v1/messages/count_tokens"): "computes",
    ("POST", "/api/v1/providers/{id}/check"): "asks a provider",
    ("POST", "/v1/embeddings"): "needs a vendor; tests/system/gateway_test.py",
    ("POST", "/v1/models/{call}"): "as /v1/chat/completions",
    ("POST", "/v1/models/{provider}/{call}"): "as /v1/chat/completions",
    ("POST", "/v1beta/models/{provider}/{call}"): "as /v1/chat/completions",
    ("POST", "/api/v1/playground/compare"): "asks models, for looking: nothing is kept",
    ("POST", "/v1beta/models/{call}"): "as /v1/chat/completions",
    ("POST", "/api/v1/vault/unseal"): "on the machine's own socket alone; twice is as once",
    ("POST", "/api/v1/vault/rotate-root"): "on the machine's own socket alone",
    ("POST", "/api/v1/system/users/{id}/reset"): "gives a secret that is stored nowhere and works once",
    ("DELETE", "/api/v1/system/users/{id}/second-factor"): "of people who have set one up: tests/system/second_factor_test.py",
}
# What the server writes by itself, whatever is asked.
VOLATILE = {"lease": "*", "api_key": {"last_used_at_us", "last_address"}, "session": {"last_used_at_us"}}


class AdminClient(house.Client):
    """The owner of the machine, over DIR/admin.sock."""

    def __init__(self, data):
        super().__init__(0)
        self.place = os.path.join(data, "admin.sock")

    def request(self, verb, path, body=None, headers=None, timeout=house.PATIENCE, media="application/json"):
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        try:
            connection.sock.connect(self.place)
            connection.request(verb, path, body=None if body is None else json.dumps(body).encode(),
                               headers={"Content-Type": media, **(headers or {})})
            answer = connection.getresponse()
            return house.Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


class EveryWrite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.server = house.Server(env=LOOPBACK).start()
        cls.client = cls.server.machine_client()
        cls.owner = cls.server.client()
        cls.admin = AdminClient(cls.server.data)
        cls.admin.post("/api/v1/system/users", cls.new_person())  # the workspace has an owner who stays

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.upstream.server.shutdown()

    # -- what rows need

    @staticmethod
    def new_person():
        unique = uuid.uuid4().hex[:12]
        return {"email": f"{unique}@example.com", "name": "Ann", "password": "correct horse battery " + unique}

    def person(self):
        answer = self.admin.post("/api/v1/system/users", self.new_person())
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def name(self):
        return "n" + uuid.uuid4().hex[:10]

    def document(self, *nodes, **more):
        return {"name": self.name(), **chain(*(nodes or (node("a"),))), **more}

    def flow(self, *nodes, **more):
        return self.client.create_flow(self.document(*nodes, **more))

    def started(self, flow, status):
        run = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        self.until(run, status)
        return run

    def until(self, run, *statuses):
        eventually(lambda: self.client.get(f"/api/v1/runs/{run}").json["status"] in statuses, f"{run} is {statuses}")

    def failed(self):
        return self.started(self.flow(node("boom", "fail", {"message": "no"})), "failed")

    def waiting(self):
        return self.started(self.flow(node("ask", "wait.signal", {"name": "go"})), "waiting")

    def letter(self):
        run = self.failed()
        return next(item["id"] for item in self.client.get("/api/v1/dead-letters?state=open&limit=200").json["items"] if item["run_id"] == run)

    def invitation(self):
        return self.client.post("/api/v1/invitations", {"email": self.name() + "@example.com", "role": "viewer"}).json["id"]

    def saved_view(self):
        return self.client.post("/api/v1/saved-views", {"page": "runs", "name": self.name(), "search": ""}).json["id"]

    @staticmethod
    def provider_body(name):
        return {"name": name, "type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1", "models": [{"id": "model-" + name}]}

    def provider(self):
        name = self.name()
        self.client.post("/api/v1/providers", self.provider_body(name))
        return name

    def provider_change(self):
        name = self.provider()
        return f"/api/v1/providers/{name}", {**self.provider_body(name), "enabled": False}

    @staticmethod
    def guardrail_body(name):
        return {"name": name, "models": ["none-like-it"], "rule": {"type": "detect", "kinds": ["email"]}}

    def guardrail(self):
        name = self.name()
        self.client.post("/api/v1/guardrails", self.guardrail_body(name))
        return name

    def guardrail_change(self):
        name = self.guardrail()
        return f"/api/v1/guardrails/{name}", {**self.guardrail_body(name), "enabled": False}

    def model_route(self):
        name = self.name()
        self.client.put(f"/api/v1/model-routes/{name}", {"targets": [{"model": "simulated-small"}]})
        return name

    def secret(self):
        return self.client.post("/api/v1/secrets", {"name": self.name(), "value": "a quiet value"}).json["id"]

    def model_limit(self):
        return self.client.post("/api/v1/model-limits", {"scope": {"type": "project", "id": self.name()}, "requests_per_minute": 9}).json["id"]

    def budget(self):
        return self.client.post("/api/v1/budgets", {"scope": {"type": "tag", "id": self.name()}, "window": "month", "limit_usd": "9"}).json["id"]

    def unknown_spend(self):
        budget = self.budget()
        with offline(self.server) as database:
            leave_granted(database, budget, 10 ** 9)
        return self.client.get(f"/api/v1/budgets/{budget}/unknown").json["items"][0]["id"]

    def key_id(self):
        return self.client.post("/api/v1/api-keys", {"name": self.name(), "role": "viewer"}).json["id"]

    def role_id(self):
        return self.client.post("/api/v1/roles", {"name": self.name(), "permissions": ["runs:read"]}).json["id"]

    def artifact(self):
        return self.client.post("/api/v1/artifacts?name=a.txt", b"words", media="text/plain").json["id"]

    def with_draft(self):
        document = self.document()
        flow = self.client.create_flow(document)
        answer = self.client.put(f"/api/v1/flows/{flow}/draft", {**document, "nodes": [node("b")], "edges": []})
        self.assertEqual(answer.status, 201, answer)
        return flow

    def with_pin(self):
        flow = self.flow()
        self.assertEqual(self.client.put(f"/api/v1/flows/{flow}/pins/a", {"output": 1}).status, 200)
        return flow

    def unknown(self):
        path = "/" + uuid.uuid4().hex
        self.upstream.set(path, 200, 30)
        flow = self.flow(node("pay", "http.request", {"method": "POST", "url": self.upstream.url(path), "body": {}}, on_unknown="stop"))
        run = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        eventually(lambda: self.upstream.count(path) == 1, "the call is under way")
        self.server.kill()
        self.server.start()
        eventually(lambda: self.client.get(f"/api/v1/runs/{run}").json["status"] == "waiting", "its end is unknown")
        return run

    def slow_bulk(self):
        flow = self.flow(node("boom", "fail", {"message": "no"}))
        for _ in range(3):
            self.started(flow, "failed")
        answer = self.client.post("/api/v1/runs/bulk", {"action": "retry", "filter": {"flow": flow}, "canary": 0, "rate_per_second": 0.01})
        self.assertEqual(answer.status, 202, answer)
        eventually(lambda: self.client.get("/api/v1/bulk-actions/" + answer.json["id"]).json["done"] == 1, "it has begun")
        return answer.json["id"]

    def paused(self):
        run = self.waiting()
        self.assertEqual(self.client.post(f"/api/v1/runs/{run}/pause").status, 200)
        return run

    def versions(self):
        document = self.document()
        flow = self.client.create_flow(document)
        self.assertEqual(self.client.put(f"/api/v1/flows/{flow}", {**document, "nodes": [node("b")], "edges": []}).status, 200)
        return flow

    # -- the table: verb and route, then path and body of a request

    def rows(self):
        document = self.document
        bulk = {"action": "retry", "canary": 0, "rate_per_second": 100}

        def change(flow_document):
            flow = self.client.create_flow(flow_document)
            return f"/api/v1/flows/{flow}", {**flow_document, "nodes": [node("other")], "edges": []}

        def draft():
            flow_document = document()
            return f"/api/v1/flows/{self.client.create_flow(flow_document)}/draft", flow_document

        def own_flow_letters():
            flow = self.flow(node("boom", "fail", {"message": "no"}))
            self.started(flow, "failed")
            return flow

        return {
            ("POST", "/api/v1/workspaces"): lambda: ("/api/v1/workspaces", {"name": self.name()}),
            ("POST", "/api/v1/projects"): lambda: ("/api/v1/projects", {"name": self.name()}),
            ("POST", "/api/v1/api-keys"): lambda: ("/api/v1/api-keys", {"name": self.name(), "role": "viewer"}),
            ("PATCH", "/api/v1/api-keys/{id}"): lambda: (f"/api/v1/api-keys/{self.key_id()}", {"models": ["a*"], "requests_per_minute": 9}),
            ("DELETE", "/api/v1/api-keys/{id}"): lambda: (f"/api/v1/api-keys/{self.key_id()}", None),
            ("POST", "/api/v1/roles"): lambda: ("/api/v1/roles", {"name": self.name(), "permissions": ["runs:read"]}),
            ("PUT", "/api/v1/roles/{id}"): lambda: (f"/api/v1/roles/{self.role_id()}", {"permissions": ["flows:read"]}),
            ("DELETE", "/api/v1/roles/{id}"): lambda: (f"/api/v1/roles/{self.role_id()}", None),
            ("POST", "/api/v1/flows"): lambda: ("/api/v1/flows", document()),
            ("POST", "/api/v1/flows/import"): lambda: ("/api/v1/flows/import", document()),
            ("PUT", "/api/v1/flows/{id}"): lambda: change(document()),
            ("DELETE", "/api/v1/flows/{id}"): lambda: (f"/api/v1/flows/{self.flow()}", None),
            ("PUT", "/api/v1/flows/{id}/live"): lambda: (f"/api/v1/flows/{self.versions()}/live", {"version": 1}),
            ("PUT", "/api/v1/flows/{id}/draft"): draft,
            ("DELETE", "/api/v1/flows/{id}/draft"): lambda: (f"/api/v1/flows/{self.with_draft()}/draft", None),
            ("POST", "/api/v1/flows/{id}/draft/publish"): lambda: (f"/api/v1/flows/{self.with_draft()}/draft/publish", {"note": "better"}),
            ("PUT", "/api/v1/flows/{id}/pins/{node}"): lambda: (f"/api/v1/flows/{self.flow()}/pins/a", {"output": {"n": 1}}),
            ("DELETE", "/api/v1/flows/{id}/pins/{node}"): lambda: (f"/api/v1/flows/{self.with_pin()}/pins/a", None),
            ("POST", "/api/v1/flows/{id}/runs"): lambda: (f"/api/v1/flows/{self.flow()}/runs", {"input": {}}),
            ("POST", "/api/v1/runs/bulk"): lambda: ("/api/v1/runs/bulk", {**bulk, "filter": {"flow": own_flow_letters()}}),
            ("POST", "/api/v1/runs/{id}/cancel"): lambda: (f"/api/v1/runs/{self.waiting()}/cancel", {"reason": "enough"}),
            ("POST", "/api/v1/runs/{id}/pause"): lambda: (f"/api/v1/runs/{self.waiting()}/pause", {}),
            ("POST", "/api/v1/runs/{id}/resume"): lambda: (f"/api/v1/runs/{self.paused()}/resume", {}),
            ("POST", "/api/v1/runs/{id}/signals/{name}"): lambda: (f"/api/v1/runs/{self.waiting()}/signals/other", {"payload": 1}),
            ("POST", "/api/v1/runs/{id}/decide"): lambda: (f"/api/v1/runs/{self.unknown()}/decide",
                                                            {"path": "pay", "decision": "succeed", "output": {"paid": True}}),
            ("POST", "/api/v1/runs/{id}/retry"): lambda: (f"/api/v1/runs/{self.failed()}/retry", {}),
            ("POST", "/api/v1/runs/{id}/rerun"): lambda: (f"/api/v1/runs/{self.failed()}/rerun", {}),
            ("POST", "/api/v1/dead-letters/redrive"): lambda: ("/api/v1/dead-letters/redrive", {
                "canary": 0, "rate_per_second": 100, "filter": {"flow": own_flow_letters()}}),
            ("POST", "/api/v1/dead-letters/{id}/redrive"): lambda: (f"/api/v1/dead-letters/{self.letter()}/redrive", {}),
            ("POST", "/api/v1/dead-letters/{id}/discard"): lambda: (f"/api/v1/dead-letters/{self.letter()}/discard", {"reason": "known"}),
            ("POST", "/api/v1/bulk-actions/{id}/cancel"): lambda: (f"/api/v1/bulk-actions/{self.slow_bulk()}/cancel", None),
            ("POST", "/api/v1/queues/{name}/pause"): lambda: ("/api/v1/queues/default/pause", None),
            ("POST", "/api/v1/queues/{name}/drain"): lambda: ("/api/v1/queues/default/drain", None),
            ("POST", "/api/v1/queues/{name}/resume"): lambda: ("/api/v1/queues/default/resume", None),
            ("PATCH", "/api/v1/queues/{name}"): lambda: ("/api/v1/queues/default", {"weight": 2}),
            ("POST", "/api/v1/artifacts"): lambda: ("/api/v1/artifacts?name=b.txt", b"some words"),
            ("DELETE", "/api/v1/artifacts/{id}"): lambda: (f"/api/v1/artifacts/{self.artifact()}", None),
            ("POST", "/api/v1/invitations"): lambda: ("/api/v1/invitations", {"email": self.name() + "@example.com", "role": "viewer"}),
            ("DELETE", "/api/v1/invitations/{id}"): lambda: (f"/api/v1/invitations/{self.invitation()}", None),
            ("PATCH", "/api/v1/users/{id}"): lambda: (f"/api/v1/users/{self.person()}", {"role": "viewer"}),
            ("DELETE", "/api/v1/users/{id}"): lambda: (f"/api/v1/users/{self.person()}", None),
            ("POST", "/api/v1/system/users"): lambda: ("/api/v1/system/users", self.new_person()),
            ("PATCH", "/api/v1/system/users/{id}"): lambda: (f"/api/v1/system/users/{self.person()}", {"status": "disabled"}),
            ("POST", "/api/v1/secrets"): lambda: ("/api/v1/secrets", {"name": self.name(), "value": "a quiet value"}),
            ("PUT", "/api/v1/secrets/{id}"): lambda: (f"/api/v1/secrets/{self.secret()}", {"value": "another value"}),
            ("PATCH", "/api/v1/secrets/{id}"): lambda: (f"/api/v1/secrets/{self.secret()}", {"description": "for the shop"}),
            ("DELETE", "/api/v1/secrets/{id}"): lambda: (f"/api/v1/secrets/{self.secret()}", None),
            ("POST", "/api/v1/secrets/rotate-keys"): lambda: ("/api/v1/secrets/rotate-keys", None),
            ("POST", "/api/v1/saved-views"): lambda: ("/api/v1/saved-views", {"page": "runs", "name": self.name(), "search": "status=failed"}),
            ("PUT", "/api/v1/saved-views/{id}"): lambda: (f"/api/v1/saved-views/{self.saved_view()}", {"name": self.name(), "search": "", "shared": True}),
            ("DELETE", "/api/v1/saved-views/{id}"): lambda: (f"/api/v1/saved-views/{self.saved_view()}", None),
            ("POST", "/api/v1/providers"): lambda: ("/api/v1/providers", self.provider_body(self.name())),
            ("PUT", "/api/v1/providers/{id}"): lambda: self.provider_change(),
            ("DELETE", "/api/v1/providers/{id}"): lambda: (f"/api/v1/providers/{self.provider()}", None),
            ("POST", "/api/v1/guardrails"): lambda: ("/api/v1/guardrails", self.guardrail_body(self.name())),
            ("PUT", "/api/v1/guardrails/{id}"): lambda: self.guardrail_change(),
            ("DELETE", "/api/v1/guardrails/{id}"): lambda: (f"/api/v1/guardrails/{self.guardrail()}", None),
            ("PUT", "/api/v1/content-policy"): lambda: ("/api/v1/content-policy", {"keep": "errors"}),
            ("PUT", "/api/v1/model-routes/{name}"): lambda: (f"/api/v1/model-routes/{self.name()}", {"targets": [{"model": "simulated-small"}]}),
            ("DELETE", "/api/v1/model-routes/{name}"): lambda: (f"/api/v1/model-routes/{self.model_route()}", None),
            ("POST", "/v1/chat/completions"): lambda: ("/v1/chat/completions", {
                "model": "simulated-small", "messages": [{"role": "user", "content": self.name()}]}),
            ("POST", "/api/v1/model-limits"): lambda: ("/api/v1/model-limits", {"scope": {"type": "project", "id": self.name()}, "requests_per_minute": 9}),
            ("PUT", "/api/v1/model-limits/{id}"): lambda: (f"/api/v1/model-limits/{self.model_limit()}", {"tokens_per_minute": 8}),
            ("DELETE", "/api/v1/model-limits/{id}"): lambda: (f"/api/v1/model-limits/{self.model_limit()}", None),
            ("POST", "/api/v1/budgets"): lambda: ("/api/v1/budgets", {"scope": {"type": "tag", "id": self.name()}, "window": "day", "limit_usd": "1"}),
            ("PUT", "/api/v1/budgets/{id}"): lambda: (f"/api/v1/budgets/{self.budget()}", {"limit_usd": "8"}),
            ("DELETE", "/api/v1/budgets/{id}"): lambda: (f"/api/v1/budgets/{self.budget()}", None),
            ("POST", "/api/v1/budgets/{id}/raise"): lambda: (f"/api/v1/budgets/{self.budget()}/raise",
                                                             {"amount_usd": "1", "until": "2099-01-01T00:00:00Z", "reason": "a launch"}),
            ("POST", "/api/v1/budgets/unknown/{unknown_id}/resolve"): lambda: (f"/api/v1/budgets/unknown/{self.unknown_spend()}/resolve",
                                                                               {"cost_usd": "0.5", "reason": "the bill"}),
            ("PUT", "/api/v1/workspaces/{id}/egress"): lambda: ("/api/v1/workspaces/default/egress", {"hosts": None}),
            ("PATCH", "/api/v1/workspaces/{id}"): lambda: ("/api/v1/workspaces/default", {"require_second_factor": False}),
            ("POST", "/api/v1/models/import"): lambda: ("/api/v1/models/import", {"format": 1, "models": [
                {"provider": "acme", "id": self.name(), "kind": "chat",
                 "prices": [{"valid_from": "2026-01-01T00:00:00Z", "usd_per_million": {"input": "1", "output": "2"}}]}]}),
            ("POST", "/api/v1/system/backup"): lambda: ("/api/v1/system/backup", {"path": self.name()}),
        }

    # -- the judge

    def contents(self):
        """Every table's rows, without what the server writes by itself."""
        out = {}
        with sqlite3.connect(self.server.database(), timeout=30) as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
            for table in tables:
                skipped = VOLATILE.get(table, set())
                if skipped == "*" or table.startswith("audit"):
                    continue
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] not in skipped]
                out[table] = sorted(database.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall(), key=repr)
        database.close()
        return out

    def settled(self):
        """Nothing is under way any more, and what is stored stays as it is."""
        def calm():
            busy = [run for run in self.client.get("/api/v1/runs?status=running&limit=200").json["items"]]
            bulk = [action for action in self.client.get("/api/v1/bulk-actions").json["items"] if action["state"] == "running"]
            return not busy and not bulk
        eventually(calm, "nothing runs")
        return eventually(lambda: (before := self.contents()) == self.contents() and before, "the database rests")

    def send(self, verb, path, body, key):
        media = "text/plain" if isinstance(body, bytes) else "application/json"
        client = self.client
        if path.startswith("/api/v1/system/users"):
            client = self.admin
        elif path.startswith("/api/v1/users/"):
            client = self.owner
        return client.request(verb, path, body, headers={"Idempotency-Key": key}, media=media)

    def open_queue(self):
        self.assertEqual(self.client.post("/api/v1/queues/default/resume").status, 200)

    # -- the tests

    def test_every_route_that_writes_has_a_row_here_or_a_reason_to_have_none(self):
        document = self.client.get("/api/v1/openapi.json").json
        writes = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs
                  if verb in ("post", "put", "patch", "delete")}
        known = set(self.rows()) | set(WITHOUT_EFFECT)
        self.assertEqual(writes - known, set(), "add a row for the new route to tests/system/idempotency_test.py")
        self.assertEqual(known - writes, set(), "these routes are gone")

    def test_the_same_key_gives_the_stored_answer_and_has_its_effect_once(self):
        for (verb, route), request in self.rows().items():
            with self.subTest(f"{verb} {route}"):
                path, body = request()
                key = uuid.uuid4().hex
                first = self.send(verb, path, body, key)
                self.assertIn(first.status, (200, 201, 202, 204), first)
                self.assertNotIn("idempotent-replayed", first.headers)
                before = self.settled()
                again = self.send(verb, path, body, key)
                self.assertEqual(again.headers.get("idempotent-replayed"), "true", again)
                self.assertEqual(self.settled(), before, "the second request changed something")
                if route == "/api/v1/flows/{id}/runs":   # the first run, as it is now
                    self.assertEqual(again.json["id"], first.json["id"])
                    continue
                self.assertEqual((again.status, again.headers.get("etag")), (first.status, first.headers.get("etag")))
                shown_once = {"/api/v1/api-keys": "key", "/api/v1/invitations": "path"}.get(route)
                if shown_once and verb == "POST":   # stored nowhere
                    self.assertEqual(again.json, {**first.json, shown_once: None})
                else:
                    self.assertEqual(again.body, first.body)
                if "/queues/" in route:
                    self.open_queue()

    def test_the_same_key_with_another_request_is_refused(self):
        key = uuid.uuid4().hex
        self.assertEqual(self.send("POST", "/api/v1/queues/default/resume", None, key).status, 200)
        self.assertEqual(self.send("POST", "/api/v1/queues/default/resume", {}, key).status, 422)
        letter = self.letter()
        self.assertEqual(self.send("POST", f"/api/v1/dead-letters/{letter}/redrive", {}, key).status, 202)
        other = self.letter()
        self.assertEqual(self.send("POST", f"/api/v1/dead-letters/{other}/redrive", {}, key).status, 422)


if __name__ == "__main__":
    house.main()
