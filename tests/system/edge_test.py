"""The edge of the running binary: what a stranger can send it, and where its own requests may go."""

import contextlib
import html.parser
import http.client
import http.server
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import house
from house import chain, node
from rest_test import Story


def raw(port, data, patience=30, pieces=()):
    """Everything that the server answers to these bytes until it closes or falls silent after an answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(data)
            for piece in pieces:
                connection.sendall(piece)
        return read_answer(connection)


def read_answer(connection):
    """One answer with its body; what there is when the server closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return received
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    body += piece
        return head + b"\r\n\r\n" + body
    return received


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


class Requests(Story):
    def tearDown(self):
        self.assertEqual(house.Client(self.server.port).get("/readyz").status, 200, "the server is well")

    def check(self, data, wanted, **more):
        answer = raw(self.server.port, data, **more)
        self.assertEqual(status(answer), wanted, answer[:600])
        return answer

    def head(self, path="/api/v1/flows", verb="POST", extra=""):
        return (f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.client.key}\r\n"
                f"Content-Type: application/json\r\n{extra}").encode()

    def test_two_readings_of_one_request_are_refused_and_what_follows_is_never_run(self):
        smuggled = b"GET /api/v1/flows HTTP/1.1\r\nHost: x\r\n\r\n"
        for framing in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                        b"Content-Length: 4\r\nContent-Length: 5\r\n", b"Content-Length: 4\r\nContent-Length: 4\r\n",
                        b"Content-Length: 4, 4\r\n", b"Content-Length: +4\r\n", b"Content-Length: 0x4\r\n", b"Content-Length: -1\r\n",
                        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: xchunked\r\n",
                        b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding : chunked\r\n"):
            with self.subTest(framing=framing):
                with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
                    connection.sendall(self.head() + framing + b"\r\n0\r\n\r\n" + smuggled)
                    received = b""
                    with contextlib.suppress(ConnectionResetError):
                        while piece := connection.recv(65536):
                            received += piece
                self.assertIn(status(received), (400, 501), received[:300])
                self.assertEqual(received.count(b"HTTP/1.1 "), 1, "the connection is closed behind the refusal")

    def test_line_ends_and_control_characters_are_refused(self):
        for name, data in (("bare LF", b"GET /healthz HTTP/1.1\nHost: x\n\n"),
                           ("bare LF in the headers", b"GET /healthz HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n"),
                           ("bare CR", b"GET /healthz HTTP/1.1\r\nHost: x\rX-A: b\r\n\r\n"),
                           ("folded line", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n"),
                           ("folded by a tab", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n\tc\r\n\r\n"),
                           ("NUL in a value", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\x00c\r\n\r\n"),
                           ("NUL in the path", b"GET /heal\x00thz HTTP/1.1\r\nHost: x\r\n\r\n"),
                           ("a space before the colon", b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n"),
                           ("no host", b"GET /healthz HTTP/1.1\r\n\r\n"),
                           ("two hosts", b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")):
            with self.subTest(name):
                self.check(data, 400)

    def test_no_value_of_ours_starts_a_header_line_of_theirs(self):
        answer = self.check(b"GET /api/v1/%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n\r\n", 404)
        self.assertNotIn(b"\r\nSet-Cookie", answer)
        answer = self.check(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: a b\r\n\r\n", 200)
        self.assertNotIn(b"X-Request-Id: a b", answer)

    def test_absolute_form_is_for_this_host_alone(self):
        self.check(b"GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200)
        self.check(b"GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400)
        self.check(b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", 501)

    def test_paths_do_not_climb(self):
        for path in ("/assets/../../etc/passwd", "/assets/..%2f..%2fetc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/./healthz",
                     "/assets/%2e%2e%2fapp.js", "/assets/..", "/assets/%"):
            with self.subTest(path):
                self.check(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400)
        for path in ("/assets/%252e%252e/app.js", "/assets/..%5capp.js", "//etc/passwd", "/assets/app.js%00.css"):
            with self.subTest(path):
                self.assertIn(status(raw(self.server.port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())), (400, 404))

    def test_what_is_too_large_is_refused(self):
        self.check(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 20_000 + b"\r\n\r\n", 431)
        self.check(b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431)
        self.check(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(100)) + b"\r\n", 431)
        self.check(self.head(extra="Content-Length: 99999999\r\n\r\n"), 413)
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        self.check(self.head(extra="Transfer-Encoding: chunked\r\n\r\n"), 413, pieces=[chunk] * 200)
        self.check(self.head(extra="Transfer-Encoding: chunked\r\n\r\n") + b"f" * 20 + b"\r\n", 400)

    def test_json_of_a_hundred_thousand_levels_is_refused(self):
        deep = b"[" * 100_000 + b"]" * 100_000
        answer = raw(self.server.port, self.head("/api/v1/flows/validate", extra=f"Content-Length: {len(deep)}\r\n\r\n") + deep)
        self.assertIn(status(answer), (400, 413), answer[:300])
        self.assertIn(b"application/problem+json", answer)

    def test_a_page_of_another_site_opens_no_websocket(self):
        upgrade = ("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n")
        port = self.server.port
        credential = f"Authorization: Bearer {self.client.key}\r\n"
        for origin, wanted in ((f"http://127.0.0.1:{port}", 101), ("http://evil.example", 403), (f"https://127.0.0.1:{port}", 403),
                               ("null", 403), (f"http://127.0.0.1:{port}.evil.example", 403)):
            with self.subTest(origin):
                self.check(upgrade.format(port=port, headers=credential + f"Origin: {origin}\r\n").encode(), wanted)
        link = house.sluice("link", "--url", f"http://127.0.0.1:{port}", data=self.server.data).stdout.strip()
        token = link[link.index("/auth/link"):]
        signed_in = house.Client(port).get(token)
        self.assertEqual(signed_in.status, 303, signed_in)
        cookie = "Cookie: " + signed_in.headers["set-cookie"].split(";")[0] + "\r\n"
        self.check(upgrade.format(port=port, headers=cookie).encode(), 403)
        self.check(upgrade.format(port=port, headers=cookie + "Origin: http://evil.example\r\n").encode(), 403)
        self.check(upgrade.format(port=port, headers=cookie + f"Origin: http://127.0.0.1:{port}\r\n").encode(), 101)

    def test_a_revoked_key_loses_its_sockets_and_streams_within_five_seconds(self):
        made = self.client.post("/api/v1/api-keys", {"name": "short", "role": "viewer"}).json
        guest = house.Client(self.server.port, made["key"])
        web_socket = house.WebSocket(guest)
        self.assertEqual(web_socket.status, 101)
        self.addCleanup(web_socket.close)
        web_socket.send({"subscribe": ["events"]})
        self.assertIn("subscribed", web_socket.next())
        stream = house.EventStream(guest)
        self.addCleanup(stream.close)
        self.assertEqual(self.client.delete("/api/v1/api-keys/" + made["id"]).status, 204)
        revoked = time.monotonic()
        ended = threading.Event()

        def wait_for_ends():
            with contextlib.suppress(OSError, ValueError):
                while web_socket.next() is not None:
                    pass
            with contextlib.suppress(OSError, AssertionError, http.client.HTTPException):
                while True:
                    stream.next()
            ended.set()
        watcher = threading.Thread(target=wait_for_ends, daemon=True)
        watcher.start()
        self.assertTrue(ended.wait(house.PATIENCE), "both were closed")
        print(f"closed {time.monotonic() - revoked:.1f} s after the key was revoked", flush=True)

    def test_pages_bring_no_code_of_their_own_and_say_so(self):
        stranger = house.Client(self.server.port)
        page = stranger.get("/")
        policy = page.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertIn("require-trusted-types-for 'script'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("*", policy)
        for name, value in (("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
                            ("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin")):
            self.assertEqual(page.headers[name], value)
        self.assertIn("camera=()", page.headers["permissions-policy"])
        inline = []

        class Reader(html.parser.HTMLParser):
            def handle_starttag(self, tag, attributes):
                names = dict(attributes)
                if tag == "style" or "style" in names or any(name.startswith("on") for name in names):
                    inline.append((tag, attributes))
                if tag == "script" and "src" not in names:
                    inline.append((tag, attributes))
        Reader().feed(page.text)
        self.assertEqual(inline, [], "the policy would refuse it")
        api = stranger.get("/api/v1/flows")
        self.assertEqual(api.headers["cache-control"], "no-store")
        self.assertEqual(api.headers["cross-origin-resource-policy"], "same-origin")
        self.assertNotIn("access-control-allow-origin", stranger.get("/api/v1/flows", headers={"Origin": "http://evil.example"}).headers)


class Limits(unittest.TestCase):
    def test_who_sends_nothing_or_drips_is_ended(self):
        with house.Server(env={"SLUICE_SERVER_HEADER_TIMEOUT": "1s", "SLUICE_SERVER_SLOW_GRACE": "1s"}) as server:
            key = server.key()
            with socket.create_connection(("127.0.0.1", server.port), timeout=house.PATIENCE) as loris:
                loris.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
                answer = drip(loris, b"a")
                self.assertEqual(status(answer), 408, answer)
            with socket.create_connection(("127.0.0.1", server.port), timeout=house.PATIENCE) as slow:
                slow.sendall(f"POST /api/v1/flows HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                             "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n".encode())
                answer = drip(slow, b" ")
                self.assertEqual(status(answer), 408, answer)
            with socket.create_connection(("127.0.0.1", server.port), timeout=house.PATIENCE) as silent:
                self.assertEqual(silent.recv(100), b"", "closed without a word")

    def test_a_stranger_is_slowed_down_and_a_key_is_not(self):
        with house.Server(env={"SLUICE_LIMITS_ADDRESS_RATE": "1", "SLUICE_LIMITS_ADDRESS_BURST": "5",
                               "SLUICE_LIMITS_SIGN_IN_BURST": "3"}) as server:
            client = server.client()
            stranger = house.Client(server.port, "slk_guess")
            answers = [stranger.get("/api/v1/flows") for _ in range(12)]
            self.assertEqual([a.status for a in answers[:5]], [401] * 5)
            refused = answers[-1]
            self.assertEqual(refused.status, 429)
            self.assertEqual(refused.headers["content-type"], "application/problem+json")
            self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
            self.assertEqual(refused.headers["ratelimit-policy"], '"address";q=5;w=5')
            self.assertRegex(refused.headers["ratelimit"], r'^"address";r=0;t=[1-9]')
            self.assertEqual([client.get("/api/v1/flows").status for _ in range(20)], [200] * 20)
            guesses = [stranger.get("/auth/link?token=guess").status for _ in range(10)]
            self.assertEqual(guesses[:3], [410] * 3)
            self.assertEqual(set(guesses[3:]), {429})

    def test_limits_change_while_the_server_runs(self):
        server = house.Server()
        config = os.path.join(server.home, "sluice.toml")
        with open(config, "w") as file:
            file.write("[limits]\nkey_rate = 1\nkey_burst = 3\n")
        server.arguments = ["--config", config]
        with server:
            client = server.client()
            self.assertIn(429, [client.get("/api/v1/flows").status for _ in range(8)])
            with open(config, "w") as file:
                file.write("[limits]\nkey_rate = 0\n")
            server.process.send_signal(signal.SIGHUP)
            house.eventually(lambda: "configuration reloaded" in server.log(), "the configuration is reloaded")
            self.assertEqual([client.get("/api/v1/flows").status for _ in range(20)], [200] * 20)

    def test_a_trusted_proxy_says_who_asks_and_a_stranger_does_not(self):
        limits = {"SLUICE_LIMITS_ADDRESS_RATE": "1", "SLUICE_LIMITS_ADDRESS_BURST": "3"}
        with house.Server(env={**limits, "SLUICE_SERVER_TRUSTED_PROXIES": "127.0.0.1"}) as server:
            stranger = house.Client(server.port)
            for number in range(1, 9):
                self.assertEqual(stranger.get("/api/v1/flows", headers={"X-Forwarded-For": f"203.0.113.{number}"}).status, 401)
            one = [stranger.get("/api/v1/flows", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.77"}).status for _ in range(8)]
            self.assertIn(429, one)
            self.assertEqual(stranger.get("/", headers={"X-Forwarded-Proto": "https"}).headers["strict-transport-security"],
                             "max-age=31536000")
        with house.Server(env=limits) as server:
            stranger = house.Client(server.port)
            forged = [stranger.get("/api/v1/flows", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status for n in range(12)]
            self.assertIn(429, forged)
            house.eventually(lambda: "strict-transport-security" not in
                             stranger.get("/healthz", headers={"X-Forwarded-Proto": "https"}).headers, "no word is believed")

    def test_metrics_have_a_listener_of_their_own(self):
        port = house.free_port()
        with house.Server(env={"SLUICE_METRICS_LISTEN": f"127.0.0.1:{port}"}) as server:
            inside, outside = house.Client(port), house.Client(server.port)
            self.assertIn("sluice_http_requests_total", inside.get("/metrics").text)
            self.assertEqual(inside.get("/readyz").text, "ready\n")
            self.assertEqual(inside.get("/healthz").text, "ok\n")
            self.assertEqual(inside.get("/api/v1/flows").status, 404)
            self.assertEqual(outside.get("/metrics").status, 401)
            self.assertEqual(server.client(role="owner").get("/metrics").status, 200)
            self.assertEqual(server.terminate(), 0)

    def test_listed_origins_may_call_with_a_key(self):
        with house.Server(env={"SLUICE_SERVER_CORS_ORIGINS": "https://app.example"}) as server:
            client = server.client()
            answer = client.get("/api/v1/flows", headers={"Origin": "https://app.example"})
            self.assertEqual(answer.headers["access-control-allow-origin"], "https://app.example")
            self.assertNotIn("access-control-allow-credentials", answer.headers)
            preflight = client.request("OPTIONS", "/api/v1/flows", headers={
                "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type"})
            self.assertEqual(preflight.status, 204)
            self.assertIn("POST", preflight.headers["access-control-allow-methods"])
            self.assertEqual(preflight.headers["access-control-allow-headers"], "authorization,content-type")
            other = client.get("/api/v1/flows", headers={"Origin": "https://evil.example"})
            self.assertNotIn("access-control-allow-origin", other.headers)

    def test_hosts_are_a_list_where_there_is_one(self):
        with house.Server(env={"SLUICE_SERVER_ALLOWED_HOSTS": "app.example"}) as server:
            self.assertEqual(status(raw(server.port, b"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")), 200)
            self.assertEqual(status(raw(server.port, b"GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n")), 421)

    def test_a_server_that_others_reach_in_clear_says_so(self):
        port = house.free_port()
        for more, warned in (({}, True), ({"SLUICE_SERVER_TRUSTED_PROXIES": "10.0.0.1"}, False)):
            with self.subTest(more):
                server = house.Server(port=port, env=more)
                server.address = "0.0.0.0"
                with server:
                    house.eventually(lambda: "listening on" in server.log(), "it listens")
                    self.assertEqual("without TLS" in server.log(), warned, server.log())

    def test_the_doctor_tells_of_a_certificate_that_ends(self):
        server = house.Server()
        os.makedirs(server.data, mode=0o700)
        try:
            for days, verdict in (("90", "ok"), ("5", "warn")):
                paths = [os.path.join(server.home, name) for name in ("key.pem", "cert.pem")]
                subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", days,
                                "-subj", "/CN=test", "-keyout", paths[0], "-out", paths[1]], check=True, capture_output=True)
                done = house.sluice("doctor", "--json", data=server.data,
                                    env={"SLUICE_TLS_CERTIFICATE": paths[1], "SLUICE_TLS_KEY": paths[0]})
                found = {check["check"]: check["verdict"] for check in json.loads(done.stdout)["checks"]}
                self.assertEqual(found["certificate"], verdict, done.stdout)
        finally:
            server.close()


def drip(connection, byte):
    """A byte now and then until the server answers."""
    connection.settimeout(0.1)
    end = time.monotonic() + house.PATIENCE
    while time.monotonic() < end:
        try:
            connection.sendall(byte)
            answer = connection.recv(65536)
            return answer
        except TimeoutError:
            continue
        except OSError:
            return b""
    return b""


class Inside(http.server.BaseHTTPRequestHandler):
    """A service of the internal network that must not be reached."""
    reached = []

    def do_GET(self):
        Inside.reached.append((self.path, dict(self.headers)))
        if self.path.startswith("/redirect"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?to=")[2])
        else:
            self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"in")

    def log_message(self, *_):
        pass


class NameServer(threading.Thread):
    """Answers questions for addresses from a script by name: an answer of several addresses for each time it is asked."""

    def __init__(self, script):
        super().__init__(daemon=True)
        self.script = {name: list(answers) for name, answers in script.items()}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))

    def run(self):
        while True:
            question, sender = self.socket.recvfrom(512)
            end, labels = 12, []
            while question[end]:
                labels.append(question[end + 1:end + 1 + question[end]].decode())
                end += 1 + question[end]
            kind = struct.unpack(">H", question[end + 1:end + 3])[0]
            name, addresses = ".".join(labels), []
            if kind == 1 and name in self.script:
                answers = self.script[name]
                addresses = answers.pop(0) if len(answers) > 1 else answers[0]
                self.asked.append(name)
            answer = question[:2] + b"\x81\x80\x00\x01" + struct.pack(">H", len(addresses)) + b"\x00" * 4 + question[12:end + 5]
            for address in addresses:
                answer += b"\xc0\x0c\x00\x01\x00\x01" + struct.pack(">IH", 0, 4) + socket.inet_aton(address)
            self.socket.sendto(answer, sender)


class Outgoing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.inside = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inside)
        cls.port = cls.inside.server_address[1]
        threading.Thread(target=cls.inside.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.inside.shutdown()
        cls.inside.server_close()

    def setUp(self):
        Inside.reached.clear()

    def ask(self, client, url):
        """The end of a run that asks for `url`."""
        flow = client.create_flow({"name": "f" + os.urandom(6).hex(), **chain(
            node("ask", "http.request", {"url": "{{ input.url }}", "timeout": "20s", "headers": {"Authorization": "Bearer upstream"}}))})
        return client.run(flow, {"url": url})

    def test_no_spelling_of_an_internal_address_is_reached(self):
        with house.Server() as server:
            client = server.client()
            for host in ("127.0.0.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.1", "127.0.1", "0", "0.0.0.0",
                         "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]",
                         "[2001:0:7f00:1::]", "localhost", "LOCALHOST.", "169.254.169.254", "[fe80::1%25lo]", "user@127.0.0.1"):
                with self.subTest(host):
                    ended = self.ask(client, f"http://{host}:{self.port}/")
                    self.assertEqual(ended["status"], "failed", ended)
                    self.assertIn(ended["error"]["code"], ("forbidden", "invalid_argument"), ended)
            self.assertEqual(Inside.reached, [])

    def test_a_redirect_does_not_lead_inside_and_takes_no_credential_along(self):
        other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inside)
        threading.Thread(target=other.serve_forever, daemon=True).start()
        try:
            with house.Server(env={"SLUICE_EGRESS_ALLOW": f"127.0.0.1:{self.port}"}) as server:
                client = server.client()
                for target in ("http://127.0.0.1:1/", f"http://127.0.0.1:{other.server_address[1]}/", "http://169.254.169.254/",
                               "http://2130706433/", "file:///etc/passwd", f"//[::ffff:127.0.0.1]:{other.server_address[1]}/"):
                    with self.subTest(target):
                        ended = self.ask(client, f"http://127.0.0.1:{self.port}/redirect?to={target}")
                        self.assertEqual(ended["status"], "failed", ended)
                self.assertEqual({path.partition("?")[0] for path, _ in Inside.reached}, {"/redirect"})
            Inside.reached.clear()
            allowed = f"127.0.0.1:{self.port},127.0.0.1:{other.server_address[1]}"
            with house.Server(env={"SLUICE_EGRESS_ALLOW": allowed}) as server:
                ended = self.ask(server.client(), f"http://127.0.0.1:{self.port}/redirect?to=http://127.0.0.1:{other.server_address[1]}/x")
                self.assertEqual(ended["status"], "succeeded", ended)
                (_, first), (path, second) = Inside.reached
                self.assertEqual(first["Authorization"], "Bearer upstream")
                self.assertEqual(path, "/x")
                self.assertNotIn("Authorization", second)
        finally:
            other.shutdown()
            other.server_close()

    def test_no_proxy_of_the_environment_is_used(self):
        proxy = f"http://127.0.0.1:{self.port}"
        with house.Server(env={"http_proxy": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy,
                               "SLUICE_EGRESS_ALLOW": "127.0.0.1:9"}) as server:
            self.assertEqual(self.ask(server.client(), "http://127.0.0.1:9/")["status"], "failed")
        self.assertEqual(Inside.reached, [])

    def test_a_workspace_reaches_its_list_alone(self):
        with house.Server(env={"SLUICE_EGRESS_ALLOW": "127.0.0.0/8"}) as server:
            limited, free = server.client("limited"), server.client("free")
            url = f"http://127.0.0.1:{self.port}/"
            self.assertEqual(self.ask(limited, url)["status"], "succeeded")
            path = "/api/v1/workspaces/limited/egress"
            self.assertEqual(limited.get(path).json["hosts"], None)
            answer = limited.put(path, {"hosts": ["api.example.com", "*.example.org"]})
            self.assertEqual(answer.status, 200, answer)
            ended = self.ask(limited, url)
            self.assertEqual(ended["status"], "failed", ended)
            self.assertIn("this workspace", ended["error"]["message"])
            self.assertEqual(self.ask(free, url)["status"], "succeeded")
            self.assertEqual(server.client("limited", "developer").put(path, {"hosts": None}).status, 403)
            self.assertEqual(free.put(path, {"hosts": None}).status, 404)
            self.assertEqual(limited.put(path, {"hosts": ["http://x"]}).status, 400)
            opened = limited.put(path, {"hosts": None, "allow": ["10.0.0.0/8"]})
            self.assertEqual(opened.status, 403, opened)
            server.kill()
            server.start()
            self.assertEqual(limited.get(path).json["hosts"], ["api.example.com", "*.example.org"])
            self.assertEqual(self.ask(limited, url)["status"], "failed")
            done = house.sluice("workspace", "egress", "--workspace", "limited", "--hosts", "127.0.0.1", "--json", data=server.data)
            self.assertEqual(json.loads(done.stdout)["hosts"], ["127.0.0.1"], done.stderr)
            self.assertEqual(self.ask(limited, url)["status"], "succeeded")

    def test_the_machines_owner_opens_an_address_to_one_workspace(self):
        with house.Server() as server:
            one, other = server.client("one"), server.client("other")
            url = f"http://127.0.0.1:{self.port}/"
            done = house.sluice("workspace", "egress", "--workspace", "one", "--allow", f"127.0.0.1:{self.port}", data=server.data)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("any public host", done.stdout)
            self.assertEqual(self.ask(one, url)["status"], "succeeded")
            self.assertEqual(self.ask(other, url)["status"], "failed")


def namespaces():
    return ["unshare", "--map-root-user", "--mount", "--net"]


@unittest.skipUnless("SLUICE_EDGE_ALONE" in os.environ, "it is run by the test below, in a network of its own")
class Alone(Outgoing):
    """A network with nothing but this machine's loopback, and a name server that tells what the test wants."""

    @classmethod
    def setUpClass(cls):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        resolv = os.path.join(os.environ["SLUICE_EDGE_ALONE"], "resolv.conf")
        with open(resolv, "w") as file:
            file.write("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", resolv, "/etc/resolv.conf"], check=True)
        cls.inside = http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Inside)
        cls.port = 8080
        threading.Thread(target=cls.inside.serve_forever, daemon=True).start()
        cls.names = NameServer({"rebound.example": [["198.41.0.4"], ["127.0.0.1"]], "inside.example": [["127.0.0.1"]],
                                "mixed.example": [["198.41.0.4", "127.0.0.1"]], "own.example": [["192.31.80.30"]]})
        cls.names.start()
        subprocess.run(["ip", "address", "add", "192.31.80.30/32", "dev", "lo"], check=True)

    def test_a_rebound_name_is_refused_whenever_it_points_inside(self):
        with house.Server() as server:
            client = server.client()
            for name in ("inside.example", "mixed.example", "own.example"):
                with self.subTest(name):
                    ended = self.ask(client, f"http://{name}:8080/")
                    self.assertEqual(ended["error"]["code"], "forbidden", ended)
            first = self.ask(client, "http://rebound.example:8080/")
            self.assertEqual(first["status"], "failed", "nothing answers at the public address")
            self.assertNotEqual(first["error"]["code"], "forbidden", first)
            second = self.ask(client, "http://rebound.example:8080/")
            self.assertEqual(second["error"]["code"], "forbidden", second)
            self.assertEqual(self.names.asked.count("rebound.example"), 2)
            self.assertEqual(Inside.reached, [], "no request came in")


class Rebinding(unittest.TestCase):
    @unittest.skipUnless(subprocess.run([*namespaces(), "true"], capture_output=True).returncode == 0,
                         "this machine gives no namespaces")
    def test_names_are_judged_by_the_address_that_is_connected_to(self):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([*namespaces(), sys.executable, os.path.abspath(__file__), house.binary(),
                                   "Alone.test_a_rebound_name_is_refused_whenever_it_points_inside"],
                                  env={**os.environ, "SLUICE_EDGE_ALONE": home}, capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertNotIn("skipped", done.stderr)


if __name__ == "__main__":
    house.main()
