#!/usr/bin/env python3
"""What size costs: a map over 100,000 items and a graph of 5,000 nodes in memory, a step beside 10,000 and beside many
stored runs, and a list of the newest runs while the writer is saturated.

    bench/scale.py [--build DIR] [--runs 1000000] [--record]

With --record the table goes to bench/RESULTS.md.
"""
import argparse, http.client, json, os, shutil, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402


def ended(server, run):
    while True:
        answer = server.request("GET", f"/api/v1/runs/{run}?wait=60s")
        if answer["status"] in ("succeeded", "failed", "cancelled", "timed_out"):
            return answer


def memory_of(build, scratch, name, document, value):
    """Peak resident memory of a fresh server that runs the document once, and how long it takes."""
    directory = os.path.join(scratch, name)
    os.mkdir(directory)
    server = bench.Server(build, directory)
    flow = server.request("POST", "/api/v1/flows", document)["id"]
    began = time.monotonic()
    run = server.request("POST", f"/api/v1/flows/{flow}/runs", {"input": value})["id"]
    answer = ended(server, run)
    seconds = time.monotonic() - began
    peak = server.status("VmHWM") / 1024
    server.stop()
    if answer["status"] != "succeeded":
        sys.exit(f"{name}: {answer['error']}")
    return peak, seconds, answer["totals"]["steps"]


def large_chain(count):
    """Steps of 8 MiB of output, one after the other, each made of the one before."""
    nodes = [{"id": "s0", "type": "set", "config": {"values": {"text": "{{ input.text }}" * 16}}}]
    nodes += [{"id": f"s{i}", "type": "set", "config": {"values": {"text": f"{{{{ nodes.s{i - 1}.output.text }}}}"}}} for i in range(1, count)]
    edges = [{"from": f"s{i - 1}", "to": f"s{i}"} for i in range(1, count)]
    return {"name": "large", "nodes": nodes, "edges": edges, "output": f"{{{{ has(nodes.s{count - 1}.output.text) }}}}"}


def latencies(server, path, seconds):
    """Of one request after the other on one connection (microseconds, sorted)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": "Bearer " + server.key})
        connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1e6)
        time.sleep(0.005)
    return sorted(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(bench.ROOT, "build", "release"))
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--record", action="store_true", help="write the section of bench/RESULTS.md")
    arguments = parser.parse_args()
    where, rows = bench.conditions(), []
    print(where)

    def row(what, measured, goal, reached):
        rows.append((what, measured, goal, "yes" if reached else "no"))
        print(f"{what:80} {measured:>34}   {goal:14} {'yes' if reached else 'NO'}", flush=True)

    scratch = tempfile.mkdtemp(prefix="scale-", dir=arguments.build)
    try:
        body = {"nodes": [{"id": "n", "type": "set", "config": {"values": {"n": "{{ item }}"}}}], "output": "{{ nodes.n.output.n }}"}
        each = {"name": "each", "nodes": [{"id": "m", "type": "map", "config": {"items": "{{ input.items }}", "body": body}}],
                "output": "{{ size(nodes.m.output) }}"}
        peak, seconds, steps = memory_of(arguments.build, scratch, "map", each, {"items": list(range(100_000))})
        row(f"a map over 100,000 items: {steps:,} steps", f"{seconds:.1f} s, at most {peak:.0f} MiB", "< 300 MiB", peak < 300)
        nodes = [{"id": f"n{i}", "type": "noop", "config": {"effect": "keyed", "output": i}} for i in range(5000)]
        edges = [{"from": f"n{(i - 1) // 2}", "to": f"n{i}"} for i in range(1, 5000)]
        peak, seconds, steps = memory_of(arguments.build, scratch, "graph", {"name": "graph", "nodes": nodes, "edges": edges, "output": 1}, {})
        row(f"a graph of 5,000 nodes with effects: {steps:,} steps", f"{seconds:.1f} s, at most {peak:.0f} MiB", "< 300 MiB", peak < 300)
        peak, seconds, steps = memory_of(arguments.build, scratch, "large", large_chain(40), {"text": "x" * (1 << 19)})
        rows.append((f"a chain of {steps} outputs of 8 MiB", f"{seconds:.1f} s, at most {peak:.0f} MiB", "printed beside", "yes"))
        print(*rows[-1], flush=True)

        directory = os.path.join(scratch, "stored")
        os.mkdir(directory)
        server = bench.Server(arguments.build, directory)
        small = server.request("POST", "/api/v1/flows", {"name": "small", "nodes": [{"id": "s", "type": "set", "config": {"values": {"n": 1}}}]})["id"]
        effects = server.flow("effects", {"type": "noop", "config": {"effect": "keyed"}}, "strict")

        def fill(count):
            done = 0
            while done < count:
                seconds = max(0.1, min(5, (count - done) / 30_000))
                result = bench.load(arguments.build, server, f"/api/v1/flows/{small}/runs?wait=30s", body="{}", connections=64, seconds=seconds,
                                    warmup=0)
                done += int(result["rate"] * seconds)
            return done

        def cost():
            path = f"/api/v1/flows/{effects}/runs?wait=30s"
            return bench.median_by([bench.load(arguments.build, server, path, body="{}", connections=64, seconds=0.4, warmup=0.1) for _ in range(7)], "rate")["rate"]

        stored = fill(10_000)
        few = cost()
        beside = stored
        stored += fill(arguments.runs - stored)
        many = cost()
        more = few / many * 100 - 100
        row(f"a step of durable 5-step runs beside about {stored:,} stored runs, against {beside:,}",
            f"{more:+.0f} % ({many:,.0f}/s, {few:,.0f}/s)", "within 20 %", more <= 20)
        load = threading.Thread(target=lambda: bench.load(arguments.build, server, f"/api/v1/flows/{effects}/runs?wait=30s", body="{}",
                                                          connections=64, seconds=12))
        load.start()
        time.sleep(2)
        for path in ("/api/v1/runs?limit=50", "/api/v1/runs?limit=50&status=succeeded", "/api/v1/runs?limit=50&status=failed"):
            times = latencies(server, path, 3)
            p50, p99 = times[len(times) // 2] / 1000, times[len(times) * 99 // 100] / 1000
            row(f"GET {path} with the writer saturated", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(times)}", "p99 < 5 ms", p99 < 5)
        load.join()
        size = sum(os.path.getsize(os.path.join(directory, "data", name)) for name in os.listdir(os.path.join(directory, "data"))
                   if name.startswith("sluice.db"))
        print(f"database: {size / 1e9:.1f} GB", flush=True)
        server.stop()
        if arguments.record:
            bench.record_section("Size", f"By `bench/scale.py --record`: {where}.", rows)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
