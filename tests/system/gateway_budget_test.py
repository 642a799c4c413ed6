"""Budgets that really hold: under parallel calls, edits of the limit, callers who leave, and kills at every stage of a call."""

import concurrent.futures
import http.client
import random
import threading

import house
from gateway_house import DOORS, PRICES, GatewayStory, billed, model_of, nano, priced
from house import eventually

EACH = 10  # tokens of output that a call may have, and that the mock takes
PRICE = EACH * PRICES["output"]  # of such a call: its input is free, so its hold is its cost
PARALLEL = 200


def usd_of(nano_usd):
    return f"{nano_usd // 10 ** 9}.{nano_usd % 10 ** 9:09d}"


class Exactly(GatewayStory):
    """A budget for seven calls admits seven, whatever happens at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for kind in ("openai", "anthropic"):
            cls.provide(kind, f"exact-{kind}", models=[priced(f"exact-{kind}-mock-10-max", input_usd_per_million="0", cache_read_usd_per_million="0",
                                                              cache_write_usd_per_million="0")])

    def storm(self, doors, client, mark, model="exact-openai-mock-10-max", stream=False, slow=30, count=PARALLEL, meanwhile=None):
        """So many calls at the same moment; how many were answered and how many refused."""
        start = threading.Barrier(count + 1)

        def one(place):
            start.wait(house.PATIENCE)
            answer = self.call(doors[place % len(doors)], model, f"[[slow_first_byte:{slow}]] [[mark:{mark}]]", stream, client, most=EACH)
            if answer.status not in (200, 402):
                raise AssertionError(f"neither answered nor refused: {answer}")
            return answer.status

        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            calls = [pool.submit(one, place) for place in range(count)]
            start.wait(house.PATIENCE)
            if meanwhile:
                meanwhile(lambda: all(call.done() for call in calls))
            statuses = [call.result(house.PATIENCE * 2) for call in calls]
        return statuses.count(200), statuses.count(402)

    def seven(self, **more):
        return self.limited_key(usd_of(7 * PRICE), **more)

    def judge(self, budget, mark, calls=7):
        now = self.at_rest(budget)
        self.assertEqual((now["spent"], now["unknown"]), (calls * PRICE, 0), now)
        entries = self.mock.ledger(mark)
        self.assertEqual([(e["output"], e["ended"]) for e in entries], [(EACH, "whole")] * calls)

    def test_of_two_hundred_calls_at_once_seven_are_answered(self):
        for stream in (False, True):
            for kind in ("openai", "anthropic"):
                with self.subTest(stream=stream, kind=kind):
                    (client, budget), mark = self.seven(), self.mark()
                    self.assertEqual(self.storm(["chat"], client, mark, f"exact-{kind}-mock-10-max", stream), (7, PARALLEL - 7))
                    self.judge(budget, mark)

    def test_also_over_all_doors_at_once(self):
        (client, budget), mark = self.seven(), self.mark()
        self.assertEqual(self.storm(list(DOORS), client, mark), (7, PARALLEL - 7))
        self.judge(budget, mark)

    def test_also_where_several_budgets_cover_the_call_and_the_tightest_decides(self):
        client, loose = self.limited_key(usd_of(50 * PRICE))
        tight = self.budget({"type": "model", "id": "exact-anthropic-mock-10-max"}, usd_of(7 * PRICE))
        self.addCleanup(self.owner.delete, f"/api/v1/budgets/{tight}")
        mark = self.mark()
        self.assertEqual(self.storm(["chat", "anthropic"], client, mark, "exact-anthropic-mock-10-max"), (7, PARALLEL - 7))
        self.judge(tight, mark)
        self.assertEqual(self.at_rest(loose)["spent"], 7 * PRICE, "a call that one budget refuses holds nothing in the other")

    def test_also_while_the_limit_is_edited(self):
        (client, budget), mark = self.seven(), self.mark()

        def edit(over):
            chance = random.Random(7)
            while not over():
                self.limit(budget, chance.choice((3, 5, 7)))
            self.limit(budget, 7)

        first, refused = self.storm(["chat", "anthropic"], client, mark, meanwhile=edit)
        self.assertLessEqual(first, 7)
        self.assertEqual(first + refused, PARALLEL)
        self.at_rest(budget)
        more, _ = self.storm(["chat", "anthropic"], client, mark, count=40)
        self.assertEqual(first + more, 7)
        self.judge(budget, mark)

    def limit(self, budget, calls):
        before = self.owner.get(f"/api/v1/budgets/{budget}").json
        kept = {name: before[name] for name in ("scope", "window", "action")}
        changed = self.owner.put(f"/api/v1/budgets/{budget}", {**kept, "limit_usd": usd_of(calls * PRICE)})
        self.assertEqual(changed.status, 200, changed)

    def test_a_limit_below_what_is_spent_blocks_at_once_and_a_higher_one_opens_again(self):
        client, budget = self.seven()
        ask = lambda: self.call("chat", "exact-openai-mock-10-max", f"x {self.mark()}", client=client, most=EACH).status
        self.assertEqual([ask() for _ in range(3)], [200] * 3)
        self.at_rest(budget)
        self.limit(budget, 2)
        self.assertEqual(ask(), 402)
        self.limit(budget, 4)
        self.assertEqual([ask(), ask()], [200, 402])
        self.assertEqual(self.at_rest(budget)["spent"], 4 * PRICE)

    def test_a_refusal_that_needs_an_approval_says_who_gives_it_and_a_raise_lets_the_call_through(self):
        client, budget = self.limited_key(usd_of(PRICE), action="require_approval")
        ask = lambda door="chat": self.call(door, "exact-openai-mock-10-max", f"x {self.mark()}", client=client, most=EACH)
        attention = lambda: [each["kind"] for each in self.owner.get("/api/v1/overview").json["attention"] if each.get("budget_id") == budget]
        asked = lambda: sum(e["type"] == "budget.exceeded" and e["subject"] == budget and e["data"]["needs_approval"]
                            for e in self.owner.get("/api/v1/events?limit=200").json["items"])
        self.assertEqual(ask().status, 200)
        self.at_rest(budget)
        self.assertFalse(self.owner.get(f"/api/v1/budgets/{budget}").json["needs_approval"])
        for door in DOORS:
            refused = ask(door)
            self.assertEqual((refused.status, refused.headers["x-should-retry"], refused.headers["x-sluice-budget-action"]),
                             (402, "false", "require_approval"), refused)
            for part in ("budgets:write", f"sluice budgets raise {budget} --by {usd_of(PRICE).rstrip('0')} --for 1h", f"/api/v1/budgets/{budget}/raise"):
                self.assertIn(part, refused.text)
        self.assertTrue(self.owner.get(f"/api/v1/budgets/{budget}").json["needs_approval"])
        eventually(lambda: asked() == 1, "one event for all of them")
        self.assertEqual(attention(), ["budget_approval"])
        words = house.sluice("budgets", "show", budget, data=self.server.data).stdout
        self.assertIn(f"approval  calls were refused and wait for one: `sluice budgets raise {budget}", words)
        self.assertIn("approval needed", house.sluice("budgets", "list", data=self.server.data).stdout)
        raised = house.sluice("budgets", "raise", budget, "--by", usd_of(PRICE), "--for", "1h", "--reason", "approved", data=self.server.data)
        self.assertEqual(raised.returncode, 0, raised.stderr)
        self.assertEqual(attention(), [])  # half of what is allowed now is spent
        self.assertEqual([ask().status, ask().status], [200, 402])
        eventually(lambda: asked() == 2, "it asks anew")

    def test_calls_that_cost_nothing_give_their_holds_back(self):
        client, budget = self.seven()
        for _ in range(10):
            answer = self.call("chat", "exact-openai-mock-10-max", f"[[fault:400]] {self.mark()}", client=client, most=EACH)
            self.assertEqual(answer.status, 400, answer)
        self.assertEqual(self.at_rest(budget)["spent"], 0)
        mark = self.mark()
        self.assertEqual(self.storm(["chat"], client, mark, count=40), (7, 33))

    def test_a_budget_in_every_window_and_scope_admits_seven(self):
        for window in ("hour", "day", "week", "month"):
            with self.subTest(window):
                (client, budget), mark = self.seven(window=window), self.mark()
                self.assertEqual(self.storm(["chat"], client, mark, count=60, slow=5), (7, 53))
                self.assertEqual(self.at_rest(budget)["spent"], 7 * PRICE)

    def test_a_graceful_stop_in_the_middle_leaves_nothing_open(self):
        (client, budget), mark = self.seven(), self.mark()
        live = self.live("chat", "exact-openai-mock-10-max", f"[[hold:chunk after=4]] [[mark:{mark}]]", most=EACH, client=client)
        self.mock.holding(mark)
        self.assertEqual(self.server.terminate(), 0)
        live.leave()
        self.server.start()
        now = self.at_rest(budget)
        # Of this model only what it writes costs anything.
        self.assertGreaterEqual(now["spent"], sum(entry["output"] for entry in self.mock.ledger(mark)) * PRICES["output"])
        self.assertLessEqual(now["spent"], PRICE)
        self.assertEqual(now["unknown"], 0, "it was told in time")


class Kills(GatewayStory):
    """SIGKILL at a stage of a call: what stands as spent afterwards is what the vendor takes, or more, and never above the limit."""

    def setUp(self):
        if self.server.process is None:
            self.server.start()
        self.addCleanup(self.mock.victim, 0)

    def until_dead(self):
        self.server.process.wait(house.PATIENCE)
        self.server.process = None
        eventually(lambda: not self.mock.calls(), "the vendor has seen that everybody is gone")

    def killed_at(self, order, door, kind, stream):
        client, budget = self.limited_key("0.01")
        self.call(door, model_of(kind), f"first [[mark:{self.mark()}]]", client=client)  # settled before: no slack for the call that dies
        mark = self.mark()
        self.mock.victim(self.server.process.pid)
        try:
            self.call(door, model_of(kind), f"[[{order}]] [[mark:{mark}]]", stream, client, most=50)
        except (OSError, http.client.HTTPException):
            pass  # the server has gone while it answered
        self.until_dead()
        self.server.start()
        self.judge(budget, client)
        entries = self.mock.ledger(mark)
        self.assertEqual(len(entries), 1, "the call was not made again")
        answer = self.call(door, model_of(kind), f"after {self.mark()}", client=client, most=50)
        self.assertIn(answer.status, (200, 402), answer)

    def judge(self, budget, client):
        now, whole = self.at_rest(budget), self.at_rest(self.whole)
        self.assertLessEqual(now["spent"], now["limit"])
        self.assertLessEqual(now["unknown"], now["spent"])
        self.assertGreaterEqual(whole["spent"], billed(self.mock.ledger()), "what the vendor takes was spent")
        self.assertGreaterEqual(now["spent"], self.due(client), "what the vendor takes for this key was spent in its budget")

    def due(self, client):
        marks = getattr(client, "marks", None)
        return billed(e for e in self.mock.ledger() if marks and e["mark"] in marks)

    def call(self, door, model, text, stream=False, client=None, most=500, headers=None):
        if client is not None and "[[mark:" in text:
            client.marks = {*getattr(client, "marks", ()), text.rsplit("[[mark:", 1)[1].rstrip("]")}
        return super().call(door, model, text, stream, client, most, headers)

    def test_before_the_vendor_has_begun(self):
        for stream in (False, True):
            for kind in ("openai", "anthropic"):
                with self.subTest(stream=stream, kind=kind):
                    self.killed_at("kill:before", "chat", kind, stream)

    def test_during_a_stream(self):
        for after in (1, 5, 19):
            for door, kind in (("chat", "openai"), ("chat", "anthropic"), ("gemini", "openai")):
                with self.subTest(after=after, door=door, kind=kind):
                    self.killed_at(f"kill:chunk after={after}", door, kind, True)

    def test_between_the_vendors_last_byte_and_the_settlement(self):
        for delay in (0, 100, 300, 1_000, 3_000, 10_000):
            for stream in (False, True):
                with self.subTest(delay_us=delay, stream=stream):
                    self.killed_at(f"kill:end delay_us={delay}", "chat", "openai", stream)

    def test_at_random_moments_under_load(self):
        client, budget = self.limited_key("0.05")
        chance = random.Random(20261126)
        for cycle in range(8):
            with self.subTest(cycle=cycle):
                over = threading.Event()

                def caller(seed):
                    mine = random.Random(seed)
                    while not over.is_set():
                        mark, stream = self.mark(), mine.random() < 0.5
                        # What is charged exactly when it ends well: an estimate above the bill could hide what a crash lost.
                        orders = mine.choice(("", "[[gap:3]]", "[[slow_first_byte:20]]", "[[fault:500 times=1]]"))
                        model = model_of(mine.choice(("openai", "anthropic", "gemini")))
                        with lock:
                            marks.add(mark)
                        try:
                            most = mine.choice((5, 20, 60))
                            super(Kills, self).call(mine.choice(list(DOORS)), model, f"{orders} [[mark:{mark}]]", stream, client, most)
                        except (OSError, http.client.HTTPException):
                            if over.wait(0.01):
                                return

                marks, lock = set(getattr(client, "marks", ())), threading.Lock()
                threads = [threading.Thread(target=caller, args=(chance.random(),)) for _ in range(16)]
                for thread in threads:
                    thread.start()
                over.wait(chance.uniform(0.05, 0.8))  # the moment of the kill
                self.server.process.kill()
                over.set()
                for thread in threads:
                    thread.join(house.PATIENCE)
                client.marks = marks
                self.until_dead()
                self.server.start()
                self.judge(budget, client)
        self.assertLessEqual(self.due(client), nano("0.05"), "the vendor never got more than the limit")

    def test_what_a_crash_left_open_is_listed_and_a_person_closes_it(self):
        client, budget = self.limited_key("0.01")
        mark = self.mark()
        self.mock.victim(self.server.process.pid)
        try:
            self.call("chat", model_of("openai"), f"[[kill:end]] [[mark:{mark}]]", client=client, most=50)
        except (OSError, http.client.HTTPException):
            pass
        self.until_dead()
        self.server.start()
        now = self.at_rest(budget)
        self.assertGreaterEqual(now["spent"], billed(self.mock.ledger(mark)))
        entries = self.owner.get(f"/api/v1/budgets/{budget}/unknown")
        self.assertEqual(entries.status, 200, entries)
        self.assertEqual(sum(nano(e["amount_usd"]) for e in entries.json["items"]), now["unknown"])


if __name__ == "__main__":
    house.main()
