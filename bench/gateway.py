#!/usr/bin/env python3
"""What the model gateway adds to a call: against a vendor that answers at once, with a key, a budget's hold and a durable
spend row for each call.

A bare relay of the same server and client, without anything between, is measured in the same run. With --record the table
is written into bench/RESULTS.md. Called by hand: `scripts/bench` builds the programs.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile, time

import bench

PROVIDERS = {"openai": "openai_compatible", "anthropic": "anthropic"}


started = []  # programs and the server


class Program:
    """A program that prints {"port": N} and then serves until it is ended."""

    def __init__(self, build, name, *words):
        self.process = subprocess.Popen([os.path.join(build, name), *words], stdout=subprocess.PIPE, text=True)
        started.append(self.process)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.key = ""

    def stop(self):
        self.process.kill()
        self.process.wait()

    def status(self, name):
        return bench.Server.status(self, name)


def body_of(size, stream=False, model="bench"):
    body = {"model": model, "messages": [{"role": "user", "content": ""}], "max_tokens": 100}
    if stream:
        body["stream"] = True
    spare = size - len(json.dumps(body, separators=(",", ":")))
    body["messages"][0]["content"] = "x" * max(1, spare)
    return json.dumps(body, separators=(",", ":"))


def load(arguments, server, path, body, connections):
    if len(body) > 100_000:  # more than an argument may have
        with tempfile.NamedTemporaryFile("w", dir=arguments.build, suffix=".json") as file:
            file.write(body)
            file.flush()
            return bench.load(arguments.build, server, path, body="@" + file.name, connections=connections, seconds=arguments.seconds)
    return bench.load(arguments.build, server, path, body=body, connections=connections, seconds=arguments.seconds)


def median(values, key):
    return statistics.median(value[key] for value in values)


def streams(arguments, server, path, body, count, ramp_ms):
    words = [os.path.join(arguments.build, "bench_streams"), str(server.port), path, "--body", body, "--streams", str(count),
             "--ramp-ms", str(ramp_ms)]
    return bench.run_json(*words, *(["--key", server.key] if server.key else []))


def set_up(server, upstream):
    price = {"input_usd_per_million": "2", "output_usd_per_million": "8", "context_window": 1000000, "max_output_tokens": 4096}
    for name, kind in PROVIDERS.items():
        server.request("POST", "/api/v1/providers", {"name": name, "type": kind, "base_url": f"http://127.0.0.1:{upstream.port}/v1",
                                                      "api_key": "sk-bench-0123456789", "models": [dict(price, id=f"bench-{name}")]})
    server.request("POST", "/api/v1/budgets", {"scope": {"type": "workspace"}, "window": "month", "limit_usd": "1000000"})


def measure(arguments, scratch):
    rows = []

    def row(name, value, goal, good):
        rows.append((name, value, goal, "yes" if good else "no"))
        print(f"{name:78} {value:>44}   {goal:34} {'yes' if good else 'NO'}", flush=True)

    disk = bench.run_json(os.path.join(arguments.build, "bench_disk"), scratch)
    upstream = Program(arguments.build, "bench_upstream")
    relay = Program(arguments.build, "bench_relay", str(upstream.port), "/v1/chat/completions")
    settings = {"SLUICE_SERVER_MAX_CONNECTIONS": "12000", "SLUICE_SERVER_MAX_OPEN_PER_KEY": "10000"}
    print("    with", settings)
    server = bench.Server(arguments.build, scratch, settings)
    started.append(server.process)
    set_up(server, upstream)
    chat, own = "/v1/chat/completions", "bench-openai"

    singles = [(load(arguments, upstream, chat, body_of(1000), 1), load(arguments, relay, "/relay", body_of(1000), 1),
                load(arguments, server, chat, body_of(1000, model=own), 1)) for _ in range(arguments.rounds)]
    direct, relayed, called = (statistics.median(one[i]["p50_us"] for one in singles) for i in range(3))
    called99, direct99 = (statistics.median(one[i]["p99_us"] for one in singles) for i in (2, 0))
    sync = disk["p50_us"]
    row("1 connection, 1 KB: added p50 (bare relay, one fdatasync)", f"{called - direct:,.0f} us ({relayed - direct:,.0f} + {sync}; added p99 {called99 - direct99:,.0f})",
        "<= bare relay + one commit", called - direct <= relayed - direct + sync)

    for size, goal in ((1000, 12_000), (10_000, 0), (200_000, 0)):
        pairs = [(load(arguments, relay, "/relay", body_of(size), 64), load(arguments, server, chat, body_of(size, model=own), 64))
                 for _ in range(arguments.rounds)]
        bare, rate, p99 = statistics.median(p[0]["rate"] for p in pairs), median([p[1] for p in pairs], "rate"), median([p[1] for p in pairs], "p99_us")
        row(f"64 connections, {size // 1000} KB bodies, one format", f"{rate:,.0f}/s, p99 {p99 / 1000:.1f} ms, 0 errors (bare {bare:,.0f}/s)",
            f">= {goal:,}/s" if goal else "printed beside", rate >= goal)
    for path, model, what in ((chat, "bench-anthropic", "OpenAI's format to Anthropic's"), ("/v1/messages", own, "Anthropic's format to OpenAI's")):
        results = [load(arguments, server, path, body_of(1000, model=model), 64) for _ in range(arguments.rounds)]
        row(f"64 connections, 1 KB bodies, {what}", f"{median(results, 'rate'):,.0f}/s, p99 {median(results, 'p99_us') / 1000:.1f} ms, 0 errors", "printed beside", True)
    for path, model, what in ((chat, own, "one format"), (chat, "bench-anthropic", "translated")):
        once = streams(arguments, server, path, body_of(1000, True, model), 2000, 2000)
        row(f"2,000 streams of 50 chunks one after the other, {what}", f"{once['chunks'] / once['seconds']:,.0f} chunks/s, {once['failed']} failed", "0 failed", once["failed"] == 0)

    upstream.stop()
    relay.stop()
    slow = Program(arguments.build, "bench_upstream", "--delay-ms", "100")
    provider = server.request("GET", "/api/v1/providers/openai")
    wanted = {k: provider[k] for k in ("name", "type", "models", "settings", "enabled")} | {"base_url": f"http://127.0.0.1:{slow.port}/v1", "api_key": "sk-bench-0123456789"}
    server.request("PUT", "/api/v1/providers/openai", wanted)
    near = streams(arguments, slow, chat, body_of(1000, True), 200, 4000)
    far = streams(arguments, server, chat, body_of(1000, True, own), 200, 4000)
    row("first token, 200 streams: later by, p50", f"{far['first_p50_us'] - near['first_p50_us']:,.0f} us", "< 1,000 us", far["first_p50_us"] - near["first_p50_us"] < 1000)
    many = streams(arguments, server, chat, body_of(1000, True, own), arguments.streams, 4000)
    peak = server.status("VmHWM") / 1024
    row(f"{arguments.streams:,} streams at once of 50 chunks", f"{many['streams']:,} whole, {many['failed']} failed, peak {peak:.0f} MiB", "0 failed, < 400 MiB",
        many["failed"] == 0 and peak < 400)
    slow.stop()
    time.sleep(1)
    spend = server.request("GET", "/api/v1/spend/summary?by=model")
    print("    spend:", json.dumps(spend)[:300])
    server.stop()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(bench.ROOT, "build", "release"))
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--record", action="store_true", help="write the section of bench/RESULTS.md")
    arguments = parser.parse_args()
    where = bench.conditions()
    print(where)
    with tempfile.TemporaryDirectory(prefix="bench-gateway-", dir=arguments.build) as scratch:
        try:
            rows = measure(arguments, scratch)
        finally:
            for process in started:  # also when a figure could not be taken
                if process.poll() is None:
                    process.kill()
    if arguments.record:
        bench.record_section("The model gateway", f"By `bench/gateway.py --record`: {where}.", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
