#!/usr/bin/env python3
"""What signing in costs: the time that a key adds to a request, and how long the loop waits while people sign in.

The key: GET /healthz with and without one, in turn, at one connection; the difference of the medians and of the times for each request.
Sign-ins: 20 at a time with the right password for some seconds, beside requests that are paced; the loop's delay comes from /metrics,
and is also taken with those requests alone. With --record the table goes to bench/RESULTS.md.
"""
import argparse, concurrent.futures, json, os, statistics, sys, tempfile, time, urllib.error, urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench


class WithAccount(bench.Server):
    account = {"email": "ada@example.com", "password": "a quiet harbour in march"}

    def __init__(self, build, directory):
        # One address signs in and asks without a key far more often than the limits of an address allow.
        super().__init__(build, directory, {"SLUICE_ADMIN_EMAIL": self.account["email"], "SLUICE_ADMIN_PASSWORD": self.account["password"],
                                            "SLUICE_LIMITS_SIGN_IN_RATE": "0", "SLUICE_LIMITS_ADDRESS_RATE": "0"})

    def sign_in(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/auth/login", method="POST",
                                         data=json.dumps(self.account).encode(), headers={"Content-Type": "application/json"})
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request) as answer:
                answer.read()
                return answer.status, time.monotonic() - started
        except urllib.error.HTTPError as refused:
            return refused.code, time.monotonic() - started


def histogram(server, name):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/metrics", headers={"Authorization": "Bearer " + server.key})
    with urllib.request.urlopen(request) as answer:
        text = answer.read().decode()
    buckets = {}
    for line in text.splitlines():
        if line.startswith(name + "_bucket"):
            limit = line.split('le="')[1].split('"')[0]
            buckets[float("inf") if limit == "+Inf" else float(limit)] = float(line.rsplit(" ", 1)[1])
    return buckets


def quantile(before, after, share):
    """The upper limit of the bucket in which the share of what came between lies."""
    total = after[float("inf")] - before.get(float("inf"), 0)
    for limit in sorted(after):
        if after[limit] - before.get(limit, 0) >= share * total:
            return limit
    return float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(bench.ROOT, "build", "release"))
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--record", action="store_true", help="write the section of bench/RESULTS.md")
    arguments = parser.parse_args()
    where = bench.conditions()
    with tempfile.TemporaryDirectory(prefix="bench-auth-", dir=arguments.build) as scratch:
        server = WithAccount(arguments.build, scratch)
        program = os.path.join(arguments.build, "bench_load")
        pairs = []
        for _ in range(arguments.rounds):
            words = [program, str(server.port), "/healthz", "--connections", "1", "--seconds", str(arguments.seconds)]
            without = bench.run_json(*words)
            with_key = bench.run_json(*words, "--key", server.key)
            pairs.append((1e6 / with_key["rate"] - 1e6 / without["rate"], without["rate"], with_key["rate"]))
        added = statistics.median(pair[0] for pair in pairs)
        print(f"a key adds {added:.1f} us to a request ({statistics.median(p[1] for p in pairs):,.0f}/s without, "
              f"{statistics.median(p[2] for p in pairs):,.0f}/s with it, one connection)")

        paced_echo = dict(body="{}", connections=4, rate=500, seconds=8)
        before = histogram(server, "sluice_loop_delay_us")
        bench.load(arguments.build, server, "/api/v1/system/echo", **paced_echo)
        alone = quantile(before, histogram(server, "sluice_loop_delay_us"), 0.99)
        before = histogram(server, "sluice_loop_delay_us")
        ends = time.monotonic() + max(10, arguments.seconds)

        def people():
            done = []
            while time.monotonic() < ends:
                done.append(server.sign_in())
            return done

        with concurrent.futures.ThreadPoolExecutor(21) as pool:
            paced = pool.submit(bench.load, arguments.build, server, "/api/v1/system/echo", **paced_echo)
            results = [one for batch in [pool.submit(people) for _ in range(20)] for one in batch.result()]
            beside = paced.result()
        delay = quantile(before, histogram(server, "sluice_loop_delay_us"), 0.99)
        done = [seconds for status, seconds in results if status == 200]
        print(f"{len(done)} sign-ins in {max(10, arguments.seconds):.0f} s, 20 at a time ({len(results) - len(done)} refused), median "
              f"{statistics.median(done) * 1000:.0f} ms; the loop's delay meanwhile: p99 at most {delay / 1000:.1f} ms (without sign-ins {alone / 1000:.1f}); echo beside them: "
              f"p50 {beside['p50_us'] / 1000:.2f} ms, p99 {beside['p99_us'] / 1000:.2f} ms")
        server.stop()
    if arguments.record:
        rows = [("what a key adds to a request, one connection", f"{added:.1f} us", "< 20 us", "yes" if added < 20 else "no"),
                (f"{len(done)} sign-ins, 20 at a time: the loop's delay, p99", f"at most {delay / 1000:.1f} ms (without {alone / 1000:.1f})", "< 5 ms",
                 "yes" if delay < 5000 else "no")]
        bench.record_section("Signing in", f"By `bench/auth.py --record`: {where}.", rows)


if __name__ == "__main__":
    main()
