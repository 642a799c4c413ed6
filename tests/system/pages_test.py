"""What the pages of the dashboard read, over REST alone: previews of expressions, lists of runs with every filter and their histogram,
the overview, saved views, values in parts, pages of steps, jobs of a queue, groups of dead letters, the state of the server, and the
live stream with a browser's cookie."""

import base64
import datetime
import random
import socket
import unittest
import urllib.parse

import house
from budget_books import leave_granted, offline
from house import chain, eventually, fails_when_told, node

PASSWORD = "a quite unusual sentence"


def query(**values):
    return "?" + urllib.parse.urlencode(values)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env={"SLUICE_AUTH_PASSWORD_MEMORY": "19MiB", "SLUICE_AUTH_PASSWORD_PASSES": "2"}).start()
        cls.client = cls.server.client()
        cls.viewer = cls.server.client(role="viewer")
        cls.orders = cls.client.create_flow(fails_when_told("orders"))
        cls.good = [cls.client.run(cls.orders, {"fail": False})["id"] for _ in range(3)]
        cls.bad = [cls.client.run(cls.orders, {"fail": True})["id"] for _ in range(2)]
        cls.waits = cls.client.create_flow({"name": "waits", **chain(node("ask", "wait.signal", {"name": "go"}))})
        cls.waiting = cls.client.post(f"/api/v1/flows/{cls.waits}/runs", {"input": {}}).json["id"]
        eventually(lambda: cls.client.get(f"/api/v1/runs/{cls.waiting}").json["status"] == "waiting", "the run waits")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def runs(self, client=None, **values):
        answer = (client or self.client).get("/api/v1/runs" + query(**values))
        self.assertEqual(answer.status, 200, answer)
        return [run["id"] for run in answer.json["items"]]

    # -- expressions

    def test_an_expression_is_evaluated_with_sample_values(self):
        def preview(**body):
            answer = self.client.post("/api/v1/expressions/preview", body)
            self.assertEqual(answer.status, 200, answer)
            return answer.json
        scope = {"input": {"n": 3}, "nodes": {"a": {"output": [1, 2]}}}
        self.assertEqual(preview(expression="input.n + size(nodes.a.output)", scope=scope), {"value": 5})
        self.assertEqual(preview(template={"text": "n is {{ input.n }}"}, scope=scope), {"value": {"text": "n is 3"}})
        error = preview(expression="input.n +", scope=scope)["error"]
        self.assertEqual((error["code"], error["position"]["line"]), ("invalid_argument", 1))
        self.assertIn("no secrets", preview(expression="secrets.token")["error"]["message"])
        self.assertEqual(self.client.post("/api/v1/expressions/preview", {"expression": "1", "scope": {"nonsense": 1}}).status, 400)
        self.assertEqual(self.client.post("/api/v1/expressions/preview", b"{").status, 400)
        functions = self.viewer.get("/api/v1/expressions/functions").json["items"]
        self.assertIn({"kind": "function", "name": "math.abs", "signature": "math.abs(x) -> number", "doc": "The number without its sign."}, functions)

    # -- runs

    def test_runs_are_found_by_every_filter(self):
        self.assertEqual(self.runs(status="failed,waiting"), [self.waiting, *reversed(self.bad)])
        self.assertEqual(self.runs(flow="orders"), [*reversed(self.bad), *reversed(self.good)])
        self.assertEqual(self.runs(flow=self.orders, version=1, status="succeeded"), [*reversed(self.good)])
        self.assertEqual(self.runs(flow="no such flow"), [])
        self.assertEqual(self.runs(q="as the input SAYS"), [*reversed(self.bad)])
        self.assertEqual(self.runs(q=self.good[0][:-2]), [self.good[0]])
        self.assertEqual(self.runs(q=self.good[0][-6:]), [self.good[0]])
        self.assertEqual(self.runs(q="wait"), [self.waiting])
        self.assertEqual(self.runs(trigger="schedule"), [])
        again = self.client.post(f"/api/v1/runs/{self.good[0]}/rerun", {}).json["id"]
        eventually(lambda: self.client.get(f"/api/v1/runs/{again}").json["status"] == "succeeded", "the rerun has ended")
        self.assertEqual(self.runs(parent=self.good[0]), [again])
        made = self.client.get(f"/api/v1/runs/{again}").json["created_at"]
        self.assertNotIn(again, self.runs(to=made))
        self.assertIn(again, self.runs(**{"from": made}))
        self.client.post(f"/api/v1/runs/{again}/cancel", {})

    def test_who_may_not_read_data_does_not_find_runs_by_their_errors(self):
        self.assertEqual(self.runs(self.viewer, q="as the input says"), [])
        self.assertEqual(len(self.runs(self.viewer, q="orders")), len(self.runs(q="orders")))

    def test_what_cannot_be_a_filter_is_refused_with_what_to_do(self):
        for wrong, word in (({"status": "failed,odd"}, "odd"), ({"from": "yesterday"}, "RFC 3339"), ({"parent": "x"}, "run id"),
                            ({"version": 1}, "flow"), ({"flow": "flw_x"}, "flow id"), ({"q": "x" * 300}, "200")):
            with self.subTest(**wrong):
                answer = self.client.get("/api/v1/runs" + query(**wrong))
                self.assertEqual(answer.status, 400, answer)
                self.assertIn(word, answer.json["detail"])

    def test_a_histogram_counts_what_the_list_shows(self):
        def histogram(**values):
            answer = self.client.get("/api/v1/runs/histogram" + query(**values))
            self.assertEqual(answer.status, 200, answer)
            self.assertTrue(answer.json["complete"])
            return answer.json
        for wanted in ({}, {"flow": "orders"}, {"status": "failed"}, {"q": "orders"}, {"trigger": "api"}):
            with self.subTest(**wanted):
                counted = histogram(buckets=10, **wanted)
                self.assertEqual(sum(counted["totals"].values()), len(self.runs(limit=200, **wanted)))
                self.assertEqual(sum(sum(part["counts"].values()) for part in counted["buckets"]), sum(counted["totals"].values()))
                self.assertEqual(len(counted["buckets"]), 10)
        self.assertEqual(histogram(status="failed")["totals"], {"failed": 2})
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        self.assertEqual(self.client.get("/api/v1/runs/histogram" + query(**{"from": now, "to": now})).status, 400)
        self.assertEqual(self.client.get("/api/v1/runs/histogram?buckets=121").status, 400)

    def test_a_list_of_runs_holds_no_payload(self):
        for run in self.client.get("/api/v1/runs").json["items"]:
            self.assertFalse({"input", "output"} & set(run), run)

    # -- the first page

    def test_the_overview_tells_how_the_workspace_stands(self):
        for window, parts in (("1h", 60), ("24h", 24)):
            seen = self.client.get("/api/v1/overview?window=" + window).json
            self.assertEqual(len(seen["runs"]["buckets"]), parts)
            self.assertEqual(len(seen["spend"]["buckets"]), parts)
            self.assertEqual((seen["tiles"]["failed"], seen["tiles"]["waiting"], seen["tiles"]["dead_letters"]), (2, 1, 2), seen["tiles"])
            self.assertIn(self.waiting, [run["id"] for run in seen["latest_runs"]])
            kinds = {entry["kind"]: entry for entry in seen["attention"]}
            self.assertEqual(kinds["flow_failing"]["flow"], {"id": self.orders, "name": "orders"})
            self.assertEqual(kinds["flow_failing"]["failed"], 2)
            self.assertEqual(kinds["dead_letters"]["count"], 2)
        self.assertEqual(self.client.get("/api/v1/overview?window=1y").status, 400)
        masked = self.viewer.get("/api/v1/overview").json
        self.assertTrue(all(run.get("masked") for run in masked["latest_runs"]))
        self.assertNotIn("as the input says", str(masked))

    def test_a_paused_queue_and_a_budget_that_is_nearly_used_need_attention(self):
        with house.Server() as server:
            owner = server.client()
            budgets = [owner.post("/api/v1/budgets", {"scope": {"type": "tag", "id": tag}, "window": "month", "limit_usd": "1"}).json["id"]
                       for tag in ("full", "empty")]
            with offline(server) as database:  # what a crash leaves counts as spent
                leave_granted(database, budgets[0], 900_000_000)
            flow = owner.create_flow({"name": "a", **chain(node("a"))})
            owner.post("/api/v1/queues/default/pause", {})
            owner.post(f"/api/v1/flows/{flow}/runs", {"input": {}})
            seen = owner.get("/api/v1/overview").json
            kinds = {entry["kind"]: entry for entry in seen["attention"]}
            self.assertEqual(set(kinds), {"queue_paused", "budget_near"}, seen)
            self.assertEqual((kinds["budget_near"]["budget_id"], kinds["budget_near"]["used_percent"]), (budgets[0], 90))
            self.assertEqual((seen["tiles"]["queued"], seen["queues"][0]["paused"]), (1, True))

    def test_the_state_of_the_server_has_what_a_page_shows(self):
        state = self.client.get("/api/v1/system").json
        self.assertGreater(state["cpu_seconds"], 0)
        self.assertGreaterEqual(state["uptime_seconds"], 0)
        self.assertGreaterEqual(state["schema_version"], 25)
        self.assertEqual(state["last_backup"], None)
        self.assertFalse(state["writer"]["saturated"])
        self.assertGreater(state["writer"]["commit_us"]["count"], 0)
        self.assertLessEqual(state["writer"]["commit_us"]["p50"], state["writer"]["commit_us"]["max"])
        self.assertGreater(state["http"]["requests"], 0)
        self.assertGreaterEqual(state["http"]["connections"], 1)
        self.assertGreater(state["disk"]["min_free_bytes"], 0)
        before = state["http"]["live_streams"]
        stream = house.EventStream(self.client)
        self.assertEqual(self.client.get("/api/v1/system").json["http"]["live_streams"], before + 1)
        stream.close()

    # -- saved views

    def test_views_are_kept_for_each_and_shared_by_choice(self):
        page = {"page": "runs", "name": "failures", "search": "status=failed"}
        made = self.client.post("/api/v1/saved-views", page)
        self.assertEqual(made.status, 201, made)
        view = made.json
        self.assertEqual((view["own"], view["shared"], view["search"]), (True, False, "status=failed"))
        self.assertEqual(self.client.post("/api/v1/saved-views", page).status, 409)
        self.assertEqual(self.viewer.get("/api/v1/saved-views").json["items"], [])
        self.assertEqual(self.viewer.delete(f"/api/v1/saved-views/{view['id']}").status, 404)
        changed = self.client.put(f"/api/v1/saved-views/{view['id']}", {"name": "all failures", "search": "status=failed,timed_out", "shared": True},
                                  headers={"If-Match": view["etag"]})
        self.assertEqual(changed.status, 200, changed)
        self.assertEqual(self.client.put(f"/api/v1/saved-views/{view['id']}", {"name": "x", "search": ""}, headers={"If-Match": view["etag"]}).status, 412)
        shared = self.viewer.get("/api/v1/saved-views?page=runs").json["items"]
        self.assertEqual([(item["name"], item["own"]) for item in shared], [("all failures", False)])
        self.assertEqual(self.viewer.get("/api/v1/saved-views?page=spend").json["items"], [])
        self.assertEqual(self.viewer.delete(f"/api/v1/saved-views/{view['id']}").status, 403)
        self.assertEqual(self.server.client("elsewhere").delete(f"/api/v1/saved-views/{view['id']}").status, 404)
        self.assertEqual(self.client.post("/api/v1/saved-views", {**page, "page": "No Such"}).status, 400)
        self.assertEqual(self.client.delete(f"/api/v1/saved-views/{view['id']}").status, 204)
        self.assertEqual(self.client.get("/api/v1/saved-views").json["items"], [])

    # -- values, steps

    def test_values_are_read_in_parts_with_their_whole_size(self):
        flow = self.client.create_flow({"name": "large", **chain(node("a", "set", {"values": {"text": "{{ input.text }}"}}))})
        text = "0123456789" * 20_000
        run = self.client.run(flow, {"text": text})["id"]
        for address in (f"/api/v1/runs/{run}/input", f"/api/v1/runs/{run}/output", f"/api/v1/runs/{run}/steps/a"):
            with self.subTest(address=address):
                whole = self.client.get(address + "?raw=true")
                first = self.client.get(address + "?offset=0&limit=65536")
                self.assertEqual((first.status, len(first.body)), (206, 65536))
                self.assertTrue(first.headers["content-range"].endswith(f"/{len(whole.body)}"))
                rest = self.client.get(address + "?offset=65536&limit=262144")
                self.assertEqual(first.body + rest.body, whole.body)
        slim = self.client.get(f"/api/v1/runs/{run}?output=false").json
        self.assertNotIn("output", slim)
        self.assertEqual(slim["status"], "succeeded")
        events = self.client.get(f"/api/v1/runs/{run}/events?values=false").json["items"]
        self.assertFalse([event for event in events if "value" in event])

    def test_a_file_is_read_in_parts(self):
        content = random.Random(7).randbytes(300_000)
        made = self.client.request("POST", "/api/v1/artifacts?name=a.bin", content, media="application/octet-stream").json["id"]
        address = f"/api/v1/artifacts/{made}/content"
        first = self.client.get(address + "?limit=65536")
        self.assertEqual((first.status, first.headers["content-range"]), (206, "bytes 0-65535/300000"))
        rest = self.client.get(address + "?offset=65536")
        self.assertEqual(first.body + rest.body, content)
        self.assertEqual(self.client.get(address).body, content)
        self.assertEqual(self.client.get(address + "?offset=300000").status, 400)
        self.assertEqual(self.client.get(address + "?limit=0").status, 400)

    def test_steps_are_found_by_container_status_and_text(self):
        body = {"nodes": [node("n", "set", {"values": {"n": "{{ item }}"}})], "output": "{{ nodes.n.output.n }}"}
        flow = self.client.create_flow({"name": "each", **chain(node("each", "map", {"items": "{{ input.items }}", "body": body}))})
        run = self.client.run(flow, {"items": list(range(30))})["id"]
        steps = f"/api/v1/runs/{run}/steps"
        first = self.client.get(steps + "?limit=1").json
        self.assertEqual((first["total"], first["items"][0]["children"]), (31, {"succeeded": 30}))
        self.assertEqual(self.client.get(steps + query(parent="each[2]")).json["total"], 1)
        self.assertEqual(self.client.get(steps + query(parent="each", status="failed,timed_out")).json["total"], 0)
        self.assertEqual(self.client.get(steps + query(q="[12]")).json["items"][0]["path"], "each[12]/n")
        self.assertEqual(self.client.get(steps + "?status=odd").status, 400)
        self.assertFalse([step for step in self.client.get(steps).json["items"] if "output" in step])

    # -- queues, dead letters, bulk actions

    def test_the_jobs_of_a_queue_are_listed(self):
        jobs = self.client.get("/api/v1/queues/default/jobs?state=waiting").json
        self.assertEqual([job["run_id"] for job in jobs["items"]], [self.waiting])
        self.assertEqual(jobs["items"][0]["run_status"], "waiting")
        self.assertIn("heartbeat_at", jobs["worker"])
        self.assertEqual(self.client.get("/api/v1/queues/default/jobs?state=odd").status, 400)
        self.assertEqual(self.client.get("/api/v1/queues/other/jobs").status, 404)

    def test_dead_letters_that_fail_alike_are_one(self):
        groups = self.client.get("/api/v1/dead-letters/groups").json
        self.assertEqual([(group["code"], group["count"], group["step"]) for group in groups["items"]],
                         [(groups["items"][0]["code"], 2, "boom")])
        self.assertEqual(groups["items"][0]["message"], "as the input says")
        self.assertIsNone(self.viewer.get("/api/v1/dead-letters/groups").json["items"][0]["message"])
        self.assertEqual(self.client.get("/api/v1/dead-letters/groups?state=discarded").json["items"], [])
        self.assertEqual(self.client.get("/api/v1/dead-letters/groups?state=odd").status, 400)
        group_filter = groups["items"][0]["filter"]
        dry = self.client.post("/api/v1/dead-letters/redrive", {"filter": group_filter, "dry_run": True}).json
        self.assertEqual((dry["total"], dry["filter"]["flow"], len(dry["samples"])), (2, self.orders, 2), dry)

    def test_a_dry_run_names_filter_and_samples(self):
        dry = self.client.post("/api/v1/runs/bulk", {"action": "retry", "filter": {"flow": self.orders}, "dry_run": True}).json
        self.assertEqual((dry["total"], dry["first"]), (2, self.bad))
        self.assertEqual([run["id"] for run in dry["samples"]], self.bad)
        self.assertEqual(dry["filter"], {"status": ["failed", "timed_out"], "flow": self.orders})

    # -- drafts

    def test_a_draft_keeps_half_done_work_with_what_only_an_editor_sees(self):
        half = {"name": "orders", "nodes": [{"id": "a", "type": "set", "position": {"x": 1, "y": 2}}, {"id": "b", "type": "no.such"}],
                "edges": [{"from": "a", "to": "nowhere"}], "ui": {"groups": [{"title": "intake", "nodes": ["a"]}]}}
        saved = self.client.put(f"/api/v1/flows/{self.orders}/draft", half)
        self.assertIn(saved.status, (200, 201), saved)
        self.assertEqual(self.client.get(f"/api/v1/flows/{self.orders}/draft").json["document"]["ui"], half["ui"])
        judged = self.client.post("/api/v1/flows/validate", half).json
        self.assertFalse(judged["valid"])
        pointers = {error["pointer"] for error in judged["errors"]}
        self.assertTrue({"/nodes/1/type", "/edges/0/to"} <= pointers, pointers)
        self.client.delete(f"/api/v1/flows/{self.orders}/draft")

    def test_who_only_looks_for_a_draft_is_not_refused(self):
        self.client.delete(f"/api/v1/flows/{self.orders}/draft")
        self.assertEqual(self.client.get(f"/api/v1/flows/{self.orders}/draft").status, 404)
        self.assertEqual(self.client.get(f"/api/v1/flows/{self.orders}/draft?optional=true").status, 204)

    def test_a_version_keeps_what_only_an_editor_sees(self):
        flow = {"name": "drawn", **chain(node("a")), "ui": {"comments": [{"text": "ask first"}]}}
        made = self.client.create_flow(flow)
        self.assertEqual(self.client.get(f"/api/v1/flows/{made}/export").json["ui"], flow["ui"])
        self.client.put(f"/api/v1/flows/{made}", {**flow, "ui": {"comments": []}})
        differences = self.client.get(f"/api/v1/flows/{made}/diff?from=1&to=2").json["differences"]
        self.assertEqual([(each["kind"], each["change"]) for each in differences], [("ui", "changed")])

    # -- live

    def test_a_browser_follows_runs_and_events_with_its_cookie(self):
        done = house.sluice("user", "create", "ann@example.com", "--role", "developer", "--workspace", "default", data=self.server.data, stdin=PASSWORD + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        origin = f"http://127.0.0.1:{self.server.port}"
        entered = house.Client(self.server.port).post("/api/v1/auth/login", {"email": "ann@example.com", "password": PASSWORD}, headers={"Origin": origin})
        cookie = entered.headers["set-cookie"].partition(";")[0]

        def handshake(path, *headers):
            connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=house.PATIENCE)
            nonce = base64.b64encode(random.randbytes(16)).decode()
            lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self.server.port}", "Upgrade: websocket", "Connection: Upgrade",
                     "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {nonce}", f"Cookie: {cookie}", *headers]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            file = connection.makefile("rb")
            status = int(file.readline().split()[1])
            while file.readline().strip():
                pass
            peer = house.WebSocket.__new__(house.WebSocket)
            peer.socket, peer.file, peer.status = connection, file, status
            return peer

        path = "/api/v1/events?workspace=default"
        stranger = handshake(path, "Origin: http://elsewhere.example")
        self.assertEqual(stranger.status, 403)
        stranger.close()
        browser = handshake(path, f"Origin: {origin}")
        self.assertEqual(browser.status, 101)
        topics = ["events", f"run/{self.waiting}"]
        browser.send({"subscribe": topics})
        self.assertEqual(browser.next().get("subscribed"), topics)
        followed = self.client.create_flow({"name": "followed", **chain(node("a"))})
        run = self.client.run(followed)["id"]
        told, last = [], 0
        while f"run.succeeded {run}" not in told:
            message = browser.next()
            if message.get("topic") == "events":
                told.append(f"{message['event']['type'].removeprefix('sluice.')} {message['event']['subject']}")
                last = message["id"]
        told.clear()
        napping = self.client.create_flow({"name": "napping", **chain(node("ask", "wait.signal", {"name": "go"}))})
        other = self.client.post(f"/api/v1/flows/{napping}/runs", {"input": {}}).json["id"]
        while f"run.waiting {other}" not in told:
            message = browser.next()
            if message.get("live"):
                told.append(f"{message['event']['type']} {message['event']['subject']}")
        self.client.post(f"/api/v1/runs/{other}/cancel", {})
        browser.close()
        again = handshake(path, f"Origin: {origin}")
        again.send({"subscribe": ["events"], "resume_from": last - 1})
        again.next()
        self.assertEqual(again.next()["id"], last)
        again.close()


if __name__ == "__main__":
    house.main()
