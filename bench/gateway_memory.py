#!/usr/bin/env python3
"""Whether the gateway's memory returns to where it was after long load: paced calls, whole and streamed, in one format and
translated, with a key, a budget and a spend row for each.

    bench/gateway_memory.py [--build DIR] [--minutes 60] [--rate 200] [--record]

Resident memory is read after a minute of the same load and half a minute of rest, and once more after all of it and the same
rest; goal: within 10 %. With --record the table goes to bench/RESULTS.md.
"""
import argparse, os, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import gateway  # noqa: E402

CALLS = (("/v1/chat/completions", "bench-openai"), ("/v1/chat/completions", "bench-anthropic"), ("/v1/messages", "bench-openai"))


def minute(arguments, server):
    """A minute of load: each kind of call for its share, and streams."""
    began, failed = time.monotonic(), 0
    for path, model in CALLS:
        words = dict(body=gateway.body_of(2000, model=model), connections=16, seconds=15, warmup=0.1, rate=arguments.rate)
        bench.load(arguments.build, server, path, **words)
    for path, model in CALLS[:2]:
        failed += gateway.streams(arguments, server, path, gateway.body_of(1000, True, model), 200, 2000)["failed"]
    if failed:
        sys.exit(f"{failed} streams failed")
    time.sleep(max(0, 60 - (time.monotonic() - began)))


def memory(server):
    time.sleep(30)
    return server.status("VmRSS") / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(bench.ROOT, "build", "release"))
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--record", action="store_true", help="write the section of bench/RESULTS.md")
    arguments = parser.parse_args()
    where = bench.conditions()
    print(where)
    with tempfile.TemporaryDirectory(prefix="bench-memory-", dir=arguments.build) as scratch:
        try:
            upstream = gateway.Program(arguments.build, "bench_upstream")
            server = bench.Server(arguments.build, scratch, {"SLUICE_SERVER_MAX_CONNECTIONS": "12000", "SLUICE_SERVER_MAX_OPEN_PER_KEY": "10000"})
            gateway.started.append(server.process)
            gateway.set_up(server, upstream)
            minute(arguments, server)
            before = memory(server)
            print(f"after a minute and a rest: {before:.1f} MiB", flush=True)
            for done in range(1, arguments.minutes + 1):
                minute(arguments, server)
                if done % 5 == 0:
                    print(f"after {done} minutes, under load: {server.status('VmRSS') / 1024:.1f} MiB", flush=True)
            after = memory(server)
            calls = server.request("GET", "/api/v1/spend/summary?by=model")["total"]["calls"]
        finally:
            for process in gateway.started:
                if process.poll() is None:
                    process.kill()
    change = (after - before) / before * 100
    rows = [(f"resident memory after {arguments.minutes} minutes of load ({calls:,} calls) and a rest", f"{after:.1f} MiB, {before:.1f} at the start ({change:+.0f} %)",
             "within 10 %", "yes" if abs(change) <= 10 else "no")]
    print(*rows[0])
    if arguments.record:
        bench.record_section("The model gateway's memory", f"By `bench/gateway_memory.py --record`: {where}.", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
