"""What every test of the whole program needs: the binary, servers on free ports, REST, server-sent events and a WebSocket.

The binary is the first argument of a test's command line, or SLUICE_BINARY. Nothing here waits without an end.
"""

import base64
import glob
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

PATIENCE = 60.0  # seconds until a wait for the machine counts as failed; far above what is ever needed


def binary():
    path = os.environ.get("SLUICE_BINARY", "")
    if not path:
        sys.exit("name the binary: SLUICE_BINARY=build/release/sluice, or as the first argument")
    return os.path.abspath(path)


def main():
    """unittest.main for a test file whose first argument may be the binary."""
    if len(sys.argv) > 1 and os.path.isfile(sys.argv[1]) and os.access(sys.argv[1], os.X_OK):
        os.environ["SLUICE_BINARY"] = os.path.abspath(sys.argv.pop(1))
    binary()
    unittest.main(verbosity=2)


def eventually(judge, what, patience=PATIENCE):
    """The first true value of judge(); fails with `what` when there is none in time."""
    end = time.monotonic() + patience
    while True:
        value = judge()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience:.0f} s: {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(extra=None):
    """This process's environment without settings that a developer's shell may hold."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLUICE_", "OPENAI_"))}
    kept.update(extra or {})
    return kept


def not_under_a_sanitizer(why):
    """Skips a test where the binary has its sanitizer and the test judges what that changes."""
    if os.environ.get("SANITIZED"):
        raise unittest.SkipTest(f"not under a sanitizer: {why}")


def shifted_clock(offset):
    """Variables that let a server see a wall clock that is `offset` ("+16m") away from the machine's."""
    not_under_a_sanitizer("it and libfaketime call each other without end")
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        sys.exit("libfaketime is missing; scripts/setup tests installs it")
    return {"LD_PRELOAD": found[0], "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}


def sluice(*arguments, env=None, data=None, stdin=None, timeout=PATIENCE):
    """Runs a command of the binary to its end; the result has returncode, stdout and stderr."""
    command = [binary(), *arguments]
    if data is not None:
        command += ["--data", data]
    return subprocess.run(command, env=clean_environment(env), input=stdin, capture_output=True, text=True, timeout=timeout)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # lower-case names
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.text[:600]}"


class Client:
    """REST with one key. Every request has its own connection, so that threads may share a client."""

    def __init__(self, port, key=None):
        self.port = port
        self.key = key

    def request(self, verb, path, body=None, headers=None, timeout=PATIENCE, media="application/json"):
        sent = {}
        if self.key:
            sent["Authorization"] = f"Bearer {self.key}"
        if body is not None:
            sent["Content-Type"] = media
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
        sent.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            try:
                connection.request(verb, path, body=body, headers=sent)
            except BrokenPipeError:
                pass  # a server that refuses a large body answers before the end of it
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def create_flow(self, document):
        answer = self.post("/api/v1/flows", document)
        if answer.status != 201:
            raise AssertionError(f"the flow was not created: {answer}")
        return answer.json["id"]

    def run(self, flow, value=None, wait="30s", headers=None):
        """Starts a run and waits for its end; {id, status, output, error}."""
        answer = self.post(f"/api/v1/flows/{flow}/runs?wait={wait}", {"input": {} if value is None else value}, headers=headers)
        if answer.status != 200:
            raise AssertionError(f"the run did not end: {answer}")
        return answer.json

    def run_events(self, run):
        """The whole journal of a run, page by page."""
        events = []
        while True:
            after = events[-1]["seq"] if events else 0
            answer = self.get(f"/api/v1/runs/{run}/events?after={after}&limit=1000")
            if answer.status != 200:
                raise AssertionError(f"no journal of {run}: {answer}")
            page = answer.json["items"]
            events += page
            if len(page) < 1000:
                return events


class Server:
    """`sluice serve` on a data directory of its own; the port stays the same over restarts."""

    def __init__(self, data=None, port=None, env=None, arguments=()):
        self.home = tempfile.mkdtemp(prefix="sluice-test-") if data is None else None
        self.data = data or os.path.join(self.home, "data")
        self.port = port or free_port()
        self.address = "127.0.0.1"
        self.env = dict(env or {})
        self.arguments = list(arguments)
        self.log_path = os.path.join(self.home or tempfile.mkdtemp(prefix="sluice-test-log-"), "server.log")
        self.process = None

    # -- life

    def start(self, wait=True):
        assert self.process is None, "the server runs already"
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [binary(), "serve", "--data", self.data, "--listen", f"{self.address}:{self.port}", *self.arguments],
            env=clean_environment(self.env), stdout=log, stderr=log)
        log.close()
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            try:
                return Client(self.port).get("/readyz", timeout=5).status == 200
            except OSError:
                return False
        eventually(ready, "the server is ready")

    def kill(self):
        """SIGKILL: what a power cut leaves behind, but for the disk's cache."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def terminate(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop on SIGTERM:\n{self.log()[-4000:]}")
        self.process = None
        return code

    def close(self):
        if self.process is not None:
            self.kill()
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    # -- use

    def key(self, workspace="default", role="owner"):
        made = sluice("key", "create", "--workspace", workspace, "--role", role, "--json", data=self.data)
        if made.returncode != 0:
            raise AssertionError(f"no key: {made.returncode} {made.stderr}")
        return json.loads(made.stdout)["key"]

    def client(self, workspace="default", role="owner"):
        return Client(self.port, self.key(workspace, role))

    def machine_client(self, workspace="default"):
        """A client whose key has every permission, those of the machine's owner too, which no role has."""
        rows = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../include/sluice/base/permissions.def")).read()
        scopes = ",".join(re.findall(r'^SLUICE_PERMISSION\(\w+, "([^"]+)"', rows, re.M))
        made = sluice("key", "create", "--workspace", workspace, "--scopes", scopes, "--json", data=self.data)
        if made.returncode != 0:
            raise AssertionError(f"no key: {made.returncode} {made.stderr}")
        return Client(self.port, json.loads(made.stdout)["key"])

    def database(self):
        return os.path.join(self.data, "sluice.db")


class EventStream:
    """Server-sent events of one request, read line by line."""

    def __init__(self, client, path="/api/v1/events", last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        if self.answer.status != 200:
            raise AssertionError(f"no stream: {self.answer.status} {self.answer.read()[:500]}")

    def next(self):
        """The next event as {id, event, data}; comments are passed over."""
        event = {}
        while True:
            line = self.answer.readline()
            if not line:
                raise AssertionError("the stream ended")
            line = line.decode().rstrip("\r\n")
            if not line:
                if "data" in event:
                    event["data"] = json.loads(event["data"])
                    return event
                event = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(":")
                event[name] = value[1:] if value.startswith(" ") else value

    def close(self):
        self.connection.close()


class WebSocket:
    """A client of RFC 6455 that sends and reads JSON texts."""

    def __init__(self, client, path="/api/v1/events"):
        self.socket = socket.create_connection(("127.0.0.1", client.port), timeout=PATIENCE)
        nonce = base64.b64encode(random.randbytes(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n"
                             f"Authorization: Bearer {client.key}\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass

    def send(self, value):
        self.frame(1, json.dumps(value).encode())

    def frame(self, opcode, payload):
        mask = random.randbytes(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 1 << 16:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def next(self):
        """The next message; None when the server has closed."""
        text = b""
        while True:
            head = self.file.read(2)
            if len(head) < 2:
                return None
            size = head[1] & 0x7F
            if size == 126:
                size = struct.unpack(">H", self.file.read(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.file.read(8))[0]
            payload = self.file.read(size)
            opcode = head[0] & 0x0F
            if opcode == 8:
                return None
            if opcode == 9:
                self.frame(10, payload)
            elif opcode in (0, 1):
                text += payload
                if head[0] & 0x80:
                    return json.loads(text)

    def close(self):
        self.socket.close()


def segment(text):
    """One path segment, percent-encoded."""
    return urllib.parse.quote(str(text), safe="")


def node(name, kind="set", config=None, **more):
    if config is None:
        config = {"values": {"done": name}}
    return {"id": name, "type": kind, "config": config, **more}


def chain(*nodes):
    """Nodes one after the other, as the `nodes` and `edges` of a flow."""
    return {"nodes": list(nodes), "edges": [{"from": a["id"], "to": b["id"]} for a, b in zip(nodes, nodes[1:])]}


def fails_when_told(name):
    """A flow whose step fails while its input says so ({"fail": true})."""
    return {"name": name, "nodes": [node("gate", "switch", {"cases": [{"port": "bad", "when": "input.fail"}], "default": "good"}),
                                    node("boom", "fail", {"message": "as the input says"}),
                                    node("fine", "set", {"values": {"ok": True}})],
            "edges": [{"from": "gate", "to": "boom", "from_port": "bad"}, {"from": "gate", "to": "fine", "from_port": "good"}]}
