#!/usr/bin/env python3
"""How much one workspace's flood moves another's p99, against the same load spread evenly over eight workspaces.

usage: bench/fairness.py BINARY [SECONDS] [--record]     --record: the table goes to bench/RESULTS.md
"""
import http.client, json, os, shutil, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402

WORDS = [word for word in sys.argv[1:] if word != "--record"]
BINARY = os.path.abspath(WORDS[0])
SECONDS = float(WORDS[1]) if len(WORDS) > 1 else 8.0
FLOODERS, SPREAD = 48, 8


class Caller:
    def __init__(self, port, key):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}

    def call(self, verb, path, body=None):
        self.connection.request(verb, path, None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{verb} {path}: {answer.status} {text.decode()[:300]}")
        return json.loads(text)


def measure(environment, spread):
    scratch = tempfile.mkdtemp(prefix="sluice-fair-")
    log = open(os.path.join(scratch, "server.log"), "w+")
    data = os.path.join(scratch, "data")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
    process = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", "127.0.0.1:0"], stdout=log, stderr=log, env={**kept, **environment})
    try:
        while True:
            with open(log.name) as lines:
                found = [line for line in lines if "listening on http://" in line]
            if found:
                port = int(found[0].split("listening on http://")[1].split()[0].rsplit(":", 1)[1])
                break
            time.sleep(0.01)
        time.sleep(0.3)

        def workspace(name):
            made = subprocess.run([BINARY, "key", "create", "--data", data, "--workspace", name, "--role", "owner", "--json"],
                                  check=True, capture_output=True, text=True)
            key = json.loads(made.stdout)["key"]
            # A step with an effect, and a short wait: the run holds its slot over two commits and a timer.
            flow = Caller(port, key).call("POST", "/api/v1/flows", {"name": "work", "nodes": [
                {"id": "nap", "type": "wait", "config": {"for": "5ms"}},
                {"id": "b", "type": "set", "config": {"values": {"n": 1}}}], "edges": [{"from": "nap", "to": "b"}]})["id"]
            return key, f"/api/v1/flows/{flow}/runs?wait=60s"

        victim = workspace("victim")
        floods = [workspace(f"flood{i}") for i in range(spread)]
        end = time.monotonic() + SECONDS
        done = [0]

        def flood(index):
            key, path = floods[index % spread]
            caller = Caller(port, key)
            while time.monotonic() < end:
                caller.call("POST", path, {"input": {}})
                done[0] += 1

        threads = [threading.Thread(target=flood, args=(i,)) for i in range(FLOODERS)]
        for thread in threads:
            thread.start()
        caller, times = Caller(port, victim[0]), []
        time.sleep(0.5)
        while time.monotonic() < end - 0.2:
            begun = time.monotonic()
            caller.call("POST", victim[1], {"input": {}})
            times.append(time.monotonic() - begun)
            time.sleep(0.005)
        for thread in threads:
            thread.join()
        times.sort()
        return times[int(len(times) * 0.99)] * 1000, times[len(times) // 2] * 1000, done[0] / SECONDS
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(scratch, ignore_errors=True)


where, rows = bench.conditions(), []
for name, environment in (("slots for all", {}), ("8 slots: the flood is queued", {"SLUICE_ENGINE_MAX_RUNNING_RUNS": "8"})):
    flooded = measure(environment, 1)
    even = measure(environment, SPREAD)
    print(f"{name}: the victim's p99 {flooded[0]:.1f} ms (p50 {flooded[1]:.1f}) beside one flood of {flooded[2]:.0f}/s, {even[0]:.1f} ms "
          f"(p50 {even[1]:.1f}) beside {SPREAD} of together {even[2]:.0f}/s: factor {flooded[0] / even[0]:.2f} (goal: below 2)")
    rows.append((f"{name}: a workspace's p99 beside one flood of {flooded[2]:.0f}/s, against {SPREAD} of together {even[2]:.0f}/s",
                 f"factor {flooded[0] / even[0]:.2f} ({flooded[0]:.1f} ms, {even[0]:.1f} ms)", "< 2", "yes" if flooded[0] < 2 * even[0] else "no"))
if "--record" in sys.argv:
    bench.record_section("One workspace's flood", f"By `bench/fairness.py BINARY --record`: {where}.", rows)
