"""Models and prices: what is built in, an operator's file, imports that stay, and the commands about them."""

import json
import os
import shutil
import tempfile
import unittest

import house
from house import sluice


def catalogue(provider, model, *prices):
    return {"format": 1, "models": [{"provider": provider, "id": model, "kind": "chat", "prices": list(prices)}]}


def price(input_usd, start="2026-01-01T00:00:00Z", **more):
    return {"valid_from": start, "usd_per_million": {"input": input_usd, "output": "10"}, **more}


class Models(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="sluice-models-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.data = os.path.join(self.home, "data")
        self.done("key", "create")  # makes the data directory

    def file(self, content, name="models.json"):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(content if isinstance(content, str) else json.dumps(content, indent=1))
        return path

    def done(self, *arguments, env=None, code=0):
        result = sluice(*arguments, data=self.data, env=env)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def listed(self, *arguments, env=None):
        items = json.loads(self.done("models", "list", "--json", *arguments, env=env).stdout)["items"]
        return {f"{item['provider']}/{item['id']}": item for item in items}

    def input_of(self, name, *arguments, env=None):
        return self.listed(*arguments, env=env)[name]["price"]["usd_per_million"]["input"]

    def test_without_a_server_the_built_in_models_are_listed(self):
        models = self.listed()
        self.assertEqual(models["anthropic/claude-opus-5-5"]["price"]["usd_per_million"]["cache_write_1h"], "8")
        self.assertEqual(models["simulated/simulated-large"]["price"]["origin"], "embedded")
        self.assertEqual(set(self.listed("--provider", "gemini")), {name for name in models if name.startswith("gemini/")})
        table = self.done("models", "list").stdout
        self.assertRegex(table, r"openai +gpt-6-astra +chat +10\+ +1\+ +50\+")
        self.assertRegex(table, r"gemini +gemini-3.8-flash +chat +[\d.]+ +\? ")

    def test_the_price_of_a_day_is_asked_for(self):
        self.assertEqual(self.input_of("gemini/gemini-4-argon", "--at", "2026-11-30T23:59:59Z"), "2")
        self.assertEqual(self.input_of("gemini/gemini-4-argon", "--at", "2026-12-01T00:00:00Z"), "4")
        self.assertIsNone(self.listed("--at", "2026-09-01T00:00:00Z")["gemini/gemini-4-argon"]["price"])
        refused = self.done("models", "list", "--at", "tomorrow", code=1)
        self.assertIn("at:", refused.stderr)

    def test_a_running_server_takes_an_import_into_use_and_keeps_it_over_kills(self):
        file = self.file(catalogue("openai", "gpt-6-astra", price("8")))
        with house.Server(data=self.data) as server:
            self.assertIn("1 price would be added", self.done("models", "import", file, "--dry-run").stdout)
            self.assertEqual(self.input_of("openai/gpt-6-astra"), "10")
            done = self.done("models", "import", file)
            self.assertIn("openai gpt-6-astra from 2026-01-01T00:00:00Z: input 8, output 10", done.stdout)
            self.assertIn("1 price added, 0 unchanged", done.stdout)
            items = server.client().get("/api/v1/models?provider=openai").json["items"]
            self.assertEqual(next(i for i in items if i["id"] == "gpt-6-astra")["price"]["origin"], "imported")
            server.kill()
            server.start()
            self.assertEqual(self.input_of("openai/gpt-6-astra"), "8")
            self.assertIn("0 prices added, 1 unchanged", self.done("models", "import", file).stdout)
            history = server.client().get("/api/v1/models/prices?model=gpt-6-astra").json["items"]
            self.assertEqual([(i["origin"], i["usd_per_million"]["input"]) for i in history], [("embedded", "10"), ("imported", "8")])

    def test_an_import_leaves_an_entry_in_the_audit_trail(self):
        with house.Server(data=self.data) as server:
            self.done("models", "import", self.file(catalogue("acme", "own", price("1"))))
            entries = server.client().get("/api/v1/audit?limit=200").json["items"]
            self.assertIn("models.import", [entry["action"] for entry in entries])

    def test_who_owns_a_workspace_cannot_import_for_the_whole_server(self):
        with house.Server(data=self.data) as server:
            answer = server.client().post("/api/v1/models/import", catalogue("acme", "own", price("1")))
            self.assertEqual(answer.status, 403, answer)
            self.assertNotIn("acme/own", self.listed())

    def test_an_operators_file_counts_before_what_is_built_in_and_an_import_before_both(self):
        env = {"SLUICE_MODELS_FILE": self.file(catalogue("openai", "gpt-6-astra", price("9")))}
        self.assertEqual(self.input_of("openai/gpt-6-astra", env=env), "9")
        self.assertEqual(self.input_of("openai/gpt-6-sol", env=env), "2")
        self.done("models", "import", self.file(catalogue("openai", "gpt-6-astra", price("8")), "import.json"), env=env)
        self.assertEqual(self.input_of("openai/gpt-6-astra", env=env), "8")

    def test_a_file_with_a_mistake_stops_the_start_and_is_named(self):
        env = {"SLUICE_MODELS_FILE": self.file('{"format": 1,\n "models": [{"provider": "acme"}]}')}
        server = house.Server(data=self.data, env=env)
        self.addCleanup(server.close)
        server.start(wait=False)
        self.assertNotEqual(server.process.wait(house.PATIENCE), 0)
        server.process = None
        self.assertIn("models.file", server.log())
        self.assertIn("/models/0: line 2: id is missing", server.log())

    def test_check_names_the_line_of_every_mistake(self):
        self.assertIn("the built-in catalogue: sound, 16 models", self.done_plain("models", "check").stdout)
        sound = self.file(catalogue("acme", "own", price("1", valid_to="2026-02-01T00:00:00Z")))
        done = self.done_plain("models", "check", sound)
        self.assertIn("sound, 1 model, 1 price", done.stdout)
        self.assertRegex(done.stdout, r"/models/0/prices/0/valid_to: warning: line \d+: no price follows")
        broken = self.file(catalogue("acme", "own", price("-1"), {"valid_from": "2026-05-01", "usd_per_million": {"in": 1}}), "broken.json")
        done = self.done_plain("models", "check", broken, code=1)
        with open(broken, encoding="utf-8") as written:
            line = next(number for number, text in enumerate(written, 1) if '"in": 1' in text)
        for text in ("cannot be negative", "must be a time in UTC", "input is missing", f"/usd_per_million/in: line {line}: there is no such member"):
            self.assertIn(text, done.stdout)
        verdict = json.loads(self.done_plain("models", "check", broken, "--json", code=1).stdout)
        self.assertFalse(verdict["valid"])
        self.assertIn("/models/0/prices/0/usd_per_million/input", [error["pointer"] for error in verdict["errors"]])
        no_json = self.file("{oops", "no.json")
        self.assertIn("line 1", self.done_plain("models", "check", no_json, code=1).stdout)
        refused = self.done("models", "import", broken, code=1)
        self.assertIn("cannot be negative", refused.stderr)
        env = {"SLUICE_MODELS_FILE": broken}
        self.assertIn("broken.json", self.done_plain("models", "check", code=1, env=env).stdout)

    def done_plain(self, *arguments, code=0, env=None):
        result = sluice(*arguments, env=env)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result


if __name__ == "__main__":
    house.main()
