"""Answers that are given again by what the question means, through the whole program: what is compared, what is charged, whose it is."""

import uuid

import house
from gateway_house import DOORS, GatewayStory, model_of, nano, words
from house import eventually

EMBEDDING = model_of("openai", "embed-mock-4-0")


class SemanticCache(GatewayStory):
    extra_environment = {"SLUICE_LLM_SEMANTIC_CACHE_MODEL": EMBEDDING}

    def ask(self, vector, door="chat", client=None, header="threshold=0.9", mark=None, model=None, stream=False, system=None):
        body = DOORS[door].body(model or model_of("openai"), f"[[vector:{vector}]] [[mark:{mark or self.mark()}]] ask", stream)
        if system is not None:
            body["messages"].insert(0, {"role": "system", "content": system})
        if self.apart:
            body["user" if door in ("chat", "responses") else "metadata"] = self.apart if door in ("chat", "responses") else {"user_id": self.apart}
        return (client or self.owner).post(DOORS[door].target(model or model_of("openai"), stream), body,
                                           headers={"anthropic-version": "2023-06-01", **({"x-sluice-semantic-cache": header} if header else {})})

    def setUp(self):
        self.apart = uuid.uuid4().hex  # no test finds the answers of another

    def test_nearly_the_same_question_gets_the_answer_again_and_pays_its_embedding_alone(self):
        for door in ("chat", "responses", "anthropic"):
            with self.subTest(door=door):
                first = self.ask("1,0,0", door)
                self.assertEqual((first.status, first.headers["x-sluice-cache"]), (200, "miss"), first)
                before, mark = self.spent(), self.mark()
                again = self.ask("1,0.1,0", door, mark=mark)
                self.assertEqual((again.status, again.headers["x-sluice-cache"]), (200, "semantic"), again)
                self.assertEqual(again.json, first.json)
                self.assertAlmostEqual(float(again.headers["x-sluice-similarity"]), 0.995, places=2)
                charged = self.spent() - before
                self.assertEqual(nano(again.headers["x-sluice-cost-usd"]), charged)
                self.assertGreater(charged, 0)
                self.assertEqual([entry["input"] for entry in self.mock.ledger(mark)], [4])  # the embedding, and nothing else
                rows = {row["status"]: row for row in self.spend_rows(2)}
                self.assertEqual((rows["cached"]["cost_usd"], rows["ok"]["kind"], rows["ok"]["door"]), ("0", "embedding", "semantic-cache"))

    def test_another_question_is_asked(self):
        self.ask("1,0,0")
        other = self.ask("0,1,0")
        self.assertEqual((other.status, other.headers["x-sluice-cache"]), (200, "miss"))
        self.assertEqual(DOORS["chat"].text(other.json), words())

    def test_all_but_the_last_words_must_be_the_same(self):
        self.ask("1,0,0", system="be brief")
        self.assertEqual(self.ask("1,0,0", system="be brief").headers["x-sluice-cache"], "semantic")
        self.assertEqual(self.ask("1,0,0", system="be long").headers["x-sluice-cache"], "miss")
        self.assertEqual(self.ask("1,0,0").headers["x-sluice-cache"], "miss")
        self.assertEqual(self.ask("1,0,0", system="be brief", model=model_of("openai", "mock-10-max")).headers["x-sluice-cache"], "miss")

    def test_nobody_gets_the_answer_of_another_key_or_workspace(self):
        self.ask("1,0,0")
        key = self.owner.post("/api/v1/api-keys", {"name": f"k{uuid.uuid4().hex[:8]}", "role": "owner"}).json["key"]
        self.assertEqual(self.ask("1,0,0", client=house.Client(self.server.port, key)).headers["x-sluice-cache"], "miss")
        self.assertEqual(self.ask("1,0,0").headers["x-sluice-cache"], "semantic")

    def test_without_the_header_streams_and_other_than_text_go_past_it(self):
        self.ask("1,0,0")
        self.spent()
        before = len(self.spend_rows())
        self.assertEqual(self.ask("1,0,0", header=None).headers["x-sluice-cache"], "off")
        self.assertEqual(self.ask("1,0,0", stream=True).status, 200)
        image = {"model": model_of("openai"), "max_tokens": 9, "messages": [{"role": "user", "content": [
            {"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]}
        answer = self.owner.post("/v1/chat/completions", image, headers={"x-sluice-semantic-cache": "ttl=1m"})
        self.assertEqual((answer.status, answer.headers["x-sluice-cache"]), (200, "off"))
        self.spent()
        self.assertEqual([row["kind"] for row in self.spend_rows()[: len(self.spend_rows()) - before]], ["chat"] * 3)

    def test_answers_that_call_tools_or_are_cut_are_not_kept(self):
        tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
        for _ in range(2):
            body = {**DOORS["chat"].body(model_of("openai"), f"[[vector:1,0,0]] [[call:f {{}}]] {self.mark()}"), "tools": tools, "user": self.apart}
            answer = self.owner.post("/v1/chat/completions", body, headers={"x-sluice-semantic-cache": "threshold=0.9"})
            self.assertEqual((answer.status, answer.headers["x-sluice-cache"]), (200, "miss"), answer)

    def test_where_the_words_cannot_be_embedded_the_call_goes_on_without(self):
        for model in ("no-such-model", model_of("anthropic")):
            answer = self.ask("1,0,0", header=f"model={model}")
            self.assertEqual((answer.status, answer.headers["x-sluice-cache"]), (200, "off"), answer)

    def test_a_budget_that_is_used_up_refuses_the_call_and_embeds_nothing(self):
        client, _ = self.limited_key("0")
        mark = self.mark()
        answer = self.ask("1,0,0", client=client, mark=mark)
        self.assertEqual((answer.status, self.mock.ledger(mark)), (402, []), answer)

    def test_what_the_header_cannot_say_is_refused_in_the_doors_shape(self):
        for header in ("yes", "threshold=0.1", "threshold=2", "ttl=0s", "ttl=900h"):
            answer = self.ask("1,0,0", header=header)
            self.assertEqual(answer.status, 400, answer)
            self.assertIn("x-sluice-semantic-cache", answer.json["error"]["message"])


if __name__ == "__main__":
    house.main()
