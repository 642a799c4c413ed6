#!/usr/bin/env python3
"""What waiting runs cost: memory while they wait, time to readiness after a restart, and memory after it.

usage: bench/waiting.py BINARY [RUNS] [--record]     --record: the table goes to bench/RESULTS.md
"""
import http.client, json, os, shutil, signal, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402

WORDS = [word for word in sys.argv[1:] if word != "--record"]
BINARY = os.path.abspath(WORDS[0])
RUNS = int(WORDS[1]) if len(WORDS) > 1 else 100_000


def start(directory):
    log = open(os.path.join(directory, "server.log"), "w+")
    begun = time.monotonic()
    process = subprocess.Popen([BINARY, "serve", "--data", os.path.join(directory, "data"), "--listen", "127.0.0.1:0"],
                               stdout=log, stderr=log, env={k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")})
    while True:
        with open(log.name) as lines:
            found = [line for line in lines if "listening on http://" in line]
        if found:
            port = int(found[0].split("listening on http://")[1].split()[0].rsplit(":", 1)[1])
            break
        if process.poll() is not None:
            sys.exit("the server ended: " + open(log.name).read())
        time.sleep(0.001)
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return process, port, time.monotonic() - begun
        except OSError:
            pass
        time.sleep(0.001)


def resident_mib(process):
    with open(f"/proc/{process.pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0


class Caller:
    def __init__(self, port, key):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}

    def call(self, verb, path, body=None):
        self.connection.request(verb, path, None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{verb} {path}: {answer.status} {text.decode()[:300]}")
        return json.loads(text)


def main():
    scratch = tempfile.mkdtemp(prefix="sluice-waiting-")
    process, where, rows = None, bench.conditions(), []
    try:
        process, port, _ = start(scratch)
        key = json.loads(subprocess.run([BINARY, "key", "create", "--data", os.path.join(scratch, "data"), "--workspace", "default",
                                         "--role", "owner", "--json"], check=True, capture_output=True, text=True).stdout)["key"]
        caller = Caller(port, key)
        flow = caller.call("POST", "/api/v1/flows", {"name": "sleeper", "nodes": [
            {"id": "nap", "type": "wait", "config": {"for": "24h"}}], "edges": []})["id"]
        before = resident_mib(process)
        begun = time.monotonic()

        def fill(count):
            mine = Caller(port, key)
            for _ in range(count):
                mine.call("POST", f"/api/v1/flows/{flow}/runs", {"input": {"customer": "c-1834", "amount": 12}})

        threads = [threading.Thread(target=fill, args=(RUNS // 16,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - begun
        time.sleep(2)
        queue = caller.call("GET", "/api/v1/queues")["items"][0]
        grown = resident_mib(process)
        print(f"started {RUNS} waiting runs in {took:.0f} s; waiting {queue['waiting']}, resident {before:.0f} -> {grown:.0f} MiB")
        rows.append((f"{queue['waiting']:,} waiting runs: resident memory", f"{grown:.0f} MiB, {before:.0f} without", "< 200 MiB", "yes" if grown < 200 else "no"))
        for how in (signal.SIGTERM, signal.SIGKILL):
            process.send_signal(how)
            process.wait()
            process, port, ready = start(scratch)
            caller = Caller(port, key)
            queue = caller.call("GET", "/api/v1/queues")["items"][0]
            print(f"after {how.name}: ready in {ready * 1000:.0f} ms; waiting {queue['waiting']}, resident {resident_mib(process):.0f} MiB")
            rows.append((f"a restart with them after {how.name}: ready", f"{ready * 1000:.0f} ms, {resident_mib(process):.0f} MiB", "< 2 s", "yes" if ready < 2 else "no"))
        with open(f"/proc/{process.pid}/stat") as stat:
            ticks = sum(int(x) for x in stat.read().rsplit(")", 1)[1].split()[11:13])
        time.sleep(5)
        with open(f"/proc/{process.pid}/stat") as stat:
            later = sum(int(x) for x in stat.read().rsplit(")", 1)[1].split()[11:13])
        print(f"idle with them: {later - ticks} ticks of CPU in 5 s")
        rows.append(("idle with them, CPU of 5 s", f"{(later - ticks) / os.sysconf('SC_CLK_TCK'):.2f} s", "printed beside", "yes"))
        if "--record" in sys.argv:
            bench.record_section("Waiting runs", f"By `bench/waiting.py BINARY --record`: {where}.", rows)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
        shutil.rmtree(scratch, ignore_errors=True)


main()
