"""Guardrails through the whole program: every door, whole and streamed, flows, embeddings; what is written down, and what never is."""

import base64
import json
import os
import re
import subprocess
import uuid

import house
from gateway_house import DOORS, SUITES, GatewayStory, model_of, suites_folder, words
from house import eventually, node

MAIL = "anna.secret@example.com"
UPSTREAMS = ("openai", "anthropic", "bedrock", "gemini")
DETECT = {"type": "detect", "kinds": ["email"]}
SCHEMA = {"type": "object", "required": ["city"], "additionalProperties": False, "properties": {"city": {"type": "string"}}}


class Guardrails(GatewayStory):
    def rule(self, rule, **more):
        """A guardrail for this test alone, of the given models."""
        name = f"r{uuid.uuid4().hex[:8]}"
        made = self.owner.post("/api/v1/guardrails", {"name": name, "rule": rule, **more})
        self.assertEqual(made.status, 201, made)
        self.addCleanup(self.owner.delete, f"/api/v1/guardrails/{name}")
        return name

    def row(self, mark=None, count=1):
        return self.spend_rows(count)[0]

    def sent(self, mark):
        return json.dumps([request for request in self.mock.requests(mark)], ensure_ascii=False)

    def test_without_a_rule_the_callers_bytes_pass_unchanged(self):
        self.rule(DETECT, models=["no-such-model"])
        raw = json.dumps({"max_tokens": 7, "model": model_of("openai"), "messages": [{"content": f"{MAIL}  \u00fc", "role": "user"}]}, indent=3)
        answer = self.owner.request("POST", "/v1/chat/completions", raw.encode())
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.mock.last_bytes(), raw.encode())
        self.spent()
        self.assertIsNone(self.row()["guardrails"])

    def test_what_is_redacted_in_requests_reaches_no_vendor_at_any_door(self):
        name = self.rule(DETECT, direction="input")
        for door in DOORS:
            for kind in UPSTREAMS:
                for stream in (False, True):
                    with self.subTest(door=door, kind=kind, stream=stream):
                        mark = self.mark()
                        answer = self.call(door, model_of(kind), f"ask {MAIL} [[mark:{mark}]]", stream)
                        self.assertEqual(answer.status, 200, answer)
                        text = DOORS[door].streamed_text(answer) if stream else DOORS[door].text(answer.json)
                        self.assertEqual(text, words())
                        self.assertNotIn(MAIL.encode(), self.mock.last_bytes())
                        self.assertIn(b"[email]", self.mock.last_bytes())
                        eventually(lambda: self.row()["guardrails"], "the row")
                        self.assertEqual(self.row()["guardrails"], [{"rule": name, "direction": "input", "kind": "email", "action": "redacted", "count": 1}])
        self.assertNotIn(MAIL, self.server.log())

    def test_a_blocked_request_is_refused_in_the_doors_shape_and_costs_nothing(self):
        name = self.rule({**DETECT, "action": "block"}, direction="input")
        for door in DOORS:
            for stream in (False, True):
                with self.subTest(door=door, stream=stream):
                    before, mark, last = self.spent(), self.mark(), (self.spend_rows(1) or [{"id": ""}])[0]["id"]
                    answer = self.call(door, model_of("openai"), f"{MAIL} [[mark:{mark}]]", stream)
                    self.assertEqual((answer.status, answer.headers["x-should-retry"]), (400, "false"), answer)
                    self.assertIn(DOORS[door].error_of(answer), ("guardrail_blocked", "invalid_request_error", "INVALID_ARGUMENT"))
                    self.assertIn(name, answer.text)
                    self.assertNotIn(MAIL, answer.text)
                    self.assertEqual((self.mock.ledger(mark), self.spent()), ([], before))
                    row = eventually(lambda: (lambda r: r if r["status"] == "refused" and r["id"] != last else None)(self.row()), "the row")
                    self.assertEqual((row["cost_usd"], row["guardrails"][0]["action"]), ("0", "blocked"))
        self.assertNotIn(MAIL, self.server.log())

    def test_answers_are_redacted_whole_and_streamed_through_every_pair_of_formats(self):
        self.rule(DETECT, direction="output")
        for door in DOORS:
            for kind in UPSTREAMS:
                for stream in (False, True):
                    with self.subTest(door=door, kind=kind, stream=stream):
                        answer = self.call(door, model_of(kind), f"[[echo:write to {MAIL} today]] [[split_frames]]", stream)
                        self.assertEqual(answer.status, 200, answer)
                        text = DOORS[door].streamed_text(answer) if stream else DOORS[door].text(answer.json)
                        self.assertEqual(text, "write to [email] today")
                        self.assertNotIn(MAIL, answer.text)

    def test_a_blocked_answer_is_an_error_and_is_paid_all_the_same(self):
        self.rule({**DETECT, "action": "block"}, direction="output")
        for door in DOORS:
            for stream in (False, True):
                with self.subTest(door=door, stream=stream):
                    before, mark = self.spent(), self.mark()
                    answer = self.call(door, model_of("anthropic"), f"[[echo:write to {MAIL} today]] [[mark:{mark}]]", stream)
                    self.assertNotIn(MAIL, answer.text)
                    if stream and answer.status == 200:
                        self.assertEqual(len(DOORS[door].stream_errors(answer)), 1, answer)
                    else:
                        self.assertEqual(answer.status, 400, answer)
                    eventually(lambda: self.spent() > before, "the vendor's work is charged")
                    row = eventually(lambda: (lambda r: r if r["status"] == "refused" else None)(self.row()), "the row")
                    self.assertEqual(row["guardrails"][0]["action"], "blocked")

    def test_what_hides_an_address_does_not_help(self):
        self.rule({**DETECT, "action": "block"}, direction="input")
        chat = lambda **more: {"model": model_of("openai"), "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}], **more}
        call = {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {
            "name": "f", "arguments": '{"to": "anna.secret\\u0040example.com"}'}}]}
        data = base64.b64encode(f"to {MAIL}".encode()).decode()
        bodies = {
            "/v1/chat/completions": [
                chat(messages=[call, {"role": "tool", "tool_call_id": "c", "content": "x"}]),
                chat(messages=[{"role": "system", "content": MAIL}, {"role": "user", "content": "x"}]),
                chat(messages=[{"role": "user", "content": [{"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{data}"}}]}]),
                chat(messages=[{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]),
                chat(tools=[{"type": "function", "function": {"name": "f", "description": MAIL}}]),
                chat(user=MAIL), chat(metadata={"who": MAIL}), chat(metadata={"id": MAIL}),
                chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "id": MAIL}}}]),
                chat(response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "status": MAIL}}}),
                chat(messages=[{"role": "user", "content": [{"type": "file", "file": {"filename": "a.txt", "file_data": f"DATA:text/plain;base64,{data}"}}]}]),
                chat(messages=[{"role": "user", "content": [{"type": "file", "file": {"filename": "a.txt", "file_data": data, "format": "text/plain"}}]}]),
            ],
            "/v1/responses": [{"model": model_of("openai"), "input": "x", "instructions": MAIL},
                              {"model": model_of("openai"), "input": "x", "previous_response_id": "resp_1"}],
            "/v1/messages": [{"model": model_of("anthropic"), "max_tokens": 5, "messages": [{"role": "user", "content": "x"}], "system": MAIL},
                             {"model": model_of("anthropic"), "max_tokens": 5, "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": [
                                 {"type": "tool_use", "id": "t", "name": "f", "input": {"role": MAIL}}]}]}],
            f"/v1beta/models/{model_of('gemini')}:generateContent": [
                {"contents": [{"parts": [{"text": "x"}]}], "systemInstruction": {"parts": [{"text": MAIL}]}},
                {"contents": [{"parts": [{"text": "x"}]}], "system_instruction": {"parts": [{"text": MAIL}]}},
                {"contents": [{"parts": [{"inlineData": {"mimeType": "text/plain", "data": data}}]}]},
                {"contents": [{"role": "user", "parts": [{"inlineData": {"mime_type": "image/png", "mimeType": "text/plain", "data": data}}]}]},
                {"contents": [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"role": MAIL}}}]}]},
                {"contents": [{"parts": [{"text": "x"}]}], "cachedContent": "cachedContents/1"}],
            "/v1/embeddings": [{"model": model_of("openai", "embed-mock-4-0"), "input": ["x", MAIL]},
                               {"model": model_of("openai", "embed-mock-4-0"), "input": [17, 18]}],
            "/v1/messages/count_tokens": [{"model": model_of("anthropic"), "messages": [{"role": "user", "content": MAIL}]}],
        }
        for path, each in bodies.items():
            for body in each:
                with self.subTest(path=path, body=json.dumps(body)[:200]):
                    answer = self.owner.post(path, body)
                    self.assertEqual(answer.status, 400, answer)
                    self.assertIn("guardrail", answer.text)
        twice = json.dumps(chat()).replace('"user"', '"user", "content": "' + MAIL + '"', 1)
        answer = self.owner.request("POST", "/v1/chat/completions", twice.encode())
        self.assertEqual(answer.status, 400, answer)

    def test_rules_are_of_models_keys_flows_and_projects(self):
        key = self.owner.post("/api/v1/api-keys", {"name": f"k{uuid.uuid4().hex[:8]}", "role": "owner"}).json
        client = house.Client(self.server.port, key["key"])
        self.rule({**DETECT, "action": "block"}, api_keys=[key["id"]], models=["oai-*"])
        self.assertEqual(self.call("chat", model_of("openai"), MAIL, client=client).status, 400)
        self.assertEqual(self.call("chat", model_of("anthropic"), MAIL, client=client).status, 200)
        self.assertEqual(self.call("chat", model_of("openai"), MAIL).status, 200)

    def test_sizes_and_tools(self):
        self.rule({"type": "size", "max_characters": 200, "max_messages": 2}, direction="input", models=["oai-*"])
        self.rule({"type": "tools", "allow": ["get_*"]}, models=["oai-*"])
        base = DOORS["chat"].body(model_of("openai"), "hi")
        many = {**base, "messages": base["messages"] * 3}
        long = {**base, "messages": [{"role": "user", "content": "x" * 201}]}
        tool = lambda name: {**base, "tools": [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}]}
        for body, status in ((base, 200), (many, 400), (long, 400), (tool("get_time"), 200), (tool("send"), 400)):
            self.assertEqual(self.owner.post("/v1/chat/completions", body).status, status, body)
        called = self.owner.post("/v1/chat/completions", DOORS["chat"].body(model_of("openai"), '[[call:send {"a":1}]]'))
        self.assertEqual(called.status, 400, called)

    def test_an_answer_keeps_its_schema_or_is_asked_for_once_more(self):
        name = self.rule({"type": "schema", "schema": SCHEMA})
        good, bad = '[[json:{"city":"Bern"}]]', "[[echo:no json]]"
        for door in DOORS:
            for stream in (False, True):
                with self.subTest(door=door, stream=stream):
                    answer = self.call(door, model_of("openai"), f'[[echo:{{"city":"Bern"}}]] {self.mark()}', stream)
                    self.assertEqual(answer.status, 200, answer)
                    text = DOORS[door].streamed_text(answer) if stream else DOORS[door].text(answer.json)
                    self.assertEqual(json.loads(text), {"city": "Bern"})
                    mark = self.mark()
                    answer = self.call(door, model_of("openai"), f"{bad} [[mark:{mark}]]", stream)
                    self.assertEqual((answer.status, answer.headers["x-should-retry"]), (502, "false"), answer)
                    self.assertIn(name, answer.text)
        # The second request orders nothing: the mock answers with its words, which are no JSON either. Both were paid.
        self.assertGreaterEqual(len([row for row in self.spend_rows(4) if row["status"] == "ok"]), 2)

    def test_a_flow_that_is_called_as_a_model_keeps_a_schema_too(self):
        flow = {"name": f"f{uuid.uuid4().hex[:8]}", "nodes": [node("ask", "llm.chat", {"model": model_of("openai"), "prompt": "{{ input.input }}"})],
                "edges": [], "output": "{{ nodes.ask.output.text }}"}
        self.assertEqual(self.owner.post("/api/v1/flows", flow).status, 201)
        name = self.rule({"type": "schema", "schema": SCHEMA}, models=["flow/*"])
        for door in DOORS:
            for stream in (False, True):
                with self.subTest(door=door, stream=stream):
                    answer = self.call(door, f"flow/{flow['name']}", f'[[echo:{{"city":"Bern"}}]] {self.mark()}', stream)
                    self.assertEqual(answer.status, 200, answer)
                    self.assertTrue(answer.headers["sluice-run-id"].startswith("run_"))
                    text = DOORS[door].streamed_text(answer) if stream else DOORS[door].text(answer.json)
                    self.assertEqual(json.loads(text), {"city": "Bern"})
                    mark = self.mark()
                    answer = self.call(door, f"flow/{flow['name']}", f"[[echo:no json]] [[mark:{mark}]]", stream)
                    self.assertEqual(answer.status, 502, answer)
                    self.assertIn(name, answer.text)
                    self.assertEqual(len(self.mock.ledger(mark)), 1)  # no run is made twice for the form of its answer

    def test_flows_are_judged_like_doors_and_fail_their_step(self):
        flow = {"name": f"f{uuid.uuid4().hex[:8]}", "nodes": [node("ask", "llm.chat", {"model": model_of("openai"), "prompt": "{{ input.input }}"})],
                "edges": [], "output": "{{ nodes.ask.output.text }}"}
        made = self.owner.post("/api/v1/flows", flow)
        self.assertEqual(made.status, 201, made)
        self.rule(DETECT, flows=[flow["name"]], position=1)
        run = self.owner.post(f"/api/v1/flows/{made.json['id']}/runs?wait=30s", {"input": {"input": f"[[echo:to {MAIL}]]"}})
        self.assertEqual(run.json["output"], "to [email]", run)
        self.assertNotIn(MAIL.encode(), self.mock.last_bytes())
        self.rule({"type": "pattern", "pattern": "forbidden", "action": "block"}, flows=[flow["name"]])
        run = self.owner.post(f"/api/v1/flows/{made.json['id']}/runs?wait=30s", {"input": {"input": "forbidden words"}})
        self.assertEqual((run.json["status"], run.json["error"]["code"]), ("failed", "unprocessable"), run)
        through = self.call("chat", f"flow/{flow['name']}", f"[[echo:{MAIL}]]")
        self.assertEqual(through.status, 200, through)
        self.assertNotIn(MAIL, through.text)

    def hits(self, count):
        """The events of the newest findings, once there are so many more than before; newest first."""
        def look():
            found = [event for event in self.owner.get("/api/v1/events?limit=200").json["items"] if event["type"] == "guardrail.hit"]
            return found[:count] if len(found) - self.told >= count else None
        found = eventually(look, f"{count} events of findings")
        self.told += count
        return found

    def test_findings_are_events_that_say_everything_but_what_was_found(self):
        self.told = sum(event["type"] == "guardrail.hit" for event in self.owner.get("/api/v1/events?limit=200").json["items"])
        key = self.owner.post("/api/v1/api-keys", {"name": f"k{uuid.uuid4().hex[:8]}", "role": "owner"}).json
        client = house.Client(self.server.port, key["key"])
        name = self.rule(DETECT, api_keys=[key["id"]], position=1)
        blocks = self.rule({"type": "pattern", "pattern": "forbidden", "action": "block"}, api_keys=[key["id"]], position=2)
        self.assertEqual(self.call("chat", model_of("openai"), "nothing to find", client=client).status, 200)

        self.assertEqual(self.call("chat", model_of("openai"), f"{MAIL} {MAIL}", client=client).status, 200)
        event = self.hits(1)[0]  # and none of the call before
        self.assertEqual(event["data"]["findings"], [{"rule": name, "direction": "input", "kind": "email", "action": "redacted", "count": 2}])
        self.assertEqual({k: event["data"][k] for k in ("refused", "more", "model", "requested_model", "door", "api_key_id", "user_id", "project", "run_id")},
                         {"refused": False, "more": 0, "model": model_of("openai"), "requested_model": model_of("openai"), "door": "openai.chat",
                          "api_key_id": key["id"], "user_id": None, "project": "default", "run_id": None})
        self.assertEqual(event["subject"], self.row()["id"])
        self.assertEqual(self.row()["guardrails"], event["data"]["findings"])

        self.assertEqual(self.call("anthropic", model_of("gemini"), "forbidden", client=client).status, 400)
        event = self.hits(1)[0]
        self.assertEqual((event["data"]["findings"][0]["rule"], event["data"]["findings"][0]["action"], event["data"]["refused"]), (blocks, "blocked", True))
        self.assertEqual((event["subject"], self.row()["status"]), (self.row()["id"], "refused"))

        words_of = self.rule({"type": "pattern", "pattern": "w03"}, direction="output", api_keys=[key["id"]], position=3)
        streamed = self.call("gemini", model_of("anthropic"), f"ask {MAIL}", True, client=client)
        self.assertEqual(streamed.status, 200, streamed)
        event = self.hits(1)[0]
        self.assertEqual([(each["rule"], each["direction"]) for each in event["data"]["findings"]], [(name, "input"), (words_of, "output")])
        self.assertEqual((event["subject"], event["data"]["findings"]), (self.row()["id"], self.row()["guardrails"]))

        # What has no row is told all the same, once.
        counted = client.post("/v1/messages/count_tokens", {"model": model_of("anthropic"), "messages": [{"role": "user", "content": MAIL}]},
                              headers={"anthropic-version": "2023-06-01"})
        self.assertEqual(counted.status, 200, counted)
        event = self.hits(1)[0]
        self.assertEqual((event.get("subject", ""), event["data"]["door"], event["data"]["findings"][0]["count"]), ("", "anthropic.count_tokens", 1))

        kept = {"x-sluice-cache": "ttl=1m"}
        for cached in ("miss", "hit"):
            answer = self.call("chat", model_of("openai"), f"cached for {MAIL}", client=client, headers=kept)
            self.assertEqual(answer.headers["x-sluice-cache"], cached)
            event = self.hits(1)[0]
            self.assertEqual((event["subject"], event["data"]["findings"]), (self.row()["id"], self.row()["guardrails"]))
            self.assertEqual(self.row()["status"], {"miss": "ok", "hit": "cached"}[cached])
        told = self.owner.get("/api/v1/events?limit=200").text
        self.assertNotIn(MAIL, told)
        self.assertNotIn("forbidden", told)

    def test_findings_in_flows_are_events_with_their_run(self):
        self.told = sum(event["type"] == "guardrail.hit" for event in self.owner.get("/api/v1/events?limit=200").json["items"])
        flow = {"name": f"f{uuid.uuid4().hex[:8]}", "nodes": [node("ask", "llm.chat", {"model": model_of("openai"), "prompt": "{{ input.input }}"})],
                "edges": [], "output": "{{ nodes.ask.output.text }}"}
        made = self.owner.post("/api/v1/flows", flow)
        self.assertEqual(made.status, 201, made)
        name = self.rule(DETECT, flows=[flow["name"]], position=1)
        run = self.owner.post(f"/api/v1/flows/{made.json['id']}/runs?wait=30s", {"input": {"input": f"ask {MAIL}"}})
        event = self.hits(1)[0]
        self.assertEqual((event["data"]["run_id"], event["data"]["step"], event["data"]["flow"], event["data"]["door"]),
                         (run.json["id"], "ask", flow["name"], "flow"))
        self.assertEqual(event["data"]["findings"][0]["rule"], name)

    def test_the_sdks_see_a_refusal_as_a_bad_request(self):
        keys = [self.owner.post("/api/v1/api-keys", {"name": f"k{uuid.uuid4().hex[:8]}", "role": "owner"}).json for _ in range(2)]
        for key, direction in zip(keys, ("input", "output")):
            self.rule({**DETECT, "action": "block"}, direction=direction, api_keys=[key["id"]])
        folder = suites_folder()
        told = {"SDKS": folder, "URL": f"http://127.0.0.1:{self.server.port}", "KEY": keys[0]["key"], "WATCHED_KEY": keys[1]["key"], "BROKE_KEY": "none",
                "MODEL": model_of("openai"), "EMBEDDING_MODEL": "none", "UPSTREAM": "openai", "MOCK": self.mock.url}
        ran = subprocess.run([os.path.join(folder, "node"), "--test", "--test-reporter=tap", "guardrails.test.mjs"], cwd=SUITES, capture_output=True,
                             text=True, timeout=300, env={**house.clean_environment(), **{f"GATEWAY_{k}": v for k, v in told.items()}})
        failed = re.findall(r"^not ok \d+ - (.*)$", ran.stdout, re.M)
        self.assertEqual(ran.returncode, 0, f"{failed}\n{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}")

    def test_they_are_changed_read_and_deleted_as_every_resource(self):
        name = self.rule(DETECT)
        read = self.owner.get(f"/api/v1/guardrails/{name}")
        self.assertEqual((read.status, read.json["rule"], read.json["direction"]), (200, DETECT, "both"))
        changed = self.owner.put(f"/api/v1/guardrails/{name}", {"name": name, "rule": DETECT, "enabled": False}, headers={"If-Match": read.headers["etag"]})
        self.assertEqual(changed.status, 200, changed)
        late = self.owner.put(f"/api/v1/guardrails/{name}", {"name": name, "rule": DETECT}, headers={"If-Match": read.headers["etag"]})
        self.assertEqual(late.status, 412, late)
        self.assertEqual(self.call("chat", model_of("openai"), MAIL).status, 200)
        self.assertEqual(self.owner.post("/api/v1/guardrails", {"name": name, "rule": DETECT}).status, 409)
        for wrong in ({"type": "pattern", "pattern": "("}, {"type": "none"}, {"type": "schema", "schema": {"type": "magic"}}):
            answer = self.owner.post("/api/v1/guardrails", {"name": "wrong", "rule": wrong})
            self.assertEqual(answer.status, 400, answer)
            self.assertTrue(answer.json["errors"], answer)
        other = self.server.client("another")
        self.assertEqual(other.get(f"/api/v1/guardrails/{name}").status, 404)
        self.assertEqual(other.get("/api/v1/guardrails").json["items"], [])

    def test_rules_are_there_after_a_restart(self):
        name = self.rule({**DETECT, "action": "block"}, models=["oai-*"])
        self.server.terminate()
        self.server.start()
        answer = self.call("chat", model_of("openai"), MAIL)
        self.assertEqual(answer.status, 400, answer)
        self.assertIn(name, answer.text)


if __name__ == "__main__":
    house.main()
