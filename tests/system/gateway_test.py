"""The model gateway against vendors that misbehave: the caller's own error shape, nothing charged twice, nothing free by accident."""

import base64
import json
import re
import socket

import house
from gateway_house import DOORS, PRICES, TYPES, GatewayStory, Mock, billed, model_of, nano, priced, words
from house import eventually

UPSTREAMS = ("openai", "anthropic", "bedrock", "gemini")

# name: (orders, what the caller gets: "answer" | "error" | "either", the money: "exact" | "nothing" | "within")
# "within": at least what the vendor bills, at most the hold of every attempt.
WHOLE_FAULTS = {
    "busy for a moment": ("[[fault:429 retry-after-ms=20 times=1]]", "answer", "exact"),
    "broken for a moment": ("[[fault:500 times=1]]", "answer", "exact"),
    "overloaded for a moment": ("[[fault:529 times=1]]", "answer", "exact"),
    "busy for good": ("[[fault:429 retry-after-ms=20]]", "error", "nothing"),
    "broken for good": ("[[fault:500]]", "error", "nothing"),
    "refuses the request": ("[[fault:400]]", "error", "nothing"),
    "refuses its key": ("[[fault:401 echo_key]]", "error", "nothing"),
    "slow": ("[[slow_first_byte:300]]", "answer", "exact"),
    "cut off": ("[[disconnect_after=1]]", "error", "within"),
    "reset": ("[[reset]]", "error", "within"),
    "no JSON": ("[[malformed_json]]", "error", "within"),
    "a page instead of JSON": ("[[wrong_content_type]]", "error", "within"),
    "an error that calls itself a success": ("[[error_in_200]]", "error", "within"),
    "split anywhere": ("[[split_frames]]", "answer", "exact"),
    "no usage": ("[[usage_missing]]", "answer", "within"),
    "usage 0": ("[[usage_zero]]", "answer", "within"),
    "negative usage": ("[[usage_negative]]", "answer", "within"),
    "absurd usage": ("[[usage_absurd]]", "answer", "within"),
    "usage beyond 64 bits": ("[[usage_overflow]]", "answer", "within"),
    "usage in words": ("[[usage_text]]", "answer", "within"),
}
STREAM_FAULTS = {
    **{name: fault for name, fault in WHOLE_FAULTS.items() if name not in ("cut off", "no JSON", "an error that calls itself a success")},
    "cut off after three words": ("[[disconnect_after=3]]", "broken", "within"),
    "no JSON after two words": ("[[malformed_json after=2]]", "broken", "within"),
    "an error after three words": ("[[error_in_200 after=3]]", "broken", "within"),
    "an error before the first word": ("[[error_in_200 after=0]]", "error", "within"),
    "without its last frame": ("[[no_last_frame]]", "either", "within"),
}


class Faults(GatewayStory):
    """test_<door>_and_<type>_<whole|stream>, made below: every fault, one after the other."""

    def story(self, door_name, kind, stream):
        door = DOORS[door_name]
        for name, (order, wanted, money) in (STREAM_FAULTS if stream else WHOLE_FAULTS).items():
            with self.subTest(fault=name):
                mark, before = self.mark(), self.spent()
                text = f"a few words so that the input is not tiny {order} [[mark:{mark}]]"
                answer = self.call(door_name, model_of(kind), text, stream)
                self.judge_answer(door, answer, wanted, stream, order)
                eventually(lambda: self.mock.ledger(mark), "the ledger of the vendor")
                charged = self.spent() - before
                entries = self.mock.ledger(mark)  # of each attempt: an entry may come after the answer
                self.judge_money(charged, entries, money, text)
                self.assertNotIn(TYPES[kind][2], answer.text, "the vendor's key")
        self.assertNotIn(TYPES[kind][2], self.server.log(), "the vendor's key is in the log")
        self.assertEqual(self.owner.get("/readyz").status, 200)

    def judge_answer(self, door, answer, wanted, stream, order):
        if answer.status != 200:
            self.assertIn(wanted, ("error", "either"), f"it was to be answered: {answer}")
            self.assertGreaterEqual(answer.status, 400)
            self.assertTrue(answer.headers["content-type"].startswith("application/json"), answer.headers)
            self.assertTrue(door.error_of(answer), answer)
            return
        if not stream:
            self.assertIn(wanted, ("answer", "either"), f"it was to be an error: {answer}")
            self.assertEqual(door.text(answer.json), words())
            return
        errors, text = door.stream_errors(answer), door.streamed_text(answer)  # parses every frame: none is half
        if wanted == "answer":
            self.assertEqual((errors, text), ([], words()), answer)
        elif wanted == "broken":
            self.assertEqual(len(errors), 1, answer)
            self.assertTrue(words().startswith(text) and text != words(), text)
            self.assertGreaterEqual(len(text.split()), 1, "what had come before the fault is told")
        elif wanted == "error":
            self.assertEqual((len(errors), text), (1, ""), answer)

    def judge_money(self, charged, entries, money, text):
        due = billed(entries)
        if money == "exact":
            self.assertEqual(charged, due, entries)
            self.assertEqual(len([e for e in entries if e["output"]]), 1, "the vendor was paid once")
        elif money == "nothing":
            self.assertEqual((charged, due), (0, 0), entries)
        else:
            self.assertGreaterEqual(charged, due, entries)
            hold = (len(text) + 2_000) * PRICES["cache_write"] + 500 * PRICES["output"]
            self.assertLessEqual(charged, hold * len(entries), entries)


for one in DOORS:
    for other in UPSTREAMS:
        for streamed in (False, True):
            def test(self, door=one, kind=other, stream=streamed):
                self.story(door, kind, stream)
            setattr(Faults, f"test_{one}_and_{other}_{'stream' if streamed else 'whole'}", test)


class Money(GatewayStory):
    def test_the_sum_of_the_ledger_is_what_the_budget_says(self):
        for kind in TYPES:
            for stream in (False, True):
                self.assertEqual(self.call("chat", model_of(kind), f"hello {self.mark()}", stream).status, 200)
        self.assertEqual(self.call("chat", model_of("openai"), "[[fault:500]]").status >= 500, True)
        spent = self.spent()
        by_provider = self.owner.get("/api/v1/spend?by=provider").json["items"]
        self.assertEqual(sum(nano(item["cost_usd"]) for item in by_provider), spent)
        self.assertEqual(sum(nano(row["cost_usd"]) for row in self.spend_rows(1_000)), spent)
        self.assertEqual(billed(self.mock.ledger()), spent)

    def test_tokens_of_the_cache_have_their_own_price_in_every_format(self):
        for kind in UPSTREAMS:
            with self.subTest(kind):
                before, mark = self.spent(), self.mark()
                order = "[[usage in=100 read=50 out=7]]" if kind == "gemini" else "[[usage in=100 read=50 write=30 out=7]]"
                self.assertEqual(self.call("chat", model_of(kind), f"{order}[[mark:{mark}]]").status, 200)
                due = 100 * PRICES["input"] + 50 * PRICES["cache_read"] + 7 * PRICES["output"]
                due += 0 if kind == "gemini" else 30 * PRICES["cache_write"]  # Gemini has no price for writing
                self.assertEqual((self.spent() - before, billed(self.mock.ledger(mark))), (due, due))
                row = self.spend_rows(1)[0]
                self.assertEqual((row["status"], row["estimated"], nano(row["cost_usd"])), ("ok", False, due), row)

    def test_usage_that_is_counted_here_says_so(self):
        self.assertEqual(self.call("anthropic", model_of("openai"), "[[usage_missing]]").status, 200)
        self.spent()
        row = self.spend_rows(1)[0]
        self.assertIs(row["estimated"], True, row)
        self.assertGreater(nano(row["cost_usd"]), 0)

    def test_a_caller_cannot_keep_a_stream_from_saying_what_it_used(self):
        before, mark = self.spent(), self.mark()
        body = {**DOORS["chat"].body(model_of("openai"), f"a word [[mark:{mark}]]", True), "stream_options": {"include_usage": False}}
        answer = self.owner.post("/v1/chat/completions", body)
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn('"prompt_tokens"', answer.text, "the caller did not want it")
        self.assertEqual(self.spent() - before, billed(self.mock.ledger(mark)))
        self.assertIs(self.spend_rows(1)[0]["estimated"], False)

    def test_vectors_are_paid_by_their_input(self):
        for kind in ("openai", "azure_openai", "gemini"):
            with self.subTest(kind):
                before, mark = self.spent(), self.mark()
                answer = self.owner.post("/v1/embeddings", {"model": model_of(kind, "embed-mock-4-0"), "input": [f"one [[mark:{mark}]]", "two"]})
                self.assertEqual(answer.status, 200, answer)
                charged, due = self.spent() - before, billed(self.mock.ledger(mark))
                self.assertEqual(due, 8 * PRICES["input"])
                if kind == "gemini":  # tells no usage: counted here
                    self.assertGreaterEqual(charged, due)
                    self.assertIs(self.spend_rows(1)[0]["estimated"], True)
                else:
                    self.assertEqual(charged, due)

    def test_vectors_are_asked_for_in_geminis_form_of_every_vendor(self):
        words = ["one", "zwei ü"]
        for kind in ("openai", "azure_openai", "openai_compatible", "gemini"):
            model = model_of(kind, "embed-mock-4-0")
            of_openai = self.owner.post("/v1/embeddings", {"model": model, "input": words, "dimensions": 5}).json["data"]
            path = f"/v1beta/models/up-openai/{model}" if kind == "openai" else f"/v1beta/models/{model}"
            with self.subTest(kind):
                before, mark = self.spent(), self.mark()
                part = lambda text: {"model": "models/as-the-caller-says", "content": {"parts": [{"text": text}]}, "outputDimensionality": 5}
                answer = self.owner.post(f"{path}:batchEmbedContents", {"requests": [part(text) for text in words]})
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual([each["values"] for each in answer.json["embeddings"]], [each["embedding"] for each in of_openai])
                single = self.owner.post(f"{path}:embedContent", {"content": {"parts": [{"text": "one"}]}, "output_dimensionality": 5})
                self.assertEqual(single.status, 200, single)
                self.assertEqual(single.json["embedding"]["values"], of_openai[0]["embedding"])
                marked = self.owner.post(f"{path}:embedContent", {"content": {"parts": [{"text": f"one [[mark:{mark}]]"}]}})
                self.assertEqual(marked.status, 200, marked)
                self.assertEqual(len(self.mock.ledger(mark)), 1)
                self.assertGreater(self.spent(), before)
                row = self.spend_rows(1)[0]
                self.assertEqual((row["door"], row["kind"], row["model"], row["estimated"]), ("gemini.embeddings", "embedding", model, kind == "gemini"))

    def test_what_another_vendor_cannot_embed_is_refused_with_its_place_and_costs_nothing(self):
        before = self.spent()
        text = {"parts": [{"text": "x"}]}
        for verb, body, place in (("embedContent", {"content": text, "taskType": "RETRIEVAL_QUERY"}, "/taskType"),
                                  ("embedContent", {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}}, "/content/parts/0"),
                                  ("embedContent", {"content": {}}, "/content/parts"), ("batchEmbedContents", {"requests": []}, "/requests"),
                                  ("batchEmbedContents", {"requests": [{"content": text}, {"content": text, "outputDimensionality": 5}]}, "/requests/1")):
            with self.subTest(verb=verb, body=body):
                answer = self.owner.post(f"/v1beta/models/{model_of('openai', 'embed-mock-4-0')}:{verb}", body)
                self.assertEqual((answer.status, DOORS["gemini"].error_of(answer)), (400, "INVALID_ARGUMENT"), answer)
                self.assertIn(place, answer.json["error"]["message"])
        asked = {"content": text, "taskType": "RETRIEVAL_QUERY", "unknown": {"b": 1, "a": [2]}}
        passed = self.owner.post(f"/v1beta/models/{model_of('gemini', 'embed-mock-4-0')}:embedContent", asked)
        self.assertEqual((passed.status, json.loads(self.mock.last_bytes())), (200, asked), passed)  # where its own vendor answers, as it came
        unknown = self.owner.post("/v1beta/models/no-such-model:embedContent", {"content": text})
        self.assertEqual((unknown.status, DOORS["gemini"].error_of(unknown)), (404, "NOT_FOUND"))
        chat = self.owner.post(f"/v1beta/models/{model_of('anthropic')}:embedContent", {"content": text})
        self.assertEqual(DOORS["gemini"].error_of(chat), "INVALID_ARGUMENT", chat)
        self.assertGreaterEqual(self.spent(), before)
        listed = {each["name"]: each["supportedGenerationMethods"] for each in self.owner.get("/v1beta/models").json["models"]}
        self.assertEqual(listed[f"models/{model_of('openai', 'embed-mock-4-0')}"], ["embedContent", "batchEmbedContents"])
        self.assertIn("generateContent", listed[f"models/{model_of('openai')}"])
        # Below /v1 the three vendors' SDKs ask at the same path, each for its own shape.
        google = {"x-goog-api-key": self.owner.key}
        self.assertEqual({each["name"] for each in self.owner.get("/v1/models", headers=google).json["models"]}, set(listed))
        self.assertEqual(self.owner.get(f"/v1/models/{model_of('openai')}", headers=google).json["name"], f"models/{model_of('openai')}")
        missing = self.owner.get("/v1/models/no-such-model", headers=google)
        self.assertEqual((missing.status, DOORS["gemini"].error_of(missing)), (404, "NOT_FOUND"))
        self.assertEqual(self.owner.get("/v1/models").json["object"], "list")

    def test_what_a_load_took_of_memory_goes_back_when_it_is_over_and_not_before(self):
        def rests():
            return int(re.search(r"^sluice_storage_rests_total (\d+)$", self.owner.get("/metrics").text, re.M).group(1))
        before = rests()
        body = {"model": "simulated/simulated-small", "messages": [{"role": "user", "content": "x"}]}
        for _ in range(1_050):
            self.assertEqual(self.owner.post("/v1/chat/completions", body).status, 200)
        eventually(lambda: rests() > before, "the writer rests")
        told = rests()
        for _ in range(10):
            self.assertEqual(self.owner.post("/v1/chat/completions", body).status, 200)
        self.assertEqual(rests(), told)

    def test_what_an_answer_cost_and_what_is_left_stand_in_its_headers(self):
        client, budget = self.limited_key("1.00")
        for kind in UPSTREAMS:
            with self.subTest(kind):
                answer = self.call("chat", model_of(kind), f"hello {self.mark()}", client=client)
                self.assertEqual(answer.status, 200, answer)
                cost = 10 * PRICES["input"] + 20 * PRICES["output"]
                self.assertEqual(nano(answer.headers["x-sluice-cost-usd"]), cost)
                self.assertEqual(answer.headers["x-sluice-provider"], f"up-{kind.replace('_', '-')}")
                self.assertEqual(answer.headers["x-sluice-model"], model_of(kind))
                self.assertIn("x-sluice-cache", answer.headers)
                now = self.at_rest(budget)
                left = nano(answer.headers["x-sluice-budget-left-usd"])
                self.assertLessEqual(left, now["limit"] - now["spent"] + cost, "it may count the hold or the cost of this call")
                self.assertLess(left, now["limit"])
        streamed = self.call("chat", model_of("openai"), "hello", True, client=client)
        self.assertEqual(streamed.headers["x-sluice-model"], model_of("openai"))
        self.assertIn("x-sluice-budget-left-usd", streamed.headers)

    def test_a_refusal_names_the_scope_and_the_reset_in_every_shape(self):
        client, _ = self.limited_key("0", window="month")
        for name, door in DOORS.items():
            for stream in (False, True):
                with self.subTest(door=name, stream=stream):
                    mark = self.mark()
                    answer = self.call(name, model_of("openai"), f"[[mark:{mark}]]", stream, client=client)
                    self.assertEqual(answer.status, 402, answer)
                    self.assertIn(door.error_of(answer), ("budget_exceeded", "billing_error", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"))
                    self.assertEqual(answer.headers["x-should-retry"], "false")
                    self.assertIn("retry-after", answer.headers, "the month ends")
                    self.assertRegex(answer.text, "key|budget|limit")
                    self.assertEqual(self.mock.requests(mark), [])
        total, _ = self.limited_key("0")
        self.assertNotIn("retry-after", self.call("chat", model_of("openai"), "x", client=total).headers, "it never resets")

    def test_a_model_without_a_price_is_refused_under_a_hard_limit(self):
        self.provide("openai_compatible", "unpriced", models=[{"id": "unpriced-mock-10-20"}])
        mark = self.mark()
        answer = self.call("chat", "unpriced-mock-10-20", f"[[mark:{mark}]]")
        self.assertEqual(answer.status, 402, answer)
        self.assertIn("price", answer.text)
        self.assertEqual(self.mock.requests(mark), [])

    def test_a_limit_above_the_models_own_cannot_be_used_to_spend_more_than_was_held(self):
        self.provide("openai_compatible", "short", models=[priced("short-mock-10-max", max_output_tokens=100)])
        client, budget = self.limited_key("0.0055")  # 550 tokens of output
        for _ in range(8):
            self.call("chat", "short-mock-10-max", f"x {self.mark()}", most=500, client=client)
        now = self.at_rest(budget)
        self.assertLessEqual(now["spent"], now["limit"])


class Bytes(GatewayStory):
    """Where both sides speak one format, bytes go through as they are."""

    odd = {
        "chat": (b'{ "messages" : [ {"content":"h\\u00e9llo %s","role":"user" }],\n "metadata":{}, "stop":[ ], "zeta" : 1.50 ,"model":"%s",'
                 b'  "max_tokens":50%s}', "openai", b', "stream" : true, "stream_options":{ "include_usage":true}'),
        "responses": (b'{ "input" : "h\\u00e9llo %s" , "metadata":{},"zeta":[ ], "model":"%s","max_output_tokens":50%s}',
                      "openai", b', "stream" : true'),
        "anthropic": (b'{ "messages" : [ {"content":[{"text":"h\\u00e9llo %s","type":"text"}],"role":"user" }], "metadata":{}, "max_tokens":50,'
                      b'"model":"%s"%s }', "anthropic", b', "stream" : true'),
        "gemini": (b'{ "contents" : [ {"parts":[{"text":"h\\u00e9llo %s"}]}],"safety_settings":[ ], "generation_config":{"max_output_tokens":50 }'
                   b' %.0s%s}', "gemini", b""),
    }

    def raw(self, door, text, stream, port, key, model, kind):
        target = DOORS[door].target(model, stream)
        client = house.Client(port, key)
        return client.request("POST", target, text, headers={"anthropic-version": "2023-06-01", "x-api-key": key, "x-goog-api-key": key})

    def test_requests_and_answers_are_the_same_bytes(self):
        for door, (form, kind, flag) in self.odd.items():
            for stream in (False, True):
                with self.subTest(door=door, stream=stream):
                    mark = self.mark()
                    body = form % (f"[[mark:{mark}]]".encode(), model_of(kind).encode(), flag if stream else b"")
                    through = self.raw(door, body, stream, self.server.port, self.owner.key, model_of(kind), kind)
                    self.assertEqual(through.status, 200, through)
                    self.assertEqual(base64.b64decode(self.mock.requests(mark)[0]["body"]), body)
                    direct = self.raw(door, body, stream, self.mock.port, "key", model_of(kind), kind)
                    self.assertEqual(self.timeless(through.body), self.timeless(direct.body))

    @staticmethod
    def timeless(body):
        """Without the numbers of the mock's calls, the padding that depends on them, and what Sluice adds at the end of a stream."""
        body = re.sub(rb',"sluice":\{"cost_usd":[^}]*\}', b"", body, count=1)
        return re.sub(rb'"obfuscation":"\w*"', b"", re.sub(rb"(chatcmpl-|resp_|msg_|rs_|fc_|mock-)\d+(_\d+)?(?=\")", b"", body))

    def test_only_what_must_change_does(self):
        mark = self.mark()
        body = (b'{"messages":[{"role":"user","content":"[[mark:%s]]"}],"zeta":{"b":[],"a":{}},"stream":true,"max_tokens":50,'
                b'"model":"up-openai/%s","temperature":1.0}') % (mark.encode(), model_of("openai").encode())
        answer = self.owner.request("POST", "/v1/chat/completions", body)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual([f for f in DOORS["chat"].frames(answer) if f.get("usage") or not f["choices"]], [], "the client did not ask for usage")
        sent = json.loads(base64.b64decode(self.mock.requests(mark)[0]["body"]), object_pairs_hook=list)
        told = json.loads(body, object_pairs_hook=list)
        self.assertIn(("stream_options", [("include_usage", True)]), sent)
        told[-2] = ("model", model_of("openai"))
        self.assertEqual([pair for pair in sent if pair[0] != "stream_options"], told, "names, order and values")

    def test_headers_of_the_vendors_betas_go_on_and_the_callers_secrets_do_not(self):
        mark = self.mark()
        self.call("anthropic", model_of("anthropic"), f"[[mark:{mark}]]",
                  headers={"anthropic-beta": "one-2026,two-2026", "cookie": "private=1", "x-sluice-tags": "a"})
        sent = {name.lower(): value for name, value in self.mock.requests(mark)[0]["headers"]}
        self.assertEqual((sent["anthropic-beta"], sent["anthropic-version"]), ("one-2026,two-2026", "2023-06-01"))
        self.assertEqual([name for name in sent if name in ("cookie", "authorization") or name.startswith("x-sluice")], [])


class VendorKeys(GatewayStory):
    def test_each_vendor_sees_its_own_key_alone(self):
        for kind in TYPES:
            for door in DOORS:
                mark = self.mark()
                self.assertEqual(self.call(door, model_of(kind), f"[[mark:{mark}]]").status, 200)
                text = json.dumps([[r["target"], r["headers"], base64.b64decode(r["body"]).decode()] for r in self.mock.requests(mark)])
                with self.subTest(kind=kind, door=door):
                    self.assertNotIn(self.owner.key, text, "the caller's own key")
                    for other, (_, _, key, _, _) in TYPES.items():
                        if other == "bedrock":
                            self.assertNotIn("mock-secret", text)
                        elif other != kind:
                            self.assertNotIn(key, text)
                    self.assertNotIn("?key=", text)

    def test_a_redirect_is_not_followed_with_the_key_or_without_it(self):
        thief = Mock()
        self.addCleanup(thief.close)
        self.server.terminate()
        self.server.env["SLUICE_EGRESS_ALLOW"] = f"127.0.0.1:{self.mock.port},127.0.0.1:{thief.port}"
        self.server.start()
        for kind in UPSTREAMS:
            for stream in (False, True):
                with self.subTest(kind=kind, stream=stream):
                    answer = self.call("chat", model_of(kind), f"[[redirect:{thief.url}/v1/chat/completions]] {self.mark()}", stream)
                    self.assertGreaterEqual(answer.status, 400, answer)
                    self.assertTrue(DOORS["chat"].error_of(answer))
        self.assertEqual(thief.requests(), [])

    def first_openai_then_anthropic(self):
        made = self.owner.put("/api/v1/model-routes/both", {"strategy": "priority", "targets": [{"model": model_of(k)} for k in ("openai", "anthropic")]})
        self.assertIn(made.status, (200, 201), made)

    def test_another_model_after_a_failure_is_asked_with_its_own_key(self):
        self.first_openai_then_anthropic()
        for stream in (False, True):
            with self.subTest(stream=stream):
                before, mark = self.spent(), self.mark()
                answer = self.call("chat", "both", f"[[fault:500 model={model_of('openai')}]] [[mark:{mark}]]", stream)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual((answer.headers["x-sluice-provider"], answer.headers["x-sluice-model"]), ("up-anthropic", model_of("anthropic")))
                self.assertEqual(self.spent() - before, billed(self.mock.ledger(mark)))
                for entry in self.mock.ledger(mark):
                    self.assertEqual(entry["key"], TYPES[entry["vendor"]][2])
        self.assertEqual(self.call("anthropic", "up-gemini/" + model_of("gemini"), "hello").headers["x-sluice-provider"], "up-gemini")

    def test_after_the_first_word_there_is_no_other_model(self):
        self.first_openai_then_anthropic()
        mark = self.mark()
        answer = self.call("chat", "both", f"[[disconnect_after=3]] [[mark:{mark}]]", True)
        self.assertEqual(len(DOORS["chat"].stream_errors(answer)), 1, answer)
        self.assertEqual(len(self.mock.ledger(mark)), 1)


class Leaving(GatewayStory):
    """A caller who goes away ends the call at the vendor, and pays for what there was."""

    def test_at_any_event_of_a_stream(self):
        for door in DOORS:
            for kind in ("openai", "anthropic", "gemini"):
                for after in (1, 2, 7, 19):
                    with self.subTest(door=door, kind=kind, after=after):
                        self.left_after(door, kind, after)

    def left_after(self, door, kind, after):
        before, mark = self.spent(), self.mark()
        live = self.live(door, model_of(kind), f"some words [[hold:chunk after={after}]] [[mark:{mark}]]")
        self.assertEqual(live.answer.status, 200)
        self.mock.holding(mark)
        seen = ""
        while len(seen.split()) < after:
            frame = live.frame()
            self.assertIsNotNone(frame, f"the stream ended after {seen!r}")
            seen += DOORS[door].piece(json.loads(frame))
        live.leave()
        (entry,) = eventually(lambda: self.mock.ledger(mark), "the vendor sees that the caller has gone")
        self.assertEqual((entry["client_left"], entry["chunks"], entry["output"]), (True, after, after))
        charged = self.spent() - before
        self.assertGreaterEqual(charged, billed([entry]))
        self.assertLess(charged, billed([entry]) + 1_000 * PRICES["input"] + 20 * PRICES["output"], "not the whole hold: it is known what was streamed")
        row = self.spend_rows(1)[0]
        self.assertEqual((row["status"], row["estimated"]), ("aborted", True), row)

    def test_before_the_first_byte(self):
        for stream in (False, True):
            with self.subTest(stream=stream):
                before, mark = self.spent(), self.mark()
                body = json.dumps(DOORS["chat"].body(model_of("openai"), f"[[hold:before]] [[mark:{mark}]]", stream)).encode()
                with socket.create_connection(("127.0.0.1", self.server.port)) as caller:
                    caller.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                                   b"Content-Length: %d\r\n\r\n%s" % (self.owner.key.encode(), len(body), body))
                    self.mock.holding(mark)
                (entry,) = eventually(lambda: self.mock.ledger(mark), "the vendor sees that the caller has gone")
                self.assertTrue(entry["client_left"])
                self.assertGreaterEqual(self.spent() - before, billed([entry]))

    def test_an_endless_stream_ends_with_its_reader(self):
        for kind in ("openai", "anthropic", "gemini"):
            with self.subTest(kind):
                before, mark = self.spent(), self.mark()
                live = self.live("anthropic", model_of(kind), f"[[endless_stream]] [[gap:1]] [[mark:{mark}]]")
                seen = 0
                while seen < 300:
                    seen += bool(DOORS["anthropic"].piece(json.loads(live.frame())))
                live.leave()
                (entry,) = eventually(lambda: self.mock.ledger(mark), "the vendor stops")
                self.assertTrue(entry["client_left"])
                self.assertGreaterEqual(self.spent() - before, 300 * PRICES["output"])

    def test_huge_answers_do_not_take_the_server_with_them(self):
        for door, kind in (("chat", "openai"), ("chat", "anthropic"), ("gemini", "gemini")):
            with self.subTest(door=door, kind=kind):
                before, mark = self.spent(), self.mark()
                answer = self.call(door, model_of(kind), f"[[huge_body:200]] [[mark:{mark}]]")
                if answer.status == 200:
                    self.assertGreater(len(answer.body), 200 << 20)
                else:
                    self.assertTrue(DOORS[door].error_of(answer))
                self.assertGreaterEqual(self.spent() - before, billed(self.mock.ledger(mark)))
                with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
                    most = int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1))
                self.assertLess(most, 1 << 20, "kB at the most")


class Requests(GatewayStory):
    """What is wrong with a request is said by the gateway, in the caller's shape, before any vendor is asked."""

    def test_bodies_that_are_none(self):
        for name, door in DOORS.items():
            for body in (b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"model":"a","model":"b"}', b'{"a":' * 5_000 + b"1" + b"}" * 5_000):
                with self.subTest(door=name, body=body[:20]):
                    answer = self.owner.request("POST", door.target(model_of("openai"), False), body)
                    self.assertIn(answer.status, (400, 413), answer)
                    self.assertTrue(door.error_of(answer))
        self.assertEqual(self.mock.requests(), [])

    def test_wrong_types_negative_limits_and_absurd_numbers(self):
        for most in (-1, 0.5, "many", 2 ** 63, 1e300, None, []):
            with self.subTest(most=most):
                before = self.spent()
                answer = self.call("chat", model_of("openai"), f"x {self.mark()}", most=most)
                self.assertIn(answer.status, (200, 400, 402, 422), answer)
                if answer.status != 200:
                    self.assertTrue(DOORS["chat"].error_of(answer))
                self.assertGreaterEqual(self.spent(), before)

    def test_a_caller_without_the_right_to_call_models(self):
        viewer = house.Client(self.server.port, self.server.key(role="viewer"))
        for name, door in DOORS.items():
            with self.subTest(name):
                for client, status in ((house.Client(self.server.port), 401), (house.Client(self.server.port, "slc_guess"), 401), (viewer, 403)):
                    answer = client.post(door.path.replace("MODEL", model_of("openai")), door.body(model_of("openai"), "x"))
                    self.assertEqual(answer.status, status, answer)
                    self.assertTrue(door.error_of(answer))


if __name__ == "__main__":
    house.main()
