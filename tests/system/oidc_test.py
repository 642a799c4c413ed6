"""Signing in through a real OpenID provider (the npm package oidc-provider), and everything that must not sign anybody in."""

import http.client
import json
import os
import subprocess
import time
import unittest
import urllib.parse

import house
from people_test import PASSWORD, Story
from second_factor_test import code_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "a secret / with + signs: and 100% more"

PEOPLE = {
    "ada": {"email": "ada@example.com", "email_verified": True, "name": "Ada L.", "groups": []},
    "grace": {"email": "Grace@Example.com", "email_verified": True, "name": "Grace Hopper", "groups": ["devs"]},
    "mallory": {"email": "ada@example.com", "email_verified": False, "name": "Mallory", "groups": ["devs"]},
    "evan": {"email": "evan@elsewhere.example", "email_verified": True, "name": "Evan", "groups": ["devs"]},
    "lone": {"email": "lone@example.com", "email_verified": True, "name": "Lone", "groups": ["others"]},
}


def tools():
    folder = os.path.join(os.path.dirname(house.binary()), "tools")
    subprocess.run([os.path.join(ROOT, "tests/tools/install"), folder], check=True, stdout=subprocess.DEVNULL, timeout=300)
    return folder


class Provider:
    def __init__(self, port, redirect_uris, alg="RS256", secret=SECRET):
        self.port = port
        self.options = {"tools": tools(), "port": port, "redirect_uris": redirect_uris, "alg": alg, "client_id": "sluice",
                        **({"client_secret": secret} if secret else {})}
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "oidc_provider.mjs"), json.dumps(self.options)],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("ready at"), f"the provider did not start: {line}"
        self.know(PEOPLE)
        return self

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def know(self, people):
        answer = house.Client(self.port).post("/test/people", people)
        assert answer.status == 204, answer


class Browser:
    """Follows redirects with cookies by host and port, until somebody looks at a page."""

    def __init__(self):
        self.cookies = {}

    def get(self, url):
        place = urllib.parse.urlsplit(url)
        jar = self.cookies.setdefault(place.netloc, {})
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=house.PATIENCE)
        try:
            connection.request("GET", place.path + (f"?{place.query}" if place.query else ""),
                               headers={"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {})
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    jar[key] = rest.partition(";")[0]
            return house.Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def follow(self, url, until="/auth/oidc/callback"):
        """The address of the callback with the provider's answer, not yet visited."""
        for _ in range(10):
            answer = self.get(url)
            if answer.status not in (302, 303):
                raise AssertionError(f"no redirect from {url}: {answer.status} {answer.text[-600:]}")
            url = urllib.parse.urljoin(url, answer.headers["location"])
            if urllib.parse.urlsplit(url).path == until:
                return url
        raise AssertionError("it never ends")


def with_query(url, **changed):
    place = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(place.query, keep_blank_values=True))
    query.update(changed)
    return place._replace(query=urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})).geturl()


class OidcStory(Story):
    alg = "RS256"
    secret = SECRET
    extra = {}

    def setUp(self):
        self.port, self.provider_port = house.free_port(), house.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.provider = Provider(self.provider_port, [self.url + "/auth/oidc/callback"], self.alg, self.secret).start()
        self.addCleanup(self.provider.stop)
        env = {**self.environment, "SLUICE_OIDC_ISSUER": f"http://127.0.0.1:{self.provider_port}", "SLUICE_OIDC_CLIENT_ID": "sluice",
               "SLUICE_OIDC_SCOPES": "openid,email,profile,groups", "SLUICE_OIDC_ALLOW_INTERNAL": "true",
               "SLUICE_OIDC_NAME": "Example Inc", "SLUICE_OIDC_CREATE_PEOPLE": "true",
               "SLUICE_OIDC_GROUP_ROLES": "devs=developer,leads=admin,devs=acme:viewer", "SLUICE_OIDC_EMAIL_DOMAINS": "example.com",
               **({"SLUICE_OIDC_CLIENT_SECRET": self.secret} if self.secret else {}), **self.extra}
        self.server = house.Server(env={k: v for k, v in env.items() if v is not None}, port=self.port).start()
        self.addCleanup(self.server.close)
        self.stranger = house.Client(self.port)

    def begin(self, browser, who, **changed):
        """The callback's address of a sign-in as `who`."""
        start = browser.get(self.url + "/auth/oidc/start")
        self.assertEqual(start.status, 303, start)
        self.assertEqual(start.headers["cache-control"], "no-store")
        return browser.follow(with_query(start.headers["location"], login_hint=who, **changed))

    def sign_in(self, who, browser=None):
        browser = browser or Browser()
        return browser, browser.get(self.begin(browser, who))

    def session(self, browser, path="/api/v1/auth/me"):
        return self.stranger.get(path, headers={"Cookie": f"__Host-sluice={browser.cookies[f'127.0.0.1:{self.port}']['__Host-sluice']}"})

    def signed_in(self, who):
        browser, answer = self.sign_in(who)
        self.assertEqual((answer.status, answer.headers.get("location")), (303, "/"), answer)
        return self.session(browser).json

    def refused(self, answer, status, *fragments):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
        self.assertNotIn("__Host-sluice=", answer.headers.get("set-cookie", ""))
        for fragment in ("Sign-in failed", "/login", *fragments):
            self.assertIn(fragment, answer.text)

    def trail(self, action):
        return self.server.client().get(f"/api/v1/audit?limit=200&action={action}").json["items"]

    def instance_trail(self, action):
        shown = house.sluice("audit", "list", "--instance", "--action", action, "--json", data=self.server.data)
        self.assertEqual(shown.returncode, 0, shown)
        return json.loads(shown.stdout)["items"]


class SigningIn(OidcStory):
    def test_a_person_of_the_provider_gets_an_account_a_role_and_a_session(self):
        self.server.key("acme")
        self.assertEqual(self.stranger.get("/api/v1/auth/oidc").json,
                         {"enabled": True, "name": "Example Inc", "path": "/auth/oidc/start"})
        me = self.signed_in("grace")
        self.assertEqual(me["user"]["email"], "grace@example.com")
        self.assertEqual(me["user"]["name"], "Grace Hopper")
        self.assertEqual({w["name"]: w["role"] for w in me["workspaces"]}, {"default": "developer", "acme": "viewer"})
        self.assertEqual(self.signed_in("grace")["user"]["id"], me["user"]["id"])
        entries = [entry for entry in self.instance_trail("auth.oidc") if entry["outcome"] == "done"]
        self.assertEqual([entry["actor"]["id"] for entry in entries], [me["user"]["id"]] * 2)
        self.problem(self.login("grace@example.com", PASSWORD), 401)
        self.assertNotIn(SECRET, self.server.log())

    def test_groups_are_applied_at_each_sign_in(self):
        browser, _ = self.sign_in("grace")
        user = self.session(browser).json["user"]["id"]
        self.provider.know({**PEOPLE, "grace": {**PEOPLE["grace"], "groups": ["devs", "leads"]}})
        self.assertEqual(self.signed_in("grace")["role"], "admin")
        self.provider.know({**PEOPLE, "grace": {**PEOPLE["grace"], "groups": ["devs"]}})
        self.assertEqual(self.signed_in("grace")["role"], "developer")
        self.provider.know({**PEOPLE, "grace": {**PEOPLE["grace"], "groups": []}})
        self.refused(self.sign_in("grace")[1], 403, "no workspace has it as a member")
        self.problem(self.session(browser), 401)
        changes = [(e["action"], (e["before"] or {}).get("role"), (e["after"] or {}).get("role"))
                   for e in reversed(self.trail("users.*")) if e["target"] == user]
        self.assertEqual(changes, [("users.create", None, "developer"), ("users.update", "developer", "admin"),
                                   ("users.update", "admin", "developer"), ("users.delete", "developer", None)])
        self.provider.know(PEOPLE)
        self.assertEqual(self.signed_in("grace")["role"], "developer")

    def test_an_account_is_linked_by_a_verified_address_alone(self):
        ada = self.set_up()
        self.refused(self.sign_in("mallory")[1], 403, "verified")
        me = self.signed_in("ada")
        self.assertEqual(me["user"]["id"], ada.session["user"]["id"])
        self.assertEqual(me["role"], "owner", "a role that was given by hand stays")
        self.assertEqual(len(self.trail("auth.oidc.link")), 1)
        self.provider.know({**PEOPLE, "ada": {**PEOPLE["ada"], "email": "other@example.com"}})
        self.assertEqual(self.signed_in("ada")["user"]["email"], "ada@example.com", "issuer and subject count, not the address")
        self.assertEqual(self.login().status, 200, "the password goes on")
        house.sluice("user", "disable", "ada@example.com", data=self.server.data)
        self.refused(self.sign_in("ada")[1], 403, "disabled")

    def test_a_second_factor_is_asked_for_here_too(self):
        ada = self.set_up()
        secret = ada.post("/api/v1/auth/totp").json["secret"]
        codes = ada.post("/api/v1/auth/totp/confirm", {"code": code_of(secret, int(time.time()) // 30)}).json["recovery_codes"]
        browser, answer = self.sign_in("ada")
        self.assertEqual(answer.status, 303, answer)
        path, _, challenge = answer.headers["location"].partition("#challenge=")
        self.assertEqual(path, "/login")
        self.assertNotIn("__Host-sluice", browser.cookies[f"127.0.0.1:{self.port}"])
        done = self.stranger.post("/api/v1/auth/login/second-factor", {"challenge": challenge, "otp": codes[0]})
        self.assertEqual(done.status, 200, done)

    def test_the_provider_may_replace_its_keys(self):
        self.signed_in("grace")
        self.provider.stop()
        self.provider.start()
        self.signed_in("grace")

    def test_a_provider_that_is_down_stops_nobody_with_a_password(self):
        self.set_up()
        self.provider.stop()
        self.refused(Browser().get(self.url + "/auth/oidc/start"), 502, "does not answer", "password")
        self.assertEqual(self.login().status, 200)
        self.provider.start()
        browser = Browser()
        callback = self.begin(browser, "grace")
        self.provider.stop()
        self.refused(browser.get(callback), 502, "does not answer")
        self.assertEqual(self.login().status, 200)


class WithEs256(OidcStory):
    alg = "ES256"

    def test_it_signs_in(self):
        self.assertEqual(self.signed_in("grace")["role"], "developer")


class WithEdDsaAndWithoutASecret(OidcStory):
    alg = "EdDSA"
    secret = None

    def test_it_signs_in(self):
        self.assertEqual(self.signed_in("grace")["role"], "developer")


class Refusals(OidcStory):
    def test_what_was_tampered_with_on_the_way_signs_nobody_in(self):
        browser = Browser()
        callback = self.begin(browser, "grace")
        self.refused(browser.get(with_query(callback, state="guessed")), 401, "not begun in this browser")
        self.refused(Browser().get(callback), 401, "not begun in this browser")
        self.refused(browser.get(with_query(callback, iss="https://evil.example")), 401, "another identity provider")
        self.refused(browser.get(callback), 401, "finished already")
        self.refused(browser.get(self.begin(browser, "grace", nonce="another")), 401, "nonce")
        self.refused(browser.get(self.begin(browser, "grace", code_challenge="x" * 43)), 401, "does not accept the code")
        self.refused(browser.get(with_query(self.begin(browser, "grace"), code="guessed")), 401, "does not accept the code")
        self.refused(browser.get(with_query(self.begin(browser, "grace"), code=None)), 401, "no code")
        self.refused(browser.get(with_query(self.begin(browser, "grace"), iss=None)), 401, "another identity provider")
        for path in ("", "?state=", "?code=x", "?state=%01&code=%01", "?error=x", "?state=" + "x" * 3000):
            self.refused(browser.get(self.url + "/auth/oidc/callback" + path), 401)
        other = Browser()  # the provider knows the first one by now, and asks nothing
        denied = other.get(self.begin(other, "nobody"))
        self.refused(denied, 401, "access_denied", "&lt;b&gt;not today")
        self.assertNotIn("<b>", denied.text)
        self.assertIn("nonce", " ".join(entry["reason"] for entry in self.instance_trail("auth.oidc")))

    def test_a_code_works_once(self):
        first, second = Browser(), Browser()
        callback = self.begin(first, "grace")
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(callback).query))["code"]
        self.assertEqual(first.get(callback).status, 303)
        self.refused(first.get(callback), 401, "finished already")
        self.refused(second.get(with_query(self.begin(second, "grace"), code=code)), 401, "does not accept the code")

    def test_people_who_may_not_are_told_why(self):
        self.refused(self.sign_in("evan")[1], 403, "elsewhere.example")
        self.refused(self.sign_in("lone")[1], 403, "none of your groups")
        self.refused(self.sign_in("mallory")[1], 403, "verified")
        accounts = house.sluice("user", "list", "--json", data=self.server.data)
        self.assertEqual(json.loads(accounts.stdout)["items"], [])

    def test_a_token_whose_time_is_over_is_refused(self):
        self.server.terminate()
        self.server.env.update(house.shifted_clock("+2h"))
        self.server.start()
        self.refused(self.sign_in("grace")[1], 401, "expired")
        self.server.terminate()
        self.server.env.update(house.shifted_clock("-2h"))
        self.server.start()
        self.refused(self.sign_in("grace")[1], 401, "future")

    def test_a_sign_in_that_took_too_long_is_begun_again(self):
        browser = Browser()
        callback = self.begin(browser, "grace")
        self.server.terminate()
        self.server.start()
        self.refused(browser.get(callback), 401, "begin again")


class NobodyIsMade(OidcStory):
    extra = {"SLUICE_OIDC_CREATE_PEOPLE": None, "SLUICE_OIDC_EMAIL_DOMAINS": None}

    def test_unknown_people_are_refused_and_invited_ones_come_in(self):
        ada = self.set_up()
        self.refused(self.sign_in("grace")[1], 403, "invitation")
        self.join(ada, "evan@elsewhere.example", "viewer")
        self.assertEqual(self.signed_in("evan")["role"], "viewer", "a role that was given by hand stays")


class Settings(unittest.TestCase):
    def start_fails(self, *fragments, **env):
        names = {f"SLUICE_OIDC_{k.upper()}": v for k, v in env.items()}
        with_defaults = {"SLUICE_OIDC_ISSUER": "https://id.example", "SLUICE_OIDC_CLIENT_ID": "sluice", **names}
        server = house.Server(env=with_defaults)
        self.addCleanup(server.close)
        server.start(wait=False)
        self.assertEqual(server.process.wait(house.PATIENCE), 78, server.log())
        server.process = None
        for fragment in fragments:
            self.assertIn(fragment, server.log())

    def test_a_bad_setting_stops_the_start_and_is_named(self):
        self.start_fails("oidc.client_id", client_id="")
        self.start_fails("oidc.issuer", "https://", issuer="http://id.example")
        self.start_fails("oidc.issuer", issuer="nonsense")
        self.start_fails("oidc.redirect_uri", redirect_uri="/auth/oidc/callback")
        self.start_fails("oidc.scopes", "openid", scopes="email")
        self.start_fails("oidc.group_roles", "emperor", group_roles="devs=emperor")
        self.start_fails("oidc.group_roles", "GROUP=ROLE", group_roles="devs")
        self.start_fails("oidc.email_domains", email_domains="@example.com")

    def test_without_it_the_page_has_no_button_and_the_way_is_closed(self):
        with house.Server() as server:
            client = house.Client(server.port)
            self.assertEqual(client.get("/api/v1/auth/oidc").json, {"enabled": False})
            for path in ("/auth/oidc/start", "/auth/oidc/callback?code=x&state=y"):
                answer = client.get(path)
                self.assertEqual(answer.status, 404, answer)
                self.assertIn("not configured", answer.text)

    def test_an_internal_provider_needs_the_operators_word(self):
        env = {"SLUICE_OIDC_ISSUER": "https://127.0.0.1:1", "SLUICE_OIDC_CLIENT_ID": "sluice"}
        with house.Server(env=env) as server:
            answer = house.Client(server.port).get("/auth/oidc/start")
            self.assertEqual(answer.status, 502, answer)
            self.assertIn("oidc.allow_internal", answer.text)


if __name__ == "__main__":
    house.main()
