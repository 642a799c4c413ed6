"""Models beside each other, what is kept of calls, and the names of OpenTelemetry, through the whole program."""

import json
import re
import subprocess
import unittest
import uuid

import house
from gateway_house import DOORS, GatewayStory, model_of, nano, priced, words
from house import eventually, node


def events(text):
    """The named events of a stream."""
    out = []
    for block in re.split(r"\n\n", text):
        name = re.search(r"^event: ?(.*)$", block, re.M)
        data = re.search(r"^data: ?(.*)$", block, re.M)
        if name and data:
            out.append((name.group(1), json.loads(data.group(1))))
    return out


class Playground(GatewayStory):
    def compare(self, body, client=None, accept="application/json"):
        return (client or self.owner).post("/api/v1/playground/compare", body, headers={"Accept": accept})

    def test_models_answer_beside_each_other_with_time_usage_and_cost(self):
        before = self.spent()
        models = [model_of("openai"), model_of("anthropic"), model_of("gemini")]
        answer = self.compare({"models": models, "prompt": "hello", "parameters": {"max_tokens": 50}})
        self.assertEqual(answer.status, 200, answer)
        results = answer.json["results"]
        self.assertEqual([(r["model"], r["text"], r["error"]) for r in results], [(model, words(), None) for model in models])
        for result in results:
            self.assertEqual((result["usage"]["input_tokens"], result["usage"]["output_tokens"]), (10, 20))
            self.assertIsNotNone(result["first_token_ms"])
        self.assertEqual(self.spent() - before, sum(nano(r["cost_usd"]) for r in results))
        self.assertEqual(nano(answer.json["cost_usd"]), self.spent() - before)
        self.assertEqual({row["door"] for row in self.spend_rows(3)}, {"playground"})

    def test_they_are_told_as_they_come_and_one_that_fails_spoils_no_other(self):
        answer = self.compare({"models": [model_of("openai"), "no-such-model"], "prompt": "hello"}, accept="text/event-stream")
        told = events(answer.text)
        self.assertEqual((told[0][0], told[-1][0]), ("start", "end"), answer)
        text = "".join(data["text"] for name, data in told if name == "delta" and data["index"] == 0)
        self.assertEqual(text, words())
        results = {data["index"]: data for name, data in told if name == "result"}
        self.assertIsNone(results[0]["error"])
        self.assertEqual((results[1]["error"]["status"], results[1]["error"]["code"]), (404, "model_not_found"))

    def test_budgets_and_guardrails_hold_here_as_at_the_doors(self):
        broke, _ = self.limited_key("0")
        answer = self.compare({"models": [model_of("openai")], "prompt": "hello"}, client=broke)
        self.assertEqual(answer.json["results"][0]["error"]["status"], 402, answer)
        name = f"r{uuid.uuid4().hex[:8]}"
        self.owner.post("/api/v1/guardrails", {"name": name, "rule": {"type": "pattern", "pattern": "forbidden", "action": "block"}})
        self.addCleanup(self.owner.delete, f"/api/v1/guardrails/{name}")
        answer = self.compare({"models": [model_of("openai")], "prompt": "forbidden"})
        self.assertEqual(answer.json["results"][0]["error"]["code"], "guardrail_blocked", answer)

    def test_flows_take_part(self):
        flow = {"name": f"f{uuid.uuid4().hex[:8]}", "nodes": [node("say", "set", {"values": {"text": "{{ input.input }}"}})], "edges": [], "output": "{{ nodes.say.output }}"}
        self.assertEqual(self.owner.post("/api/v1/flows", flow).status, 201)
        answer = self.compare({"models": [f"flow/{flow['name']}"], "prompt": "hello"})
        result = answer.json["results"][0]
        self.assertEqual((result["text"], result["cost_usd"]), ("hello", "0"), answer)
        self.assertRegex(result["run_id"], "^run_")

    def test_what_cannot_be_asked_is_refused_with_its_place(self):
        for body in ({"models": [], "prompt": "x"}, {"models": ["a"] * 7, "prompt": "x"}, {"models": ["a"]},
                     {"models": ["a"], "prompt": "x", "parameters": {"stream": False}}, {"models": ["a"], "prompt": 5}):
            answer = self.compare(body)
            self.assertEqual(answer.status, 400, answer)
            self.assertTrue(answer.json["errors"], answer)

    def test_the_command_shows_them_beside_each_other(self):
        ran = house.sluice("models", "compare", "--url", f"http://127.0.0.1:{self.server.port}", "--key", self.owner.key, "--model", model_of("openai"),
                           "--model", "no-such-model", "--prompt", "hello")
        self.assertEqual(ran.returncode, 1, ran)
        self.assertIn(words().strip(), ran.stdout)
        self.assertIn("failed: ", ran.stdout)


class Contents(GatewayStory):
    def keep(self, what, retention="24h"):
        answer = self.owner.put("/api/v1/content-policy", {"keep": what, "retention": retention})
        self.assertEqual(answer.status, 200, answer)
        self.addCleanup(self.owner.put, "/api/v1/content-policy", {"keep": "none"})

    def last(self):
        return self.spend_rows(1)[0]["id"]

    def content(self, call, client=None):
        return (client or self.owner).get(f"/api/v1/spend/{call}/content")

    def test_nothing_is_kept_unless_somebody_says_so(self):
        self.assertEqual(self.owner.get("/api/v1/content-policy").json["keep"], "none")
        self.call("chat", model_of("openai"), "not to be kept")
        self.spent()
        self.assertEqual(self.content(self.last()).status, 404)

    def test_of_all_calls_what_was_asked_and_answered_is_kept(self):
        self.keep("all")
        for door in DOORS:
            for kind in ("openai", "anthropic"):
                for stream in (False, True):
                    with self.subTest(door=door, kind=kind, stream=stream):
                        mark = self.mark()
                        answer = self.call(door, model_of(kind), f"keep me {mark}", stream)
                        self.assertEqual(answer.status, 200, answer)
                        self.spent()
                        kept = eventually(lambda: (lambda c: c.json if c.status == 200 else None)(self.content(self.last())), "the content")
                        self.assertIn(mark, json.dumps(kept["request"]))
                        if stream:
                            self.assertEqual((kept["answer"], kept["text"]), (None, words()))
                        else:
                            self.assertEqual(kept["answer"], answer.json)

    def test_of_errors_only_those(self):
        self.keep("errors")
        self.call("chat", model_of("openai"), "all is well")
        self.spent()
        well = self.last()
        self.call("chat", model_of("openai"), "[[fault:400]]")
        failed = eventually(lambda: (lambda row: row["id"] if row["status"] == "failed" else None)(self.spend_rows(1)[0]), "the row")
        kept = eventually(lambda: (lambda c: c.json if c.status == 200 else None)(self.content(failed)), "the content")
        self.assertIn("fault", json.dumps(kept["request"]))
        self.assertEqual(self.content(well).status, 404)

    def test_what_guardrails_took_out_or_refused_is_not_in_it(self):
        self.keep("all")
        name = f"r{uuid.uuid4().hex[:8]}"
        made = self.owner.post("/api/v1/guardrails", {"name": name, "rule": {"type": "detect", "kinds": ["email"]}})
        self.assertEqual(made.status, 201, made)
        self.addCleanup(self.owner.delete, f"/api/v1/guardrails/{name}")
        for stream in (False, True):
            self.call("chat", model_of("openai"), "[[echo:to anna@example.com]] anna@example.com", stream)
            self.spent()
            kept = eventually(lambda: (lambda c: c.text if c.status == 200 else None)(self.content(self.last())), "the content")
            self.assertNotIn("anna@", kept)
            self.assertIn("[email]", kept)

    def test_calls_of_flows_are_kept_and_only_who_may_see_their_data_reads_them(self):
        self.keep("all")
        flow = {"name": f"f{uuid.uuid4().hex[:8]}", "nodes": [node("ask", "llm.chat", {"model": model_of("openai"), "prompt": "of a flow"})], "edges": []}
        made = self.owner.post("/api/v1/flows", flow)
        self.owner.post(f"/api/v1/flows/{made.json['id']}/runs?wait=30s", {"input": {}})
        call = eventually(lambda: next((row["id"] for row in self.spend_rows(5) if row["flow"] == flow["name"]), None), "the row")
        kept = eventually(lambda: (lambda c: c.json if c.status == 200 else None)(self.content(call)), "the content")
        self.assertEqual(kept["answer"]["text"], words())
        viewer = self.owner.post("/api/v1/api-keys", {"name": "v", "role": "viewer"}).json["key"]
        self.assertEqual(self.content(call, house.Client(self.server.port, viewer)).status, 403)
        self.assertEqual(self.content(call, self.server.client("another")).status, 404)

    def test_a_policy_that_is_none_is_refused_and_another_ones_change_is_not_lost(self):
        for body in ({"keep": "some"}, {"keep": "all", "retention": "1s"}, {"keep": "all", "retention": "500d"}, {"keep": "all", "retention": "soon"}):
            answer = self.owner.put("/api/v1/content-policy", body)
            self.assertEqual(answer.status, 400, answer)
            self.assertTrue(answer.json["errors"], answer)
        read = self.owner.get("/api/v1/content-policy")
        self.keep("errors")
        late = self.owner.put("/api/v1/content-policy", {"keep": "all"}, headers={"If-Match": read.headers["etag"]})
        self.assertEqual(late.status, 412, late)


class Telemetry(GatewayStory):
    def test_rows_and_metrics_have_the_names_of_the_conventions(self):
        self.call("chat", model_of("openai"), "hello")
        self.spent()
        row = self.spend_rows(1)[0]
        self.assertEqual(row["otel"], {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "up-openai", "gen_ai.request.model": model_of("openai"),
            "gen_ai.response.model": model_of("openai"), "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 20,
            "gen_ai.usage.cache_read.input_tokens": 0, "gen_ai.usage.cache_write.input_tokens": 0, "gen_ai.usage.reasoning.output_tokens": 0,
            "gen_ai.response.time_to_first_chunk": row["otel"]["gen_ai.response.time_to_first_chunk"]})
        self.call("chat", model_of("openai"), "[[fault:400]]")
        self.call("chat", model_of("openai"), "hello", stream=True)
        self.spent()
        metrics = self.owner.get("/metrics").text
        labels = f'gen_ai_operation_name="chat",gen_ai_provider_name="up-openai",gen_ai_request_model="{model_of("openai")}"'
        for wanted in (f"gen_ai_client_inference_duration_us_count{{{labels}}} 2",
                       f"gen_ai_client_inference_duration_us_count{{{labels},error_type=\"failed\"}} 1",
                       f"gen_ai_client_inference_time_to_first_chunk_us_count{{{labels}}} 2",
                       f"gen_ai_client_token_usage_sum{{{labels},gen_ai_token_type=\"output\"}} 40"):
            self.assertTrue(wanted in metrics, f"{wanted} is not among " + "\n".join(re.findall(r"^gen_ai.*_(?:count|sum).*$", metrics, re.M)))


class ManyModels(GatewayStory):
    def test_a_key_reads_no_names_of_another_workspaces_models_in_the_metrics(self):
        with house.Server(env={"SLUICE_METRICS_LISTEN": f"127.0.0.1:{(port := house.free_port())}"}) as server:
            owner = server.client()
            self.assertEqual(owner.post("/v1/chat/completions", {"model": "simulated/simulated-large", "messages": [{"role": "user", "content": "x"}]}).status, 200)
            eventually(lambda: "gen_ai_request_model" in owner.get("/metrics").text, "the call is counted")
            other = server.client("acme", "viewer")
            for client in (owner, other):
                text = client.get("/metrics").text
                self.assertIn("sluice_http_requests_total", text)
                self.assertNotIn("gen_ai_", text)
            self.assertIn("gen_ai_request_model", house.Client(port).get("/metrics").text)

    def test_names_that_callers_invent_make_no_endless_metrics(self):
        self.provide("openai_compatible", name="many", models=[priced(f"many-mock-1-1-{i}") for i in range(70)])
        for i in range(70):
            self.assertEqual(self.call("chat", f"many-mock-1-1-{i}", "x").status, 200)
        metrics = self.owner.get("/metrics").text
        sets = set(re.findall(r'gen_ai_client_inference_duration_us_count\{(.*?)\}', metrics))
        self.assertLessEqual(len(sets), 52)
        self.assertTrue(any('gen_ai_request_model="other"' in each for each in sets))


if __name__ == "__main__":
    house.main()
