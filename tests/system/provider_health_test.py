"""Providers that fail and come back: circuits, what the API and the command line tell of them, and checks of a provider's key and models."""

import hashlib
import hmac
import http.server
import json
import re
import subprocess
import threading
import unittest

import house

KEY = "sk-vendor-health-0123456789"


class Vendor(http.server.ThreadingHTTPServer):
    """An OpenAI-compatible server that does what a test says: `mode` is a status, or well, no_json, html."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), VendorHandler)
        self.mode, self.calls, self.listed = "well", [], ["alpha", "beta"]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


def aws_fault(request):
    """What is wrong with the signature (version 4) of a GET without a body; empty: nothing."""
    given = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=AKIAMOCK/(\d{8})/([a-z0-9-]+)/bedrock/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
                         request.headers.get("Authorization", ""))
    if not given:
        return "there is no signature"
    day, region, names, signature = given.groups()
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names.split(";"))
    canonical = f"GET\n{request.path}\n\n{headers}\n{names}\n{hashlib.sha256(b'').hexdigest()}"
    scope = f"{day}/{region}/bedrock/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4mock-secret"
    for part in (day, region, "bedrock", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return "" if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == signature and "host" in names.split(";") else "the signature does not match"


class VendorHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def give(self, status, body, media="application/json", **headers):
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": media, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def serve(self, well):
        vendor = self.server
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        vendor.calls.append((self.command, self.path))
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self.give(401, json.dumps({"error": {"message": f"no such key: {self.headers.get('Authorization')}"}}))
        if vendor.mode == "html":
            return self.give(200, "<html>welcome</html>", "text/html")
        if vendor.mode == 302:
            return self.give(302, "", Location="http://127.0.0.1:1/")
        if isinstance(vendor.mode, int):
            return self.give(vendor.mode, json.dumps({"error": {"message": "the vendor is not well"}}))
        return self.give(200, json.dumps(well))

    def do_GET(self):
        if self.path == "/foundation-models":
            self.server.calls.append((self.command, self.path))
            if isinstance(self.server.mode, int):
                return self.give(self.server.mode, json.dumps({"message": "User is not authorized to perform: bedrock:ListFoundationModels"}))
            fault = aws_fault(self)
            return self.give(403, json.dumps({"message": fault})) if fault else self.give(200, json.dumps(
                {"modelSummaries": [{"modelId": name, "providerName": "Anthropic"} for name in self.server.listed]}))
        if self.path != "/v1/models":
            return self.give(404, "{}")
        return self.serve({"object": "list", "data": [{"id": name, "object": "model"} for name in self.server.listed]})

    def do_POST(self):
        return self.serve({"id": "x", "object": "chat.completion", "created": 1, "model": "alpha", "usage": {"prompt_tokens": 1, "completion_tokens": 1,
                           "total_tokens": 2}, "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]})


class Health(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server(env={"SLUICE_LIMITS_ADDRESS_RATE": "0"})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.owner = cls.server.client()

    def provider(self, name, vendor, **more):
        body = {"name": name, "type": "openai_compatible", "base_url": vendor.url, "api_key": KEY,
                "models": [{"id": f"{name}-alpha"}], **more}
        made = self.owner.post("/api/v1/providers", body)
        self.assertEqual(made.status, 201, made)
        self.addCleanup(self.owner.delete, f"/api/v1/providers/{name}")
        return made.json

    def vendor(self):
        vendor = Vendor()
        self.addCleanup(vendor.server_close)
        self.addCleanup(vendor.shutdown)
        return vendor

    def test_a_region_is_a_part_of_a_hosts_name_and_takes_a_key_to_no_other_host(self):
        body = {"name": "aws", "type": "bedrock", "api_key": "AKIATEST:secret", "models": [], "settings": {"region": "eu-central-1"}}
        self.assertEqual(self.owner.post("/api/v1/providers", body).status, 201)
        self.addCleanup(self.owner.delete, "/api/v1/providers/aws")
        del body["api_key"]
        for region in ("evil.example/#", "evil.example:443/?", "me@evil.example/", "EU", "", "a" * 41):
            answer = self.owner.put("/api/v1/providers/aws", {**body, "settings": {"region": region}})
            self.assertEqual(answer.status, 400, (region, answer))
            self.assertIn("/settings/region", answer.text)
        self.assertEqual(self.owner.put("/api/v1/providers/aws", {**body, "settings": {"region": "us-gov-west-1"}}).status, 200)

    def call(self, model):
        return self.owner.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": "hello"}]})

    def health(self, name):
        answer = self.owner.get(f"/api/v1/providers/{name}/health")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def check(self, name):
        answer = self.owner.post(f"/api/v1/providers/{name}/check")
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn(KEY, answer.text)
        return answer.json

    def test_a_provider_that_fails_is_left_out_tried_by_one_call_and_taken_back(self):
        bad, good = self.vendor(), self.vendor()
        self.provider("bad", bad)
        self.provider("good", good)
        self.owner.put("/api/v1/model-routes/pair", {"targets": [{"model": "bad-alpha"}, {"model": "good-alpha"}]})
        fresh = self.health("bad")
        self.assertEqual((fresh["state"], fresh["success_rate"], fresh["models"], fresh["last_error"]), ("closed", None, [], None))
        bad.mode = 503
        for _ in range(3):
            self.assertEqual(self.call("pair").headers["x-sluice-provider"], "good")
        health = self.health("bad")
        self.assertEqual((health["state"], health["failed"], health["answered"], health["success_rate"]), ("open", 3, 0, 0))
        self.assertIn("the vendor is not well", health["last_error"]["message"])
        self.assertIsNotNone(health["retry_at"])
        self.assertEqual([model["model"] for model in health["models"]], ["bad-alpha"])
        asked = len(bad.calls)
        for _ in range(5):
            self.assertEqual(self.call("pair").status, 200)
        self.assertEqual(len(bad.calls), asked, "nobody asks a provider that is left out")
        self.assertEqual(self.health("good")["success_rate"], 1)

        self.assertFalse(self.check("bad")["ok"])
        self.assertEqual(self.health("bad")["state"], "open", "a check that fails changes nothing")
        bad.mode = "well"
        self.assertTrue(self.check("bad")["ok"])
        self.assertEqual(self.health("bad")["state"], "half_open")
        bad.mode = 500
        self.assertEqual(self.call("pair").headers["x-sluice-provider"], "good")
        self.assertEqual(self.health("bad")["state"], "open", "the call that tried failed")
        bad.mode = "well"
        self.check("bad")
        self.assertEqual(self.call("pair").headers["x-sluice-provider"], "bad")
        health = self.health("bad")
        self.assertEqual((health["state"], health["retry_at"]), ("closed", None))
        self.assertGreater(health["latency_ms"], 0)

    def test_nothing_is_asked_of_a_provider_that_nobody_calls(self):
        vendor = self.vendor()
        self.provider("quiet", vendor)
        self.health("quiet")
        self.owner.get("/v1/models")
        self.assertEqual(vendor.calls, [])

    def test_what_is_wrong_is_said_in_words(self):
        vendor = self.vendor()
        self.provider("words", vendor)
        for mode, part in ((401, "refuses the key (401)"), (403, "refuses the key (403)"), (402, "want of money"), (404, "look at base_url"),
                           (429, "takes no more calls now"), (500, "is not well (500)"), (302, "redirect (302)"), ("html", "probably that of a page")):
            with self.subTest(mode=mode):
                vendor.mode = mode
                checked = self.check("words")
                self.assertFalse(checked["ok"], checked)
                self.assertIn(part, checked["message"])
                self.assertEqual(checked["status"], 200 if mode == "html" else mode)
        vendor.mode = "well"
        self.assertEqual(self.owner.put("/api/v1/providers/words", {"name": "words", "type": "openai_compatible", "base_url": vendor.url,
                                                                    "api_key": "sk-another-key-that-is-wrong"}).status, 200)
        checked = self.check("words")
        self.assertIn("refuses the key (401)", checked["message"])
        self.assertNotIn("sk-another-key-that-is-wrong", json.dumps(checked))
        self.assertEqual(self.owner.put("/api/v1/providers/words", {"name": "words", "type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1",
                                                                    "api_key": KEY}).status, 200)
        checked = self.check("words")
        self.assertIn("cannot be reached at http://127.0.0.1:9/v1/models", checked["message"])
        self.assertEqual(self.owner.post("/api/v1/providers/nobody/check").status, 404)
        self.assertEqual(self.owner.get("/api/v1/providers/nobody/health").status, 404)

    def test_of_bedrock_with_an_address_of_its_own_it_is_said_that_nothing_was_checked(self):
        vendor = self.vendor()
        self.provider("aws", vendor, type="bedrock", settings={"region": "eu-central-1"}, api_key="AKIAMOCK:mock-secret")
        checked = self.check("aws")
        self.assertEqual((checked["ok"], vendor.calls), (None, []))
        self.assertIn("settings.control_url", checked["message"])
        self.assertIn("nothing is checked", checked["message"])

    def test_bedrock_lists_its_models_at_another_host_with_a_signed_request(self):
        vendor = self.vendor()
        vendor.listed = ["anthropic.claude-haiku-v1:0", "amazon.other"]
        host = vendor.url.removesuffix("/v1")
        body = {"base_url": "http://127.0.0.1:9", "type": "bedrock", "api_key": "AKIAMOCK:mock-secret", "settings": {"region": "eu-central-1", "control_url": host}}
        self.provider("aws", vendor, **body, models=[{"id": "anthropic.claude-haiku-v1:0"}, {"id": "eu.anthropic.claude-haiku-v1:0"},
                                                     {"id": "arn:aws:bedrock:eu-central-1:1:inference-profile/x"}, {"id": "anthropic.claude-gone"}])
        checked = self.check("aws")
        self.assertEqual((checked["ok"], checked["missing"], vendor.calls), (True, ["anthropic.claude-gone"], [("GET", "/foundation-models")]), checked)
        self.assertIn("lists 2 models, but not anthropic.claude-gone; whether the account may call them", checked["message"])
        vendor.mode = 403
        checked = self.check("aws")
        self.assertEqual((checked["ok"], checked["status"]), (False, 403), checked)
        self.assertIn("bedrock:ListFoundationModels", checked["message"])
        self.assertNotIn("mock-secret", json.dumps(checked))
        vendor.mode = "well"
        # A wrong key is seen, and another host gets nothing that the key signs unless the key comes along.
        wrong = {"name": "aws", **body, "models": []}
        self.assertEqual(self.owner.put("/api/v1/providers/aws", {**wrong, "api_key": "AKIAMOCK:another"}).status, 200)
        self.assertIn("refuses the key (403)", self.check("aws")["message"])
        del wrong["api_key"]
        moved = self.owner.put("/api/v1/providers/aws", {**wrong, "settings": {"region": "eu-central-1", "control_url": "http://127.0.0.1:9"}})
        self.assertEqual(moved.status, 400, moved)
        self.assertIn("/api_key", moved.text)
        bad = self.owner.put("/api/v1/providers/aws", {**wrong, "settings": {"region": "eu-central-1", "control_url": "nowhere"}})
        self.assertIn("/settings/control_url", bad.text)

    def test_names_of_models_have_no_line_ends(self):
        vendor = self.vendor()
        for name in ("a\r\nb", "a\tb", "a\x7f", "a\u0085", "a\u2029"):
            with self.subTest(name=name):
                made = self.owner.post("/api/v1/providers", {"name": "controls", "type": "openai_compatible", "base_url": vendor.url, "models": [{"id": "fine"}, {"id": name}]})
                self.assertEqual(made.status, 400, made)
                self.assertIn("/models/1/id", made.text)
                route = self.owner.put("/api/v1/model-routes/controls", {"targets": [{"model": name}]})
                self.assertEqual(route.status, 400, route)
                self.assertIn("/targets/0/model", route.text)
                guardrail = self.owner.post("/api/v1/guardrails", {"name": "controls", "models": [name], "rule": {"type": "size", "max_messages": 1}})
                self.assertEqual(guardrail.status, 400, guardrail)

    def test_the_command_line_checks_providers_and_their_models(self):
        def sluice(*arguments):
            done = subprocess.run([house.binary(), *arguments, "--url", f"http://127.0.0.1:{self.server.port}", "--key", self.owner.key],
                                  capture_output=True, text=True, env=house.clean_environment(), timeout=60)
            return done.returncode, done.stdout + done.stderr
        vendor = self.vendor()
        self.provider("lists", vendor, models=[{"id": "alpha"}, {"id": "gamma"}])
        code, text = sluice("providers", "check", "lists")
        self.assertEqual(code, 1, text)
        self.assertIn("lists answers and lists 2 models, but not gamma", text)
        self.assertIn("circuit closed", text)
        code, text = sluice("models", "check", "--providers")
        self.assertEqual(code, 1, text)
        self.assertIn("but not gamma", text)
        vendor.listed.append("gamma")
        self.assertEqual(sluice("providers", "check", "lists")[0], 0)
        code, text = sluice("models", "check", "--providers", "--json")
        self.assertEqual((code, json.loads(text)["items"][0]["models"]), (0, ["alpha", "beta", "gamma"]), text)
        self.assertEqual(sluice("providers", "check", "nobody")[0], 1)


if __name__ == "__main__":
    house.main()
