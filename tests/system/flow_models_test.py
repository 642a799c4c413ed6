"""Flows as models: what they are given and give at every door, whose they are, and what becomes of a run whose caller leaves."""

import http.client
import json
import os
import re
import subprocess
import unittest
import uuid

import house
from gateway_house import DOORS, SUITES, TYPES, Live, Mock, billed, nano, priced, words, suites_folder
from house import eventually, node

ECHO = {"name": "echo", "nodes": [node("say", "set", {"values": {"text": "{{ input.input }}", "seen": "{{ input }}"}})],
        "edges": [], "output": "{{ nodes.say.output }}"}
TALKER = {"name": "talker", "nodes": [node("answer", "llm.chat", {"model": "simulated-small", "messages": "{{ input.messages }}"})], "edges": [],
          "output": "{{ nodes.answer.output.text }}"}
TELLER = {**TALKER, "name": "teller", "nodes": [node("answer", "llm.chat", {"model": "mock-10-20", "messages": "{{ input.messages }}"})]}
WAITER = {"name": "waiter", "nodes": [node("wait", "wait", {"for": "1h"})], "edges": []}
BROKEN = {"name": "broken", "nodes": [node("no", "fail", {"message": "out of paper"})], "edges": []}
STRICT = {"name": "strict", "input_schema": {"type": "object", "required": ["ticket"]}, "nodes": [node("a")], "edges": []}
DRAFTED = {"name": "drafted", "nodes": [node("a")], "edges": []}
VALUE = {"name": "value", "nodes": [node("a", "set", {"values": {"n": 1}})], "edges": [], "output": "{{ nodes.a.output }}"}


class FlowModels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mock = Mock()
        cls.addClassCleanup(cls.mock.close)
        cls.server = house.Server(env={"SLUICE_LIMITS_ADDRESS_RATE": "0", "SLUICE_EGRESS_ALLOW": f"127.0.0.1:{cls.mock.port}",
                                       "OPENAI_BASE_URL": f"{cls.mock.url}/v1",
                                       "OPENAI_API_KEY": "sk-vendor", "OPENAI_MODEL": "mock-10-20"})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.owner = cls.server.client()
        for flow in (ECHO, TALKER, TELLER, WAITER, BROKEN, STRICT, VALUE):
            made = cls.owner.post("/api/v1/flows", flow)
            assert made.status == 201, made
        made = cls.owner.post("/api/v1/flows?live=false", DRAFTED)
        assert made.status == 201, made

    def key(self, **more):
        made = self.owner.post("/api/v1/api-keys", {"name": f"k{uuid.uuid4().hex[:8]}", "role": "service", **more})
        self.assertEqual(made.status, 201, made)
        return house.Client(self.server.port, made.json["key"])

    def call(self, door, model, text="hello", stream=False, client=None, body=None, headers=None):
        door = DOORS[door]
        return (client or self.owner).post(door.target(model, stream), body or door.body(model, text, stream),
                                           headers={"anthropic-version": "2023-06-01", **(headers or {})})

    def run_of(self, answer):
        return self.owner.get(f"/api/v1/runs/{answer.headers['sluice-run-id']}").json

    def test_every_door_answers_whole_and_streamed_with_the_text_of_the_output(self):
        for name, door in DOORS.items():
            with self.subTest(door=name):
                whole = self.call(name, "flow/echo", "good morning")
                self.assertEqual((whole.status, door.text(whole.json)), (200, "good morning"), whole)
                self.assertEqual(whole.headers["x-sluice-cost-usd"], "0")
                self.assertEqual(self.run_of(whole)["status"], "succeeded")
                streamed = self.call(name, "flow/echo", "good morning", stream=True)
                self.assertEqual((streamed.status, door.streamed_text(streamed)), (200, "good morning"), streamed)
                self.assertEqual(self.run_of(streamed)["trigger"], "model")

    def test_the_flow_is_given_the_conversation_in_no_vendors_format(self):
        answer = self.call("anthropic", "flow/echo", body={
            "model": "flow/echo", "max_tokens": 9, "system": "be brief", "temperature": 0.5, "messages": [
                {"role": "user", "content": "first"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "here"}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "seen"}, {"type": "text", "text": "last"}]}]})
        self.assertEqual(answer.status, 200, answer)
        seen = self.owner.get(f"/api/v1/runs/{answer.headers['sluice-run-id']}/input").json
        seen = seen.get("input", seen) if "messages" not in seen else seen
        self.assertEqual(seen, {
            "messages": [{"role": "user", "content": "first"},
                         {"role": "assistant", "content": "", "tool_calls": [{"id": "t1", "name": "look", "arguments": {"at": "here"}}]},
                         {"role": "tool", "tool_call_id": "t1", "content": "seen"}, {"role": "user", "content": "last"}],
            "system": "be brief", "input": "last", "parameters": {"temperature": 0.5, "max_output_tokens": 9}})

    def test_an_output_without_text_is_told_as_json(self):
        answer = self.call("chat", "flow/value")
        self.assertEqual(DOORS["chat"].text(answer.json), '{"n":1}')

    def test_usage_and_cost_are_those_of_the_runs_model_calls_and_charged_once(self):
        before = nano(self.owner.get("/api/v1/spend/summary").json["total"]["cost_usd"])
        answer = self.call("chat", "flow/talker", "count me")
        usage, run = answer.json["usage"], self.run_of(answer)
        self.assertEqual((usage["prompt_tokens"], usage["completion_tokens"]), (run["totals"]["input_tokens"], run["totals"]["output_tokens"]))
        cost = nano(answer.headers["x-sluice-cost-usd"])
        self.assertGreater(cost, 0)
        rows = eventually(lambda: self.owner.get(f"/api/v1/spend?run={run['id']}").json["items"], "the row of the step's call")
        self.assertEqual([(row["door"], row["flow"], nano(row["cost_usd"])) for row in rows], [("flow", "talker", cost)])
        self.assertEqual(nano(self.owner.get("/api/v1/spend/summary").json["total"]["cost_usd"]) - before, cost)

    def test_a_stream_passes_the_pieces_of_the_last_steps_model_while_it_speaks(self):
        for name, door in DOORS.items():
            with self.subTest(door=name):
                mark = uuid.uuid4().hex
                text = f"tell me [[hold:chunk after=5]] [[mark:{mark}]]"
                live = Live(self.server.port, self.owner.key, door.target("flow/teller", True), door.body("flow/teller", text, True))
                said = ""
                while not said:  # the vendor holds the rest back
                    said += door.piece(json.loads(live.frame()))
                self.mock.release(mark)
                while (frame := live.frame()) not in (None, "[DONE]"):
                    said += door.piece(json.loads(frame))
                live.leave()
                self.assertEqual(said, words())

    def provided(self, kind):
        """A flow whose step asks a provider of the workspace."""
        prefix, path, key, settings, _ = TYPES[kind]
        name = f"{kind.replace('_', '-')}-{uuid.uuid4().hex[:6]}"
        model = f"{prefix}-{uuid.uuid4().hex[:6]}-mock-10-20"
        made = self.owner.post("/api/v1/providers", {"name": name, "type": kind, "base_url": self.mock.url + path, "api_key": key,
                                                     "models": [priced(model)], **({"settings": settings} if settings else {})})
        self.assertEqual(made.status, 201, made)
        flow = {**TALKER, "name": name, "nodes": [node("answer", "llm.chat", {"model": model, "messages": "{{ input.messages }}"})]}
        self.assertEqual(self.owner.post("/api/v1/flows", flow).status, 201)
        return f"flow/{name}"

    def test_providers_of_the_workspace_are_heard_while_they_speak(self):
        door = DOORS["chat"]
        for kind in TYPES:
            with self.subTest(kind=kind):
                model, mark = self.provided(kind), uuid.uuid4().hex
                live = Live(self.server.port, self.owner.key, door.path, door.body(model, f"tell me [[hold:chunk after=5]] [[mark:{mark}]]", True))
                said = ""
                while not said:
                    said += door.piece(json.loads(live.frame()))
                self.mock.release(mark)
                frames = []
                while (frame := live.frame()) not in (None, "[DONE]"):
                    frames.append(json.loads(frame))
                live.leave()
                self.assertEqual(said + "".join(door.piece(frame) for frame in frames), words())
                self.assertEqual((frames[-1]["usage"]["prompt_tokens"], frames[-1]["usage"]["completion_tokens"]), (10, 20))
                row = eventually(lambda: next((row for row in self.owner.get("/api/v1/spend?limit=5").json["items"] if row["flow"] == model[5:]), None), "its row")
                self.assertEqual((nano(row["cost_usd"]), row["estimated"]), (billed(self.mock.ledger(mark)), False))

    def test_a_provider_that_breaks_off_ends_the_stream_with_an_error_and_is_paid_for_what_it_said(self):
        door = DOORS["chat"]
        for kind in ("openai", "anthropic", "bedrock", "gemini"):
            for order in ("[[disconnect_after=3]]", "[[error_in_200 after=3]]", "[[malformed_json after=2]]"):
                with self.subTest(kind=kind, order=order):
                    model, mark = self.provided(kind), uuid.uuid4().hex
                    answer = self.owner.post(door.path, door.body(model, f"tell me {order} [[mark:{mark}]]", True))
                    if answer.status == 200:
                        self.assertEqual(len(door.stream_errors(answer)), 1, answer)
                        self.assertTrue(words().startswith(door.streamed_text(answer)), answer)
                    row = eventually(lambda: next((row for row in self.owner.get("/api/v1/spend?limit=5").json["items"] if row["flow"] == model[5:]), None), "its row")
                    self.assertEqual(row["status"], "failed")
                    self.assertGreaterEqual(nano(row["cost_usd"]), billed(self.mock.ledger(mark)))

    def test_a_provider_that_does_not_stream_is_told_at_the_end(self):
        door = DOORS["chat"]
        answer = self.owner.post(door.path, door.body(self.provided("openai"), "tell me [[wrong_content_type]]", True))
        refused = self.owner.post(door.path, door.body(self.provided("openai"), "tell me [[fault:400]]", True))
        self.assertGreaterEqual(answer.status, 400, answer)   # a page is no answer
        self.assertGreaterEqual(refused.status, 400, refused)
        self.assertTrue(door.error_of(refused), refused)

    def test_a_stream_ends_with_what_the_run_cost(self):
        answer = self.call("chat", "flow/talker", "tell me a story", stream=True)
        self.assertEqual(DOORS["chat"].streamed_text(answer), self.owner.get(f"/api/v1/runs/{answer.headers['sluice-run-id']}/output").json["output"])
        self.assertRegex(answer.text, r": sluice\.cost_usd 0\.0\d+\n\n")

    def test_a_budget_that_the_flows_step_meets_is_told_as_any_other(self):
        made = self.owner.post("/api/v1/budgets", {"scope": {"type": "flow", "id": "talker"}, "window": "total", "limit_usd": "0"})
        self.addCleanup(self.owner.delete, f"/api/v1/budgets/{made.json['id']}")
        for name, door in DOORS.items():
            for stream in (False, True):
                answer = self.call(name, "flow/talker", stream=stream)
                self.assertEqual(answer.status, 402, answer)
                self.assertTrue(door.error_of(answer))

    def test_a_run_that_fails_is_an_error_in_the_doors_shape_that_no_sdk_tries_again(self):
        for name, door in DOORS.items():
            for stream in (False, True):
                with self.subTest(door=name, stream=stream):
                    answer = self.call(name, "flow/broken", stream=stream)
                    self.assertGreaterEqual(answer.status, 400, answer)
                    self.assertTrue(door.error_of(answer))
                    self.assertIn("out of paper", answer.text)
                    self.assertEqual(answer.headers["x-should-retry"], "false")
                    self.assertEqual(self.run_of(answer)["status"], "failed")

    def test_input_that_the_flow_does_not_take_is_the_callers_mistake(self):
        answer = self.call("chat", "flow/strict")
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("ticket", answer.json["error"]["message"])
        for wrong in ({"n": 2}, {"tools": [{"type": "web_search"}]}, {"messages": "no list"}):
            answer = self.call("chat", "flow/echo", body={**DOORS["chat"].body("flow/echo", "x"), **wrong})
            self.assertEqual(answer.status, 400, answer)

    def test_what_is_not_there_not_live_or_not_the_callers_is_no_model(self):
        self.owner.post("/api/v1/projects", {"name": "else"})
        self.owner.post("/api/v1/flows", {**ECHO, "name": "elsewhere", "project": "else"})
        scoped = self.key(projects=["default"])
        other = self.server.client("another")
        for client, model in ((self.owner, "flow/absent"), (self.owner, "flow/drafted"), (self.owner, "flow/"), (scoped, "flow/elsewhere"),
                              (other, "flow/echo")):
            for name, door in DOORS.items():
                with self.subTest(model=model, door=name):
                    answer = self.call(name, model, client=client)
                    self.assertEqual(answer.status, 404, answer)
                    self.assertTrue(door.error_of(answer))
        self.assertEqual(self.call("chat", "flow/echo", client=scoped).status, 200)

    def test_a_key_that_may_call_some_models_calls_and_sees_those_flows_alone(self):
        for models, status in ((["flow/echo"], 200), (["flow/*"], 200), (["flow/talker", "gpt-*"], 404)):
            with self.subTest(models=models):
                client = self.key(models=models)
                self.assertEqual(self.call("chat", "flow/echo", client=client).status, status)
                self.assertEqual("flow/echo" in {item["id"] for item in client.get("/v1/models").json["data"]}, status == 200)

    def test_flows_are_listed_for_those_who_may_run_them(self):
        def listed(client):
            return {item["id"] for item in client.get("/v1/models").json["data"] if item["id"].startswith("flow/")}
        self.assertTrue({"flow/echo", "flow/talker"} <= listed(self.owner))
        self.assertNotIn("flow/drafted", listed(self.owner))
        caller = self.owner.post("/api/v1/roles", {"name": "caller", "permissions": ["models:call", "flows:read"]})
        self.assertEqual(caller.status, 201, caller)
        client = self.key(role="caller")
        self.assertEqual(listed(client), set())
        self.assertEqual(self.call("chat", "flow/echo", client=client).status, 403)
        self.assertEqual(self.owner.get("/v1/models/flow/echo").json["owned_by"], "flow")
        self.assertIn("models/flow/echo", [model["name"] for model in self.owner.get("/v1beta/models").json["models"]])

    def test_the_run_is_cancelled_when_its_caller_leaves(self):
        for stream in (True, False):
            with self.subTest(stream=stream):
                before = {run["id"] for run in self.owner.get("/api/v1/runs?status=waiting").json["items"]}
                door = DOORS["chat"]
                caller = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=house.PATIENCE)
                caller.request("POST", door.path, body=json.dumps(door.body("flow/waiter", "x", stream)),
                               headers={"Authorization": f"Bearer {self.owner.key}", "Content-Type": "application/json"})
                run = eventually(lambda: next((run["id"] for run in self.owner.get("/api/v1/runs?status=waiting").json["items"]
                                               if run["id"] not in before), None), "the run waits")
                caller.close()
                eventually(lambda: self.owner.get(f"/api/v1/runs/{run}").json["status"] == "cancelled", "the run is cancelled")

    def test_the_same_idempotency_key_gives_the_first_answer(self):
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        first = self.call("chat", "flow/echo", "once", headers=headers)
        again = eventually(lambda: (lambda a: a if a.headers.get("idempotent-replayed") else None)(self.call("chat", "flow/echo", "once", headers=headers)),
                           "the stored answer")
        self.assertEqual(again.json, first.json)

    def test_the_sdks_speak_to_flows(self):
        folder = suites_folder()
        told = {"SDKS": folder, "URL": f"http://127.0.0.1:{self.server.port}", "KEY": self.owner.key, "BROKE_KEY": "none", "MODEL": "flow/echo",
                "TALKER": "flow/teller", "EMBEDDING_MODEL": "none", "UPSTREAM": "openai", "MOCK": "http://127.0.0.1:1"}
        ran = subprocess.run([os.path.join(folder, "node"), "--test", "--test-reporter=tap", "flows.test.mjs"], cwd=SUITES, capture_output=True,
                             text=True, timeout=300, env={**house.clean_environment(), **{f"GATEWAY_{k}": v for k, v in told.items()}})
        failed = re.findall(r"^not ok \d+ - (.*)$", ran.stdout, re.M)
        self.assertEqual(ran.returncode, 0, f"{failed}\n{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}")


if __name__ == "__main__":
    house.main()
