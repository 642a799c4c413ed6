"""Second factors against the real binary: setting one up, signing in with it, losing it, requiring it, and what must not work."""

import base64
import glob
import hashlib
import hmac
import os
import struct
import time
import unittest

import house
from people_test import PASSWORD, Person, Story


def code_of(secret, step):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def contents(name):
    with open(name, "rb") as file:
        return file.read()


class FactorStory(Story):
    def setUp(self):
        super().setUp()
        self.offset = 0
        self.ada = self.set_up()

    def shift(self, seconds):
        """The server goes on with a clock that is further ahead."""
        self.offset += seconds
        self.server.terminate()
        self.server.env = {**self.environment, **house.shifted_clock(f"+{self.offset}s")}
        self.server.start()

    def step(self):
        return int(time.time() + self.offset) // 30

    def fresh(self, secret):
        """A code whose step is newer than those of all before."""
        self.shift(60)
        return code_of(secret, self.step())

    def enrol(self, person):
        begun = person.post("/api/v1/auth/totp")
        self.assertEqual(begun.status, 201, begun)
        secret = begun.json["secret"]
        confirmed = person.post("/api/v1/auth/totp/confirm", {"code": code_of(secret, self.step())})
        self.assertEqual(confirmed.status, 200, confirmed)
        return secret, confirmed.json["recovery_codes"]

    def otp_login(self, otp, **more):
        return self.login(otp=otp, **more)

    def audit(self, action):
        return [entry for entry in self.server.client().get(f"/api/v1/audit?limit=200&action={action}").json["items"]]


class Enrolling(FactorStory):
    def test_a_factor_is_set_up_used_and_taken_away(self):
        begun = self.ada.post("/api/v1/auth/totp")
        self.assertEqual(begun.status, 201, begun)
        self.assertEqual(begun.headers["cache-control"], "no-store")
        secret = begun.json["secret"]
        self.assertEqual(len(base64.b32decode(secret)), 20)
        self.assertTrue(begun.json["uri"].startswith(f"otpauth://totp/Sluice:ada%40example.com?secret={secret}&issuer=Sluice"), begun)
        self.assertEqual(self.login().status, 200, "it does not count before it is confirmed")
        self.problem(self.ada.post("/api/v1/auth/totp/confirm", {"code": code_of(secret, self.step() + 5)}), 401)
        confirmed = self.ada.post("/api/v1/auth/totp/confirm", {"code": code_of(secret, self.step())})
        self.assertEqual(len(set(confirmed.json["recovery_codes"])), 10, confirmed)
        self.problem(self.ada.post("/api/v1/auth/totp"), 409)
        status = self.ada.get("/api/v1/auth/totp")
        self.assertEqual((status.json["enabled"], status.json["recovery_codes_left"]), (True, 10), status)
        self.assertNotIn(secret, status.text)
        self.assertEqual(self.ada.get("/api/v1/auth/me").json["second_factor"], {"enabled": True, "required": False})

        asked = self.login()
        self.assertEqual(self.problem(asked, 401)["code"], "otp_required")
        self.assertNotIn("set-cookie", asked.headers)
        self.assertNotIn("access_token", asked.text)
        self.assertEqual(asked.json["methods"], ["totp", "recovery_code"])
        self.assertEqual(self.problem(self.login(password="wrong password wrong"), 401)["code"], "unauthenticated")
        self.assertEqual(self.problem(self.otp_login("000000"), 401)["code"], "unauthenticated")
        code = self.fresh(secret)
        self.assertEqual(self.otp_login(code).status, 200)
        self.problem(self.otp_login(code), 401)
        self.shift(0)
        self.problem(self.otp_login(code), 401)

        ada = Person(self.server.port, self.otp_login(self.fresh(secret)))
        code = self.fresh(secret)
        self.problem(ada.post("/api/v1/auth/totp/disable", {"password": "wrong password wrong", "otp": code}), 401)
        self.problem(ada.post("/api/v1/auth/totp/disable", {"password": PASSWORD, "otp": "123"}), 401)
        self.assertEqual(ada.post("/api/v1/auth/totp/disable", {"password": PASSWORD, "otp": code}).status, 204)
        self.problem(ada.post("/api/v1/auth/totp/disable", {"password": PASSWORD, "otp": code}), 409)
        self.assertEqual(self.login().status, 200)
        self.assertEqual(len(self.audit("auth.totp.enable")), 1)
        self.assertEqual(len(self.audit("auth.totp.disable")), 1)
        self.assertIn("wrong second factor", [entry["reason"] for entry in self.audit("auth.login") if entry["outcome"] == "denied"])

    def test_the_secret_is_in_no_file_log_or_audit_entry(self):
        secret, codes = self.enrol(self.ada)
        self.otp_login(codes[0])
        trail = self.server.client().get("/api/v1/audit?limit=200").text
        backup = os.path.join(self.server.home, "copy")
        self.assertEqual(house.sluice("backup", backup, data=self.server.data).returncode, 0)
        self.server.terminate()
        raw = base64.b32decode(secret)
        files = [f for folder in (self.server.data, backup) for f in glob.glob(folder + "/**", recursive=True) if os.path.isfile(f)]
        self.assertGreater(len(files), 2)
        for place, text in [("the trail", trail.encode()), ("the log", self.server.log().encode()),
                            *((name, contents(name)) for name in files)]:
            for hidden in (secret.encode(), raw, *(code.encode() for code in codes)):
                self.assertNotIn(hidden, text, place)

    def test_bad_input_is_refused(self):
        key = self.server.client()
        for verb, path, body in (("GET", "/api/v1/auth/totp", None), ("POST", "/api/v1/auth/totp", None),
                                 ("POST", "/api/v1/auth/totp/confirm", {"code": "123456"}),
                                 ("POST", "/api/v1/auth/totp/disable", {"password": "x", "otp": "123456"}),
                                 ("POST", "/api/v1/auth/totp/recovery-codes", None)):
            self.problem(key.request(verb, path, body), 409)
            self.problem(self.stranger.request(verb, path, body), 401)
        for body in ({}, {"code": 123456}, {"code": "1" * 101}, {"code": "123456", "more": 1}, [], "x"):
            self.problem(self.ada.post("/api/v1/auth/totp/confirm", body), 400)
        for body in ({}, {"password": PASSWORD}, {"otp": 1}):
            self.problem(self.ada.post("/api/v1/auth/totp/disable", body), 400)
        self.problem(self.ada.post("/api/v1/auth/totp/confirm", {"code": "123456"}), 410)
        self.problem(self.ada.post("/api/v1/auth/totp/recovery-codes"), 409)
        self.problem(self.ada.post("/api/v1/auth/totp/disable", {"password": PASSWORD, "otp": "123456"}), 409)
        self.problem(self.stranger.post("/api/v1/auth/login/second-factor", {"challenge": "x", "otp": "123456"}), 401)
        self.problem(self.ada.delete("/api/v1/system/users/ada@example.com/second-factor"), 403)
        secret, _ = self.enrol(self.ada)
        for otp in ("", "12345", "1234567", "abcdef", "½½½½½½", "x" * 100, code_of(secret, self.step() - 3)):
            answer = self.otp_login(otp)
            if answer.status == 429:
                self.shift(900)
                answer = self.otp_login(otp)
            self.problem(answer, 401)
        self.problem(self.otp_login("x" * 101), 400)


class SigningIn(FactorStory):
    def test_wrong_codes_lock_as_wrong_passwords_do(self):
        secret, _ = self.enrol(self.ada)
        for _ in range(5):
            self.problem(self.otp_login("000000"), 401)
        self.assertIn("retry-after", self.otp_login("000000").headers)
        self.shift(120)
        self.assertEqual(self.otp_login(code_of(secret, self.step())).status, 200)

    def test_a_challenge_stands_for_the_password(self):
        secret, codes = self.enrol(self.ada)
        challenge = self.login().json["challenge"]
        answer = {"challenge": challenge, "otp": codes[3]}
        self.problem(self.stranger.post("/api/v1/auth/login/second-factor", {**answer, "otp": "000000"}), 401)
        signed_in = self.stranger.post("/api/v1/auth/login/second-factor", answer)
        self.assertEqual(signed_in.status, 200, signed_in)
        self.problem(self.stranger.post("/api/v1/auth/login/second-factor", {**answer, "otp": codes[4]}), 401)

    def test_recovery_codes_work_once_and_new_ones_void_them(self):
        _, codes = self.enrol(self.ada)
        self.assertEqual(self.otp_login(codes[0].upper().replace("-", " ")).status, 200)
        self.problem(self.otp_login(codes[0]), 401)
        fresh = self.ada.post("/api/v1/auth/totp/recovery-codes")
        self.assertEqual(fresh.status, 201, fresh)
        self.problem(self.otp_login(codes[1]), 401)
        self.assertEqual(self.otp_login(fresh.json["recovery_codes"][0]).status, 200)
        self.assertEqual(self.ada.get("/api/v1/auth/totp").json["recovery_codes_left"], 9)
        self.assertEqual(len(self.audit("auth.totp.use_recovery_code")), 2)

    def test_enrolling_and_new_recovery_codes_need_a_recent_proof(self):
        secret, codes = self.enrol(self.ada)
        self.shift(660)
        self.assertEqual(self.problem(self.ada.post("/api/v1/auth/totp/recovery-codes"), 403)["code"], "step_up_required")
        self.problem(self.ada.post("/api/v1/auth/reauthenticate", {"password": PASSWORD}), 401)
        proved = self.ada.post("/api/v1/auth/reauthenticate", {"password": PASSWORD, "otp": codes[0]})
        self.assertEqual(proved.status, 200, proved)
        self.assertEqual(self.ada.post("/api/v1/auth/totp/recovery-codes").status, 201)
        vera = self.join(self.ada, "vera@example.com", "viewer")
        self.shift(660)
        self.assertEqual(self.problem(vera.post("/api/v1/auth/totp"), 403)["code"], "step_up_required")

    def test_the_operator_takes_a_lost_factor_away(self):
        self.enrol(self.ada)
        done = house.sluice("user", "reset", "ada@example.com", "--second-factor", data=self.server.data)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.login().status, 200)
        again = house.sluice("user", "reset", "ada@example.com", "--second-factor", data=self.server.data)
        self.assertEqual(again.returncode, 1, again)
        self.assertEqual(house.sluice("user", "reset", "nobody@example.com", "--second-factor", data=self.server.data).returncode, 1)
        entry, = self.audit("users.second_factor.delete")
        self.assertEqual((entry["actor"]["kind"], entry["target"]), ("local", self.ada.session["user"]["id"]))


class Requiring(FactorStory):
    def test_a_member_without_one_can_only_set_one_up(self):
        vera = self.join(self.ada, "vera@example.com", "developer")
        self.problem(vera.patch("/api/v1/workspaces/default", {"require_second_factor": True}), 403)
        self.problem(self.ada.patch("/api/v1/workspaces/default", {"require_second_factor": True}), 409, "locked out")
        self.problem(self.ada.patch("/api/v1/workspaces/other", {"require_second_factor": True}), 404)
        for body in ({}, {"require_second_factor": "yes"}, {"require_second_factor": True, "name": "x"}):
            self.problem(self.ada.patch("/api/v1/workspaces/default", body), 400)
        self.enrol(self.ada)
        changed = self.ada.patch("/api/v1/workspaces/default", {"require_second_factor": True})
        self.assertEqual(changed.json["require_second_factor"], True, changed)
        self.assertEqual(self.ada.get("/api/v1/workspaces/default").json["require_second_factor"], True)
        self.shift(0)
        self.problem(vera.get("/api/v1/flows"), 403, "/api/v1/auth/totp")
        vera = self.person("vera@example.com")
        self.problem(vera.browser("GET", "/api/v1/flows"), 403, "second factor")
        self.problem(vera.get("/api/v1/workspaces"), 403)
        self.assertEqual(vera.get("/api/v1/auth/me").json["second_factor"], {"enabled": False, "required": True})
        self.assertEqual(vera.get("/api/v1/auth/totp").json["required_by"], ["default"])
        self.assertEqual(self.server.client().get("/api/v1/flows").status, 200, "keys are not people")
        self.enrol(vera)
        self.assertEqual(vera.get("/api/v1/flows").status, 200)
        shown = house.sluice("workspace", "second-factor", data=self.server.data)
        self.assertEqual(shown.stdout, "a second factor is required in default\n", shown)
        self.assertEqual(house.sluice("workspace", "second-factor", "maybe", data=self.server.data).returncode, 2)
        self.assertEqual(house.sluice("workspace", "second-factor", "optional", data=self.server.data).returncode, 0)
        self.assertEqual(self.ada.get("/api/v1/workspaces/default").json["require_second_factor"], False)
        entries = [entry for entry in self.audit("workspaces.update") if entry["outcome"] == "done"]
        self.assertEqual([(e["before"]["require_second_factor"], e["after"]["require_second_factor"]) for e in entries],
                         [(True, False), (False, True)])


if __name__ == "__main__":
    house.main()
