"""A process apart that counts effects: it notes every request that arrives, on disk, before it answers.

    ledger.py FILE SEED [calm]

Prints its port. Each POST becomes one line of FILE, appended and synced before anything else happens:

    {"at_us", "n", "kind", "mode", "key", "attempt", "nonce", "body"}

`kind` is `effect` (the effect was had), `refused` (it was not) or `duplicate` (the key had had it already, under /once). What
the sender then sees is the mode: the line is written either way. Modes, drawn from SEED, the key and how often it came:

    ok            an answer with the effect's nonce
    refuse        500, and no effect
    effect_500    the effect, then 500
    effect_close  the effect, then the connection is closed
    delay         the effect, and the answer up to a second later
    half_open     the effect, then silence until the sender gives up
    slow_body     the effect, and the answer's body a few bytes at a time

Paths: /effect (every request is an effect), /once (one effect for each key; a repeated key gets the first answer), /steady (as
/effect, without XX One connection in fifty is accepted and never read. With `calm` there are no faults but those of /refuse.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time

MODES = [("ok", 70), ("refuse", 8), ("effect_500", 6), ("effect_close", 6), ("delay", 6), ("half_open", 1), ("slow_body", 3)]
FLAKY = [("ok", 30), ("refuse", 25), ("effect_500", 20), ("effect_close", 20), ("delay", 5)]
SILENCE = 20.0  # seconds that a half-open connection is kept; senders give up long before


def draw(dice, table):
    return dice.choices([name for name, _ in table], [weight for _, weight in table])[0]


class Ledger:
    def __init__(self, path, seed, calm):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.seed = seed
        self.calm = calm
        self.lines = 0
        self.arrivals = {}   # key → how often it came
        self.first = {}      # key → the nonce of its effect, under /once and /flaky
        self.connections = 0

    def mode(self, path, key, arrival, dice):
        if path == "/refuse" or (path == "/second" and arrival == 1):
            return "refuse"
        if path == "/slow":
            return "slow"
        if self.calm or path == "/steady":
            return "ok"
        return draw(dice, FLAKY if path == "/flaky" else MODES)

    def note(self, path, key, body):
        """(mode, nonce, dice) of a request; its line is on disk."""
        arrival = self.arrivals[key] = self.arrivals.get(key, 0) + 1
        dice = random.Random(f"{self.seed}-{key}-{arrival}")
        mode = self.mode(path, key, arrival, dice)
        self.lines += 1
        kind, nonce = "effect", self.lines
        if mode == "refuse":
            kind = "refused"
        elif path in ("/once", "/flaky", "/second"):
            if key in self.first:
                kind, nonce = "duplicate", self.first[key]
            else:
                self.first[key] = nonce
        line = {"at_us": time.time_ns() // 1000, "n": self.lines, "kind": kind, "mode": mode, "key": key, "attempt": arrival,
                "nonce": nonce, "body": body}
        os.write(self.descriptor, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        os.fdatasync(self.descriptor)
        return mode, nonce, dice

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            if not self.calm and random.Random(f"{self.seed}-{self.connections}").random() < 0.02:
                await asyncio.sleep(SILENCE)
                return
            while await self.exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # killed meanwhile; what was noted stands
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        # A sender that dies in the middle asked for nothing yet: readexactly throws.
        body = json.loads(await reader.readexactly(int(fields.get("content-length", "0"))))
        mode, nonce, dice = self.note(path, fields.get("idempotency-key"), body)
        if mode == "effect_close":
            return False
        if mode == "half_open":
            await asyncio.sleep(SILENCE)
            return False
        if mode in ("delay", "slow"):
            await asyncio.sleep(dice.uniform(0.1, 0.4 if mode == "slow" else 1.0))
        refused = mode in ("refuse", "effect_500")
        text = json.dumps({"nonce": nonce}).encode()
        writer.write(f"HTTP/1.1 {'500 Internal Server Error' if refused else '200 OK'}\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(text)}\r\n\r\n".encode())
        if mode == "slow_body":
            for at in range(0, len(text), 4):
                writer.write(text[at:at + 4])
                await writer.drain()
                await asyncio.sleep(0.05)
        else:
            writer.write(text)
        await writer.drain()
        return True


class LedgerProcess:
    """The ledger as a test sees it: a process of its own, and the file it writes."""

    def __init__(self, path, seed, calm=False):
        self.path = path
        command = [sys.executable, os.path.abspath(__file__), path, str(seed)] + (["calm"] if calm else [])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


async def main():
    ledger = Ledger(sys.argv[1], sys.argv[2], "calm" in sys.argv[3:])
    server = await asyncio.start_server(ledger.serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
