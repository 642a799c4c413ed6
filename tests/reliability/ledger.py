"""A process apart that counts effects: it notes every request that arrives, on disk, before it answers.

    ledger.py FILE SEED REFUSAL

Prints its port. Each POST becomes one line of FILE, appended and synced: {"key", "mark", "body", "kind"}; kind is "effect", or
"refused" for the share REFUSAL of requests that it answers with 500 without having had the effect. FILE is only ever appended to.
"""

import http.server
import json
import os
import random
import sys
import threading


class Ledger:
    def __init__(self, path, seed, refusal):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.random = random.Random(seed)
        self.refusal = refusal
        self.lock = threading.Lock()

    def note(self, key, body):
        """Whether the effect was had; on disk either way."""
        with self.lock:
            kind = "refused" if self.random.random() < self.refusal else "effect"
            line = json.dumps({"key": key, "kind": kind, "body": body}) + "\n"
            os.write(self.descriptor, line.encode())
            os.fdatasync(self.descriptor)
        return kind == "effect"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        raw = self.rfile.read(length)
        if len(raw) < length:
            self.close_connection = True  # the sender died in the middle: it asked for nothing yet
            return
        had = self.server.ledger.note(self.headers.get("Idempotency-Key"), json.loads(raw))
        answer = json.dumps({"noted": had}).encode()
        try:
            self.send_response(200 if had else 500)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except OSError:
            self.close_connection = True  # killed meanwhile; the line stands

    def log_message(self, *_):
        pass


class LedgerServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a killed server breaks its connections off
            super().handle_error(request, client_address)


def main():
    path, seed, refusal = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    server = LedgerServer(("127.0.0.1", 0), Handler)
    server.ledger = Ledger(path, seed, refusal)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
