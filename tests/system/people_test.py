"""People against the real binary: set-up, signing in, tokens, roles, invitations, and what must not work."""

import base64
import concurrent.futures
import hashlib
import json
import os
import re
import stat
import unittest
import urllib.parse

import house

PASSWORD = "correct horse battery staple"
OTHER = "entirely new words here"


def setup_token(server):
    with open(os.path.join(server.data, "setup-link"), encoding="utf-8") as file:
        return file.read().strip().rpartition("#token=")[2]


class Person(house.Client):
    """REST with an access token."""

    def __init__(self, port, answer):
        super().__init__(port, answer.json["access_token"])
        self.session = answer.json
        self.refresh_token = answer.json.get("refresh_token")
        self.cookie = answer.headers["set-cookie"].partition(";")[0] if "set-cookie" in answer.headers else None

    def patch(self, path, body, **more):
        return self.request("PATCH", path, body, **more)

    def browser(self, verb, path, body=None, origin=None, page="1", **headers):
        """The same as a browser with the cookie does it."""
        sent = {"Cookie": self.cookie, **headers}
        if origin != "none":
            sent["Origin"] = origin or f"http://127.0.0.1:{self.port}"
        if page:
            sent["Sluice-Request"] = page
        return house.Client(self.port).request(verb, path, body, headers=sent)


def part(token, number):
    text = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Story(unittest.TestCase):
    environment = {"SLUICE_AUTH_PASSWORD_MEMORY": "19MiB", "SLUICE_AUTH_PASSWORD_PASSES": "2"}

    def setUp(self):
        self.server = house.Server(env=self.environment).start()
        self.addCleanup(self.server.close)
        self.stranger = house.Client(self.server.port)

    def problem(self, answer, status, *fragments):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers.get("content-type"), "application/problem+json", answer)
        for fragment in fragments:
            self.assertIn(fragment, answer.text)
        return answer.json

    def set_up(self):
        answer = self.stranger.post("/api/v1/auth/setup", {"token": setup_token(self.server), "email": "ada@example.com",
                                                           "password": PASSWORD, "name": "Ada"})
        self.assertEqual(answer.status, 201, answer)
        return Person(self.server.port, answer)

    def login(self, email="ada@example.com", password=PASSWORD, headers=None, **more):
        return self.stranger.post("/api/v1/auth/login", {"email": email, "password": password, **more}, headers=headers)

    def person(self, email="ada@example.com", password=PASSWORD):
        answer = self.login(email, password)
        self.assertEqual(answer.status, 200, answer)
        return Person(self.server.port, answer)

    def join(self, owner, email, role, name="Somebody"):
        """Invites somebody, who accepts; signed in."""
        made = owner.post("/api/v1/invitations", {"email": email, "role": role})
        self.assertEqual(made.status, 201, made)
        token = made.json["path"].partition("#token=")[2]
        answer = self.stranger.post(f"/api/v1/auth/invitations/{token}", {"name": name, "password": PASSWORD})
        self.assertEqual(answer.status, 201, answer)
        return Person(self.server.port, answer)

    def me(self, key, **headers):
        return self.stranger.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {key}", **headers})


class SetUp(Story):
    def test_the_first_start_prints_a_link_that_makes_the_owner_once(self):
        link = os.path.join(self.server.data, "setup-link")
        self.assertEqual(stat.S_IMODE(os.stat(link).st_mode), 0o600)
        # The link comes a moment after the address that a start is known by.
        printed = house.eventually(lambda: re.search(r"http://127\.0\.0\.1:\d+/setup#token=(\w+)", self.server.log()), "the link of the set-up")
        self.assertEqual(printed.group(1), setup_token(self.server))
        self.assertEqual(self.stranger.get("/api/v1/auth/setup").json, {"needed": True})
        body = {"token": "guessed", "email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        self.problem(self.stranger.post("/api/v1/auth/setup", body), 410)
        body["token"] = setup_token(self.server)
        self.problem(self.stranger.post("/api/v1/auth/setup", {**body, "password": "password1234"}), 400, "/password")
        self.problem(self.stranger.post("/api/v1/auth/setup", {**body, "email": "nobody"}), 400, "/email")
        self.problem(self.stranger.post("/api/v1/auth/setup", {"token": body["token"]}), 400)

        self.server.terminate()
        self.server.start()  # a restart makes another link
        self.problem(self.stranger.post("/api/v1/auth/setup", body), 410)
        ada = self.set_up()
        self.assertEqual(ada.get("/api/v1/auth/me").json["role"], "owner")
        self.assertEqual(self.stranger.get("/api/v1/auth/setup").json, {"needed": False})
        body["token"] = setup_token(self.server)
        self.problem(self.stranger.post("/api/v1/auth/setup", body), 409)
        self.server.terminate()
        self.server.start()
        self.assertFalse(os.path.exists(link))
        self.assertEqual(self.server.log().count("/setup#token="), 2)
        self.person()

    def test_two_who_use_the_link_at_once_make_one_owner(self):
        token = setup_token(self.server)

        def use(number):
            return self.stranger.post("/api/v1/auth/setup", {"token": token, "email": f"p{number}@example.com",
                                                             "password": PASSWORD, "name": "P"}).status

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = sorted(pool.map(use, range(6)))
        self.assertEqual(answers[0], 201)
        self.assertTrue(all(status in (409, 410) for status in answers[1:]), answers)

    def test_before_and_after_it_keys_the_socket_and_one_time_links_work(self):
        for _ in range(2):
            client = self.server.client("acme")
            self.assertEqual(client.get("/api/v1/auth/me").json["workspace"]["name"], "acme")
            link = house.sluice("link", "--workspace", "acme", "--json", data=self.server.data)
            self.assertEqual(link.returncode, 0, link.stderr)
            path = urllib.parse.urlparse(json.loads(link.stdout)["url"])
            entered = self.stranger.get(f"{path.path}?{path.query}")
            self.assertEqual(entered.status, 303, entered)
            cookie = entered.headers["set-cookie"].partition(";")[0]
            self.assertEqual(self.stranger.get("/api/v1/auth/me", headers={"Cookie": cookie}).json["role"], "owner")
            if self.stranger.get("/api/v1/auth/setup").json["needed"]:
                self.set_up()
        self.assertEqual(self.person().get("/api/v1/auth/me", headers={"Sluice-Workspace": "acme"}).json["role"], "owner")

    def test_variables_make_the_first_owner_without_a_page(self):
        environment = {**self.environment, "SLUICE_ADMIN_EMAIL": "root@example.com", "SLUICE_ADMIN_PASSWORD": PASSWORD}
        server = house.Server(env=environment).start()
        self.addCleanup(server.close)
        answer = house.Client(server.port).post("/api/v1/auth/login", {"email": "root@example.com", "password": PASSWORD})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(Person(server.port, answer).get("/api/v1/auth/me").json["workspace"]["name"], "default")
        self.assertNotIn(PASSWORD, server.log())
        self.assertNotIn("setup#token", server.log())

    def test_a_weak_password_in_the_variables_stops_the_start(self):
        environment = {**self.environment, "SLUICE_ADMIN_EMAIL": "root@example.com", "SLUICE_ADMIN_PASSWORD": "password1234"}
        server = house.Server(env=environment)
        self.addCleanup(server.close)
        server.start(wait=False)
        self.assertEqual(server.process.wait(house.PATIENCE), 78)
        server.process = None
        self.assertIn("SLUICE_ADMIN_PASSWORD", server.log())

    def test_pages_without_inline_script_show_the_forms(self):
        for path in ("/", "/login", "/sign-in", "/setup", "/invite", "/reset"):
            answer = self.stranger.get(path)
            self.assertEqual(answer.status, 200, answer)
            self.assertIn("script-src 'self'", answer.headers["content-security-policy"])
            self.assertFalse(re.search(r"<script(?![^>]*\bsrc=)|\son\w+=", answer.text), answer.text)
            for script in re.findall(r'<script[^>]*\bsrc="([^"]+)"', answer.text):
                self.assertEqual(self.stranger.get(script).headers["content-type"], "text/javascript; charset=utf-8")


class SigningIn(Story):
    def test_a_person_gets_tokens_and_a_cookie_that_say_who_it_is(self):
        self.set_up()
        answer = self.login("  ADA@Example.com ")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(answer.json["token_type"], "Bearer")
        self.assertEqual(answer.json["expires_in"], 900)
        cookie = answer.headers["set-cookie"]
        for word in ("__Host-sluice=", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"):
            self.assertIn(word, cookie)
        ada = Person(self.server.port, answer)
        for me in (ada.get("/api/v1/auth/me"), ada.browser("GET", "/api/v1/auth/me")):
            self.assertEqual(me.json["principal"]["kind"], "user")
            self.assertEqual(me.json["user"]["email"], "ada@example.com")
            self.assertEqual(me.json["workspaces"][0]["name"], "default")
            self.assertIn("flows:write", me.json["permissions"])
        self.assertEqual(ada.create_flow({"name": "f", "nodes": [house.node("a")]})[:4], "flw_")

    def test_unknown_wrong_and_disabled_look_the_same(self):
        ada = self.set_up()
        self.join(ada, "gone@example.com", "viewer")
        self.assertEqual(house.sluice("user", "disable", "gone@example.com", data=self.server.data).returncode, 0)
        answers = [self.login("ada@example.com", "wrong password wrong"), self.login("nobody@example.com", PASSWORD),
                   self.login("gone@example.com", PASSWORD), self.login("no address", PASSWORD), self.login("", "")]
        bodies = []
        for answer in answers:
            self.problem(answer, 401)
            body = answer.json
            body.pop("request_id")
            bodies.append((body, {k: v for k, v in answer.headers.items() if k not in ("date", "x-request-id", "ratelimit")}))
        for body in bodies[1:]:
            self.assertEqual(body, bodies[0])
        for body in ({}, {"email": "a@b.c"}, {"email": 1, "password": 2}, [], {"email": "a", "password": "b", "admin": True}):
            self.problem(self.stranger.post("/api/v1/auth/login", body), 400)
        self.problem(self.stranger.request("POST", "/api/v1/auth/login", "email=a&password=b",
                                           media="application/x-www-form-urlencoded"), 415)

    def test_a_locked_account_waits_also_after_a_restart(self):
        self.set_up()
        for _ in range(5):
            self.problem(self.login(password="wrong password wrong"), 401)
        refused = self.login()
        if refused.status == 200:  # the second of waiting has passed on a slow machine: again, with a longer one
            for _ in range(9):
                self.login(password="wrong password wrong")
            refused = self.login()
        self.problem(refused, 429)
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)

        def locked_for_long():
            answer = self.login(password="wrong password wrong")
            return answer.status == 429 and int(answer.headers["retry-after"]) >= 4
        house.eventually(locked_for_long, "the lock grows")
        self.server.kill()
        self.server.start()
        self.problem(self.login(), 429)

    def test_an_address_that_fails_often_must_wait(self):
        self.set_up()
        answers = [self.login(f"p{i}@example.com", "wrong password wrong") for i in range(40)]
        self.assertEqual(answers[0].status, 401)
        self.assertIn(429, [answer.status for answer in answers])

    def test_a_flood_of_sign_ins_leaves_the_server_answering(self):
        self.set_up()

        def attempt(number):
            return self.stranger.post("/api/v1/auth/login", {"email": f"p{number}@example.com", "password": "x" * 20})

        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            pending = [pool.submit(attempt, i) for i in range(120)]
            self.assertEqual(self.stranger.get("/healthz", timeout=20).status, 200)
            answers = [future.result() for future in pending]
        self.assertEqual({answer.status for answer in answers} - {401, 429, 503}, set())
        for answer in answers:
            if answer.status != 401:
                self.assertIn("retry-after", answer.headers)

    def test_the_password_is_changed_and_reset(self):
        ada = self.set_up()
        other = self.person()
        self.problem(ada.post("/api/v1/auth/password", {"password": "wrong password wrong", "new_password": OTHER}), 401)
        self.problem(ada.post("/api/v1/auth/password", {"password": PASSWORD, "new_password": "short"}), 400, "/new_password")
        self.assertEqual(ada.post("/api/v1/auth/password", {"password": PASSWORD, "new_password": OTHER}).status, 204)
        self.assertEqual(ada.get("/api/v1/auth/me").status, 200)
        self.problem(other.get("/api/v1/auth/me"), 401)
        self.problem(self.login(), 401)
        self.person(password=OTHER)

        link = house.sluice("user", "reset", "ada@example.com", data=self.server.data)
        self.assertEqual(link.returncode, 0, link.stderr)
        token = link.stdout.strip().partition("/reset#token=")[2]
        self.problem(self.stranger.post("/api/v1/auth/reset", {"token": "x", "password": PASSWORD}), 410)
        self.assertEqual(self.stranger.post("/api/v1/auth/reset", {"token": token, "password": PASSWORD}).status, 204)
        self.problem(self.stranger.post("/api/v1/auth/reset", {"token": token, "password": OTHER}), 410)
        self.problem(ada.get("/api/v1/auth/me"), 401)
        self.person()

    def test_no_password_and_no_token_is_stored_in_clear(self):
        ada = self.set_up()
        made = ada.post("/api/v1/invitations", {"email": "new@example.com", "role": "viewer"}, headers={"Idempotency-Key": "k"})
        token = made.json["path"].partition("#token=")[2]
        again = ada.post("/api/v1/invitations", {"email": "new@example.com", "role": "viewer"}, headers={"Idempotency-Key": "k"})
        self.assertEqual(again.json["id"], made.json["id"])
        self.assertIsNone(again.json["path"])
        ada.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token})
        self.server.terminate()
        needles = [PASSWORD, token, ada.refresh_token, ada.cookie.partition("=")[2], ada.key]
        for folder, _, files in os.walk(self.server.data):
            for name in files:
                path = os.path.join(folder, name)
                if stat.S_ISREG(os.stat(path).st_mode):
                    with open(path, "rb") as file:
                        content = file.read()
                    for needle in needles:
                        self.assertNotIn(needle.encode(), content, path)
        for needle in needles:
            self.assertNotIn(needle, self.server.log())


class Tokens(Story):
    def test_a_token_is_signed_by_a_key_of_the_published_set(self):
        ada = self.set_up()
        header, body = part(ada.key, 0), part(ada.key, 1)
        self.assertEqual(header["alg"], "EdDSA")
        self.assertEqual(sorted(body), ["aud", "exp", "iat", "iss", "jti", "sid", "sub"])
        self.assertEqual(body["exp"] - body["iat"], 900)
        self.assertEqual(body["sub"], ada.session["user"]["id"])
        keys = self.stranger.get("/.well-known/jwks.json")
        self.assertEqual(keys.headers["content-type"], "application/jwk-set+json")
        self.assertIn(header["kid"], [key["kid"] for key in keys.json["keys"]])
        self.assertNotIn('"d"', keys.text)
        self.server.terminate()
        self.server.start()
        self.assertEqual(ada.get("/api/v1/auth/me").status, 200)

    def test_forged_tokens_are_refused(self):
        ada = self.set_up()
        head, body, signature = ada.key.split(".")
        header, claims = part(ada.key, 0), part(ada.key, 1)
        forged = [f"{encoded({**header, 'alg': name})}.{body}.{sign}"
                  for name in ("none", "None", "HS256", "ES256", "RS256") for sign in ("", signature)]
        forged += [f"{encoded({**header, 'kid': kid})}.{body}.{signature}" for kid in ("other", "", "../../etc/passwd", "' OR 1=1 --")]
        forged += [f"{encoded({**header, name: 'http://127.0.0.1:1/'})}.{body}.{signature}" for name in ("jku", "jwk", "x5u", "crit")]
        forged += [f"{head}.{encoded({**claims, name: value})}.{signature}"
                   for name, value in (("exp", claims["exp"] + 10**6), ("sub", "usr_" + "0" * 26), ("iat", claims["iat"] + 10**6))]
        forged += [f"{head}.{body}.", f"{head}.{body}", f".{body}.{signature}", f"{head}..{signature}", "...", "a.b.c", "x" * 5000 + ".y.z",
                   ada.key + "A", ada.key[:-1], ada.key + ".", ada.key + "=", f"{head}.{body}.{signature[::-1]}"]
        # The public key as the secret of a MAC.
        key = self.stranger.get("/.well-known/jwks.json").json["keys"][0]["x"]
        confused = f"{encoded({**header, 'alg': 'HS256'})}.{body}"
        mac = hashlib.sha256(base64.urlsafe_b64decode(key + "=") + confused.encode()).digest()
        forged.append(confused + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode())
        for token in forged:
            self.problem(self.me(token), 401)
        self.assertEqual(self.me(ada.key).status, 200)

    def test_another_servers_token_is_refused(self):
        ada = self.set_up()
        other = house.Server(env=self.environment).start()
        self.addCleanup(other.close)
        self.problem(house.Client(other.port, ada.key).get("/api/v1/auth/me"), 401)

    def test_expired_and_future_tokens_are_refused(self):
        ada = self.set_up()
        self.server.terminate()
        self.server.env = {**self.environment, **house.shifted_clock("+16m")}
        self.server.start()
        self.problem(ada.get("/api/v1/auth/me"), 401, "expired")
        later = Person(self.server.port, self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token}))
        self.assertEqual(later.get("/api/v1/auth/me").status, 200)
        self.server.terminate()
        self.server.env = self.environment
        self.server.start()
        self.problem(later.get("/api/v1/auth/me"), 401)
        self.assertEqual(ada.get("/api/v1/auth/me").status, 200)

    def test_signing_out_counts_at_once(self):
        ada = self.set_up()
        other = self.person()
        sessions = ada.get("/api/v1/auth/sessions").json["items"]
        self.assertEqual(len(sessions), 2)
        self.assertEqual([s["id"] for s in sessions if s["current"]], [ada.session["session"]["id"]])
        self.assertEqual(ada.delete(f"/api/v1/auth/sessions/{other.session['session']['id']}").status, 204)
        self.problem(other.get("/api/v1/auth/me"), 401)
        self.problem(ada.delete(f"/api/v1/auth/sessions/{other.session['session']['id']}"), 404)
        third = self.person()
        self.assertEqual(ada.delete("/api/v1/auth/sessions").status, 204)
        self.problem(third.get("/api/v1/auth/me"), 401)
        out = ada.post("/api/v1/auth/logout", {})
        self.assertEqual(out.status, 204, out)
        self.problem(ada.get("/api/v1/auth/me"), 401)
        self.problem(ada.browser("GET", "/api/v1/auth/me"), 401)
        self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token}), 401)

    def test_a_used_refresh_token_gives_the_same_successor_at_once_and_else_ends_the_session(self):
        ada = self.set_up()
        first = self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token})
        self.assertEqual(first.status, 200, first)
        again = self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token})
        self.assertEqual(again.json["refresh_token"], first.json["refresh_token"])
        second = self.stranger.post("/api/v1/auth/refresh", {"refresh_token": first.json["refresh_token"]})
        self.assertEqual(second.status, 200, second)
        self.assertEqual(self.me(second.json["access_token"]).status, 200)
        self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token}), 401)
        self.problem(self.me(second.json["access_token"]), 401)
        self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": second.json["refresh_token"]}), 401)

    def test_the_same_refresh_token_from_many_at_once_has_one_successor(self):
        ada = self.set_up()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token}), range(8)))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.json["refresh_token"] for answer in answers}), 1)

    def test_a_refresh_token_is_bound_to_its_client(self):
        self.set_up()
        answer = self.login(client="laptop")
        token = answer.json["refresh_token"]
        self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": token, "client": "thief"}), 401)
        self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": token, "client": "laptop"}), 401)
        self.problem(self.me(answer.json["access_token"]), 401)
        for bad in ("", "x", "slr_" + "x" * 43, "slr_" + "x" * 900):
            self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": bad}), 401)

    def test_a_browser_gets_no_refresh_token_and_sessions_survive_a_kill(self):
        self.set_up()
        origin = {"Origin": f"http://127.0.0.1:{self.server.port}"}
        answer = self.login(headers=origin)
        self.assertNotIn("refresh_token", answer.json)
        self.problem(self.login(headers={"Origin": "http://evil.example"}), 403)
        page = Person(self.server.port, answer)
        self.server.kill()
        self.server.start()
        self.assertEqual(page.browser("GET", "/api/v1/auth/me").status, 200)


class Browsers(Story):
    def test_a_cookie_changes_things_only_from_our_pages_and_with_the_header(self):
        ada = self.set_up()
        body = {"name": "support"}
        self.problem(ada.browser("POST", "/api/v1/projects", body, origin="http://evil.example"), 403)
        self.problem(ada.browser("POST", "/api/v1/projects", body, origin="null"), 403)
        self.problem(ada.browser("POST", "/api/v1/projects", body, origin="none"), 403)
        self.problem(ada.browser("POST", "/api/v1/projects", body, page=None), 403, "Sluice-Request")
        self.assertEqual(ada.browser("POST", "/api/v1/projects", body).status, 201)
        # A token is sent by nobody's browser on its own.
        self.assertEqual(ada.post("/api/v1/projects", {"name": "sales"}).status, 201)

    def test_signing_in_again_and_proving_again_change_the_cookie(self):
        ada = self.set_up()
        again = self.login(headers={"Cookie": ada.cookie, "Origin": f"http://127.0.0.1:{self.server.port}"})
        self.assertEqual(again.status, 200, again)
        self.problem(ada.browser("GET", "/api/v1/auth/me"), 401)
        page = Person(self.server.port, again)
        proved = page.browser("POST", "/api/v1/auth/reauthenticate", {"password": PASSWORD})
        self.assertEqual(proved.status, 200, proved)
        self.problem(page.browser("GET", "/api/v1/auth/me"), 401)
        self.assertEqual(Person(self.server.port, proved).browser("GET", "/api/v1/auth/me").status, 200)
        self.problem(self.server.client().post("/api/v1/auth/reauthenticate", {"password": PASSWORD}), 409)


class Members(Story):
    def test_an_invitation_is_accepted_once_and_gives_its_role(self):
        ada = self.set_up()
        made = ada.post("/api/v1/invitations", {"email": "vera@example.com", "role": "viewer"})
        self.assertEqual(made.status, 201, made)
        token = made.json["path"].partition("#token=")[2]
        path = f"/api/v1/auth/invitations/{token}"
        self.assertEqual(self.stranger.get(path).json["workspace"]["name"], "default")
        self.problem(self.stranger.post(path, {"name": "Vera", "password": "password1234"}), 400, "/password")
        vera = Person(self.server.port, self.stranger.post(path, {"name": "Vera", "password": PASSWORD}))
        self.assertEqual(vera.get("/api/v1/auth/me").json["role"], "viewer")
        self.problem(self.stranger.post(path, {"name": "Vera", "password": PASSWORD}), 410)
        self.problem(self.stranger.get(path), 410)
        self.problem(self.stranger.get("/api/v1/auth/invitations/unknown"), 410)
        self.problem(vera.post("/api/v1/flows", {"name": "f", "nodes": [house.node("a")]}), 403)
        self.problem(vera.post("/api/v1/invitations", {"email": "x@example.com", "role": "viewer"}), 403)
        self.assertEqual(ada.get(f"/api/v1/invitations/{made.json['id']}").json["status"], "accepted")

        revoked = ada.post("/api/v1/invitations", {"email": "x@example.com", "role": "viewer"}).json
        self.assertEqual(ada.delete(f"/api/v1/invitations/{revoked['id']}").status, 204)
        self.problem(self.stranger.post(f"/api/v1/auth/invitations/{revoked['path'].partition('#token=')[2]}",
                                        {"name": "X", "password": PASSWORD}), 410)
        self.assertEqual([one["status"] for one in ada.get("/api/v1/invitations").json["items"]], ["revoked", "accepted"])
        for body in ({"email": "nobody", "role": "viewer"}, {"email": "x@example.com", "role": "emperor"}, {"email": "x@example.com"}):
            self.problem(ada.post("/api/v1/invitations", body), 400)
        self.problem(ada.post("/api/v1/invitations", {"email": "vera@example.com", "role": "viewer"}), 409)

    def test_twenty_who_use_one_invitation_make_one_account(self):
        ada = self.set_up()
        token = ada.post("/api/v1/invitations", {"email": "v@example.com", "role": "viewer"}).json["path"].partition("#token=")[2]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: self.stranger.post(f"/api/v1/auth/invitations/{token}",
                                                                 {"name": "V", "password": PASSWORD}).status, range(20)))
        self.assertEqual(answers.count(201), 1, answers)
        self.assertEqual(len(ada.get("/api/v1/users").json["items"]), 2)

    def test_roles_change_at_once_and_the_last_owner_stays(self):
        ada = self.set_up()
        vera = self.join(ada, "vera@example.com", "viewer")
        me, other = (f"/api/v1/users/{p.session['user']['id']}" for p in (ada, vera))
        for change in ({"role": "viewer"}, {"status": "disabled"}):
            self.problem(ada.patch(me, change), 409, "last owner")
        self.problem(ada.delete(me), 409, "last owner")
        shown = ada.get(other)
        self.assertEqual(shown.json["role"], "viewer")
        changed = ada.patch(other, {"role": "developer", "project_roles": [{"project": "default", "role": "operator"}]},
                            headers={"If-Match": shown.headers["etag"]})
        self.assertEqual(changed.status, 200, changed)
        self.assertEqual(changed.json["project_roles"], [{"project": "default", "role": "operator"}])
        self.problem(ada.patch(other, {"role": "owner"}, headers={"If-Match": shown.headers["etag"]}), 412)
        self.assertEqual(vera.post("/api/v1/flows", {"name": "f", "nodes": [house.node("a")]}).status, 201)
        for body in ({}, {"role": "emperor"}, {"status": "asleep"}, {"rolle": "viewer"}, {"project_roles": [{"project": "x"}]}):
            self.problem(ada.patch(other, body), 400)
        self.problem(ada.patch("/api/v1/users/usr_nonsense", {"role": "viewer"}), 404)
        self.assertEqual(ada.patch(other, {"role": "owner"}).status, 200)
        self.assertEqual(vera.delete(me).status, 204)
        self.problem(ada.get("/api/v1/auth/me"), 401)
        self.problem(self.login(), 401)

    def test_a_disabled_member_is_out_at_once(self):
        ada = self.set_up()
        vera = self.join(ada, "vera@example.com", "developer")
        path = f"/api/v1/users/{vera.session['user']['id']}"
        self.assertEqual(ada.patch(path, {"status": "disabled"}).json["status"], "disabled")
        self.problem(vera.get("/api/v1/auth/me"), 401)
        self.problem(vera.browser("GET", "/api/v1/auth/me"), 401)
        self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": vera.refresh_token}), 401)
        self.problem(self.login("vera@example.com"), 401)
        self.assertEqual(ada.patch(path, {"status": "active"}).json["status"], "active")
        self.problem(vera.get("/api/v1/auth/me"), 401)
        self.person("vera@example.com")

    def test_nobody_sees_or_changes_another_workspace(self):
        ada = self.set_up()
        acme = self.server.client("acme")
        olga = self.join(acme, "olga@example.com", "owner")
        for named in ("default", ada.get("/api/v1/auth/me").json["workspace"]["id"], "nowhere", ""):
            answer = self.me(olga.key, **{"Sluice-Workspace": named})
            if named:
                self.problem(answer, 404)
            else:
                self.assertEqual(answer.json["workspace"]["name"], "acme")
        self.problem(olga.get("/api/v1/auth/me?workspace=default"), 404)
        path = f"/api/v1/users/{ada.session['user']['id']}"
        self.problem(olga.get(path), 404)
        self.problem(olga.patch(path, {"role": "viewer"}), 404)
        self.problem(olga.delete(path), 404)
        self.assertEqual([w["name"] for w in olga.get("/api/v1/workspaces").json["items"]], ["acme"])
        invitation = ada.post("/api/v1/invitations", {"email": "new@example.com", "role": "viewer"}).json
        self.problem(olga.get(f"/api/v1/invitations/{invitation['id']}"), 404)
        self.problem(olga.delete(f"/api/v1/invitations/{invitation['id']}"), 404)
        self.problem(olga.get("/api/v1/system/users"), 403, "sluice user")

        # With an account she joins as herself, and switches by the header.
        token = ada.post("/api/v1/invitations", {"email": "olga@example.com", "role": "viewer"}).json["path"].partition("#token=")[2]
        self.problem(self.stranger.post(f"/api/v1/auth/invitations/{token}", {"name": "Olga", "password": PASSWORD}), 409)
        self.problem(ada.post(f"/api/v1/auth/invitations/{token}", {}), 403)
        self.assertEqual(olga.post(f"/api/v1/auth/invitations/{token}", {}).status, 201)
        self.assertEqual(self.me(olga.key, **{"Sluice-Workspace": "default"}).json["role"], "viewer")
        self.assertEqual(self.me(olga.key, **{"Sluice-Workspace": "acme"}).json["role"], "owner")
        self.assertEqual([w["name"] for w in olga.get("/api/v1/workspaces").json["items"]], ["acme", "default"])
        # Workspaces are made on the server's machine.
        self.problem(olga.post("/api/v1/workspaces", {"name": "hers"}, headers={"Sluice-Workspace": "acme"}), 403)

    def test_an_admin_makes_and_unmakes_no_owner(self):
        ada = self.set_up()
        adam = self.join(ada, "adam@example.com", "admin")
        vera = self.join(adam, "vera@example.com", "viewer")
        self.problem(adam.patch(f"/api/v1/users/{vera.session['user']['id']}", {"role": "owner"}), 403)
        self.problem(adam.patch(f"/api/v1/users/{adam.session['user']['id']}", {"role": "owner"}), 403)
        self.problem(adam.post("/api/v1/invitations", {"email": "x@example.com", "role": "owner"}), 403)
        self.problem(adam.delete(f"/api/v1/users/{ada.session['user']['id']}"), 403)
        self.assertEqual(adam.patch(f"/api/v1/users/{vera.session['user']['id']}", {"role": "admin"}).status, 200)

    def test_what_people_do_is_in_the_audit_trail(self):
        ada = self.set_up()
        vera = self.join(ada, "vera@example.com", "viewer")
        self.problem(self.login("vera@example.com", "wrong password wrong"), 401)
        self.assertEqual(ada.patch(f"/api/v1/users/{vera.session['user']['id']}", {"role": "developer"}).status, 200)
        vera.post("/api/v1/auth/logout", {})
        first = self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token}).json["refresh_token"]
        self.assertEqual(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": first}).status, 200)
        self.problem(self.stranger.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token}), 401)
        trail = self.server.client().get("/api/v1/audit?limit=200").json["items"]
        seen = {(entry["action"], entry["outcome"]) for entry in trail}
        for expected in (("auth.setup", "done"), ("invitations.accept", "done"), ("auth.login", "denied"), ("users.update", "done"),
                         ("auth.refresh", "denied"), ("auth.logout", "done"), ("invitations.create", "done")):
            self.assertIn(expected, seen)
        self.assertNotIn("wrong password wrong", json.dumps(trail))
        self.assertNotIn("a change left no audit entry", self.server.log())

    def test_script_in_a_name_is_data(self):
        ada = self.set_up()
        name = "<script>alert(1)</script> \"'; DROP TABLE user_account; -- {{ 1 + 1 }} \u202eabc \U0001f600"
        eve = self.join(ada, "eve@example.com", "viewer", name)
        self.assertEqual(eve.get("/api/v1/auth/me").json["user"]["name"], name)
        listed = [user["name"] for user in ada.get("/api/v1/users").json["items"]]
        self.assertEqual(listed, ["Ada", name])
        self.assertEqual(ada.get("/api/v1/users").headers["content-type"], "application/json")
        self.assertEqual(ada.get("/api/v1/users").headers["x-content-type-options"], "nosniff")
        for bad in ("", " ", "a\nb", "x" * 101, "\u0007"):
            token = ada.post("/api/v1/invitations", {"email": "b@example.com", "role": "viewer"}).json["path"].partition("#token=")[2]
            self.problem(self.stranger.post(f"/api/v1/auth/invitations/{token}", {"name": bad, "password": PASSWORD}), 400)

    def test_people_are_listed_page_by_page(self):
        ada = self.set_up()
        for i in range(4):
            self.join(ada, f"p{i}@example.com", "viewer")
        seen, cursor = [], ""
        while True:
            page = ada.get(f"/api/v1/users?limit=2{'&cursor=' + cursor if cursor else ''}").json
            seen += [user["email"] for user in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        self.assertEqual(seen, ["ada@example.com"] + [f"p{i}@example.com" for i in range(4)])
        self.problem(ada.get("/api/v1/users?cursor=forged"), 400)
        self.problem(ada.get("/api/v1/users?limit=0"), 400)

    def test_the_command_line_keeps_accounts(self):
        env = self.environment
        made = house.sluice("user", "create", "cli@example.com", "--name", "Cli", "--role", "developer", data=self.server.data,
                            stdin=PASSWORD + "\n", env=env)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertNotIn("cli@example.com", self.server.log())
        cli = self.person("cli@example.com")
        self.assertEqual(cli.get("/api/v1/auth/me").json["role"], "developer")
        listed = house.sluice("user", "list", "--json", data=self.server.data)
        self.assertEqual(json.loads(listed.stdout)["items"][0]["workspaces"], [{"name": "default", "role": "developer"}])
        self.assertIn("cli@example.com", house.sluice("user", "list", data=self.server.data).stdout)
        self.assertEqual(house.sluice("user", "create", "cli@example.com", data=self.server.data, stdin=PASSWORD).returncode, 1)
        self.assertEqual(house.sluice("user", "create", "weak@example.com", data=self.server.data, stdin="short").returncode, 1)
        self.assertEqual(house.sluice("user", "disable", "nobody@example.com", data=self.server.data).returncode, 1)
        self.assertEqual(house.sluice("user", "disable", "cli@example.com", data=self.server.data).returncode, 0)
        self.problem(cli.get("/api/v1/auth/me"), 401)
        self.assertEqual(house.sluice("user", "enable", "cli@example.com", data=self.server.data).returncode, 0)
        self.person("cli@example.com")
        invited = house.sluice("user", "invite", "new@example.com", "--role", "viewer", data=self.server.data)
        self.assertRegex(invited.stdout, r"^http://127\.0\.0\.1:\d+/invite#token=\w+\n$")
        self.server.terminate()
        offline = house.sluice("user", "reset", "cli@example.com", data=self.server.data)
        self.assertEqual(offline.returncode, 69, offline)


class StepUp(Story):
    def test_keys_and_members_need_a_recent_proof_of_people_alone(self):
        ada = self.set_up()
        key = self.server.client()
        self.server.terminate()
        self.server.env = {**self.environment, **house.shifted_clock("+11m")}
        self.server.start()
        for answer in (ada.post("/api/v1/api-keys", {"name": "k"}), ada.delete("/api/v1/users/usr_x"),
                       ada.patch("/api/v1/users/usr_x", {"role": "viewer"}), ada.delete("/api/v1/api-keys/key_x"),
                       ada.delete("/api/v1/invitations/inv_x"),
                       ada.post("/api/v1/invitations", {"email": "x@example.com", "role": "viewer"})):
            self.assertEqual(self.problem(answer, 403)["code"], "step_up_required")
        self.assertEqual(key.post("/api/v1/api-keys", {"name": "k"}).status, 201)
        self.problem(ada.post("/api/v1/auth/reauthenticate", {"password": "wrong password wrong"}), 401)
        proved = ada.post("/api/v1/auth/reauthenticate", {"password": PASSWORD})
        self.assertEqual(proved.status, 200, proved)
        self.assertEqual(ada.post("/api/v1/api-keys", {"name": "k"}).status, 201)


if __name__ == "__main__":
    house.main()
