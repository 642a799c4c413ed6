#!/usr/bin/env python3
"""What size costs: a map over 100,000 items and a graph of 5,000 nodes in memory, a step beside 10,000 and beside many
stored runs, and a list of the newest runs while the writer is saturated.

    bench/scale.py [--build DIR] [--runs 1000000]
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
    return {"name": "large", "nodes": nodes, "edges": edges, "output": f"{{{{ size(nodes.s{count - 1}.output.text) }}}}"}


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
    arguments = parser.parse_args()
    print(bench.conditions())
    scratch = tempfile.mkdtemp(prefix="scale-", dir=arguments.build)
    try:
        body = {"nodes": [{"id": "n", "type": "set", "config": {"values": {"n": "{{ item }}"}}}], "output": "{{ nodes.n.output.n }}"}
        each = {"name": "each", "nodes": [{"id": "m", "type": "map", "config": {"items": "{{ input.items }}", "body": body}}],
                "output": "{{ size(nodes.m.output) }}"}
        peak, seconds, steps = memory_of(arguments.build, scratch, "map", each, {"items": list(range(100_000))})
        print(f"a map over 100,000 items: {steps:,} steps in {seconds:.1f} s, memory at most {peak:.0f} MiB (goal < 300)", flush=True)
        nodes = [{"id": f"n{i}", "type": "noop", "config": {"effect": "keyed", "output": i}} for i in range(5000)]
        edges = [{"from": f"n{(i - 1) // 2}", "to": f"n{i}"} for i in range(1, 5000)]
        peak, seconds, steps = memory_of(arguments.build, scratch, "graph", {"name": "graph", "nodes": nodes, "edges": edges, "output": 1}, {})
        print(f"a graph of 5,000 nodes with effects: {steps:,} steps in {seconds:.1f} s, memory at most {peak:.0f} MiB (goal < 300)", flush=True)
        peak, seconds, steps = memory_of(arguments.build, scratch, "large", large_chain(40), {"text": "x" * (1 << 19)})
        print(f"a chain of {steps} outputs of 8 MiB: {seconds:.1f} s, memory at most {peak:.0f} MiB (goal < 300)", flush=True)

        directory = os.path.join(scratch, "stored")
        os.mkdir(directory)
        server = bench.Server(arguments.build, directory)
        small = server.request("POST", "/api/v1/flows", {"name": "small", "nodes": [{"id": "s", "type": "set", "config": {"values": {"n": 1}}}]})["id"]
        effects = server.flow("effects", {"type": "noop", "config": {"effect": "keyed"}}, "strict")

        def fill(count):
            done = 0
            while done < count:
                result = bench.load(arguments.build, server, f"/api/v1/flows/{small}/runs?wait=30s", body="{}", connections=64, seconds=5, warmup=0)
                done += int(result["rate"] * 5)
            return done

        def cost():
            path = f"/api/v1/flows/{effects}/runs?wait=30s"
            return bench.median_by([bench.load(arguments.build, server, path, body="{}", connections=64, seconds=4) for _ in range(3)], "rate")["rate"]

        stored = fill(10_000)
        few = cost()
        print(f"durable 5-step runs beside about {stored:,} stored ones: {few:,.0f}/s", flush=True)
        stored += fill(arguments.runs - stored)
        many = cost()
        print(f"durable 5-step runs beside about {stored:,} stored ones: {many:,.0f}/s, {few / many * 100 - 100:+.0f} % a step (goal within 20 %)", flush=True)
        load = threading.Thread(target=lambda: bench.load(arguments.build, server, f"/api/v1/flows/{effects}/runs?wait=30s", body="{}",
                                                          connections=64, seconds=12))
        load.start()
        time.sleep(2)
        for path in ("/api/v1/runs?limit=50", "/api/v1/runs?limit=50&status=succeeded", "/api/v1/runs?limit=50&status=failed"):
            times = latencies(server, path, 3)
            print(f"GET {path} with the writer saturated: p50 {times[len(times) // 2] / 1000:.1f} ms, p99 {times[len(times) * 99 // 100] / 1000:.1f} ms "
                  f"of {len(times)} (goal p99 < 5 ms)", flush=True)
        load.join()
        size = sum(os.path.getsize(os.path.join(directory, "data", name)) for name in os.listdir(os.path.join(directory, "data"))
                   if name.startswith("sluice.db"))
        print(f"database: {size / 1e9:.1f} GB", flush=True)
        server.stop()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
