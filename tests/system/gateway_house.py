"""What the tests of the model gateway need: the mock of the vendors, a server with a provider of every type, doors, and money."""

import decimal
import http.client
import json
import os
import re
import select
import subprocess
import tempfile
import unittest
import uuid

import house
from house import eventually

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUITES = os.path.join(ROOT, "tests", "gateway")
NANO = 10 ** 9

# type: (what its models' names begin with, the base URL's path, key, settings, the format that it speaks)
TYPES = {
    "openai": ("oai", "/v1", "sk-vendor-openai-0123456789", {}, "openai"),
    "openai_compatible": ("oac", "/v1", "sk-vendor-compatible-0123456789", {}, "openai"),
    "azure_openai": ("azu", "", "vendor-azure-0123456789", {}, "openai"),
    "anthropic": ("ant", "/v1", "sk-ant-vendor-0123456789", {}, "anthropic"),
    "bedrock": ("bed", "", "AKIAMOCK:mock-secret", {"region": "eu-central-1"}, "anthropic"),
    "gemini": ("gem", "/v1beta", "AIzaVendorGemini0123456789", {}, "gemini"),
}
WITH_EMBEDDINGS = ("openai", "openai_compatible", "azure_openai", "gemini")
# nano-USD for one token
PRICES = {"input": 2_000, "output": 10_000, "cache_read": 200, "cache_write": 2_500}


def usd(nano_per_token):
    """A price for one token in nano-USD as the API takes it: for a million tokens in USD."""
    return str(decimal.Decimal(nano_per_token) / 1000)


def nano(text):
    """An amount of the API in nano-USD; None stays None."""
    return None if text is None else int(decimal.Decimal(str(text)) * NANO)


def model_of(kind, name="mock-10-20"):
    return f"{TYPES[kind][0]}-{name}"


def priced(name, **more):
    return {"id": name, "input_usd_per_million": usd(PRICES["input"]), "output_usd_per_million": usd(PRICES["output"]),
            "cache_read_usd_per_million": usd(PRICES["cache_read"]), "cache_write_usd_per_million": usd(PRICES["cache_write"]),
            "context_window": 200_000, "max_output_tokens": 8_192, **more}


def billed(entries):
    """What the vendor takes for the calls of its ledger, in nano-USD."""
    return sum(e["input"] * PRICES["input"] + e["output"] * PRICES["output"] + e["cache_read"] * PRICES["cache_read"] +
               (e["cache_write"] + e["cache_write_1h"]) * PRICES["cache_write"] for e in entries)


class Mock:
    """tests/gateway/upstream.mjs on a port of its own, with its ledger in a file."""

    def __init__(self):
        self.ledger_path = os.path.join(tempfile.mkdtemp(prefix="sluice-test-mock-"), "ledger")
        self.process = subprocess.Popen(["node", os.path.join(SUITES, "upstream.mjs"), "--ledger", self.ledger_path],
                                        stdout=subprocess.PIPE, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], house.PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.close()
            raise AssertionError("the mock did not start; is node there? scripts/setup tests installs it")
        self.port = json.loads(line)["port"]
        self.client = house.Client(self.port)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ledger(self, mark=None):
        """What it has billed, as its file has it."""
        try:
            with open(self.ledger_path, encoding="utf-8") as file:
                entries = [json.loads(line) for line in file.read().splitlines()]
        except FileNotFoundError:
            entries = []
        return [e for e in entries if mark is None or e["mark"] == mark]

    def requests(self, mark=None):
        return self.client.get("/requests" + (f"?mark={mark}" if mark else "")).json

    def calls(self):
        return self.client.get("/calls").json

    def holding(self, mark):
        return eventually(lambda: any(c["mark"] == mark and c["holding"] for c in self.calls()), f"the call {mark} is held at the vendor")

    def release(self, mark=None):
        self.client.post("/release", {"mark": mark} if mark else {})

    def victim(self, pid):
        self.client.post("/victim", {"pid": pid})

    def last_bytes(self):
        return self.client.get("/last-request").body


class Door:
    """One of the gateway's doors, spoken plainly: bodies, answers, streams and errors as that vendor's SDK has them."""

    def __init__(self, name, path, body, flag, text, piece, error, stream_path=None):
        self.name, self.path, self.stream_path = name, path, stream_path or path
        self._body, self._flag, self.text, self.piece, self._error = body, flag, text, piece, error

    def target(self, model, stream):
        return (self.stream_path if stream else self.path).replace("MODEL", model)

    def body(self, model, text, stream=False, most=500):
        return {**self._body(model, text, most), **(self._flag if stream else {})}

    def frames(self, answer):
        """The JSON of a stream's frames, [DONE] left out."""
        lines = re.split(r"\r\n|\r|\n", answer.text)
        return [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip() != "[DONE]"]

    def streamed_text(self, answer):
        return "".join(self.piece(frame) for frame in self.frames(answer))

    def stream_errors(self, answer):
        return [frame for frame in self.frames(answer) if frame.get("error") or frame.get("type") in ("error", "response.failed")]

    def error_of(self, answer):
        """The type of an error in this door's own shape; raises where it is another."""
        return self._error(answer.json)


def openai_error(body):
    error = body["error"]
    assert set(error) >= {"message", "type", "param", "code"}, body
    assert isinstance(error["message"], str) and error["message"] and isinstance(error["type"], str), body
    assert error["code"] is None or isinstance(error["code"], str), body
    return error["code"] or error["type"]


def anthropic_error(body):
    assert body["type"] == "error" and set(body["error"]) >= {"type", "message"} and body["error"]["message"], body
    return body["error"]["type"]


def gemini_error(body):
    error = body["error"]
    assert isinstance(error["code"], int) and error["message"] and re.fullmatch("[A-Z_]+", error["status"]), body
    return error["status"]


DOORS = {
    "chat": Door("chat", "/v1/chat/completions",
                 lambda model, text, most: {"model": model, "max_tokens": most, "messages": [{"role": "user", "content": text}]},
                 {"stream": True, "stream_options": {"include_usage": True}},
                 lambda body: body["choices"][0]["message"]["content"],
                 lambda frame: "".join((c["delta"].get("content") or "") for c in frame.get("choices", [])), openai_error),
    "responses": Door("responses", "/v1/responses",
                      lambda model, text, most: {"model": model, "max_output_tokens": most, "input": text}, {"stream": True},
                      lambda body: "".join(p["text"] for item in body["output"] if item["type"] == "message" for p in item["content"]),
                      lambda frame: frame["delta"] if frame.get("type") == "response.output_text.delta" else "", openai_error),
    "anthropic": Door("anthropic", "/v1/messages",
                      lambda model, text, most: {"model": model, "max_tokens": most, "messages": [{"role": "user", "content": text}]},
                      {"stream": True}, lambda body: "".join(b.get("text", "") for b in body["content"]),
                      lambda frame: (frame.get("delta") or {}).get("text", ""), anthropic_error),
    "gemini": Door("gemini", "/v1beta/models/MODEL:generateContent",
                   lambda model, text, most: {"contents": [{"role": "user", "parts": [{"text": text}]}],
                                              "generationConfig": {"maxOutputTokens": most}}, {},
                   lambda body: "".join(p.get("text", "") for p in body["candidates"][0]["content"]["parts"]),
                   lambda frame: "".join(p.get("text", "") for c in frame.get("candidates", []) for p in c.get("content", {}).get("parts", [])),
                   gemini_error, "/v1beta/models/MODEL:streamGenerateContent?alt=sse"),
}


def words(count=20):
    return "".join(f"w{i % 100:02} " for i in range(count))


class Live:
    """A stream under way, read frame by frame, that can be left at any of them."""

    def __init__(self, port, key, path, body):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=house.PATIENCE)
        self.connection.request("POST", path, body=json.dumps(body), headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json",
                                                                              "anthropic-version": "2023-06-01"})
        self.answer = self.connection.getresponse()

    def frame(self):
        """The data of the next frame that has some; None at the end."""
        while True:
            line = self.answer.readline()
            if not line:
                return None
            if line.startswith(b"data:"):
                return line[5:].strip().decode()

    def leave(self):
        self.connection.sock.close() if self.connection.sock else None
        self.answer.close()
        self.connection.close()


class GatewayStory(unittest.TestCase):
    """A mock, a server that may reach it, a provider of each type, and one budget over everything, to read money from."""

    extra_environment = {}
    limit_usd = "1000000"

    @classmethod
    def setUpClass(cls):
        cls.mock = Mock()
        cls.addClassCleanup(cls.mock.close)
        cls.server = house.Server(env={"SLUICE_EGRESS_ALLOW": f"127.0.0.1:{cls.mock.port}", "SLUICE_LIMITS_ADDRESS_RATE": "0", **cls.extra_environment})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.owner = cls.server.client()
        for kind in TYPES:
            cls.provide(kind)
        cls.whole = cls.budget({"type": "workspace"}, cls.limit_usd)

    @classmethod
    def provide(cls, kind, name=None, url=None, key=None, models=None):
        prefix, path, usual_key, settings, _ = TYPES[kind]
        if models is None:
            models = [priced(f"{prefix}-mock-10-20"), priced(f"{prefix}-mock-10-max")]
            if kind in WITH_EMBEDDINGS:
                models.append(priced(f"{prefix}-embed-mock-4-0", kind="embedding", output_usd_per_million="0"))
        wanted = {"name": name or f"up-{kind.replace('_', '-')}", "type": kind, "base_url": (url or cls.mock.url) + path,
                  "api_key": key or usual_key, "models": models, **({"settings": settings} if settings else {})}
        made = cls.owner.post("/api/v1/providers", wanted)
        assert made.status == 201, f"no provider {kind}: {made}"
        return made.json

    # -- money

    @classmethod
    def budget(cls, scope, limit_usd, window="total", action="block"):
        made = cls.owner.post("/api/v1/budgets", {"scope": scope, "window": window, "limit_usd": limit_usd, "action": action})
        assert made.status == 201, f"no budget: {made}"
        return made.json["id"]

    @classmethod
    def standing(cls, budget):
        """{limit, spent, held, unknown} of a budget's period, in nano-USD."""
        answer = cls.owner.get(f"/api/v1/budgets/{budget}")
        assert answer.status == 200, answer
        now = answer.json.get("standing", answer.json)
        return {name: nano(now[f"{name}_usd"]) for name in ("limit", "spent", "held", "unknown")}

    @classmethod
    def at_rest(cls, budget):
        """How a budget stands once nothing is held in it any more."""
        return eventually(lambda: (lambda now: now if now["held"] == 0 else None)(cls.standing(budget)), f"nothing is held in {budget}")

    def spent(self):
        return self.at_rest(self.whole)["spent"]

    @classmethod
    def spend_rows(cls, count=200, query=""):
        """The ledger's rows, newest first."""
        rows, cursor = [], ""
        while len(rows) < count:
            page = cls.owner.get(f"/api/v1/spend?limit=200{query}{cursor}")
            assert page.status == 200, page
            rows += page.json["items"]
            if not page.json["next_cursor"]:
                break
            cursor = f"&cursor={house.segment(page.json['next_cursor'])}"
        return rows[:count]

    def limited_key(self, limit_usd, **more):
        """A client whose key has a budget of its own, and the budget."""
        made = self.owner.post("/api/v1/api-keys", {"name": f"k{uuid.uuid4().hex[:8]}", "role": "owner"})
        self.assertEqual(made.status, 201, made)
        return house.Client(self.server.port, made.json["key"]), self.budget({"type": "api_key", "id": made.json["id"]}, limit_usd, **more)

    # -- calls

    def call(self, door, model, text, stream=False, client=None, most=500, headers=None):
        door = DOORS[door]
        return (client or self.owner).post(door.target(model, stream), door.body(model, text, stream, most),
                                           headers={"anthropic-version": "2023-06-01", **(headers or {})})

    def live(self, door, model, text, most=500, client=None):
        door = DOORS[door]
        return Live(self.server.port, (client or self.owner).key, door.target(model, True), door.body(model, text, True, most))

    @staticmethod
    def mark():
        return uuid.uuid4().hex


def suites_folder():
    """The SDKs, installed once beside the binary; a Node.js that is new enough for them is in it."""
    folder = os.path.join(os.path.dirname(house.binary()), "gateway-sdks")
    subprocess.run([os.path.join(SUITES, "install"), folder], check=True, stdout=subprocess.DEVNULL, timeout=540)
    return folder
