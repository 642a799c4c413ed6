#!/usr/bin/env python3
"""How the real binary serves the dashboard: encodings, caches, nonces, paths."""

import os
import re
import subprocess
import tempfile
import unittest

import house

NAMES = re.compile(r'(?:src|href)="(/[^"]+)"')


def unpacked(coding, body):
    """What a browser makes of it; Python has no brotli, Node.js does."""
    if coding == "":
        return body
    call = {"br": "brotliDecompressSync", "gzip": "gunzipSync"}[coding]
    program = f"process.stdout.write(require('zlib').{call}(require('fs').readFileSync(0)))"
    return subprocess.run(["node", "-e", program], input=body, capture_output=True, check=True, timeout=house.PATIENCE).stdout


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = house.Server()
        cls.server.start()
        cls.addClassCleanup(cls.server.close)
        cls.stranger = house.Client(cls.server.port)
        cls.page = cls.stranger.get("/")
        cls.files = [name for name in NAMES.findall(cls.page.text)]
        cls.script = next(name for name in cls.files if name.startswith("/assets/") and name.endswith(".js"))

    def get(self, path, verb="GET", **headers):
        return self.stranger.request(verb, path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def test_all_that_the_page_names_is_there(self):
        self.assertGreaterEqual(len(self.files), 4)
        for name in self.files:
            self.assertEqual(self.get(name).status, 200, name)

    def test_every_encoding_has_the_same_content_and_a_tag_of_its_own(self):
        plain = self.get(self.script)
        self.assertNotIn("content-encoding", plain.headers)
        tags = {plain.headers["etag"]}
        for coding in ("br", "gzip"):
            answer = self.get(self.script, Accept_Encoding=coding)
            self.assertEqual(answer.headers["content-encoding"], coding)
            self.assertEqual(unpacked(coding, answer.body), plain.body)
            self.assertLess(len(answer.body), len(plain.body) / 2)
            tags.add(answer.headers["etag"])
        self.assertEqual(len(tags), 3)
        for coding in ("", "br", "gzip"):
            self.assertEqual(self.get(self.script, Accept_Encoding=coding or "identity").headers["vary"], "Accept-Encoding")
        self.assertEqual(self.get(self.script, Accept_Encoding="br;q=0, gzip").headers["content-encoding"], "gzip")

    def test_what_a_browser_has_already_is_not_sent_again(self):
        for coding in ("identity", "br"):
            answer = self.get(self.script, Accept_Encoding=coding)
            again = self.get(self.script, Accept_Encoding=coding, If_None_Match=answer.headers["etag"])
            self.assertEqual((again.status, again.body), (304, b""))
            self.assertEqual(again.headers["etag"], answer.headers["etag"])
            self.assertIn("immutable", again.headers["cache-control"])

    def test_only_names_with_a_hash_are_kept_for_ever(self):
        self.assertEqual(self.get(self.script).headers["cache-control"], "public, max-age=31536000, immutable")
        for name in ("/boot.js", "/icon.svg", "/licenses.txt"):
            self.assertEqual(self.get(name).headers["cache-control"], "no-cache", name)
        self.assertEqual(self.page.headers["cache-control"], "no-store")

    def test_head_tells_the_same_without_the_body(self):
        for path in ("/", self.script, "/licenses.txt"):
            for coding in ("br", "identity"):
                got, head = self.get(path, Accept_Encoding=coding), self.get(path, verb="HEAD", Accept_Encoding=coding)
                self.assertEqual((head.status, head.body), (200, b""))
                self.assertEqual(head.headers["content-length"], str(len(got.body)), path)
                self.assertEqual(head.headers.get("etag"), got.headers.get("etag"))

    def test_each_page_has_a_nonce_of_its_own_and_its_policy_names_it(self):
        seen = set()
        for _ in range(5):
            answer = self.get("/w/default/runs")
            nonces = set(re.findall(r'nonce="([^"]*)"', answer.text))
            self.assertEqual(len(nonces), 1, answer.text)
            nonce = nonces.pop()
            self.assertGreaterEqual(len(nonce), 22)
            self.assertIn(f"style-src 'self' 'nonce-{nonce}';", answer.headers["content-security-policy"])
            seen.add(nonce)
        self.assertEqual(len(seen), 5)
        self.assertNotIn("__SLUICE", answer.text)

    def test_declared_paths_are_pages_and_nothing_else_is(self):
        for path in ("/", "/login", "/setup", "/invite", "/reset", "/account", "/system", "/w/default", "/w/default/runs",
                     "/w/default/flows/flw_01jcy3m1q8e2fvt6pr0w5x9zka/versions"):
            answer = self.get(path)
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/html; charset=utf-8"), path)
        for path in ("/nothing", "/assets/nothing.js", "/assets/", "/index.html", "/nothing.js", "/.vite/manifest.json", "/wp-login.php"):
            answer = self.get(path)
            self.assertEqual(answer.status, 404, path)
            self.assertEqual(answer.headers["content-type"], "application/problem+json", path)

    def test_a_sign_in_link_works_once_and_then_leads_to_a_page_that_says_so(self):
        link = house.sluice("link", "--url", f"http://127.0.0.1:{self.server.port}", data=self.server.data).stdout.strip()
        path = link[link.index("/auth/link"):]
        for location in ("/", "/login#link=over"):
            answer = self.get(path, Accept="text/html,*/*;q=0.8")
            self.assertEqual((answer.status, answer.headers["location"]), (303, location), answer)
            self.assertEqual("set-cookie" in answer.headers, location == "/")
        self.assertEqual(self.get(path).status, 410, "a program gets the problem")

    def test_licences_of_what_is_inside_are_there(self):
        text = self.get("/licenses.txt").text
        for name in ("react 19", "@mantine/core", "@tanstack/react-router", "@fontsource-variable/inter", "SIL OPEN FONT LICENSE"):
            self.assertIn(name, text)

    def test_a_directory_stands_in_while_pages_are_developed(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "dist", "assets"))
            for name, text in (("dist/index.html", '<p nonce="__SLUICE_NONCE__">mine</p>'), ("dist/assets/a.js", "1"), ("dist/b.js", "b"), ("secret.txt", "x")):
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
            os.symlink(os.path.join(folder, "dist"), os.path.join(folder, "dist", "assets", "loop"))
            with house.Server(arguments=["--dashboard-dir", os.path.join(folder, "dist")]) as server:
                client = house.Client(server.port)
                self.assertIn("mine", client.get("/w/default/runs").text)
                self.assertEqual(client.get("/b.js").text, "b")
                self.assertEqual(client.get("/boot.js").status, 404, "of the binary it is, and not of the directory")
                answer = client.get("/assets/a.js")
                self.assertEqual((answer.text, answer.headers["cache-control"]), ("1", "no-cache"))
                self.assertEqual(client.get("/assets/a.js", headers={"If-None-Match": answer.headers["etag"]}).status, 304)
                with open(os.path.join(folder, "dist/assets/a.js"), "w") as file:
                    file.write("22")
                self.assertEqual(client.get("/assets/a.js").text, "22")
                for path in ("/assets/none.js", "/assets/..%252fsecret.txt", "/assets/loop", "/assets/%5c..%5csecret.txt"):
                    self.assertEqual(client.get(path).status, 404, path)


if __name__ == "__main__":
    house.main()
