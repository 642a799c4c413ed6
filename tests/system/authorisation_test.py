"""The authorisation matrix, made from the routes that the program itself declares: every route, with every role that every workspace
has, against an object of the caller's own, one of another workspace and one outside of a key's scope.

What is expected follows from the permission that the route declares and from those that the key has, and from nothing else. A route whose
parameters this test cannot fill fails it: whoever adds one says here what its objects are."""

import re
import unittest
import uuid

import house
from budget_books import add_spend, leave_granted, offline
from house import chain, eventually, node, segment

# Statuses of a request that got as far as its handler: it was allowed, whatever became of it.
REACHED = {200, 201, 202, 204, 304, 409, 412, 422, 428}
OWN, FOREIGN, OUTSIDE = "own", "of another workspace", "outside of the scope"

# Routes whose handler asks for more than the permission, with what it answers a key then.
FURTHER = {
    ("post", "/v1/models/{call}"): {404},                     # it names no verb
    ("post", "/v1beta/models/{call}"): {404},
    ("post", "/v1/models/{provider}/{call}"): {404},
    ("post", "/v1beta/models/{provider}/{call}"): {404},
    ("get", "/api/v1/system/users"): {403},                   # the admin socket alone
    ("delete", "/api/v1/auth/sessions/{id}"): {404, 409},     # a key has no sessions
}
# Routes that keys cannot use as they are meant, but may call: about the caller's own session, which a key does not have.
OF_PEOPLE = {("post", "/api/v1/auth/logout"), ("post", "/api/v1/auth/password"), ("post", "/api/v1/auth/reauthenticate"),
             ("get", "/api/v1/auth/sessions"), ("delete", "/api/v1/auth/sessions")}
# A link signs in as owner: that is for owners.
FOR_OWNERS = {("post", "/api/v1/auth/links")}


def document(name, project, *nodes, **more):
    return {"name": name, "project": project, **chain(*(nodes or (node("a"),))), **more}


class Place:
    """Objects of one workspace and project, one of each kind, made by its owner over REST."""

    def __init__(self, server, workspace, project):
        self.server, self.workspace, self.project = server, workspace, project
        self.owner = server.client(workspace)
        if project != "default":
            self.made(self.owner.post("/api/v1/projects", {"name": project}))
        self.flow_name = self.name()
        self.document = document(self.flow_name, project)
        self.flow = self.made(self.owner.post("/api/v1/flows", self.document))["id"]
        self.made(self.owner.put(f"/api/v1/flows/{self.flow}", {**self.document, "nodes": [node("a"), node("b")], "edges": [{"from": "a", "to": "b"}]}))
        self.boom_name = self.name()
        self.boom = self.made(self.owner.post("/api/v1/flows", document(self.boom_name, project, node("boom", "fail", {"message": "no"}))))["id"]
        self.flow_names = [self.flow_name, self.boom_name]
        self.run = self.ended(self.boom)
        self.good = self.ended(self.flow)
        self.letter = next(item["id"] for item in self.owner.get("/api/v1/dead-letters?limit=200").json["items"] if item["run_id"] == self.run)
        self.event = next(item["sequence"] for item in self.owner.get("/api/v1/events?limit=200").json["items"] if item["subject"] == self.run)
        self.artifact = self.new_artifact()
        self.bulk = None
        self.key_id = self.new_key()
        self.role = self.new_role()
        self.invitation = self.new_invitation()
        self.user = self.new_user()
        self.secret = self.new_secret()
        self.budget = self.new_budget()
        self.model_limit = self.new_model_limit()
        self.provider = self.new_provider()
        self.model_route = self.new_model_route()
        self.guardrail = self.new_guardrail()
        self.saved_view = self.new_saved_view()
        self.project_id = next(item["id"] for item in self.owner.get("/api/v1/projects").json["items"] if item["name"] == project)
        self.workspace_id = self.owner.get("/api/v1/auth/me").json["workspace"]["id"]

    def name(self):
        return "n" + uuid.uuid4().hex[:10]

    def made(self, answer):
        if answer.status not in (200, 201, 202):
            raise AssertionError(f"could not be made: {answer}")
        return answer.json

    def ended(self, flow):
        run = self.made(self.owner.post(f"/api/v1/flows/{flow}/runs", {"input": {}}))["id"]
        eventually(lambda: self.owner.get(f"/api/v1/runs/{run}").json["status"] in ("failed", "succeeded"), f"{run} has ended")
        return run

    # -- one more of a kind, for what would take it away

    def new_flow(self):
        name = self.flow_name + "." + uuid.uuid4().hex[:6]
        return self.made(self.owner.post("/api/v1/flows", document(name, self.project)))["id"]

    def new_artifact(self):
        # Of a run, so that it belongs where the run does.
        flow = self.made(self.owner.post("/api/v1/flows", document(self.name(), self.project, node(
            "w", "file.write", {"content": "words", "artifact": "a.txt"}))))["id"]
        run = self.ended(flow)
        return self.owner.get(f"/api/v1/artifacts?run={run}").json["items"][0]["id"]

    def new_key(self):
        return self.made(self.owner.post("/api/v1/api-keys", {"name": "k", "role": "viewer"}))["id"]

    def new_role(self):
        return self.made(self.owner.post("/api/v1/roles", {"name": self.name(), "permissions": ["runs:read"]}))["id"]

    def new_invitation(self):
        return self.made(self.owner.post("/api/v1/invitations", {"email": f"{self.name()}@example.com", "role": "viewer"}))["id"]

    def new_user(self):
        email = f"{self.name()}@example.com"
        done = house.sluice("user", "create", email, "--role", "viewer", "--workspace", self.workspace, data=self.server.data,
                            stdin="a quite unusual sentence\n")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return next(item["id"] for item in self.owner.get("/api/v1/users?limit=200").json["items"] if item["email"] == email)

    def new_secret(self):
        name = self.name()
        self.made(self.owner.post("/api/v1/secrets", {"name": name, "value": "not to be told"}))
        return name

    def new_provider(self):
        name = self.name()
        self.made(self.owner.post("/api/v1/providers", self.provider_body(name)))
        return name

    @staticmethod
    def provider_body(name):
        return {"name": name, "type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1", "models": [{"id": "model-" + name}]}

    def new_guardrail(self):
        name = self.name()
        self.made(self.owner.post("/api/v1/guardrails", self.guardrail_body(name)))
        return name

    @staticmethod
    def guardrail_body(name):
        return {"name": name, "models": ["none-like-it"], "rule": {"type": "detect", "kinds": ["email"]}}

    def new_model_route(self):
        name = self.name()
        assert self.owner.put(f"/api/v1/model-routes/{name}", {"targets": [{"model": "simulated-small"}]}).status == 200
        return name

    def new_model_limit(self):
        return self.made(self.owner.post("/api/v1/model-limits", {"scope": {"type": "project", "id": self.name()}, "requests_per_minute": 1000}))["id"]

    def new_saved_view(self):
        return self.made(self.owner.post("/api/v1/saved-views", {"page": "runs", "name": self.name(), "search": "", "shared": True}))["id"]

    def new_budget(self):
        return self.made(self.owner.post("/api/v1/budgets", {"scope": {"type": "tag", "id": self.name()}, "window": "month", "limit_usd": "9"}))["id"]

    def new_bulk(self):
        return self.made(self.owner.post("/api/v1/runs/bulk", {
            "action": "rerun", "filter": {"status": "failed", "flow": self.boom}, "canary": 0, "rate_per_second": 100}))["id"]


class Matrix(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env={"SLUICE_LIMITS_SIGN_IN_RATE": "0", "SLUICE_LIMITS_ADDRESS_RATE": "0", "SLUICE_AUTH_PASSWORD_MEMORY": "19MiB", "SLUICE_AUTH_PASSWORD_PASSES": "2"}).start()
        cls.own = Place(cls.server, "default", "shop")
        cls.outside = Place(cls.server, "default", "elsewhere")
        cls.foreign = Place(cls.server, "globex", "shop")
        for place in (cls.own, cls.outside, cls.foreign):
            place.bulk = place.new_bulk()
        with offline(cls.server) as database:  # what a call and a crash leave
            for place in (cls.own, cls.outside, cls.foreign):
                leave_granted(database, place.budget, 10 ** 9)
                place.spend = add_spend(database, place.workspace_id, model="m")
        for place in (cls.own, cls.outside, cls.foreign):
            place.unknown = place.owner.get(f"/api/v1/budgets/{place.budget}/unknown").json["items"][0]["id"]
        api = cls.own.owner.get("/api/v1/openapi.json").json
        cls.operations = [(verb, path, row) for path, verbs in api["paths"].items() for verb, row in verbs.items()]
        cls.roles = [role["name"] for role in cls.own.owner.get("/api/v1/roles").json["items"] if role["built_in"]]

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    # -- how parameters are filled: by collection and name

    def parameters(self, collection, place):
        return {
            "api-keys": {"id": place.key_id},
            "artifacts": {"id": place.artifact},
            "auth": {"id": "ses_01kah00000000000000000000"},
            "budgets": {"id": place.budget, "unknown_id": place.unknown},
            "bulk-actions": {"id": place.bulk},
            "dead-letters": {"id": place.letter},
            "events": {"number": place.event},
            "flows": {"id": place.flow, "version": "1", "node": "a"},
            "guardrails": {"id": place.guardrail},
            "invitations": {"id": place.invitation},
            "model-limits": {"id": place.model_limit},
            "model-routes": {"name": place.model_route},
            "node-types": {"name": "set"},
            "projects": {"id": place.project_id},
            "providers": {"id": place.provider},
            "queues": {"name": "default"},
            "roles": {"id": place.role},
            "runs": {"id": place.run, "path": "boom", "name": "go"},
            "saved-views": {"id": place.saved_view},
            "secrets": {"id": place.secret},
            "spend": {"id": place.spend},
            "system": {"id": place.user},
            "users": {"id": place.user},
            "workspaces": {"id": place.workspace_id},
        }.get(collection, {})

    # Collections whose objects are the same for every workspace, or named alike in each: nothing of them is foreign.
    COMMON = {"auth", "events", "model-routes", "node-types", "queues", "system"}
    # Collections that belong to projects and flows; all others are the workspace's.
    PLACED = {"artifacts", "bulk-actions", "dead-letters", "events", "flows", "projects", "runs"}
    # What belongs to everybody, or to the workspace as a whole although its permission concerns objects of projects.
    EVERYONES, WHOLE = {"node-types"}, {"queues"}

    # What would take the object away: a fresh one for each request that is allowed.
    FRESH = {
        ("delete", "/api/v1/api-keys/{id}"): ("id", "new_key"),
        ("delete", "/api/v1/artifacts/{id}"): ("id", "new_artifact"),
        ("delete", "/api/v1/budgets/{id}"): ("id", "new_budget"),
        ("delete", "/api/v1/flows/{id}"): ("id", "new_flow"),
        ("delete", "/api/v1/guardrails/{id}"): ("id", "new_guardrail"),
        ("delete", "/api/v1/invitations/{id}"): ("id", "new_invitation"),
        ("delete", "/api/v1/model-limits/{id}"): ("id", "new_model_limit"),
        ("delete", "/api/v1/model-routes/{name}"): ("name", "new_model_route"),
        ("delete", "/api/v1/providers/{id}"): ("id", "new_provider"),
        ("delete", "/api/v1/roles/{id}"): ("id", "new_role"),
        ("delete", "/api/v1/saved-views/{id}"): ("id", "new_saved_view"),
        ("delete", "/api/v1/secrets/{id}"): ("id", "new_secret"),
        ("delete", "/api/v1/users/{id}"): ("id", "new_user"),
    }
    QUERY = {
        ("get", "/api/v1/flows/{id}/diff"): lambda place: "?from=1&to=2",
        ("get", "/api/v1/models/prices"): lambda place: "?model=gpt-6-astra",
        ("get", "/api/v1/runs/{id}/diff"): lambda place: f"?with={place.run}",
        ("post", "/api/v1/artifacts"): lambda place: "?name=a.txt",
    }

    def bodies(self, place):
        fresh = document(place.name(), place.project)
        return {
            ("post", "/api/v1/api-keys"): {"name": "k", "permissions": ["workspaces:read"]},
            ("patch", "/api/v1/api-keys/{id}"): {"models": ["a*"]},
            ("post", "/api/v1/artifacts"): b"words",
            ("post", "/api/v1/auth/password"): {"password": "x", "new_password": "a quite unusual sentence"},
            ("post", "/api/v1/auth/reauthenticate"): {"password": "x"},
            ("post", "/api/v1/auth/totp/confirm"): {"code": "123456"},
            ("post", "/api/v1/auth/totp/disable"): {"otp": "123456"},
            ("post", "/api/v1/budgets"): {"scope": {"type": "tag", "id": place.name()}, "window": "day", "limit_usd": "1"},
            ("put", "/api/v1/budgets/{id}"): {"limit_usd": "8"},
            ("post", "/api/v1/budgets/{id}/raise"): {"amount_usd": "1", "until": "2099-01-01T00:00:00Z", "reason": "a launch"},
            ("post", "/api/v1/budgets/unknown/{unknown_id}/resolve"): {"cost_usd": "1", "reason": "the bill"},
            ("post", "/api/v1/dead-letters/redrive"): {"dry_run": True},
            ("post", "/api/v1/dead-letters/{id}/discard"): {"reason": "seen"},
            ("post", "/api/v1/expressions/preview"): {"expression": "1 + 1"},
            ("post", "/api/v1/flows"): fresh,
            ("post", "/api/v1/flows/import"): fresh,
            ("post", "/api/v1/flows/validate"): fresh,
            ("put", "/api/v1/flows/{id}"): place.document,
            ("put", "/api/v1/flows/{id}/draft"): place.document,
            ("put", "/api/v1/flows/{id}/live"): {"version": 1},
            ("put", "/api/v1/flows/{id}/pins/{node}"): {"output": {"n": 1}},
            ("post", "/api/v1/guardrails"): place.guardrail_body(place.name()),
            ("put", "/api/v1/guardrails/{id}"): place.guardrail_body(place.guardrail),
            ("put", "/api/v1/content-policy"): {"keep": "none"},
            ("post", "/api/v1/playground/compare"): {"models": ["simulated-small"], "prompt": "hello"},
            ("post", "/api/v1/invitations"): {"email": f"{place.name()}@example.com", "role": "guest"},
            ("post", "/api/v1/models/import"): {"format": 1, "models": []},
            ("post", "/api/v1/model-limits"): {"scope": {"type": "project", "id": place.name()}, "requests_per_minute": 1000},
            ("put", "/api/v1/model-limits/{id}"): {"tokens_per_minute": 1_000_000},
            ("post", "/api/v1/projects"): {"name": place.name()},
            ("post", "/api/v1/providers"): place.provider_body(place.name()),
            ("put", "/api/v1/providers/{id}"): place.provider_body(place.provider),
            ("put", "/api/v1/model-routes/{name}"): {"targets": [{"model": "simulated-small"}]},
            ("post", "/v1/chat/completions"): {"model": "simulated-small", "messages": [{"role": "user", "content": "hello"}]},
            ("post", "/v1/embeddings"): {"model": "simulated-small", "input": "hello"},
            ("post", "/v1/messages"): {"model": "simulated-small", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]},
            ("post", "/v1/messages/count_tokens"): {"model": "simulated-small", "messages": [{"role": "user", "content": "hello"}]},
            ("post", "/v1/responses"): {"model": "simulated-small", "input": "hello"},
            ("patch", "/api/v1/queues/{name}"): {"weight": 1},
            ("post", "/api/v1/roles"): {"name": place.name(), "permissions": []},
            ("put", "/api/v1/roles/{id}"): {"description": "changed"},
            ("post", "/api/v1/runs/bulk"): {"action": "retry", "dry_run": True},
            ("post", "/api/v1/runs/{id}/decide"): {"path": "boom", "decision": "retry"},
            ("post", "/api/v1/saved-views"): {"page": "runs", "name": place.name(), "search": ""},
            ("put", "/api/v1/saved-views/{id}"): {"name": place.name(), "search": "", "shared": True},
            ("post", "/api/v1/secrets"): {"name": place.name(), "value": "not to be told"},
            ("put", "/api/v1/secrets/{id}"): {"value": "another"},
            ("patch", "/api/v1/secrets/{id}"): {"description": "changed"},
            ("post", "/api/v1/system/backup"): {},
            ("post", "/api/v1/system/echo"): {},
            ("post", "/api/v1/system/users"): {"email": "a@example.com", "name": "A", "password": "a quite unusual sentence", "role": "viewer"},
            ("patch", "/api/v1/system/users/{id}"): {"status": "active"},
            ("patch", "/api/v1/users/{id}"): {"status": "active"},
            ("post", "/api/v1/vault/rotate-root"): {},
            ("post", "/api/v1/vault/unseal"): {},
            ("post", "/api/v1/workspaces"): {"name": place.name()},
            ("patch", "/api/v1/workspaces/{id}"): {"require_second_factor": False},
            ("put", "/api/v1/workspaces/{id}/egress"): {"hosts": None},
        }

    def filled(self, verb, path, row, place, allowed):
        """The address and the body of a request about the objects of `place`."""
        names = re.findall(r"{(\w+)}", path)
        values = dict(self.parameters(row.get("x-collection"), place))
        if path.startswith(("/v1/", "/v1beta/")):
            values.update(call="simulated-small", provider="simulated")
        if path == "/api/v1/runs/{id}/output":
            values["id"] = place.good  # only a run that succeeded has one
        if allowed and (verb, path) in self.FRESH:
            name, maker = self.FRESH[(verb, path)]
            values[name] = getattr(place, maker)()
        unknown = [name for name in names if name not in values]
        self.assertEqual(unknown, [], f"{verb.upper()} {path}: this test does not know how to fill {unknown}; say it in `parameters`")
        body = self.bodies(place).get((verb, path))
        if row.get("requestBody", {}).get("required") and body is None and "application/json" in row["requestBody"]["content"]:
            schema = row["requestBody"]["content"]["application/json"].get("schema", {})
            if schema.get("$ref", "").rpartition("/")[2] not in self.ALL_OPTIONAL:
                self.fail(f"{verb.upper()} {path}: this test does not know what to send; say it in `bodies`")
        address = re.sub(r"{(\w+)}", lambda match: segment(values[match.group(1)]), path)
        return address + self.QUERY.get((verb, path), lambda _: "")(place), body

    # Bodies that may be left out.
    ALL_OPTIONAL = {"Reason", "StartRun", "SendSignal", "Rerun", "RedriveDeadLetter", "DraftPublication", "NewPin"}

    def send(self, client, verb, address, body):
        media = "text/plain" if isinstance(body, bytes) else "application/json"
        return client.request(verb.upper(), address, body, media=media)

    # -- what is expected

    def expected(self, verb, path, row, permissions, role, whose, scoped):
        permission = row["x-permission"]
        if permission not in permissions:
            return {403}
        if (verb, path) in FURTHER:
            return FURTHER[(verb, path)]
        if (verb, path) in FOR_OWNERS and role != "owner":
            return {403}
        if (verb, path) in OF_PEOPLE:
            return REACHED | {400, 401}
        collection = row.get("x-collection")
        if scoped and collection in self.WHOLE:
            return {404}
        if collection is None or whose == OWN:
            return self.own_statuses(verb, path, permissions, scoped)
        return {404}

    def own_statuses(self, verb, path, permissions, scoped):
        if path.startswith("/api/v1/flows/{id}/draft") and verb != "put" and "flows:write" not in permissions:
            return {404}  # a draft is the caller's own, and this one has none
        if path == "/api/v1/saved-views/{id}" and "users:write" not in permissions:
            return {403}  # it is shared, and somebody else's
        if path == "/api/v1/spend/{id}/content":
            return {404}  # nothing is kept of it
        if path == "/api/v1/artifacts/{id}/content" and "runs:data" not in permissions:
            return {403}  # a run made it
        if scoped and path.startswith("/api/v1/bulk-actions/") and "runs:write" not in permissions:
            return {404}  # it was made by somebody without a scope, and may concern more
        return REACHED

    # -- the stories

    def callers(self):
        """Each role with the whole workspace, and limited to the project and the flows that are its own."""
        for role in self.roles:
            yield role, self.server.client("default", role), False
            made = self.own.owner.post("/api/v1/api-keys", {"role": role, "projects": ["shop"]})
            self.assertEqual(made.status, 201, made)
            yield role, house.Client(self.server.port, made.json["key"]), True

    def bulk_of(self, client):
        """A bulk action that a caller with a scope made: it sees that one."""
        made = client.post("/api/v1/runs/bulk", {"action": "rerun", "filter": {"status": ["failed", "succeeded", "cancelled"]}, "canary": 0,
                                                 "rate_per_second": 0.01})
        self.assertEqual(made.status, 202, made)
        return made.json["id"]

    def places(self, collection, scoped):
        yield OWN, self.own
        if collection is None or collection in self.EVERYONES:
            return
        if collection not in self.COMMON:
            yield FOREIGN, self.foreign
        if scoped and collection in self.PLACED:
            yield OUTSIDE, self.outside

    def test_every_route_with_every_role_and_whose_object_it_is(self):
        wrong, asked = [], 0
        for role, client, scoped in self.callers():
            permissions = client.get("/api/v1/auth/me").json["permissions"]
            for verb, path, row in self.operations:
                if row["x-permission"] is None:
                    continue
                for whose, place in self.places(row.get("x-collection"), scoped):
                    expected = self.expected(verb, path, row, permissions, role, whose, scoped)
                    address, body = self.filled(verb, path, row, place, whose == OWN and expected == REACHED)
                    if "/draft" in path and whose == OWN and expected == REACHED:
                        client.put(f"/api/v1/flows/{place.flow}/draft", place.document, headers={"If-Match": "*"})
                        client.put(f"/api/v1/flows/{place.flow}/draft", place.document)
                    if "/pins/" in path and whose == OWN:
                        place.owner.put(f"/api/v1/flows/{place.flow}/pins/a", {"output": 1})
                    if scoped and path.startswith("/api/v1/bulk-actions/") and whose == OWN and expected == REACHED:
                        address = address.replace(place.bulk, self.bulk_of(client))
                    answer = self.send(client, verb, address, body)
                    asked += 1
                    if path.startswith("/api/v1/queues/") and verb == "post":
                        place.owner.post("/api/v1/queues/default/resume")  # a paused or drained one would stop the story
                    if answer.status not in expected:
                        wrong.append(f"{role}{' with a scope' if scoped else ''}: {verb.upper()} {path} ({whose}): {answer.status}, not "
                                     f"{sorted(expected)}: {answer.text[:200]}")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong[:60]))
        self.assertGreater(asked, len(self.operations) * len(self.roles))

    def test_without_a_credential_every_route_that_needs_one_answers_401(self):
        stranger = house.Client(self.server.port)
        for verb, path, row in self.operations:
            if row["x-permission"] is None:
                continue
            address, body = self.filled(verb, path, row, self.own, False)
            answer = self.send(stranger, verb, address, body)
            self.assertEqual(answer.status, 401, f"{verb} {path}: {answer}")

    def test_what_is_open_says_so_and_is_on_the_list(self):
        """Whoever opens a route to everybody says it here as well."""
        opened = {(verb, path) for verb, path, row in self.operations if row["x-permission"] is None and path.startswith("/api/")}
        self.assertEqual(opened, {
            ("get", "/api/v1/auth/invitations/{token}"), ("post", "/api/v1/auth/invitations/{token}"),
            ("post", "/api/v1/auth/login"), ("post", "/api/v1/auth/login/second-factor"), ("get", "/api/v1/auth/oidc"), ("post", "/api/v1/auth/refresh"),
            ("post", "/api/v1/auth/reset"), ("get", "/api/v1/auth/setup"), ("post", "/api/v1/auth/setup"), ("get", "/api/v1/openapi.json")})

    def test_names_and_ids_of_another_workspace_in_queries_and_bodies_lead_nowhere(self):
        own, foreign = self.own.owner, self.foreign
        self.assertEqual(own.get(f"/api/v1/runs/{self.own.run}/diff?with={foreign.run}").status, 404)
        self.assertEqual(own.get(f"/api/v1/runs?flow={foreign.flow}").json["items"], [])
        self.assertEqual(own.get(f"/api/v1/artifacts?run={foreign.run}").json["items"], [])
        self.assertEqual(own.get(f"/api/v1/dead-letters?flow={foreign.boom}").json["items"], [])
        self.assertEqual(own.post("/api/v1/runs/bulk", {"action": "retry", "dry_run": True, "filter": {"flow": foreign.boom}}).json["total"], 0)
        self.assertEqual(own.request("PATCH", f"/api/v1/users/{self.own.user}",
                                     {"project_roles": [{"project": foreign.project_id, "role": "viewer"}]}).status, 404)


if __name__ == "__main__":
    house.main()
