#!/usr/bin/env python3
"""How much one key's flood moves another key's p99, against the same load spread evenly over eight keys of the workspace.

usage: bench/abuse.py BUILD [SECONDS] [--rate N] [--rounds N] [--record]

BUILD holds `sluice` and `bench_load`. The flood is a closed loop over 48 connections, from eight processes in both cases, so that
only the keys differ. With --rate every key is limited to N requests a second (the victim stays below it): then the flood is
refused before its bodies are read. Rounds alternate, and medians are printed; goal: a factor below 2. With --record the table goes to
bench/RESULTS.md.
"""
import argparse, http.client, json, os, shutil, statistics, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402

PROCESSES, CONNECTIONS = 8, 6


class Server:
    def __init__(self, build, rate):
        self.build = build
        self.scratch = tempfile.mkdtemp(prefix="sluice-abuse-")
        self.data = os.path.join(self.scratch, "data")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        if rate:
            environment["SLUICE_LIMITS_KEY_RATE"] = str(rate)
        log = open(os.path.join(self.scratch, "log"), "w+")
        self.process = subprocess.Popen([os.path.join(build, "sluice"), "serve", "--data", self.data, "--listen", "127.0.0.1:0"],
                                        stdout=log, stderr=log, env=environment)
        self.port = None
        for _ in range(3000):
            with open(log.name) as lines:
                found = [line for line in lines if "listening on http://" in line]
            if found:
                self.port = int(found[0].split("listening on http://")[1].split()[0].rsplit(":", 1)[1])
                break
            time.sleep(0.01)
        if self.port is None:
            sys.exit("the server did not start; see " + log.name)

    def key(self):
        made = subprocess.run([os.path.join(self.build, "sluice"), "key", "create", "--data", self.data, "--json"], check=True,
                              capture_output=True, text=True)
        return json.loads(made.stdout)["key"]

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


def call(connection, key, path, body):
    connection.request("POST", path, body, {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"{path}: {answer.status} {text.decode()[:300]}")
    return json.loads(text)


def victim_beside(server, victim, keys, path, body, seconds):
    floods = [subprocess.Popen([os.path.join(server.build, "bench_load"), str(server.port), path, "--key", key, "--body", body,
                                "--connections", str(CONNECTIONS), "--seconds", str(seconds), "--warmup", "0.5"],
                               stdout=subprocess.PIPE, text=True) for key in keys]
    connection, times = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120), []
    time.sleep(0.5)
    end = time.monotonic() + seconds - 0.2
    while time.monotonic() < end:
        begun = time.monotonic()
        call(connection, victim, path, body)
        times.append((time.monotonic() - begun) * 1000)
        time.sleep(0.005)
    results = [json.loads(flood.communicate()[0]) for flood in floods]
    times.sort()
    return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "rate": sum(r["rate"] for r in results),
            "refused": sum(r["failed"] for r in results) / max(1, sum(r["requests"] for r in results))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("seconds", nargs="?", type=float, default=4.0)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="write the section of bench/RESULTS.md")
    given = parser.parse_args()
    where, rows = bench.conditions(), []
    server = Server(os.path.abspath(given.build), given.rate)
    try:
        victim, keys = server.key(), [server.key() for _ in range(PROCESSES)]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        nodes = [{"id": "a", "type": "set", "config": {"values": {"n": 1}}}, {"id": "b", "type": "noop", "config": {"effect": "keyed"}}]
        flow = call(connection, victim, "/api/v1/flows", json.dumps(
            {"name": "work", "nodes": nodes, "edges": [{"from": "a", "to": "b"}]}))["id"]
        for name, path in (("echo", "/api/v1/system/echo"), ("durable runs", f"/api/v1/flows/{flow}/runs?wait=60s")):
            one, even = [], []
            for _ in range(given.rounds):
                one.append(victim_beside(server, victim, keys[:1] * PROCESSES, path, '{"input":{}}', given.seconds))
                even.append(victim_beside(server, victim, keys, path, '{"input":{}}', given.seconds))
            middle = [{k: statistics.median(r[k] for r in rounds) for k in rounds[0]} for rounds in (one, even)]
            factor = middle[0]["p99"] / middle[1]["p99"]
            print(f"{name}: the victim's p99 {middle[0]['p99']:.1f} ms (p50 {middle[0]['p50']:.1f}) beside one key's {middle[0]['rate']:,.0f}/s "
                  f"({middle[0]['refused']:.0%} refused), {middle[1]['p99']:.1f} ms (p50 {middle[1]['p50']:.1f}) beside {PROCESSES} keys' "
                  f"{middle[1]['rate']:,.0f}/s ({middle[1]['refused']:.0%} refused): factor {factor:.2f} {'ok' if factor < 2 else 'TOO MUCH'}", flush=True)
            rows.append((f"{name}: a key's p99 beside another key's {middle[0]['rate']:,.0f}/s, against {PROCESSES} keys' {middle[1]['rate']:,.0f}/s",
                         f"factor {factor:.2f} ({middle[0]['p99']:.1f} ms, {middle[1]['p99']:.1f} ms)", "< 2", "yes" if factor < 2 else "no"))
    finally:
        server.stop()
    if given.record:
        bench.record_section("One key's flood", f"By `bench/abuse.py BUILD --record`: {where}.", rows)


main()
