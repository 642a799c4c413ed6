"""Keys with projects, flows, networks, rates and ends; roles of a workspace; people in single projects; data that is not for everybody."""

import json
import sqlite3
import time
import unittest
import uuid

import house
from house import chain, eventually, node, sluice

CANARY = "canary-71c2e0"  # stands in inputs, outputs and errors, and must not come out without runs:data
PASSWORD = "a quite unusual sentence"


class Story(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env={"SLUICE_LIMITS_SIGN_IN_RATE": "0", "SLUICE_LIMITS_ADDRESS_RATE": "0", "SLUICE_AUTH_PASSWORD_MEMORY": "19MiB", "SLUICE_AUTH_PASSWORD_PASSES": "2"}).start()
        cls.owner = cls.server.client()
        for project in ("shop", "hr"):
            cls.owner.post("/api/v1/projects", {"name": project})

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def name(self):
        return "n" + uuid.uuid4().hex[:10]

    def document(self, project, *nodes, name=None, **more):
        return {"name": name or self.name(), "project": project, **chain(*(nodes or (node("a"),))), **more}

    def key(self, **wanted):
        answer = self.owner.post("/api/v1/api-keys", wanted)
        self.assertEqual(answer.status, 201, answer)
        return house.Client(self.server.port, answer.json["key"]), answer.json

    def failed_run(self, project, message="no"):
        flow = self.owner.create_flow(self.document(project, node("boom", "fail", {"message": "cannot: {{ input.word }}"})))
        run = self.owner.post(f"/api/v1/flows/{flow}/runs", {"input": {"word": message}}).json["id"]
        eventually(lambda: self.owner.get(f"/api/v1/runs/{run}").json["status"] == "failed", "it has failed")
        return flow, run

    def ids(self, client, path):
        answer = client.get(path)
        self.assertEqual(answer.status, 200, answer)
        return [item["id"] for item in answer.json["items"]]


class Keys(Story):
    def test_a_key_made_over_the_network_ends_after_90_days_and_at_most_365(self):
        _, usual = self.key(role="viewer")
        self.assertIsNotNone(usual["expires_at"])
        days = (time.mktime(time.strptime(usual["expires_at"][:10], "%Y-%m-%d")) - time.time()) / 86400
        self.assertTrue(88 < days < 91, days)
        answer = self.owner.post("/api/v1/api-keys", {"expires_at": None})
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("sluice key create", answer.text)
        self.assertEqual(self.owner.post("/api/v1/api-keys", {"expires_at": "2999-01-01T00:00:00Z"}).status, 400)
        self.assertEqual(self.owner.post("/api/v1/api-keys", {"expires_at": "2001-01-01T00:00:00Z"}).status, 400)

    def test_a_key_made_on_the_machine_has_no_end_unless_it_says_so(self):
        made = json.loads(sluice("key", "create", "--role", "viewer", "--json", data=self.server.data).stdout)
        self.assertIsNone(self.owner.get(f"/api/v1/api-keys/{made['id']}").json["expires_at"])
        made = sluice("key", "create", "--role", "viewer", "--expires", "900d", "--json", data=self.server.data)
        self.assertIsNotNone(self.owner.get(f"/api/v1/api-keys/{json.loads(made.stdout)['id']}").json["expires_at"])
        refused = sluice("key", "create", "--expires", "never", "--url", f"http://127.0.0.1:{self.server.port}", "--key", self.owner.key)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("365 days", refused.stderr)

    def test_a_key_has_the_role_of_who_makes_it_unless_it_says_another(self):
        def made_by(key, *more, code=0):
            done = sluice("key", "create", "--json", *more, "--url", f"http://127.0.0.1:{self.server.port}", "--key", key)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done
        role = lambda made: self.owner.get(f"/api/v1/api-keys/{json.loads(made.stdout)['id']}").json["role"]
        admin = self.owner.post("/api/v1/api-keys", {"role": "admin"}).json["key"]
        self.assertEqual(role(made_by(admin)), "admin")
        self.assertEqual(role(made_by(self.owner.key)), "owner")
        self.assertEqual(role(sluice("key", "create", "--json", data=self.server.data)), "owner")  # on the server's own machine
        self.assertIn("only an owner", made_by(admin, "--role", "owner", code=1).stderr)
        listed = self.owner.post("/api/v1/api-keys", {"permissions": ["api-keys:read", "api-keys:write"]}).json["key"]
        self.assertIn("list its permissions", made_by(listed, code=1).stderr)
        self.assertEqual(role(made_by(listed, "--scopes", "api-keys:read")), "custom")

    def test_the_command_line_makes_a_key_with_every_limit(self):
        made = json.loads(sluice("key", "create", "--role", "service", "--project", "shop", "--flow", "triage", "--flow", "other",
                                 "--cidr", "127.0.0.0/8", "--rate", "10:50", "--expires", "30d", "--json", data=self.server.data).stdout)
        key = self.owner.get(f"/api/v1/api-keys/{made['id']}").json
        self.assertEqual((key["projects"], key["flows"], key["networks"]), (["shop"], ["triage", "other"], ["127.0.0.0/8"]))
        self.assertEqual(key["rate_limit"], {"per_second": 10, "burst": 50})
        self.assertIn("shop; triage, other", sluice("key", "list", data=self.server.data).stdout)
        self.assertNotEqual(sluice("key", "create", "--rate", "fast", data=self.server.data).returncode, 0)

    def test_limits_that_make_no_sense_are_refused_with_their_place(self):
        for wanted, pointer in [({"projects": ["nowhere"]}, "/projects/0"), ({"networks": ["10.0.0.0/99"]}, "/networks"),
                                ({"rate_limit": {"per_second": 0}}, "/rate_limit"), ({"flows": [""]}, "/flows/0"),
                                ({"permissions": ["users:write"], "projects": ["shop"]}, "/permissions")]:
            answer = self.owner.post("/api/v1/api-keys", wanted)
            self.assertEqual(answer.status, 400, answer)
            self.assertEqual(answer.json["errors"][0]["pointer"], pointer)

    def test_a_key_is_taken_from_its_networks_alone(self):
        inside, _ = self.key(role="viewer", networks=["127.0.0.0/8", "::1"])
        self.assertEqual(inside.get("/api/v1/flows").status, 200)
        outside, made = self.key(role="admin", networks=["10.1.2.0/24"])
        answer = outside.get("/api/v1/flows")
        self.assertEqual(answer.status, 403, answer)
        self.assertIn("127.0.0.1", answer.text)
        self.assertIsNone(self.owner.get(f"/api/v1/api-keys/{made['id']}").json["last_used_at"])

    def test_a_key_with_networks_makes_keys_for_the_same_ones_only(self):
        maker, _ = self.key(role="admin", networks=["127.0.0.0/8"])
        self.assertEqual(maker.post("/api/v1/api-keys", {"role": "viewer"}).json["networks"], ["127.0.0.0/8"])
        self.assertEqual(maker.post("/api/v1/api-keys", {"role": "viewer", "networks": ["0.0.0.0/0"]}).status, 403)

    def test_a_link_signs_in_as_owner_only_for_keys_that_may_do_all_of_that(self):
        admin, _ = self.key(role="admin")
        self.assertEqual(admin.post("/api/v1/auth/links", {}).status, 403)
        self.assertEqual(admin.post("/api/v1/api-keys", {"role": "owner"}).status, 403)
        self.assertEqual(admin.post("/api/v1/api-keys", {}).json["role"], "admin")
        for limits in ({"networks": ["127.0.0.0/8"]}, {"rate_limit": {"per_second": 50}}, {"models": ["small-*"]}, {"requests_per_minute": 5},
                       {"budget": {"limit_usd": "1"}}):
            limited, _ = self.key(role="owner", **limits)
            answer = limited.post("/api/v1/auth/links", {})
            self.assertEqual(answer.status, 403, (limits, answer))
            self.assertIn("limited", answer.text)
        whole, _ = self.key(role="owner")
        self.assertEqual(whole.post("/api/v1/auth/links", {}).status, 201)

    def test_a_key_has_a_rate_of_its_own(self):
        slow, _ = self.key(role="viewer", rate_limit={"per_second": 0.001, "burst": 2})
        statuses = [slow.get("/api/v1/flows").status for _ in range(4)]
        self.assertEqual(statuses, [200, 200, 429, 429])
        self.assertEqual(self.owner.get("/api/v1/flows").status, 200)

    def test_the_last_use_tells_from_where(self):
        client, made = self.key(role="viewer")
        self.assertIsNone(made["last_address"])
        client.get("/api/v1/flows")
        self.assertEqual(self.owner.get(f"/api/v1/api-keys/{made['id']}").json["last_address"], "127.0.0.1")

    def test_limits_hold_over_a_restart(self):
        with house.Server() as server:
            owner = server.client()
            owner.post("/api/v1/projects", {"name": "shop"})
            made = owner.post("/api/v1/api-keys", {"role": "developer", "projects": ["shop"], "networks": ["127.0.0.1"]}).json
            flow = owner.create_flow({"name": "out", **chain(node("a"))})
            server.terminate()
            server.start()
            client = house.Client(server.port, made["key"])
            self.assertEqual(client.get(f"/api/v1/flows/{flow}").status, 404)
            self.assertEqual(client.get("/api/v1/flows").json["items"], [])


class Scopes(Story):
    def test_what_is_outside_of_a_scope_is_in_no_list_or_stream(self):
        inside_flow, inside = self.failed_run("shop")
        outside_flow, outside = self.failed_run("hr")
        client, _ = self.key(role="developer", projects=["shop"])
        self.assertIn(inside, self.ids(client, "/api/v1/runs?limit=200"))
        self.assertNotIn(outside, self.ids(client, "/api/v1/runs?limit=200"))
        self.assertNotIn(outside, self.ids(client, "/api/v1/runs?limit=200&status=failed"))
        self.assertEqual(self.ids(client, f"/api/v1/runs?flow={outside_flow}"), [])
        self.assertEqual(self.ids(client, "/api/v1/runs?project=hr"), [])
        self.assertIn(inside_flow, self.ids(client, "/api/v1/flows?limit=200"))
        self.assertNotIn(outside_flow, self.ids(client, "/api/v1/flows?limit=200"))
        self.assertEqual(self.ids(client, "/api/v1/flows?project=hr"), [])
        letters = client.get("/api/v1/dead-letters?limit=200").json["items"]
        self.assertIn(inside, [item["run_id"] for item in letters])
        self.assertNotIn(outside, [item["run_id"] for item in letters])
        self.assertEqual([item["name"] for item in client.get("/api/v1/projects").json["items"]], ["shop"])
        self.assertEqual(client.get("/api/v1/queues").json["items"], [])
        subjects = [item["subject"] for item in client.get("/api/v1/events?limit=200").json["items"]]
        self.assertIn(inside, subjects)
        self.assertNotIn(outside, subjects)

        stream = house.EventStream(client)
        socket = house.WebSocket(client)
        socket.send({"subscribe": ["events"]})
        self.assertEqual(socket.next(), {"subscribed": ["events"]})
        self.owner.post(f"/api/v1/flows/{outside_flow}/runs", {"input": {}})
        run = self.owner.post(f"/api/v1/flows/{inside_flow}/runs", {"input": {}}).json["id"]
        self.assertEqual(stream.next()["data"]["subject"], run)
        self.assertEqual(socket.next()["event"]["subject"], run)
        socket.send({"subscribe": ["run/" + outside]})
        message = socket.next()
        while "error" not in message:
            message = socket.next()
        self.assertEqual(message["error"]["code"], "not_found")
        self.assertEqual(client.get(f"/api/v1/events?topic=run/{outside}", headers={"Accept": "text/event-stream"}).status, 404)
        stream.close()
        socket.close()

    def test_pages_stay_full_under_a_scope(self):
        client, _ = self.key(role="developer", projects=["shop"])
        flow = self.owner.create_flow(self.document("shop"))
        other = self.owner.create_flow(self.document("hr"))
        runs = []
        for _ in range(6):
            runs.append(self.owner.run(flow)["id"])
            self.owner.run(other)
        seen, cursor = [], ""
        for _ in range(3):
            page = client.get(f"/api/v1/runs?flow={flow}&limit=2{cursor}").json
            self.assertEqual(len(page["items"]), 2)
            seen += [item["id"] for item in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
        self.assertEqual(seen, runs[::-1])
        page = client.get("/api/v1/events?limit=5").json
        self.assertEqual(len(page["items"]), 5)
        self.assertTrue(all(item["data"]["project"] == "shop" for item in page["items"]))

    def test_a_key_for_one_flow_starts_that_one_and_sees_its_runs_alone(self):
        name = self.name()
        flow = self.owner.create_flow(self.document("shop", name=name))
        other = self.owner.create_flow(self.document("shop"))
        client, _ = self.key(role="service", flows=[name])
        run = client.run(flow)
        self.assertEqual(run["status"], "succeeded")
        self.assertEqual(client.post(f"/api/v1/flows/{other}/runs", {"input": {}}).status, 404)
        strange = self.owner.run(other)["id"]
        self.assertEqual(self.ids(client, "/api/v1/runs"), [run["id"]])
        self.assertEqual(client.get(f"/api/v1/runs/{strange}").status, 404)
        self.assertEqual(client.get(f"/api/v1/runs/{run['id']}/diff?with={strange}").status, 404)

    def test_bulk_actions_touch_what_is_inside(self):
        _, inside = self.failed_run("shop")
        _, outside = self.failed_run("hr")
        client, _ = self.key(role="operator", projects=["shop"])
        preview = client.post("/api/v1/runs/bulk", {"action": "retry", "dry_run": True}).json
        self.assertIn(inside, preview["first"])
        self.assertNotIn(outside, preview["first"])
        made = client.post("/api/v1/runs/bulk", {"action": "rerun", "filter": {"status": "failed"}, "canary": 0, "rate_per_second": 1000})
        self.assertEqual(made.status, 202, made)
        done = client.get(f"/api/v1/bulk-actions/{made.json['id']}?wait=30s").json
        self.assertEqual(done["state"], "done", done)
        again = [run["parent_run_id"] for run in self.owner.get("/api/v1/runs?limit=200&project=hr").json["items"]]
        self.assertNotIn(outside, again)
        rerun = next(run for run in self.owner.get("/api/v1/runs?limit=200&project=shop").json["items"] if run["parent_run_id"] == inside)
        self.assertEqual(rerun["started_by"], {"kind": "bulk_action", "id": made.json["id"]})
        everything = self.owner.post("/api/v1/runs/bulk", {"action": "rerun", "filter": {"status": "failed"}, "canary": 0, "rate_per_second": 0.01})
        self.assertEqual(client.get("/api/v1/bulk-actions/" + everything.json["id"]).status, 404)
        self.assertNotIn(everything.json["id"], self.ids(client, "/api/v1/bulk-actions"))
        self.owner.post(f"/api/v1/bulk-actions/{everything.json['id']}/cancel")
        letters = client.post("/api/v1/dead-letters/redrive", {"dry_run": True}).json
        self.assertEqual(letters["total"], len(client.get("/api/v1/dead-letters?state=open&limit=200").json["items"]))

    def test_nothing_is_published_outside_nor_calls_what_is_outside(self):
        secret = self.name()
        self.owner.create_flow(self.document("hr", name=secret))
        client, _ = self.key(role="developer", projects=["shop"])
        self.assertEqual(client.post("/api/v1/flows", self.document("shop")).status, 201)
        self.assertEqual(client.post("/api/v1/flows", self.document("hr")).status, 404)
        self.assertEqual(client.post("/api/v1/flows/import", self.document("hr")).status, 404)
        self.assertEqual(client.post("/api/v1/flows/import", self.document("shop", name=secret)).status, 409)
        for nodes, more in [((node("call", "subflow", {"flow": secret}),), {}), ((node("a"),), {"settings": {"error_flow": secret}}),
                            ((node("call", "subflow", {"flow": "not-there-yet"}),), {})]:
            answer = client.post("/api/v1/flows", self.document("shop", *nodes, **more))
            self.assertEqual(answer.status, 404, answer)
        mine = self.document("shop")
        flow = client.create_flow(mine)
        self.assertEqual(client.put(f"/api/v1/flows/{flow}", {**mine, "project": "hr"}).status, 404)
        self.assertEqual(client.post("/api/v1/flows", self.document("shop", node("call", "subflow", {"flow": mine["name"]}))).status, 201)
        named, _ = self.key(role="developer", flows=[mine["name"]])
        self.assertEqual(named.post("/api/v1/flows", self.document("shop")).status, 403)

    def test_uploads_of_a_key_with_a_scope_are_seen_by_itself_and_those_without(self):
        client, _ = self.key(role="developer", projects=["shop"])
        other, _ = self.key(role="developer", projects=["shop"])
        mine = client.post("/api/v1/artifacts?name=a.txt", b"words", media="text/plain").json["id"]
        theirs = self.owner.post("/api/v1/artifacts?name=a.txt", b"words", media="text/plain").json["id"]
        self.assertIn(mine, self.ids(client, "/api/v1/artifacts"))
        self.assertEqual(client.get(f"/api/v1/artifacts/{mine}/content").text, "words")
        self.assertNotIn(theirs, self.ids(client, "/api/v1/artifacts"))
        self.assertEqual(client.get(f"/api/v1/artifacts/{theirs}").status, 404)
        self.assertEqual(other.get(f"/api/v1/artifacts/{mine}").status, 404)
        self.assertEqual(self.owner.get(f"/api/v1/artifacts/{mine}").status, 200)

    def test_a_person_with_roles_in_projects_only_works_there(self):
        email = self.name() + "@example.com"
        made = sluice("user", "create", email, "--role", "guest", data=self.server.data, stdin=PASSWORD + "\n")
        self.assertEqual(made.returncode, 0, made.stderr)
        user = next(item["id"] for item in self.owner.get("/api/v1/users?limit=200").json["items"] if item["email"] == email)
        token = house.Client(self.server.port).post("/api/v1/auth/login", {"email": email, "password": PASSWORD}).json["access_token"]
        person = house.Client(self.server.port, token)
        self.assertEqual(person.get("/api/v1/flows").status, 403)
        roles = [{"project": "shop", "role": "operator"}, {"project": "hr", "role": "viewer"}]
        self.assertEqual(self.owner.request("PATCH", f"/api/v1/users/{user}", {"project_roles": roles}).status, 200)
        shop = self.owner.create_flow(self.document("shop"))
        hr = self.owner.create_flow(self.document("hr"))
        default = self.owner.create_flow(self.document("default"))
        self.assertEqual(person.post(f"/api/v1/flows/{shop}/runs", {"input": {}}).status, 202)
        self.assertEqual(person.post(f"/api/v1/flows/{hr}/runs", {"input": {}}).status, 403)
        self.assertEqual(person.post(f"/api/v1/flows/{default}/runs", {"input": {}}).status, 404)
        listed = self.ids(person, "/api/v1/flows?limit=200")
        self.assertIn(shop, listed)
        self.assertIn(hr, listed)
        self.assertNotIn(default, listed)
        self.assertEqual(sorted(item["name"] for item in person.get("/api/v1/projects").json["items"]), ["hr", "shop"])
        self.assertEqual(person.get("/api/v1/users").status, 403)
        self.assertEqual(person.post("/api/v1/queues/default/pause").status, 404)
        self.assertEqual(self.owner.request("PATCH", f"/api/v1/users/{user}", {"project_roles": []}).status, 200)
        self.assertEqual(person.get(f"/api/v1/flows/{shop}").status, 403)


class Roles(Story):
    def role(self, *permissions):
        answer = self.owner.post("/api/v1/roles", {"name": self.name(), "permissions": list(permissions)})
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def test_a_change_of_a_role_counts_at_the_next_request_of_keys_and_sessions(self):
        role = self.role("flows:read")
        client, made = self.key(role=role["name"])
        email = self.name() + "@example.com"
        sluice("user", "create", email, "--role", role["name"], data=self.server.data, stdin=PASSWORD + "\n")
        token = house.Client(self.server.port).post("/api/v1/auth/login", {"email": email, "password": PASSWORD}).json["access_token"]
        person = house.Client(self.server.port, token)
        for one in (client, person):
            self.assertEqual(one.get("/api/v1/flows").status, 200)
            self.assertEqual(one.get("/api/v1/runs").status, 403)
        answer = self.owner.put(f"/api/v1/roles/{role['id']}", {"permissions": ["runs:read"]})
        self.assertEqual(answer.status, 200, answer)
        for one in (client, person):
            self.assertEqual(one.get("/api/v1/flows").status, 403)
            self.assertEqual(one.get("/api/v1/runs").status, 200)
        self.assertEqual(self.owner.get(f"/api/v1/api-keys/{made['id']}").json["permissions"], ["runs:read", "workspaces:read"])

    def test_a_role_in_use_is_not_deleted(self):
        role = self.role("flows:read")
        _, key = self.key(role=role["name"])
        self.assertEqual(self.owner.delete(f"/api/v1/roles/{role['id']}").status, 409)
        self.owner.delete(f"/api/v1/api-keys/{key['id']}")
        invited = self.owner.post("/api/v1/invitations", {"email": self.name() + "@example.com", "role": role["name"]}).json
        self.assertEqual(self.owner.delete(f"/api/v1/roles/{role['name']}").status, 409)
        self.owner.delete(f"/api/v1/invitations/{invited['id']}")
        self.assertEqual(self.owner.delete(f"/api/v1/roles/{role['name']}").status, 204)
        self.assertEqual(self.owner.get(f"/api/v1/roles/{role['id']}").status, 404)
        self.assertEqual(self.owner.post("/api/v1/api-keys", {"role": role["name"]}).status, 400)

    def test_nobody_hands_out_what_they_lack(self):
        role = self.role("roles:read", "roles:write", "api-keys:write", "flows:read")
        client, _ = self.key(role=role["name"])
        self.assertEqual(client.post("/api/v1/roles", {"name": self.name(), "permissions": ["flows:read"]}).status, 201)
        for permissions in (["runs:data"], ["flows:read", "users:write"]):
            self.assertEqual(client.post("/api/v1/roles", {"name": self.name(), "permissions": permissions}).status, 403)
        self.assertEqual(client.put(f"/api/v1/roles/{role['id']}", {"permissions": ["runs:data"]}).status, 403)
        strong = self.role("runs:data")
        self.assertEqual(client.put(f"/api/v1/roles/{strong['id']}", {"permissions": []}).status, 403)
        self.assertEqual(client.delete(f"/api/v1/roles/{strong['id']}").status, 403)
        for permission in ("system:write", "workspaces:write"):
            self.assertEqual(self.owner.post("/api/v1/roles", {"name": self.name(), "permissions": [permission]}).status, 400)

    def test_built_in_roles_do_not_change_and_their_names_are_taken(self):
        self.assertEqual(self.owner.put("/api/v1/roles/viewer", {"description": "x"}).status, 409)
        self.assertEqual(self.owner.delete("/api/v1/roles/owner").status, 409)
        for name in ("viewer", "custom", "Not A Name"):
            self.assertEqual(self.owner.post("/api/v1/roles", {"name": name, "permissions": []}).status, 400)
        role = self.role()
        self.assertEqual(self.owner.post("/api/v1/roles", {"name": role["name"], "permissions": []}).status, 409)
        self.assertEqual(self.owner.post("/api/v1/roles", {"name": self.name(), "permissions": ["flows:fly"]}).status, 400)

    def test_two_who_change_a_role_at_once_are_told(self):
        role = self.role()
        etag = self.owner.get(f"/api/v1/roles/{role['id']}").headers["etag"]
        self.assertEqual(self.owner.put(f"/api/v1/roles/{role['id']}", {"description": "a"}, headers={"If-Match": etag}).status, 200)
        self.assertEqual(self.owner.put(f"/api/v1/roles/{role['id']}", {"description": "b"}, headers={"If-Match": etag}).status, 412)

    def test_changes_of_roles_are_audited_with_before_and_after(self):
        role = self.role("flows:read")
        self.owner.put(f"/api/v1/roles/{role['id']}", {"permissions": ["runs:read"]})
        self.owner.delete(f"/api/v1/roles/{role['id']}")
        entries = self.owner.get(f"/api/v1/audit?target={role['id']}").json["items"]
        self.assertEqual([entry["action"] for entry in entries], ["roles.delete", "roles.update", "roles.create"])
        self.assertIn("flows:read", json.dumps(entries[1]["before"]))
        self.assertIn("runs:read", json.dumps(entries[1]["after"]))

    def test_the_command_line_makes_changes_and_deletes_roles(self):
        name = self.name()
        made = sluice("role", "create", name, "--permissions", "flows:read, runs:read", "--description", "looks", data=self.server.data)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn(name, sluice("role", "list", data=self.server.data).stdout)
        changed = sluice("role", "update", name, "--permissions", "runs:read", "--json", data=self.server.data)
        self.assertEqual(json.loads(changed.stdout)["permissions"], ["runs:read"])
        self.assertNotEqual(sluice("role", "update", name, data=self.server.data).returncode, 0)
        self.assertEqual(sluice("role", "delete", name, data=self.server.data).returncode, 0)
        self.assertNotIn(name, sluice("role", "list", data=self.server.data).stdout)

    def test_roles_hold_over_a_restart(self):
        with house.Server() as server:
            owner = server.client()
            owner.post("/api/v1/roles", {"name": "support", "permissions": ["runs:read"]})
            key = owner.post("/api/v1/api-keys", {"role": "support"}).json["key"]
            server.terminate()
            server.start()
            client = house.Client(server.port, key)
            self.assertEqual(client.get("/api/v1/runs").status, 200)
            self.assertEqual(client.get("/api/v1/flows").status, 403)


class Masks(Story):
    def test_without_runs_data_no_data_of_runs_comes_out(self):
        flow = self.owner.create_flow(self.document(
            "shop", node("say", "set", {"values": {"word": "{{ input.word }}"}}), node("keep", "file.write", {"content": "{{ input.word }}", "artifact": "a.txt"}),
            node("boom", "fail", {"message": "cannot work on {{ input.word }}"})))
        start = {"input": {"word": CANARY}}
        run = self.owner.post(f"/api/v1/flows/{flow}/runs", start).json["id"]
        other = self.owner.post(f"/api/v1/flows/{flow}/runs", {"input": {"word": CANARY + "2"}}).json["id"]
        for one in (run, other):
            eventually(lambda: self.owner.get(f"/api/v1/runs/{one}").json["status"] == "failed", "it has failed")
        good = self.owner.create_flow(self.document("shop", node("say", "set", {"values": {"word": "{{ input.word }}"}})))
        succeeded = self.owner.run(good, {"word": CANARY})["id"]
        self.owner.put(f"/api/v1/flows/{flow}/pins/say", {"output": {"word": CANARY}})
        letter = next(item["id"] for item in self.owner.get("/api/v1/dead-letters?limit=200").json["items"] if item["run_id"] == run)
        artifact = self.ids(self.owner, f"/api/v1/artifacts?run={run}")[0]
        bulk = self.owner.post("/api/v1/runs/bulk", {"action": "rerun", "filter": {"status": "failed", "flow": flow}, "canary": 1,
                                                     "input": {"word": CANARY}}).json["id"]
        self.owner.get(f"/api/v1/bulk-actions/{bulk}?wait=30s")
        client, _ = self.key(permissions=["artifacts:read", "events:read", "flows:read", "runs:read", "runs:write"])
        pages = ["/api/v1/runs?limit=200", f"/api/v1/runs/{run}", f"/api/v1/runs/{succeeded}", f"/api/v1/runs/{run}?wait=1s",
                 f"/api/v1/runs/{run}/steps", f"/api/v1/runs/{run}/steps/say", f"/api/v1/runs/{run}/steps/boom", f"/api/v1/runs/{run}/events",
                 f"/api/v1/runs/{run}/why", f"/api/v1/runs/{run}/diff?with={other}", "/api/v1/dead-letters?limit=200",
                 f"/api/v1/dead-letters/{letter}", "/api/v1/events?limit=200", f"/api/v1/artifacts/{artifact}", "/api/v1/artifacts?limit=200",
                 f"/api/v1/flows/{flow}/pins/say", "/api/v1/bulk-actions?limit=200", f"/api/v1/bulk-actions/{bulk}", f"/api/v1/bulk-actions/{bulk}/items"]
        for page in pages:
            answer = client.get(page)
            self.assertEqual(answer.status, 200, f"{page}: {answer}")
            self.assertNotIn(CANARY, answer.text, page)
        for page in (f"/api/v1/runs/{run}/input", f"/api/v1/artifacts/{artifact}/content"):
            self.assertEqual(client.get(page).status, 403, page)
            self.assertIn(CANARY, self.owner.get(page).text)
        shown = client.get(f"/api/v1/runs/{run}").json
        self.assertEqual((shown["masked"], shown["status"], shown["error"]["code"], shown["error"]["message"]), (True, "failed", "unprocessable", None))
        self.assertEqual(shown["error"]["step"], "boom")
        self.assertIsNone(client.get(f"/api/v1/runs/{succeeded}").json["output"])
        self.assertNotIn("masked", self.owner.get(f"/api/v1/runs/{run}").json)
        self.assertIn(CANARY, self.owner.get(f"/api/v1/runs/{run}/why").text)
        kinds = [event["kind"] for event in client.get(f"/api/v1/runs/{run}/events").json["items"]]
        self.assertEqual(kinds, [event["kind"] for event in self.owner.run_events(run)])
        for text in (client.post(f"/api/v1/runs/{run}/replay").text, client.post(f"/api/v1/dead-letters/{letter}/discard", {"reason": "seen"}).text,
                     client.post(f"/api/v1/flows/{flow}/runs?wait=30s", start).text, client.post(f"/api/v1/flows/{good}/runs?wait=30s", start).text,
                     client.post(f"/api/v1/flows/{good}/runs?wait=30s", start, headers={"Idempotency-Key": "again"}).text,
                     client.post(f"/api/v1/flows/{good}/runs?wait=30s", start, headers={"Idempotency-Key": "again"}).text):
            self.assertNotIn(CANARY, text)
        waited = client.post(f"/api/v1/flows/{good}/runs?wait=30s", start)
        self.assertEqual((waited.status, waited.json["status"], waited.json["output"], waited.json["masked"]), (200, "succeeded", None, True))

    def test_a_flow_that_keeps_nothing_tells_its_result_to_those_who_may_read_it(self):
        flow = self.owner.create_flow(self.document("shop", node("say", "set", {"values": {"word": "{{ input.word }}"}}), settings={"durability": "none"}))
        client, _ = self.key(role="operator")
        answer = client.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {"word": CANARY}})
        self.assertEqual((answer.status, answer.json["output"], answer.json["masked"], answer.json["durable"]), (200, None, True, False))
        self.assertIn(CANARY, json.dumps(self.owner.run(flow, {"word": CANARY})))

    def test_streams_of_a_run_are_masked_too(self):
        flow = self.owner.create_flow(self.document("shop", node("ask", "wait.signal", {"name": "go"}),
                                                    node("boom", "fail", {"message": "cannot work on {{ input.word }}"})))
        run = self.owner.post(f"/api/v1/flows/{flow}/runs", {"input": {"word": CANARY}}).json["id"]
        client, _ = self.key(role="operator")
        stream = house.EventStream(client, f"/api/v1/events?topic=run/{run}")
        events = house.EventStream(client)
        socket = house.WebSocket(client)
        socket.send({"subscribe": ["run/" + run]})
        socket.next()
        self.owner.post(f"/api/v1/runs/{run}/signals/go", {"payload": {"word": CANARY}})
        last = None
        while last != "run.failed":
            event = stream.next()["data"]
            last = event["kind"]
            self.assertNotIn(CANARY, json.dumps(event))
            self.assertTrue(event["masked"])
        last = None
        while last != "run.failed":
            message = socket.next()
            last = message["event"]["kind"]
            self.assertNotIn(CANARY, json.dumps(message))
        event = events.next()["data"]
        while event["type"] != "run.failed":
            event = events.next()["data"]
        self.assertNotIn(CANARY, json.dumps(event))
        self.assertEqual(event["data"]["error"]["code"], "unprocessable")
        for one in (stream, events, socket):
            one.close()

    def test_the_audit_trail_holds_no_data_of_runs(self):
        _, run = self.failed_run("shop", CANARY)
        letter = next(item["id"] for item in self.owner.get("/api/v1/dead-letters?limit=200").json["items"] if item["run_id"] == run)
        self.owner.post(f"/api/v1/dead-letters/{letter}/discard", {"reason": "seen"})
        with sqlite3.connect(f"file:{self.server.database()}?mode=ro", uri=True) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'audit%'")]
            self.assertTrue(tables)
            for table in tables:
                for row in database.execute(f"SELECT * FROM {table}"):
                    self.assertNotIn(CANARY, repr(row), table)


class Starters(Story):
    def test_a_run_says_who_started_it(self):
        flow = self.owner.create_flow(self.document("shop", name=self.name()))
        client, made = self.key(role="service")
        run = client.run(flow)["id"]
        self.assertEqual(self.owner.get(f"/api/v1/runs/{run}").json["started_by"], {"kind": "api_key", "id": made["id"]})
        again = self.owner.post(f"/api/v1/runs/{run}/rerun", {}).json["id"]
        me = self.owner.get("/api/v1/auth/me").json["principal"]
        self.assertEqual(self.owner.get(f"/api/v1/runs/{again}").json["started_by"], {"kind": "api_key", "id": me["id"]})
        called = self.owner.get(f"/api/v1/flows/{flow}").json["name"]
        outer = self.owner.create_flow(self.document("shop", node("call", "subflow", {"flow": called})))
        outer_run = self.owner.run(outer)["id"]
        inner = next(item for item in self.owner.get(f"/api/v1/runs?flow={flow}").json["items"] if item["parent_run_id"] == outer_run)
        self.assertEqual(inner["started_by"], {"kind": "run", "id": outer_run})
        started = sluice("runs", "start", called, "--json", data=self.server.data)
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertEqual(self.owner.get("/api/v1/runs?limit=1").json["items"][0]["started_by"]["kind"], "local")


if __name__ == "__main__":
    house.main()
