"""Secrets against the real binary: a canary that every place is searched for, and everything that can be wrong with keys,
bindings and hosts.

    secrets_test.py BINARY
"""

import base64
import hashlib
import http.server
import json
import os
import pty
import shutil
import subprocess
import threading
import unittest
import urllib.parse

import house
from house import chain, node

CANARY = 'c4nary/+ "v\\alue" \u00e9 987654321'
NEXT = "n3xt-canary/+value?x=1"


class Echo:
    """A peer that keeps what it got and sends it back in every form that a careless server might."""

    def __init__(self):
        self.requests = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                owner.requests.append({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body})
                parts = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(parts.query))
                if parts.path.startswith("/redirect"):
                    self.send_response(int(query["status"]))
                    self.send_header("Location", query["to"])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                said = [self.path, urllib.parse.unquote_plus(self.path), body,
                        str(self.headers).encode("latin-1", "replace").decode("utf-8", "replace")]
                for _, value in self.headers.items():
                    text = value.encode("latin-1").decode("utf-8", "replace")
                    for word in (text, text.removeprefix("Bearer "), text.removeprefix("Basic ")):
                        said += [word, base64.b64encode(word.encode()).decode(), base64.urlsafe_b64encode(b"x" + word.encode()).decode(),
                                 urllib.parse.quote(word, safe=""), urllib.parse.quote_plus(word), json.dumps(word), json.dumps(json.dumps(word))]
                answer = json.dumps({"said": said, "filler": "z" * int(query.get("filler", "0"))}).encode()
                self.send_response(int(query.get("status", "200")))
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Echo", urllib.parse.quote(self.headers.get("Authorization", "").encode("latin-1")))
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path="/"):
        return f"http://{self.host}{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def forms(value):
    """What must be found nowhere: the value and its usual disguises."""
    out = {value.encode(), value.encode("utf-16-le"), urllib.parse.quote(value, safe="").encode(), urllib.parse.quote_plus(value).encode(),
           json.dumps(value)[1:-1].encode(), json.dumps(value, ensure_ascii=False)[1:-1].encode(),
           json.dumps(json.dumps(value))[2:-2].encode(), value.encode().hex().encode()}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value.encode())
        core = encoded[(before * 8 + 5) // 6:(before + len(value.encode())) * 8 // 6]
        out |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return out


class Secrets(unittest.TestCase):
    env = {}

    def setUp(self):
        self.echo, self.other = Echo(), Echo()
        self.addCleanup(self.echo.close)
        self.addCleanup(self.other.close)
        self.server = house.Server(env={"SLUICE_EGRESS_ALLOW": "127.0.0.1/32", "SLUICE_LOG_LEVEL": "debug", **self.env})
        self.addCleanup(self.server.close)
        self.server.start()
        self.client = self.server.client()

    def key_file(self):
        return self.server.data + ".key"

    def set(self, name="token", value=CANARY, hosts=None, **bindings):
        bindings["hosts"] = [self.echo.host] if hosts is None else hosts
        answer = self.client.post("/api/v1/secrets", {"name": name, "value": value, "bindings": bindings})
        self.assertEqual(answer.status, 201, answer)
        return answer

    def command(self, *words, code=0, stdin=None, env=None):
        done = house.sluice(*words, data=self.server.data, stdin=stdin, env=env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def call(self, name="call", headers=None, flow="caller", url=None, **config):
        config = {"url": url or self.echo.url("/x"), "headers": headers if headers is not None else {"X-Token": "{{ secrets.token }}"}, **config}
        return {"name": flow, **chain(node(name, "http.request", config)), "output": "{{ nodes.%s.output }}" % name}

    def restart(self, **env):
        if self.server.process is not None:
            self.server.kill()
        self.server.env.update({k: v for k, v in env.items() if v is not None})
        for name in [k for k, v in env.items() if v is None]:
            self.server.env.pop(name, None)
        self.server.start()

    def works(self, flow):
        """A run of `flow` sends the value to the echo."""
        before = len(self.echo.requests)
        ended = self.client.run(flow)
        self.assertEqual(ended["status"], "succeeded", ended)
        sent = self.echo.requests[before]["headers"]["x-token"].encode("latin-1").decode()
        self.assertEqual(sent, CANARY)

    def nowhere(self, values, texts):
        wanted = {form: value for value in values for form in forms(value)}
        for place, content in texts:
            for form, value in wanted.items():
                self.assertNotIn(form, content, f"{value!r} is in {place} as {form!r}")

    def files(self, *roots):
        for root in roots:
            for folder, _, names in os.walk(root):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path):
                        with open(path, "rb") as file:
                            yield path, file.read()
        with open(self.server.log_path, "rb") as file:
            yield "the log", file.read()


class Canary(Secrets):
    def test_a_secrets_value_is_found_nowhere_but_at_the_host_it_was_sent_to(self):
        marked = {t["name"] for t in self.client.get("/api/v1/node-types?limit=200").json["items"]
                  if '"x-secret"' in json.dumps(t.get("config_schema", t))}
        self.assertEqual(marked, {"http.request"}, "a node type that takes secrets is used in this test")
        self.set("token")
        self.set("unused", NEXT)
        header = {"X-Token": "{{ secrets.token }}", "X-Mixed": "a {{ secrets.token }} b"}
        calls = [
            node("header", "http.request", {"url": self.echo.url("/header"), "headers": header}),
            node("bearer", "http.request", {"url": self.echo.url("/bearer"), "auth": {"bearer": "{{ secrets.token }}"}}),
            node("basic", "http.request", {"url": self.echo.url("/basic"), "auth": {"username": "ann", "password": "{{ secrets.token }}"}}),
            node("query", "http.request", {"url": self.echo.url("/query"), "query": {"key": "{{ secrets.token }}"}}),
            node("body", "http.request", {"method": "POST", "url": self.echo.url("/body"),
                                          "body": {"deep": [{"key": "{{ secrets.token }}"}], "text": "x{{ secrets.token }}y"}}),
            node("large", "http.request", {"url": self.echo.url("/large?filler=200000"), "headers": header}),
            node("failing", "http.request", {"url": self.echo.url("/failing?status=503"), "headers": header}, on_error="continue",
                 retry={"max_attempts": 2, "backoff": "1ms"}),
            node("keep", "set", {"values": {"all": "{{ nodes.header.output }}", "error": "{{ nodes.failing.?output }}"}}),
            node("last", "http.request", {"url": self.echo.url("/last?status=500"), "query": {"key": "{{ secrets.token }}"}}),
        ]
        flow = self.client.create_flow({"name": "canary", **chain(*calls)})
        run = self.client.run(flow)
        self.assertEqual(run["status"], "failed", run)
        raw = json.dumps(self.echo.requests)
        self.assertGreaterEqual(len(self.echo.requests), 9, raw[:2000])
        got = {r["path"].split("?")[0]: r for r in self.echo.requests}
        text = lambda value: value.encode("latin-1").decode()
        self.assertEqual(text(got["/header"]["headers"]["x-token"]), CANARY)
        self.assertEqual(text(got["/header"]["headers"]["x-mixed"]), f"a {CANARY} b")
        self.assertEqual(text(got["/bearer"]["headers"]["authorization"]), f"Bearer {CANARY}")
        self.assertEqual(base64.b64decode(got["/basic"]["headers"]["authorization"].removeprefix("Basic ")).decode(), f"ann:{CANARY}")
        self.assertEqual(urllib.parse.parse_qs(got["/query"]["path"].split("?")[1])["key"], [CANARY])
        self.assertEqual(json.loads(got["/body"]["body"])["deep"][0]["key"], CANARY)

        again = self.client.run(flow)
        backup = os.path.join(self.server.home, "backup")
        self.command("backup", backup)
        answers = []
        for path in (f"/api/v1/runs/{run['id']}", f"/api/v1/runs/{run['id']}/steps", f"/api/v1/runs/{run['id']}/events?limit=1000",
                     f"/api/v1/runs/{run['id']}/why", f"/api/v1/runs/{run['id']}/diff?with={again['id']}", "/api/v1/events", "/api/v1/runs",
                     f"/api/v1/flows/{flow}", f"/api/v1/flows/{flow}/versions/1", "/api/v1/dead-letters", "/api/v1/secrets",
                     "/api/v1/secrets/token", "/api/v1/vault", "/api/v1/system", "/metrics"):
            answer = self.client.get(path)
            self.assertEqual(answer.status, 200, f"{path}: {answer}")
            answers.append((path, answer.body))
        for letter in self.client.get("/api/v1/dead-letters").json["items"]:
            answers.append(("the dead letter", self.client.get(f"/api/v1/dead-letters/{letter['id']}").body))
        steps = self.client.get(f"/api/v1/runs/{run['id']}/steps").json["items"]
        for step in steps:
            answers.append((f"step {step['path']}", self.client.get(f"/api/v1/runs/{run['id']}/steps/{house.segment(step['path'])}").body))
        replay = self.client.post(f"/api/v1/runs/{run['id']}/replay")
        self.assertEqual(replay.status, 200, replay)
        answers.append(("the replay", replay.body))
        answers.append(("the start's answer", json.dumps(run).encode()))
        self.assertIn(b"[secret:token]", b"".join(body for _, body in answers))
        self.nowhere([CANARY, NEXT], answers)
        self.nowhere([CANARY, NEXT], self.files(self.server.data, backup))
        self.server.terminate()
        self.nowhere([CANARY, NEXT], self.files(self.server.data, backup))
        with open(self.key_file(), "rb") as file:
            key = file.read().strip()
        for place, content in self.files(self.server.data, backup):
            self.assertNotIn(key, content, place)
            self.assertNotIn(bytes.fromhex(key.decode()), content, place)

    def test_a_request_for_a_value_and_its_idempotency_record_hold_none(self):
        body = {"name": "token", "value": CANARY, "bindings": {"hosts": ["*"]}}
        first = self.client.post("/api/v1/secrets", body, headers={"Idempotency-Key": "k1"})
        again = self.client.post("/api/v1/secrets", body, headers={"Idempotency-Key": "k1"})
        self.assertEqual((first.status, again.status), (201, 201), again)
        self.assertEqual(first.json, again.json)
        other = self.client.post("/api/v1/secrets", dict(body, value=NEXT), headers={"Idempotency-Key": "k1"})
        self.assertEqual(other.status, 422, other)
        put = self.client.put("/api/v1/secrets/token", {"value": NEXT}, headers={"Idempotency-Key": "k2"})
        self.assertEqual(put.json["version"], 2, put)
        self.assertEqual(self.client.put("/api/v1/secrets/token", {"value": NEXT}, headers={"Idempotency-Key": "k2"}).json["version"], 2)
        self.assertEqual(self.client.get("/api/v1/secrets/token").json["version"], 2)
        for bad in ({"name": "x", "value": CANARY, "colour": 1}, {"name": "a-b", "value": CANARY}, {"name": 7, "value": CANARY},
                    {"name": "x", "value": CANARY, "bindings": {"hosts": ["http://x"]}}, {"name": "x", "value": [CANARY]}):
            answer = self.client.post("/api/v1/secrets", bad)
            self.assertEqual(answer.status, 400, answer)
            self.nowhere([CANARY], [("the refusal", answer.body)])
        plain = hashlib.sha256(b"/api/v1/secrets\n\n" + json.dumps(body).encode()).digest()
        for place, content in self.files(self.server.data):
            self.assertNotIn(plain, content, f"{place}: a short value could be guessed from a plain hash of its request")
        self.nowhere([CANARY, NEXT], self.files(self.server.data))


class Use(Secrets):
    def test_the_command_line_sets_shows_and_deletes_without_a_value_in_sight(self):
        said = self.command("secrets", "set", "token", "--host", self.echo.host, "--description", "of the echo", stdin=CANARY + "\n")
        said += self.command("secrets", "list") + self.command("secrets", "show", "token") + self.command("secrets", "show", "token", "--json")
        flow = self.client.create_flow(self.call())
        self.works(flow)
        path = os.path.join(self.server.home, "value")
        with open(path, "w", encoding="utf-8") as file:
            file.write(NEXT)
        said += self.command("secrets", "rotate", "token", "--file", path)
        self.client.run(flow)
        self.assertEqual(self.echo.requests[-1]["headers"]["x-token"], NEXT)
        said += self.command("secrets", "rotate", "absent", "--file", path, code=1)
        said += self.command("secrets", "set", "token", stdin="", code=2)
        said += self.command("vault", "rotate-keys")
        self.client.run(flow)
        self.assertEqual(self.echo.requests[-1]["headers"]["x-token"], NEXT)
        said += self.command("secrets", "delete", "token")
        said += self.command("secrets", "show", "token", code=1)
        self.nowhere([CANARY, NEXT], [("the commands", said.encode())])

    def test_at_a_terminal_the_value_is_asked_for_twice_and_not_shown(self):
        for typed, code in (([NEXT, NEXT], 0), ([NEXT, NEXT + "x"], 2)):
            leader, follower = pty.openpty()
            process = subprocess.Popen([house.binary(), "secrets", "set", "typed", "--data", self.server.data], stdin=follower,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=house.clean_environment())
            prompts = b""
            for line in typed:
                while not prompts.endswith(b": "):
                    prompts += process.stderr.read(1)
                prompts += b"|"
                os.write(leader, line.encode() + b"\n")
            out, err = process.communicate(timeout=house.PATIENCE)
            os.close(follower)
            shown = b""
            try:
                while piece := os.read(leader, 1000):
                    shown += piece
            except OSError:
                pass
            os.close(leader)
            self.assertEqual(process.returncode, code, err)
            self.assertNotIn(NEXT.encode(), out + err + prompts + shown)

    def test_what_a_flow_may_not_do_with_a_secret_is_refused_when_it_is_published(self):
        self.set()
        refused = {
            "a missing secret": (self.call(headers={"A": "{{ secrets.absent }}"}), "/nodes/0/config/headers/A", "sluice secrets set absent"),
            "an unbound host": (self.call(url=self.other.url()), "/nodes/0/config/headers/X-Token", f"--host 127.0.0.1"),
            "a field that takes none": (self.call(headers={}, timeout="{{ secrets.token }}"), "/nodes/0/config/timeout", "takes them in url"),
            "a computation": (self.call(headers={"A": "{{ secrets.token + 'x' }}"}), "/nodes/0/config/headers/A", "stands alone"),
            "a node without a place": ({"name": "s", **chain(node("a", "set", {"values": {"x": "{{ secrets.token }}"}}))},
                                       "/nodes/0/config/values/x", "no place for secrets"),
            "the flow's output": ({"name": "o", **chain(node("a")), "output": "{{ secrets.token }}"}, "/output", "secrets"),
        }
        for what, (document, pointer, says) in refused.items():
            with self.subTest(what=what):
                answer = self.client.post("/api/v1/flows", document)
                self.assertEqual(answer.status, 422, answer)
                self.assertEqual(answer.json["errors"][0]["pointer"], pointer, answer)
                self.assertIn(says, answer.json["errors"][0]["message"])
                judged = self.client.post("/api/v1/flows/validate", document)
                self.assertEqual((judged.json["valid"], judged.json["errors"][0]["pointer"]), (False, pointer), judged)

    def test_bindings_are_judged_again_at_the_run(self):
        self.set()
        flow = self.client.create_flow(self.call(url="http://127.0.0.1:{{ input.port }}/x"))
        went = self.client.run(flow, {"port": self.echo.port})
        self.assertEqual(went["status"], "succeeded", went)
        for change, says in (({"hosts": [self.echo.host], "flows": ["another"]}, "the flow caller"),
                             ({"hosts": [self.echo.host], "node_types": ["mail.send"]}, "the node type http.request"),
                             ({"hosts": []}, "may not be sent to")):
            self.assertEqual(self.client.request("PATCH", "/api/v1/secrets/token", {"bindings": change}).status, 200)
            ended = self.client.run(flow, {"port": self.echo.port})
            self.assertEqual((ended["status"], ended["error"]["code"]), ("failed", "forbidden"), ended)
            self.assertIn(says, ended["error"]["message"])
        self.client.request("PATCH", "/api/v1/secrets/token", {"bindings": {"hosts": [self.echo.host]}})
        elsewhere = self.client.run(flow, {"port": self.other.port})
        self.assertEqual(elsewhere["error"]["code"], "forbidden", elsewhere)
        self.assertEqual(self.other.requests, [], "nothing was sent to a host that the secret is not bound to")
        self.assertEqual(self.client.delete("/api/v1/secrets/token").status, 204)
        gone = self.client.run(flow, {"port": self.echo.port})
        self.assertEqual(gone["error"]["code"], "not_found", gone)
        self.assertIn("sluice secrets set token", gone["error"]["message"])

    def test_a_redirect_to_another_host_goes_without_the_secret(self):
        self.set()
        target = urllib.parse.quote(self.other.url("/end"), safe="")
        plain = self.client.create_flow(self.call(url=self.echo.url(f"/redirect?status=302&to={target}"),
                                                  headers={"X-Token": "{{ secrets.token }}", "User-Agent": "{{ secrets.token }}"}))
        ended = self.client.run(plain)
        self.assertEqual(ended["status"], "succeeded", ended)
        self.assertEqual(len(self.other.requests), 1)
        self.nowhere([CANARY], [("the other host", json.dumps(self.other.requests, ensure_ascii=False).encode())])
        self.assertNotIn("x-token", self.other.requests[0]["headers"])
        self.assertEqual(self.other.requests[0]["headers"]["user-agent"].split("/")[0], "sluice")
        body = self.client.create_flow(self.call(flow="sender", url=self.echo.url(f"/redirect?status=307&to={target}"), method="POST", headers={},
                                                 body="{{ secrets.token }}"))
        ended = self.client.run(body)
        self.assertEqual((ended["status"], ended["error"]["code"]), ("failed", "forbidden"), ended)
        self.assertEqual(len(self.other.requests), 1, "the body was not taken to another host")

    def test_rights_are_the_publishers_and_a_workspace_sees_its_own(self):
        self.set()
        developer = self.server.client(role="developer")
        viewer = self.server.client(role="viewer")
        other = self.server.client("other")
        self.assertEqual(viewer.get("/api/v1/secrets").status, 403)
        self.assertEqual(developer.get("/api/v1/secrets").json["items"][0]["name"], "token")
        for verb, path, body in (("POST", "/api/v1/secrets", {"name": "a", "value": "b"}), ("PUT", "/api/v1/secrets/token", {"value": "b"}),
                                 ("PATCH", "/api/v1/secrets/token", {"description": "b"}), ("DELETE", "/api/v1/secrets/token", None),
                                 ("POST", "/api/v1/secrets/rotate-keys", None)):
            self.assertEqual(developer.request(verb, path, body).status, 403, path)
        for path in ("/api/v1/vault/unseal", "/api/v1/vault/rotate-root"):
            self.assertEqual(self.client.post(path, {}).status, 403, "the root is the machine owner's business")
        document = self.call()
        answer = developer.post("/api/v1/flows", document)
        self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (403, "/nodes/0/config/headers/X-Token"), answer)
        plain = developer.create_flow({"name": "caller", **chain(node("a"))})
        saved = developer.put(f"/api/v1/flows/{plain}/draft", document)
        self.assertEqual(saved.status, 201, saved)
        for path, body in ((f"/api/v1/flows/{plain}/draft/publish", None), (f"/api/v1/flows/{plain}/runs", {"version": "draft", "input": {}})):
            self.assertEqual(developer.post(path, body).status, 403, path)
        self.command("secrets", "bind", "token", "--developers")
        self.assertEqual(developer.put(f"/api/v1/flows/{plain}", document).status, 200)
        self.works(plain)
        self.assertEqual(other.get("/api/v1/secrets").json["items"], [])
        self.assertEqual(other.get("/api/v1/secrets/token").status, 404)
        self.assertEqual(other.put("/api/v1/secrets/token", {"value": "mine"}).status, 404)
        self.assertEqual(other.delete("/api/v1/secrets/token").status, 404)
        foreign = other.post("/api/v1/flows", document)
        self.assertEqual(foreign.status, 422, foreign)
        self.assertIn("there is no secret token", foreign.json["errors"][0]["message"])

    def test_what_has_changed_meanwhile_is_not_overwritten(self):
        etag = self.set().headers["etag"]
        self.assertEqual(self.client.put("/api/v1/secrets/token", {"value": NEXT}, headers={"If-Match": etag}).status, 200)
        for verb, body in (("PUT", {"value": "x"}), ("PATCH", {"description": "x"}), ("DELETE", None)):
            answer = self.client.request(verb, "/api/v1/secrets/token", body, headers={"If-Match": etag})
            self.assertEqual(answer.status, 412, answer)
        self.assertEqual(self.client.post("/api/v1/secrets", {"name": "token", "value": "x"}).status, 409)

    def test_every_change_is_in_the_audit_trail_without_a_value(self):
        secret = self.set().json["id"]
        self.client.put("/api/v1/secrets/token", {"value": NEXT})
        self.client.request("PATCH", "/api/v1/secrets/token", {"description": "x"})
        self.client.post("/api/v1/secrets/rotate-keys")
        self.client.delete("/api/v1/secrets/token")
        self.command("vault", "rotate-root")
        trail = self.client.get("/api/v1/audit?limit=200")
        told = {(entry["action"], entry["target"]) for entry in trail.json["items"]}
        for action in ("secrets.create", "secrets.update", "secrets.delete"):
            self.assertIn((action, secret), told)
        for word in ("rotate", "root"):
            self.assertTrue(any(word in action for action, _ in told), told)
        self.nowhere([CANARY, NEXT], [("the audit trail", trail.body)])
        self.assertNotIn("left no audit entry", self.server.log())


class Sealed(Secrets):
    def sealed(self, says):
        status = self.client.get("/api/v1/vault").json
        self.assertTrue(status["sealed"], status)
        self.assertIn(says, status["reason"])
        self.assertEqual(self.client.get("/api/v1/system").json["vault"], {"sealed": True, "origin": None, "reason": status["reason"]})
        self.assertEqual(self.client.get("/readyz").status, 200, "it serves")
        self.command("vault", "status", code=1)
        doctor = self.command("doctor", code=1)
        self.assertIn("sealed", doctor)
        answer = self.client.post("/api/v1/secrets", {"name": "more", "value": "value of more"})
        self.assertEqual((answer.status, answer.json["type"].split("/")[-1].split(":")[-1]), (503, "sealed"), answer)

    def test_without_its_key_a_server_waits_with_the_steps_that_need_it(self):
        self.set()
        flow = self.client.create_flow(self.call())
        plain = self.client.create_flow({"name": "plain", **chain(node("a"))})
        self.server.terminate()
        away = self.key_file() + "-away"
        os.rename(self.key_file(), away)
        self.restart()
        self.sealed("is missing")
        self.assertEqual(self.client.run(plain)["status"], "succeeded", "what needs no secret goes on")
        run = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        house.eventually(lambda: "waits because the vault is sealed" in self.server.log(), "the step waits")
        self.assertEqual(self.client.get(f"/api/v1/runs/{run}").json["status"], "running")
        self.assertEqual(self.echo.requests, [])
        self.command("vault", "unseal", code=69)
        os.rename(away, self.key_file())
        self.command("vault", "unseal")
        house.eventually(lambda: self.client.get(f"/api/v1/runs/{run}").json["status"] == "succeeded", "the run goes on")
        self.assertFalse(self.client.get("/api/v1/vault").json["sealed"])
        self.works(flow)
        # The other way out is a restart.
        self.server.kill()
        os.rename(self.key_file(), away)
        self.restart()
        waiting = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}}).json["id"]
        self.server.terminate()
        os.rename(away, self.key_file())
        self.restart()
        house.eventually(lambda: self.client.get(f"/api/v1/runs/{waiting}").json["status"] == "succeeded", "the run goes on")

    def test_a_key_file_that_others_may_read_or_that_is_another_one_is_refused(self):
        self.set()
        flow = self.client.create_flow(self.call())
        self.server.terminate()
        os.chmod(self.key_file(), 0o644)
        self.restart()
        self.sealed(f"chmod 0400 {self.key_file()}")
        self.server.terminate()
        os.chmod(self.key_file(), 0o400)
        wrong = os.path.join(self.server.home, "wrong.key")
        with open(wrong, "w", encoding="ascii") as file:
            file.write("ab" * 32)
        os.chmod(wrong, 0o400)
        self.restart(SLUICE_VAULT_KEY_FILE=wrong)
        self.sealed("is not the one this data directory was sealed with")
        self.server.terminate()
        inside = os.path.join(self.server.data, "root.key")
        shutil.copy(self.key_file(), inside)
        os.chmod(inside, 0o400)
        self.restart(SLUICE_VAULT_KEY_FILE=inside)
        self.sealed("lies in the data directory")
        os.unlink(inside)
        self.restart(SLUICE_VAULT_KEY_FILE=None)
        self.works(flow)

    def test_a_passphrase_opens_and_a_wrong_one_does_not(self):
        self.set()
        flow = self.client.create_flow(self.call())
        self.command("vault", "rotate-root", "--passphrase", stdin="short\n", code=1)
        self.command("vault", "rotate-root", "--passphrase", stdin="correct horse battery\n")
        self.works(flow)
        self.server.terminate()
        self.restart()
        self.sealed("sealed with a passphrase")
        self.command("vault", "unseal", "--passphrase", stdin="wrong horse battery\n", code=69)
        self.command("vault", "unseal", "--passphrase", stdin="correct horse battery\n")
        self.works(flow)
        self.server.terminate()
        self.restart(SLUICE_VAULT_PASSPHRASE="wrong horse battery")
        self.sealed("passphrase is not the one")
        self.server.terminate()
        self.restart(SLUICE_VAULT_PASSPHRASE="correct horse battery")
        self.works(flow)
        self.nowhere(["correct horse battery", "wrong horse battery"], self.files(self.server.data))

    def test_a_server_writes_no_core_dumps_and_locks_its_keys_in_memory(self):
        house.not_under_a_sanitizer("it locks no memory")
        process = self.server.process.pid
        with open(f"/proc/{process}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4], "0", core)
        with open(f"/proc/{process}/status", encoding="ascii") as file:
            locked = next(line for line in file if line.startswith("VmLck"))
        self.assertGreaterEqual(int(locked.split()[1]), 8, locked)


class Kills(Secrets):
    ROOT = ["root.key_written:kill", "dek.rewrap:kill:1", "dek.rewrap:kill:2", "root.rewrapped:kill", "root.committed:kill", "root.verified:kill",
            "root.settled:kill"]

    def broken_off(self, point, *words):
        """The command meets a server that is killed at the point."""
        self.restart(SLUICE_FAILPOINT=point)
        done = house.sluice(*words, data=self.server.data)
        self.assertNotEqual(done.returncode, 0, f"{point}: {done.stdout}")
        self.assertEqual(self.server.process.wait(house.PATIENCE), -9, point)
        self.server.process = None

    def test_a_kill_at_any_step_of_a_rotation_leaves_every_secret_readable(self):
        self.set()
        flow = self.client.create_flow(self.call())
        self.works(flow)
        for point in self.ROOT:
            with self.subTest(point=point):
                self.broken_off(point, "vault", "rotate-root")
                self.restart(SLUICE_FAILPOINT=None)
                self.assertFalse(self.client.get("/api/v1/vault").json["sealed"])
                self.works(flow)
        before = self.client.get("/api/v1/vault").json["root"]
        self.command("vault", "rotate-root")
        self.assertNotEqual(self.client.get("/api/v1/vault").json["root"], before)
        self.works(flow)
        for n in range(3):
            self.set(f"more{n}", f"value of more {n}")
        for point in ("secret.rewrap:kill:1", "secret.rewrap:kill:3"):
            with self.subTest(point=point):
                self.broken_off(point, "vault", "rotate-keys")
                self.restart(SLUICE_FAILPOINT=None)
                self.works(flow)
        self.command("vault", "rotate-keys")
        self.works(flow)

    def test_a_backup_from_before_a_rotation_is_opened_by_the_key_that_was_kept(self):
        self.set()
        flow = self.client.create_flow(self.call())
        backup = os.path.join(self.server.home, "backup")
        self.command("backup", backup)
        self.assertFalse([name for name in os.listdir(backup) if "key" in name])
        self.command("vault", "rotate-root")
        self.server.terminate()
        self.command("restore", backup, "--force")
        self.restart()
        self.works(flow)


if __name__ == "__main__":
    house.main()
