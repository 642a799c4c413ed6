"""Budgets and the ledger against the real binary: REST, the command line, bad input, other workspaces.

    budget_test.py BINARY
"""

import csv
import datetime
import io
import json
import os
import time
import unittest

import house
from budget_books import add_spend, leave_granted, offline
from house import eventually

USD = 10 ** 9


class Books(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server().start()
        cls.owner = cls.server.client()
        cls.workspace = cls.owner.get("/api/v1/auth/me").json["workspace"]["id"]

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        for budget in self.owner.get("/api/v1/budgets?limit=200").json["items"]:
            self.owner.delete("/api/v1/budgets/" + budget["id"])

    def make(self, limit="7.00", window="month", kind="workspace", name="", **more):
        answer = self.owner.post("/api/v1/budgets", {"scope": {"type": kind, "id": name}, "window": window, "limit_usd": limit, **more})
        self.assertEqual(answer.status, 201, answer)
        return answer

    def command(self, *words, code=0, env=None):
        done = house.sluice(*words, data=self.server.data, env=env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def problem(self, answer, status, pointer=None, *words):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        for word in words:
            self.assertIn(word, answer.json["detail"])
        if pointer is not None:
            self.assertIn(pointer, [error["pointer"] for error in answer.json["errors"]], answer)


class Budgets(Books):
    def test_a_budget_is_made_read_changed_and_deleted(self):
        made = self.make("7.00", "month", "project", "shop", alerts=[90], carry_over=True, time_zone="Europe/Berlin")
        budget = made.json
        self.assertEqual(made.headers["location"], "/api/v1/budgets/" + budget["id"])
        self.assertEqual(made.headers["etag"], '"1"')
        expected = {"scope": {"type": "project", "id": "shop"}, "window": "month", "limit_usd": "7", "action": "block", "downgrade_to": None,
                    "time_zone": "Europe/Berlin", "carry_over": True, "alerts": [90], "raise": None, "present_limit_usd": "7", "spent_usd": "0",
                    "held_usd": "0", "left_usd": "7", "unknown_usd": "0"}
        self.assertEqual({name: budget[name] for name in expected}, expected)
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = (datetime.datetime.fromisoformat(budget[name].replace("Z", "+00:00")) for name in ("period_start", "resets_at"))
        self.assertLessEqual(start, now)
        self.assertLess(now, end)
        self.assertIn((end - start).days, (27, 28, 29, 30, 31))

        path = "/api/v1/budgets/" + budget["id"]
        read = self.owner.get(path)
        self.assertEqual(read.json, budget)
        self.assertEqual(read.headers["etag"], '"1"')
        self.problem(self.owner.put(path, {"limit_usd": 8}, headers={"If-Match": '"2"'}), 412, None, "read it again")
        changed = self.owner.put(path, {"limit_usd": 8.5, "action": "downgrade", "downgrade_to": "small"}, headers={"If-Match": '"1"'})
        self.assertEqual(changed.status, 200, changed)
        self.assertEqual(changed.headers["etag"], '"2"')
        self.assertEqual([changed.json[name] for name in ("limit_usd", "present_limit_usd", "action", "downgrade_to", "alerts", "time_zone")],
                         ["8.5", "8.5", "downgrade", "small", [90], "Europe/Berlin"])
        self.assertIsNone(self.owner.put(path, {"action": "warn"}).json["downgrade_to"])
        self.problem(self.owner.put(path, {"scope": {"type": "project", "id": "other"}}), 400, "/scope")
        self.problem(self.owner.put(path, {"window": "day"}), 400, "/window")
        self.assertEqual(self.owner.put(path, {"scope": {"type": "project", "id": "shop"}, "window": "month"}).status, 200)
        self.problem(self.owner.delete(path, headers={"If-Match": '"1"'}), 412)
        self.assertEqual(self.owner.delete(path).status, 204)
        self.problem(self.owner.get(path), 404)
        self.problem(self.owner.delete(path), 404)

    def test_lists_go_by_page_and_by_scope(self):
        ids = [self.make(1, "day", "tag", f"t{i}").json["id"] for i in range(5)] + [self.make(1).json["id"]]
        first = self.owner.get("/api/v1/budgets?limit=4").json
        rest = self.owner.get(f"/api/v1/budgets?limit=4&cursor={first['next_cursor']}").json
        self.assertEqual([item["id"] for item in first["items"] + rest["items"]], ids[::-1])
        self.assertIsNone(rest["next_cursor"])
        self.problem(self.owner.get(f"/api/v1/budgets?limit=4&cursor={first['next_cursor']}&scope_type=tag"), 400)
        self.problem(self.owner.get("/api/v1/budgets?cursor=x"), 400)
        self.problem(self.owner.get("/api/v1/budgets?limit=0"), 400)
        self.problem(self.owner.get("/api/v1/budgets?scope_type=planet"), 400)
        self.assertEqual(len(self.owner.get("/api/v1/budgets?scope_type=tag").json["items"]), 5)
        self.assertEqual([item["id"] for item in self.owner.get("/api/v1/budgets?scope_type=tag&scope_id=t2").json["items"]], [ids[2]])

    def test_amounts_are_exact_and_what_is_no_amount_is_refused(self):
        for given, shown in ((7, "7"), (0, "0"), ("0", "0"), (0.25, "0.25"), ("0.000000001", "0.000000001"), ("9223372036.854775807",) * 2,
                             (9007199, "9007199"), ("00012.50", "12.5")):
            with self.subTest(given):
                budget = self.make(given).json
                self.assertEqual(budget["limit_usd"], shown)
                self.owner.delete("/api/v1/budgets/" + budget["id"])
        for given in (-1, "-1", "-0.1", "NaN", "Infinity", "1e3", "1E-3", 1e-7, 1e30, 9223372037, "9223372036.854775808", 2 ** 53, 2 ** 63, 2 ** 64,
                      "0.0000000001", "1,5", "$5", "", " 5", "5 ", "0x10", "1_000", "٣", "5."):
            with self.subTest(given):
                self.problem(self.owner.post("/api/v1/budgets", {"scope": {"type": "workspace"}, "window": "day", "limit_usd": given}), 400, "/limit_usd")
        for raw in ("NaN", "Infinity", "-Infinity", "0x10", "1e999", "01"):
            with self.subTest(raw):
                body = '{"scope": {"type": "workspace"}, "window": "day", "limit_usd": %s}' % raw
                self.problem(self.owner.post("/api/v1/budgets", body), 400)
        for given in (None, True, [], {}):
            with self.subTest(given):
                self.problem(self.owner.post("/api/v1/budgets", {"scope": {"type": "workspace"}, "window": "day", "limit_usd": given}), 400, "/limit_usd")
        self.assertEqual(self.owner.get("/api/v1/budgets").json["items"], [])

    def test_bodies_that_cannot_be_are_refused_with_their_place(self):
        good = {"scope": {"type": "project", "id": "shop"}, "window": "day", "limit_usd": "1"}
        for change, status, pointer in (
                ({"scope": {"type": "planet", "id": "x"}}, 400, "/scope/type"), ({"scope": {"type": "project"}}, 400, "/scope/id"),
                ({"scope": {"type": "workspace", "id": "x"}}, 400, "/scope/id"), ({"scope": {"type": "api_key", "id": "x"}}, 400, "/scope/id"),
                ({"scope": {"type": "project", "id": "x" * 201}}, 400, "/scope/id"), ({"scope": "project"}, 400, "/scope"),
                ({"scope": {"type": "tag", "id": "a\r\nb"}}, 400, "/scope/id"), ({"scope": {"type": "flow", "id": "a\u0085b"}}, 400, "/scope/id"),
                ({"scope": {"type": "model", "id": "a\u2028b"}}, 400, "/scope/id"), ({"action": "downgrade", "downgrade_to": "m\x7f"}, 400, "/downgrade_to"),
                ({"window": "year"}, 400, "/window"), ({"window": None}, 400, "/window"), ({"action": "explode"}, 400, "/action"),
                ({"action": "downgrade"}, 400, "/downgrade_to"), ({"downgrade_to": "m"}, 400, "/downgrade_to"),
                ({"time_zone": "Mars/Olympus"}, 400, "/time_zone"), ({"time_zone": "../../etc/passwd"}, 400, "/time_zone"),
                ({"time_zone": "x" * 65}, 400, "/time_zone"), ({"alerts": [50, 50]}, 400, "/alerts/1"), ({"alerts": [0]}, 400, "/alerts/0"),
                ({"alerts": [1001]}, 400, "/alerts/0"), ({"alerts": [1.5]}, 400, "/alerts/0"), ({"alerts": list(range(1, 22))}, 400, "/alerts"),
                ({"window": "total", "carry_over": True}, 400, "/carry_over"), ({"carry_over": "yes"}, 400, "/carry_over"),
                ({"spent_usd": "0"}, 400, "/spent_usd")):
            with self.subTest(change):
                self.problem(self.owner.post("/api/v1/budgets", {**good, **change}), status, pointer)
        for missing in good:
            with self.subTest(missing=missing):
                self.problem(self.owner.post("/api/v1/budgets", {name: value for name, value in good.items() if name != missing}), 400)
        self.assertEqual(self.owner.get("/api/v1/budgets").json["items"], [])
        self.make()
        self.problem(self.owner.post("/api/v1/budgets", {"scope": {"type": "workspace"}, "window": "month", "limit_usd": 1}), 409)

    def test_a_raise_ends_at_its_time_and_is_audited_with_its_reason(self):
        budget = self.make("5").json
        path = f"/api/v1/budgets/{budget['id']}/raise"
        until = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)).isoformat()
        for change, status, pointer in (({"amount_usd": "0"}, 400, "/amount_usd"), ({"amount_usd": "-1"}, 400, "/amount_usd"),
                                        ({"amount_usd": "9223372036.854775807"}, 400, "/amount_usd"), ({"until": "soon"}, 400, "/until"),
                                        ({"until": "2020-01-01T00:00:00Z"}, 400, "/until"), ({"reason": ""}, 400, "/reason"),
                                        ({"more": 1}, 400, "/more")):
            with self.subTest(change):
                self.problem(self.owner.post(path, {"amount_usd": "2", "until": until, "reason": "a launch", **change}), status, pointer)
        raised = self.owner.post(path, {"amount_usd": "2.5", "until": until, "reason": "a launch"})
        self.assertEqual(raised.status, 200, raised)
        self.assertEqual([raised.json[name] for name in ("limit_usd", "present_limit_usd", "left_usd")], ["5", "7.5", "7.5"])
        self.assertEqual(raised.json["raise"]["amount_usd"], "2.5")
        eventually(lambda: self.owner.get("/api/v1/budgets/" + budget["id"]).json["present_limit_usd"] == "5", "the raise is over")
        entry = self.owner.get("/api/v1/audit?target=" + budget["id"]).json["items"][0]
        self.assertEqual([entry["action"], entry["reason"], entry["outcome"]], ["budgets.raise", "a launch", "done"])
        self.assertEqual([entry["before"]["present_limit_usd"], entry["after"]["present_limit_usd"]], ["5", "7.5"])
        self.owner.delete("/api/v1/budgets/" + budget["id"])
        actions = [item["action"] for item in self.owner.get("/api/v1/audit?target=" + budget["id"]).json["items"]]
        self.assertEqual(actions, ["budgets.delete", "budgets.raise", "budgets.create"])

    def test_what_a_crash_left_is_unknown_until_a_person_says_what_it_was(self):
        budget = self.make("10").json["id"]
        with offline(self.server) as database:
            leave_granted(database, budget, 3 * USD)
        after = self.owner.get("/api/v1/budgets/" + budget).json
        self.assertEqual([after[name] for name in ("spent_usd", "unknown_usd", "left_usd")], ["3", "3", "7"])
        entries = self.owner.get(f"/api/v1/budgets/{budget}/unknown").json["items"]
        self.assertEqual(len(entries), 1)
        self.assertEqual([entries[0][name] for name in ("budget_id", "amount_usd", "resolved_usd", "reason")], [budget, "3", None, None])
        told = [item for item in self.owner.get("/api/v1/events?limit=50").json["items"] if item["type"] == "budget.unknown"]
        self.assertEqual([told[0]["subject"], told[0]["data"]["amount_usd"]], [budget, "3"])

        self.assertIn("open", self.command("budgets", "unknown"))
        path = f"/api/v1/budgets/unknown/{entries[0]['id']}/resolve"
        for change, status, pointer in (({"cost_usd": "3.000000001"}, 400, "/cost_usd"), ({"cost_usd": "-1"}, 400, "/cost_usd"),
                                        ({"cost_usd": "NaN"}, 400, "/cost_usd"), ({"reason": ""}, 400, "/reason")):
            with self.subTest(change):
                self.problem(self.owner.post(path, {"cost_usd": "1", "reason": "the bill", **change}), status, pointer)
        said = self.command("budgets", "resolve", entries[0]["id"], "--cost", "1.25", "--reason", "the bill")
        self.assertIn("$1.25", said)
        self.problem(self.owner.post(path, {"cost_usd": "1", "reason": "again"}), 409, None, "resolved already")
        done = self.owner.get("/api/v1/budgets/" + budget).json
        self.assertEqual([done[name] for name in ("spent_usd", "unknown_usd", "left_usd")], ["1.25", "0", "8.75"])
        self.assertIn("nothing is open", self.command("budgets", "unknown"))
        self.assertIn("the bill", self.command("budgets", "unknown", budget, "--all"))
        entry = self.owner.get("/api/v1/audit?target=" + entries[0]["id"]).json["items"][0]
        self.assertEqual([entry["action"], entry["reason"]], ["budgets.resolve", "the bill"])
        self.problem(self.owner.post("/api/v1/budgets/unknown/unk_01kah00000000000000000000/resolve", {"cost_usd": "1", "reason": "x"}), 404)

    def test_the_forecast_is_a_straight_line(self):
        budget = self.make("10", "day").json["id"]
        early = self.owner.get(f"/api/v1/budgets/{budget}/forecast").json
        self.assertEqual([early["spent_usd"], early["exceeds_at"]], ["0", None])
        with offline(self.server) as database:
            leave_granted(database, budget, 10 * USD)
        def drawn():
            answer = self.owner.get(f"/api/v1/budgets/{budget}/forecast").json
            return answer if answer["projected_usd"] is not None else None

        full = eventually(drawn, "a second has passed since it was made")
        self.assertEqual([full["spent_usd"], full["limit_usd"]], ["10", "10"])
        self.assertIsNotNone(full["exceeds_at"])
        self.assertGreaterEqual(float(full["projected_usd"]), 10)
        total = self.make("10", "total").json["id"]
        self.assertIsNone(self.owner.get(f"/api/v1/budgets/{total}/forecast").json["projected_usd"])

    def test_other_workspaces_see_nothing_and_instance_budgets_are_the_machines_owners(self):
        budget = self.make("10").json["id"]
        with offline(self.server) as database:
            leave_granted(database, budget, USD)
        entry = self.owner.get(f"/api/v1/budgets/{budget}/unknown").json["items"][0]["id"]
        foreign = self.server.client("globex")
        self.assertEqual(foreign.get("/api/v1/budgets").json["items"], [])
        for verb, path, body in (("GET", f"/api/v1/budgets/{budget}", None), ("PUT", f"/api/v1/budgets/{budget}", {"limit_usd": 99}),
                                 ("DELETE", f"/api/v1/budgets/{budget}", None), ("GET", f"/api/v1/budgets/{budget}/unknown", None),
                                 ("GET", f"/api/v1/budgets/{budget}/forecast", None),
                                 ("POST", f"/api/v1/budgets/{budget}/raise", {"amount_usd": 1, "until": "2099-01-01T00:00:00Z", "reason": "x"}),
                                 ("POST", f"/api/v1/budgets/unknown/{entry}/resolve", {"cost_usd": 0, "reason": "x"})):
            with self.subTest(verb=verb, path=path):
                self.problem(foreign.request(verb, path, body), 404)
        self.assertEqual(self.owner.get("/api/v1/budgets/" + budget).json["limit_usd"], "10")

        instance = {"scope": {"type": "instance"}, "window": "day", "limit_usd": "100"}
        self.problem(self.owner.post("/api/v1/budgets", instance), 403, None, "owner of its machine")
        machine = self.server.machine_client("globex")
        made = machine.post("/api/v1/budgets", instance)
        self.assertEqual(made.status, 201, made)
        server_budget = made.json["id"]
        self.problem(self.owner.get("/api/v1/budgets/" + server_budget), 404)
        self.problem(foreign.get("/api/v1/budgets/" + server_budget), 404)  # of the same workspace
        self.problem(foreign.put("/api/v1/budgets/" + server_budget, {"limit_usd": 1}), 404)
        self.problem(foreign.delete("/api/v1/budgets/" + server_budget), 404)
        elsewhere = self.server.machine_client("default")
        self.assertIn(server_budget, [item["id"] for item in elsewhere.get("/api/v1/budgets").json["items"]])
        self.assertEqual(elsewhere.put("/api/v1/budgets/" + server_budget, {"limit_usd": "90"}).json["limit_usd"], "90")
        with offline(self.server) as database:
            leave_granted(database, server_budget, USD)
        unknown = elsewhere.get(f"/api/v1/budgets/{server_budget}/unknown").json["items"][0]["id"]
        told = {"cost_usd": "0", "reason": "x"}
        self.problem(foreign.post(f"/api/v1/budgets/unknown/{unknown}/resolve", told), 404)
        self.assertEqual(elsewhere.post(f"/api/v1/budgets/unknown/{unknown}/resolve", told).status, 200)
        self.assertIn("instance", self.command("budgets", "list"))
        self.assertEqual(elsewhere.delete("/api/v1/budgets/" + server_budget).status, 204)

    def test_budgets_survive_a_kill(self):
        before = [self.make("1", window, "tag", "t", time_zone="Asia/Kathmandu").json for window in ("hour", "day", "week", "month", "total")]
        self.server.kill()
        self.server.start()
        for budget in before:
            self.assertEqual(self.owner.get("/api/v1/budgets/" + budget["id"]).json, budget)


class Ledger(Books):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        foreign = cls.server.client("globex").get("/api/v1/auth/me").json["workspace"]["id"]
        cls.now = time.time_ns() // 1000
        hour = 3_600_000_000
        with offline(cls.server) as database:
            for i in range(7):
                add_spend(database, cls.workspace, cls.now - (7 - i) * hour, (i + 1) * USD // 2, model="big" if i % 2 else "small", project="shop",
                          provider="acme", door="openai.chat", kind="chat", input_uncached=10, cache_read=4, output_visible=5, output_reasoning=1,
                          status="failed" if i == 0 else "ok", tags='["red","blue"]' if i < 2 else None, run_id="run_x" if i == 2 else "",
                          raw_usage='{"prompt_tokens":14}', duration_us=1_500_000, first_token_us=200_000, attempts=2)
            cls.formula = add_spend(database, cls.workspace, cls.now - 400 * 24 * hour, 1, model="=HYPERLINK(\"http://x\")", error='a "b", c\r\nd',
                                    step="+1", door="@sum", user_id="-2")
            add_spend(database, foreign, cls.now - hour, 99 * USD, model="secret")

    def test_rows_are_listed_newest_first_by_page_and_filter(self):
        first = self.owner.get("/api/v1/spend?limit=5").json
        rest = self.owner.get(f"/api/v1/spend?limit=5&cursor={first['next_cursor']}").json
        rows = first["items"] + rest["items"]
        self.assertEqual([row["cost_usd"] for row in rows], ["3.5", "3", "2.5", "2", "1.5", "1", "0.5", "0.000000001"])
        row = rows[-2]
        expected = {"status": "failed", "model": "small", "project": "shop", "tags": ["red", "blue"], "raw_usage": {"prompt_tokens": 14},
                    "usage": {"input_uncached": 10, "cache_read": 4, "cache_write_5m": 0, "cache_write_1h": 0, "output_visible": 5, "output_reasoning": 1},
                    "duration": "1s500ms", "first_token": "200ms", "attempts": 2, "error": None, "estimated": False}
        self.assertEqual({name: row[name] for name in expected}, expected)
        self.assertEqual(self.owner.get("/api/v1/spend/" + row["id"]).json, row)
        since = datetime.datetime.fromtimestamp((self.now - 3 * 3_600_000_000) / 1e6, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for query, count in (("model=big", 3), ("project=shop", 7), ("project=none", 0), ("status=failed", 1), ("run=run_x", 1), ("user=-2", 1),
                             ("provider=acme&model=small", 4), (f"from={since}", 3), (f"to={since}&model=big", 2), ("api_key=key_x", 0),
                             ("flow=f", 0), ("agent=a", 0), ("model=secret", 0)):
            with self.subTest(query):
                self.assertEqual(len(self.owner.get("/api/v1/spend?limit=200&" + query).json["items"]), count)
        for query in ("from=yesterday", "to=1", "cursor=x", "limit=201", "limit=x", f"cursor={first['next_cursor']}&model=big"):
            with self.subTest(query):
                self.problem(self.owner.get("/api/v1/spend?" + query), 400)
        self.problem(self.server.client("globex").get("/api/v1/spend/" + row["id"]), 404)
        self.problem(self.owner.get("/api/v1/spend/spd_x"), 404)

    def test_sums_go_by_each_dimension(self):
        summary = self.owner.get("/api/v1/spend/summary?by=model").json
        self.assertEqual([(item["key"], item["cost_usd"], item["calls"]) for item in summary["items"]], [("small", "8", 4), ("big", "6", 3)])
        self.assertEqual(summary["total"], {"cost_usd": "14", "calls": 7, "failed": 1, "input_tokens": 98, "cached_tokens": 28, "output_tokens": 42})
        self.assertEqual(summary["by"], "model")
        everything = self.owner.get("/api/v1/spend/summary?from=2000-01-01T00:00:00Z").json
        self.assertEqual(everything["total"]["calls"], 8)
        by_tag = self.owner.get("/api/v1/spend/summary?by=tag").json
        self.assertEqual({item["key"]: item["cost_usd"] for item in by_tag["items"]}, {"red": "1.5", "blue": "1.5"})
        self.assertIsNone(by_tag["total"])
        hours = self.owner.get("/api/v1/spend/summary?by=hour").json["items"]
        self.assertEqual([item["cost_usd"] for item in hours], ["0.5", "1", "1.5", "2", "2.5", "3", "3.5"])
        self.assertEqual([item["key"] for item in hours], sorted(item["key"] for item in hours))
        for by in ("provider", "project", "flow", "agent", "api_key", "user", "day"):
            with self.subTest(by):
                self.assertEqual(self.owner.get(f"/api/v1/spend/summary?by={by}&model=big").json["total"]["cost_usd"], "6")
        self.problem(self.owner.get("/api/v1/spend/summary?by=planet"), 400)

    def test_the_export_is_csv_that_no_spreadsheet_runs(self):
        answer = self.owner.get("/api/v1/spend/export")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-type"], "text/csv; charset=utf-8")
        self.assertIn("attachment", answer.headers["content-disposition"])
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        self.assertEqual(len(rows), 8)
        self.assertEqual(rows[0]["id"], self.formula)
        self.assertEqual([rows[0][name] for name in ("model", "step", "door", "user_id", "error")],
                         ["'=HYPERLINK(\"http://x\")", "'+1", "'@sum", "'-2", 'a "b", c\r\nd'])
        self.assertEqual([row["cost_usd"] for row in rows[1:]], ["0.5", "1", "1.5", "2", "2.5", "3", "3.5"])
        self.assertEqual([rows[1][name] for name in ("tags", "input_uncached", "duration_ms", "attempts", "estimated")],
                         ["red blue", "10", "1500", "2", "false"])
        self.assertEqual(len(list(csv.DictReader(io.StringIO(self.owner.get("/api/v1/spend/export?model=big").text)))), 3)
        self.problem(self.owner.get("/api/v1/spend/export?from=x"), 400)

    def test_the_command_line_shows_sums_calls_and_csv(self):
        sums = self.command("spend")
        self.assertRegex(sums, r"small +\$8 +4 +1 ")
        self.assertRegex(sums, r"total +\$14 +7 ")
        self.assertIn("(none)", self.command("spend", "--by", "flow"))
        self.assertIn("red", self.command("spend", "--by", "tag"))
        self.assertEqual(json.loads(self.command("spend", "--by", "day", "--json"))["total"]["cost_usd"], "14")
        calls = self.command("spend", "--calls", "--limit", "3", "--model", "big")
        self.assertEqual(len(calls.strip().splitlines()), 4)
        place = os.path.join(self.server.home, "spend.csv")
        self.command("spend", "--csv", "-o", place)
        with open(place, newline="", encoding="utf-8") as file:
            self.assertEqual(len(list(csv.DictReader(file))), 8)
        self.assertIn("no calls", self.command("spend", "--project", "none"))
        self.command("spend", "--by", "planet", code=1)
        self.command("spend", "--from", "yesterday", code=1)


class CommandLine(Books):
    def test_the_life_of_a_budget(self):
        self.assertIn("no budgets", self.command("budgets", "list"))
        made = json.loads(self.command("budgets", "create", "--scope", "project:shop", "--window", "week", "--limit", "12.50", "--alerts", "50,100",
                                       "--time-zone", "America/New_York", "--carry-over", "--json"))
        self.assertEqual([made["limit_usd"], made["scope"], made["alerts"], made["carry_over"]],
                         ["12.5", {"type": "project", "id": "shop"}, [50, 100], True])
        self.assertRegex(self.command("budgets", "list"), r"project shop +week +\$12\.5 +\$0 +\$0 +\$12\.5 +block")
        shown = self.command("budgets", "show", made["id"])
        for words in ("limit     $12.5, what is left is carried over", "alerts    50%, 100%", "window    week (America/New_York)"):
            self.assertIn(words, shown)
        self.assertIn("limit     $20", self.command("budgets", "edit", made["id"], "--limit", "20", "--no-carry-over"))
        self.assertIn("action    downgrade to small", self.command("budgets", "edit", made["id"], "--downgrade-to", "small", "--alerts", "none"))
        self.assertRegex(self.command("budgets", "raise", made["id"], "--by", "5", "--for", "12h", "--reason", "a launch"), r"raise     \$5 until ")
        self.assertIn("left      $25", self.command("budgets", "show", made["id"]))
        self.assertIn("deleted", self.command("budgets", "delete", made["id"]))
        self.command("budgets", "show", made["id"], code=1)
        self.assertIn("workspace", self.command("budgets", "create", "--limit", "1", "--window", "day"))
        self.assertIn("instance", self.command("budgets", "create", "--scope", "instance", "--limit", "1", "--window", "day"))

    def test_wrong_use_says_what_to_do(self):
        budget = self.make().json["id"]
        self.command("budgets", "create", "--window", "day", code=2)
        self.command("budgets", "edit", budget, code=2)
        self.assertIn("--until TIME or --for DURATION", self.command("budgets", "raise", budget, "--by", "1", "--reason", "x", code=2))
        self.command("budgets", "raise", budget, "--by", "1", "--reason", "x", "--for", "1h", "--until", "2099-01-01T00:00:00Z", code=2)
        self.command("budgets", "raise", budget, "--by", "1", "--reason", "x", "--for", "soon", code=2)
        self.command("budgets", "edit", budget, "--alerts", "half", code=2)
        self.command("budgets", "edit", budget, "--limit", "-1", code=1)
        self.assertIn("time zone", self.command("budgets", "edit", budget, "--time-zone", "Mars/Olympus", code=1))
        self.command("budgets", "create", "--scope", "planet:x", "--limit", "1", "--window", "day", code=1)
        self.command("budgets", "unknown", "bdg_x", code=1)
        self.command("budgets", "resolve", "unk_x", "--cost", "1", "--reason", "x", code=1)


class Retention(unittest.TestCase):
    def test_a_retention_below_a_day_is_no_setting(self):
        done = house.sluice("config", "check", env={"SLUICE_SPEND_RETENTION": "1h"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SLUICE_SPEND_RETENTION must be at least 1d", done.stdout + done.stderr)


if __name__ == "__main__":
    house.main()
