"""Limits on calls of models through every door and in flows, models that a key may call, and what a key is given when it is made."""

import concurrent.futures
import json
import subprocess
import threading

import house
from gateway_house import DOORS, GatewayStory, model_of, nano
from house import eventually

MODEL = model_of("openai")
LIMITED = {"chat": "rate_limit_exceeded", "responses": "rate_limit_exceeded", "anthropic": "rate_limit_error", "gemini": "RESOURCE_EXHAUSTED"}
UNKNOWN = {"chat": "model_not_found", "responses": "model_not_found", "anthropic": "not_found_error", "gemini": "NOT_FOUND"}


class LimitStory(GatewayStory):
    def limit(self, scope, client=None, status=201, **terms):
        made = (client or self.owner).post("/api/v1/model-limits", {"scope": scope, **terms})
        self.assertEqual(made.status, status, made)
        if status == 201:
            self.addCleanup(self.owner.delete, f"/api/v1/model-limits/{made.json['id']}")
        return made.json

    def key(self, client=None, status=201, role="owner", **more):
        """A client with a new key, and the answer that made it."""
        made = (client or self.owner).post("/api/v1/api-keys", {"name": "k", "role": role, **more})
        self.assertEqual(made.status, status, made)
        return (house.Client(self.server.port, made.json["key"]) if status == 201 else None), made.json

    def calls_of(self, key):
        return sum(row["calls"] for row in self.owner.get(f"/api/v1/spend/summary?by=api_key&api_key={key['id']}").json["items"])

    def assert_limited(self, answer, door="chat"):
        self.assertEqual(answer.status, 429, answer)
        self.assertEqual(DOORS[door].error_of(answer), LIMITED[door])
        seconds, ms = int(answer.headers["retry-after"]), int(answer.headers["retry-after-ms"])
        self.assertGreaterEqual(seconds, 1)
        self.assertLessEqual(abs(seconds * 1000 - ms), 1000)
        self.assertIn("try again in", answer.text)


class Rates(LimitStory):
    def test_a_refusal_has_the_shape_of_each_doors_sdk_and_answers_tell_how_a_limit_stands(self):
        for door in DOORS:
            with self.subTest(door=door):
                client, made = self.key(requests_per_minute=2, tokens_per_minute=100_000)
                first = self.call(door, MODEL, "hello", client=client)
                self.assertEqual(first.status, 200, first)
                self.assertIn('"model-requests";q=2;w=60', first.headers["ratelimit-policy"])
                self.assertIn('"model-requests";r=1', first.headers["ratelimit"])
                self.assertIn('"model-tokens";q=100000;w=60', first.headers["ratelimit-policy"])
                streamed = self.call(door, MODEL, "hello", True, client=client)
                self.assertEqual(streamed.status, 200, streamed)
                refused = self.call(door, MODEL, "hello", client=client)
                self.assert_limited(refused, door)
                for answer, left in ((first, "1"), (streamed, "0"), (refused, "0")):
                    if door in ("chat", "responses"):
                        self.assertEqual((answer.headers["x-ratelimit-limit-requests"], answer.headers["x-ratelimit-remaining-requests"]), ("2", left))
                        self.assertRegex(answer.headers["x-ratelimit-reset-requests"], r"^(\d+m)?\d+m?s$")
                        self.assertIn("x-ratelimit-remaining-tokens", answer.headers)
                    elif door == "anthropic":
                        self.assertEqual((answer.headers["anthropic-ratelimit-requests-limit"],
                                          answer.headers["anthropic-ratelimit-requests-remaining"]), ("2", left))
                        self.assertRegex(answer.headers["anthropic-ratelimit-requests-reset"], r"^20\d\d-\d\d-\d\dT.*Z$")
                # The request that was refused went nowhere. Rows are committed beside the answers.
                eventually(lambda: self.calls_of(made) == 2, "two calls in the ledger")

    def test_without_a_limit_answers_tell_of_none(self):
        answer = self.call("chat", MODEL, "hello")
        self.assertEqual(answer.status, 200)
        self.assertFalse([name for name in answer.headers if "model-" in answer.headers[name] and name.startswith("ratelimit")])
        self.assertNotIn("x-ratelimit-limit-requests", answer.headers)

    def test_of_many_calls_at_once_as_many_are_answered_as_the_limit_says(self):
        client, _ = self.key(requests_per_minute=5)
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: self.call("chat", MODEL, "hello [[slow_first_byte:200]]", client=client).status, range(40)))
        self.assertEqual((answers.count(200), answers.count(429)), (5, 35), answers)

    def test_every_scope_counts_its_own_calls(self):
        self.owner.post("/api/v1/projects", {"name": "shop"})
        _, made = self.key()
        client = house.Client(self.server.port, made["key"])
        shop = {"Sluice-Project": "shop"}
        for scope, headers, other in (({"type": "project", "id": "shop"}, shop, {}), ({"type": "workspace"}, {}, None), ({"type": "model", "id": MODEL}, {}, None),
                                      ({"type": "model", "id": MODEL[:6] + "*"}, {}, None), ({"type": "model", "id": "up-openai/*"}, {}, None),
                                      ({"type": "api_key", "id": made["id"]}, {}, None)):
            with self.subTest(scope=scope):
                limit = self.limit(scope, requests_per_minute=1)
                self.assertEqual(self.call("chat", MODEL, "hello", client=client, headers=headers).status, 200)
                self.assert_limited(self.call("chat", MODEL, "hello", client=client, headers=headers))
                if other is not None:
                    self.assertEqual(self.call("chat", MODEL, "hello", client=client, headers=other).status, 200)
                if scope["type"] == "model":
                    self.assertEqual(self.call("chat", model_of("anthropic"), "hello", client=client).status, 200)
                if scope["type"] == "api_key":
                    self.assertEqual(self.call("chat", MODEL, "hello").status, 200)
                read = self.owner.get(f"/api/v1/model-limits/{limit['id']}").json
                self.assertEqual((read["requests_per_minute"], read["requests_left"]), (1, 0))
                self.assertEqual(self.owner.delete(f"/api/v1/model-limits/{limit['id']}").status, 204)
                self.assertEqual(self.call("chat", MODEL, "hello", client=client, headers=headers).status, 200, "it is gone at once")

    def test_tokens_are_reserved_and_then_corrected(self):
        client, made = self.key(tokens_per_minute=2_000)
        limit = next(item for item in self.owner.get("/api/v1/model-limits?scope_type=api_key").json["items"] if item["scope"]["id"] == made["id"])
        left = lambda: self.owner.get(f"/api/v1/model-limits/{limit['id']}").json["tokens_left"]
        live = self.live("chat", MODEL, "[[hold:chunk after=1]] hello", most=1_500, client=client)
        live.frame()
        held = left()
        self.assertLess(held, 600, "the output limit is reserved")
        self.assert_limited(self.call("chat", MODEL, "hello", client=client, most=1_500))
        self.mock.release()
        while live.frame() is not None:
            pass
        live.leave()
        # The mock says that it took 10 and 20 tokens.
        eventually(lambda: left() >= 1_970, "what was reserved and not used is free again")
        self.assertEqual(self.call("chat", MODEL, "hello", client=client, most=1_500).status, 200)

    def test_a_call_that_failed_at_the_vendor_uses_no_tokens_up(self):
        client, made = self.key(tokens_per_minute=3_000)
        for _ in range(5):
            self.assertGreaterEqual(self.call("chat", MODEL, "[[fault:400]]", client=client, most=1_000).status, 400)
        self.assertEqual(self.call("chat", MODEL, "hello", client=client, most=1_000).status, 200)

    def test_vectors_are_counted_by_their_input(self):
        client, _ = self.key(requests_per_minute=1)
        body = {"model": "oai-embed-mock-4-0", "input": "hello"}
        first = client.post("/v1/embeddings", body)
        self.assertEqual((first.status, first.headers["x-ratelimit-remaining-requests"]), (200, "0"), first)
        self.assert_limited(client.post("/v1/embeddings", body))

    def test_a_route_goes_on_to_a_model_that_has_room(self):
        self.owner.put("/api/v1/model-routes/roomy", {"targets": [{"model": MODEL}, {"model": model_of("anthropic")}]})
        self.limit({"type": "model", "id": MODEL}, requests_per_minute=1)
        providers = [self.call("chat", "roomy", "hello").headers["x-sluice-provider"] for _ in range(3)]
        self.assertEqual(providers, ["up-openai", "up-anthropic", "up-anthropic"])
        self.limit({"type": "model", "id": model_of("anthropic")}, requests_per_minute=1)
        self.assertEqual(self.call("chat", "roomy", "hello").status, 200)
        self.assert_limited(self.call("chat", "roomy", "hello"))

    def test_a_refused_budget_gives_the_request_back(self):
        client, made = self.key(requests_per_minute=2, budget={"limit_usd": "0"})
        for _ in range(6):
            self.assertEqual(self.call("chat", MODEL, "hello", client=client).status, 402)

    def test_calls_of_flows_pass_the_same_limits(self):
        document = {"name": "limited", "nodes": [{"id": "ask", "type": "llm.chat", "config": {"model": MODEL, "prompt": "hello"}, "retry": {"max_attempts": 1}}], "edges": []}
        flow = self.owner.post("/api/v1/flows", document).json["id"]
        self.limit({"type": "flow", "id": "limited"}, requests_per_minute=1)
        first = self.owner.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {}}).json
        self.assertEqual(first["status"], "succeeded", first)
        second = self.owner.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {}}).json
        self.assertEqual(second["status"], "failed", second)
        self.assertIn("1 requests a minute are allowed for the flow limited", json.dumps(second))

    def test_definitions_outlive_a_kill(self):
        client, made = self.key(requests_per_minute=1, models=["oai-*"])
        self.server.kill()
        self.server.start()
        again = house.Client(self.server.port, client.key)
        read = self.owner_again().get(f"/api/v1/api-keys/{made['id']}").json
        self.assertEqual((read["requests_per_minute"], read["models"]), (1, ["oai-*"]))
        self.assertEqual(self.call("chat", MODEL, "hello", client=again).status, 200)
        self.assert_limited(self.call("chat", MODEL, "hello", client=again))

    def owner_again(self):
        type(self).owner = house.Client(self.server.port, self.owner.key)
        return self.owner

    def test_bodies_that_cannot_be_are_refused_with_their_place(self):
        good = {"scope": {"type": "project", "id": "shop"}, "requests_per_minute": 1}
        for change, pointer in (({"scope": {"type": "planet", "id": "x"}}, "/scope/type"), ({"scope": {"type": "run", "id": "x"}}, "/scope/type"),
                                ({"scope": {"type": "project"}}, "/scope/id"), ({"scope": {"type": "api_key", "id": "x"}}, "/scope/id"),
                                ({"scope": {"type": "workspace", "id": "x"}}, "/scope/id"), ({"requests_per_minute": 0}, "/requests_per_minute"),
                                ({"requests_per_minute": 1.5}, "/requests_per_minute"), ({"requests_per_minute": 2 ** 63}, "/requests_per_minute"),
                                ({"tokens_per_minute": -1}, "/tokens_per_minute"), ({"models": []}, "/models"), ({"models": ["a*b"]}, "/models/0"),
                                ({"models": "gpt"}, "/models"), ({"model": "a b"}, "/model"), ({"model": "a", "models": ["a"]}, "/models"), ({"nonsense": 1}, "/nonsense"),
                                ({"requests_per_minute": None}, "")):
            with self.subTest(change):
                refused = self.owner.post("/api/v1/model-limits", {**good, **change})
                self.assertEqual(refused.status, 400, refused)
                if pointer:
                    self.assertIn(pointer, [each["pointer"] for each in refused.json["errors"]], refused)
        self.limit(good["scope"], requests_per_minute=1)
        self.limit(good["scope"], requests_per_minute=2, status=409)
        self.limit(good["scope"], requests_per_minute=2, model="gpt-*")

    def test_edits_go_by_etag_and_lists_by_page(self):
        limit = self.limit({"type": "project", "id": "paged"}, requests_per_minute=1)
        path = f"/api/v1/model-limits/{limit['id']}"
        self.assertEqual(self.owner.put(path, {"requests_per_minute": 2}, headers={"If-Match": '"7"'}).status, 412)
        changed = self.owner.put(path, {"tokens_per_minute": 5}, headers={"If-Match": '"1"'})
        self.assertEqual((changed.status, changed.headers["etag"], changed.json["requests_per_minute"], changed.json["tokens_per_minute"]), (200, '"2"', None, 5))
        self.assertEqual(self.owner.put(path, {}).status, 400)
        for i in range(4):
            self.limit({"type": "project", "id": f"paged-{i}"}, requests_per_minute=1)
        first = self.owner.get("/api/v1/model-limits?limit=3&scope_type=project").json
        rest = self.owner.get(f"/api/v1/model-limits?limit=3&scope_type=project&cursor={first['next_cursor']}").json
        names = [item["scope"]["id"] for item in first["items"] + rest["items"]]
        self.assertEqual(names, ["paged-3", "paged-2", "paged-1", "paged-0", "paged"])
        self.assertIsNone(rest["next_cursor"])
        self.assertEqual(self.owner.get("/api/v1/model-limits?cursor=x").status, 400)


class Allowed(LimitStory):
    def test_other_models_are_unknown_in_every_doors_shape(self):
        client, _ = self.key(models=["ant-mock-*", "oai-mock-10-20"])
        for door in DOORS:
            for model in ("oai-mock-10-max", "no-such-model", "up-openai/oai-mock-10-max"):
                with self.subTest(door=door, model=model):
                    refused = self.call(door, model, "hello", client=client)
                    self.assertEqual((refused.status, DOORS[door].error_of(refused)), (404, UNKNOWN[door]), refused)
                    self.assertIn(f"the model {model} does not exist, or may not be called", refused.text)
                    self.assertNotIn("gem-mock", refused.text, "what there is for others")
            for model in ("oai-mock-10-20", "ant-mock-10-20", "up-openai/oai-mock-10-20"):
                self.assertEqual(self.call(door, model, "hello", client=client).status, 200, model)
        self.assertEqual(client.post("/v1/embeddings", {"model": "oai-embed-mock-4-0", "input": "x"}).status, 404)
        self.assertEqual(client.post("/v1/messages/count_tokens", {"model": "oai-mock-10-max", "messages": []}).status, 404)

    def test_lists_show_allowed_models_alone(self):
        client, _ = self.key(models=["ant-mock-*", "oai-mock-10-20"])
        listed = {model["id"] for model in client.get("/v1/models").json["data"]}
        self.assertEqual(listed, {"ant-mock-10-20", "ant-mock-10-max", "oai-mock-10-20"})
        listed = {model["id"] for model in client.get("/v1/models", headers={"anthropic-version": "2023-06-01"}).json["data"]}
        self.assertEqual(listed, {"ant-mock-10-20", "ant-mock-10-max", "oai-mock-10-20"})
        listed = {model["name"] for model in client.get("/v1beta/models").json["models"]}
        self.assertEqual(listed, {"models/ant-mock-10-20", "models/ant-mock-10-max", "models/oai-mock-10-20"})
        self.assertEqual(client.get("/v1/models/oai-mock-10-20").status, 200)
        self.assertEqual(client.get("/v1/models/oai-mock-10-max").status, 404)
        self.assertGreater(len(self.owner.get("/v1/models").json["data"]), 10)

    def test_a_route_is_allowed_by_its_own_name_and_stands_for_all_that_it_names(self):
        self.owner.put("/api/v1/model-routes/smart", {"targets": [{"model": "gem-mock-10-20"}]})
        with_name, _ = self.key(models=["smart"])
        self.assertEqual(self.call("chat", "smart", "hello", client=with_name).headers["x-sluice-model"], "gem-mock-10-20")
        self.assertEqual(self.call("chat", "gem-mock-10-20", "hello", client=with_name).status, 404)
        with_model, _ = self.key(models=["gem-mock-10-20"])
        self.assertEqual(self.call("chat", "smart", "hello", client=with_model).status, 404)

    def test_a_budget_does_not_downgrade_to_a_model_that_may_not_be_called(self):
        client, made = self.key(models=["oai-*"])
        budget = self.owner.post("/api/v1/budgets", {"scope": {"type": "api_key", "id": made["id"]}, "window": "day", "limit_usd": "0",
                                                     "action": "downgrade", "downgrade_to": "ant-mock-10-20"})
        self.assertEqual(budget.status, 201)
        self.assertEqual(self.call("chat", MODEL, "hello", client=client).status, 402)

    def test_projects_and_the_workspace_have_lists_as_well(self):
        self.owner.post("/api/v1/projects", {"name": "narrow"})
        self.limit({"type": "project", "id": "narrow"}, models=["oai-mock-10-20"])
        self.assertEqual(self.call("chat", model_of("anthropic"), "hello", headers={"Sluice-Project": "narrow"}).status, 404)
        self.assertEqual(self.call("chat", MODEL, "hello", headers={"Sluice-Project": "narrow"}).status, 200)
        self.assertEqual(self.call("chat", model_of("anthropic"), "hello").status, 200)

    def test_flows_that_a_restricted_key_starts_call_its_models_alone(self):
        document = {"name": "other-model", "nodes": [{"id": "ask", "type": "llm.chat", "config": {"model": model_of("gemini"), "prompt": "hello"}}], "edges": []}
        flow = self.owner.post("/api/v1/flows", document).json["id"]
        client, _ = self.key(models=["oai-*"])
        run = client.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {}}).json
        self.assertEqual(run["status"], "failed", run)
        self.assertIn("may not be called", json.dumps(run))
        self.assertEqual(self.owner.post(f"/api/v1/flows/{flow}/runs?wait=30s", {"input": {}}).json["status"], "succeeded")


    def test_nor_do_the_runs_that_those_flows_start(self):
        ask = {"id": "ask", "type": "llm.chat", "config": {"model": model_of("gemini"), "prompt": "hello"}}
        self.assertEqual(self.owner.post("/api/v1/flows", {"name": "inner-other-model", "nodes": [ask], "edges": []}).status, 201)
        for depth, (name, inner) in enumerate((("middle-other-model", "inner-other-model"), ("outer-other-model", "middle-other-model"))):
            made = self.owner.post("/api/v1/flows", {"name": name, "nodes": [{"id": "sub", "type": "subflow", "config": {"flow": inner}}], "edges": []})
            self.assertEqual(made.status, 201, made)
            client, key = self.key(models=["oai-*"])
            run = client.post(f"/api/v1/flows/{made.json['id']}/runs?wait=30s", {"input": {}}).json
            self.assertEqual(run["status"], "failed", run)
            self.assertIn("may not be called", json.dumps(run))
            self.owner.request("PATCH", f"/api/v1/api-keys/{key['id']}", {"models": None})
            self.assertEqual(self.calls_of(key), 0)
            self.assertEqual(client.post(f"/api/v1/flows/{made.json['id']}/runs?wait=30s", {"input": {}}).json["status"], "succeeded")
            eventually(lambda: self.calls_of(key) == 1, f"the call is the key's, {depth + 1} deep")


class Given(LimitStory):
    """What a key is given when it is made, in the same commit."""

    def test_a_key_has_its_budget_from_its_first_call_on(self):
        client, made = self.key(budget={"limit_usd": "0.0001", "window": "day"}, models=["oai-*"], requests_per_minute=50, tokens_per_minute=90_000)
        self.assertEqual(self.call("chat", MODEL, "hello", client=client).status, 402)
        for read in (made, self.owner.get(f"/api/v1/api-keys/{made['id']}").json,
                     next(key for key in self.owner.get("/api/v1/api-keys").json["items"] if key["id"] == made["id"])):
            self.assertEqual([read[name] for name in ("models", "requests_per_minute", "tokens_per_minute")], [["oai-*"], 50, 90_000])
            self.assertEqual([(each["limit_usd"], each["window"], each["action"]) for each in read["budgets"]], [("0.0001", "day", "block")])
        budget = self.owner.get(f"/api/v1/budgets/{made['budgets'][0]['id']}").json
        self.assertEqual(budget["scope"], {"type": "api_key", "id": made["id"]})

    def test_what_cannot_be_given_makes_no_key(self):
        before = len(self.owner.get("/api/v1/api-keys?limit=200").json["items"])
        limits = self.owner.get("/api/v1/model-limits?limit=200").json["items"]
        for more in ({"budget": {"limit_usd": "-1"}}, {"budget": {"limit_usd": "1", "window": "year"}}, {"budget": {}},
                     {"budget": {"limit_usd": "1", "action": "downgrade"}}, {"models": []}, {"models": ["a*b"]}, {"requests_per_minute": 0},
                     {"tokens_per_minute": "5"}, {"budget": {"limit_usd": "1", "time_zone": "Mars/Olympus"}}):
            with self.subTest(more):
                self.key(status=400, **more)
        self.assertEqual(len(self.owner.get("/api/v1/api-keys?limit=200").json["items"]), before)
        self.assertEqual(limits, self.owner.get("/api/v1/model-limits?limit=200").json["items"], "nor a limit")

    def test_a_limited_key_gives_no_more_than_it_has(self):
        parent, made = self.key(models=["oai-*", "ant-mock-10-20"], requests_per_minute=100, tokens_per_minute=1_000_000,
                                budget={"limit_usd": "5", "window": "month"})
        for more in ({"models": ["*"]}, {"models": ["gem-mock-10-20"]}, {"requests_per_minute": 101}, {"tokens_per_minute": 1_000_001},
                     {"budget": {"limit_usd": "5.000000001"}}, {"budget": {"limit_usd": "1", "action": "warn"}}):
            with self.subTest(more):
                self.key(parent, status=403, **more)
        child, given = self.key(parent)
        self.assertEqual([given[name] for name in ("models", "requests_per_minute", "tokens_per_minute")],
                         [["oai-*", "ant-mock-10-20"], 100, 1_000_000])
        self.assertEqual([(each["limit_usd"], each["window"]) for each in given["budgets"]], [("5", "month")])
        _, narrow = self.key(child, models=["oai-mock-*"], budget={"limit_usd": "1", "window": "day"})
        self.assertEqual(sorted((each["limit_usd"], each["window"]) for each in narrow["budgets"]), [("1", "day"), ("5", "month")])
        self.key(child, status=403, models=["gem-*"])

    def test_a_limited_key_frees_neither_itself_nor_others(self):
        parent, made = self.key(models=["oai-*"], requests_per_minute=100, budget={"limit_usd": "5"})
        _, child = self.key(parent)
        budget, theirs = made["budgets"][0]["id"], child["budgets"][0]["id"]
        limits = {item["scope"]["id"]: item["id"] for item in self.owner.get("/api/v1/model-limits?scope_type=api_key&limit=200").json["items"]}
        attempts = [("PATCH", f"/api/v1/api-keys/{key}", {"models": None}) for key in (made["id"], child["id"])]
        attempts += [("PUT", f"/api/v1/model-limits/{limits[key]}", {"requests_per_minute": 10_000}) for key in (made["id"], child["id"])]
        attempts += [("DELETE", f"/api/v1/model-limits/{limits[key]}", None) for key in (made["id"], child["id"])]
        attempts += [("PUT", f"/api/v1/budgets/{each}", {"limit_usd": "50"}) for each in (budget, theirs)]
        attempts += [("DELETE", f"/api/v1/budgets/{each}", None) for each in (budget, theirs)]
        attempts += [("POST", f"/api/v1/budgets/{each}/raise", {"amount_usd": "1", "until": "2099-01-01T00:00:00Z", "reason": "x"}) for each in (budget, theirs)]
        for verb, path, body in attempts:
            with self.subTest(verb=verb, path=path):
                self.assertEqual(parent.request(verb, path, body).status, 403)
        self.assertEqual(self.owner.get(f"/api/v1/api-keys/{made['id']}").json["models"], ["oai-*"])

    def test_limits_of_a_key_are_changed_member_by_member_and_go_with_it(self):
        client, made = self.key(models=["oai-*"], requests_per_minute=100)
        path = f"/api/v1/api-keys/{made['id']}"
        changed = self.owner.request("PATCH", path, {"models": ["ant-*"]})
        self.assertEqual((changed.status, changed.json["models"], changed.json["requests_per_minute"]), (200, ["ant-*"], 100), changed)
        self.assertEqual(self.call("chat", MODEL, "hello", client=client).status, 404)
        changed = self.owner.request("PATCH", path, {"models": None, "requests_per_minute": None})
        self.assertEqual((changed.json["models"], changed.json["requests_per_minute"]), (None, None))
        self.assertEqual(self.call("chat", MODEL, "hello", client=client).status, 200)
        for body in ({}, {"models": []}, {"models": ["oai-\r\nx"]}, {"role": "owner"}, {"tokens_per_minute": 0}):
            self.assertEqual(self.owner.request("PATCH", path, body).status, 400, body)
        self.assertEqual(self.owner.request("PATCH", path, {"tokens_per_minute": 5}).status, 200)
        self.assertEqual(self.owner.delete(path).status, 204)
        self.assertFalse([item for item in self.owner.get("/api/v1/model-limits?limit=200").json["items"] if item["scope"]["id"] == made["id"]])
        self.assertEqual(self.owner.request("PATCH", path, {"tokens_per_minute": 5}).status, 409)
        viewer, _ = self.key(role="viewer")
        self.assertEqual(viewer.request("PATCH", path, {"tokens_per_minute": 5}).status, 403)

    def test_changes_of_a_key_at_the_same_moment_all_count(self):
        _, made = self.key()
        path, start = f"/api/v1/api-keys/{made['id']}", threading.Barrier(16)
        bodies = [{"models": [f"m{i}-*"]} for i in range(8)] + [{"requests_per_minute": 100 + i} for i in range(7)] + [{"tokens_per_minute": 7}]

        def one(body):
            start.wait(house.PATIENCE)
            return self.owner.request("PATCH", path, body)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = [each.result(house.PATIENCE * 2) for each in [pool.submit(one, body) for body in bodies]]
        self.assertEqual([answer.status for answer in answers], [200] * 16, answers)
        kept = self.owner.get(path).json
        self.assertIn({"models": kept["models"]}, bodies)
        self.assertIn({"requests_per_minute": kept["requests_per_minute"]}, bodies)
        self.assertEqual(kept["tokens_per_minute"], 7)
        limits = [each for each in self.owner.get("/api/v1/model-limits?limit=200").json["items"] if each["scope"]["id"] == made["id"]]
        self.assertEqual(len(limits), 1)

    def test_the_command_line_does_the_same(self):
        def sluice(*arguments, code=0):
            done = subprocess.run([house.binary(), *arguments, "--url", f"http://127.0.0.1:{self.server.port}", "--key", self.owner.key],
                                  capture_output=True, text=True, env=house.clean_environment(), timeout=60)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done.stdout
        made = json.loads(sluice("key", "create", "--budget", "5", "--window", "month", "--models", "oai-*,ant-mock-10-20", "--requests-per-minute", "7",
                                 "--json"))
        read = self.owner.get(f"/api/v1/api-keys/{made['id']}").json
        self.assertEqual((read["models"], read["requests_per_minute"], read["budgets"][0]["limit_usd"]), (["oai-*", "ant-mock-10-20"], 7, "5"))
        self.assertIn("models all", sluice("key", "edit", made["id"], "--models", "any"))
        sluice("key", "create", "--window", "day", code=2)
        sluice("key", "edit", made["id"], "--requests-per-minute", "many", code=2)
        limit = json.loads(sluice("model-limits", "create", "--scope", "project:cli", "--model", "gpt-*", "--tokens-per-minute", "500", "--json"))
        self.assertIn("project cli", sluice("model-limits", "list"))
        changed = json.loads(sluice("model-limits", "edit", limit["id"], "--requests-per-minute", "3", "--json"))
        self.assertEqual((changed["requests_per_minute"], changed["tokens_per_minute"], changed["model"]), (3, 500, "gpt-*"))
        sluice("model-limits", "delete", limit["id"])
        sluice("model-limits", "delete", limit["id"], code=1)


if __name__ == "__main__":
    house.main()
