#!/usr/bin/env python3
"""Runs every measurement of this repository against the release build and prints a table.

Each figure is a median over rounds; what is compared is measured in the same run. With --record the table and its
conditions are written to bench/RESULTS.md. Called by scripts/bench, which builds what is needed first.

The hot path's pace leaves no room for other work of the machine: what it adds at the 99th percentile is then what that work adds.
Where the machine is not quiet: sysctl kernel.sched_rt_runtime_us=-1; chrt -f 10 scripts/bench --record (and 950000 again).
"""
import argparse, datetime, json, os, platform, shutil, signal, statistics, subprocess, sys, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run_json(*command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


class Server:
    """The real binary on a fresh data directory and a free port."""

    def __init__(self, build, directory, settings=None):
        self.binary = os.path.join(build, "sluice")
        self.directory = directory
        self.log = open(os.path.join(directory, "server.log"), "w+")
        started = time.monotonic()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLUICE_", "OPENAI_"))} | (settings or {})
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", os.path.join(directory, "data"), "--listen", "127.0.0.1:0"],
            stderr=self.log, stdout=self.log, env=environment)
        self.port = self.wait_for_port()
        self.start_seconds = time.monotonic() - started
        self.key = self.command_json("key", "create", "--workspace", "bench", "--role", "owner", "--json")["key"]

    def wait_for_port(self):
        for _ in range(20_000):
            with open(self.log.name) as log:
                for line in log:
                    if "listening on http://" in line:
                        return int(line.split("listening on http://")[1].split()[0].strip('"/').rsplit(":", 1)[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.0005)
        with open(self.log.name) as log:
            sys.exit("the server did not start:\n" + log.read())

    def command_json(self, *words):
        return run_json(self.binary, *words, "--data", os.path.join(self.directory, "data"))

    def request(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": "Bearer " + self.key, "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def flow(self, name, node, durability):
        nodes = [dict(node, id=f"s{i}") for i in range(5)]
        edges = [{"from": f"s{i}", "to": f"s{i + 1}"} for i in range(4)]
        return self.request("POST", "/api/v1/flows", {"name": name, "nodes": nodes, "edges": edges,
                                                      "settings": {"durability": durability}})["id"]

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        return 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def load(build, server, path, **options):
    words = [os.path.join(build, "bench_load"), str(server.port), path, "--key", server.key]
    for name, value in options.items():
        words += ["--" + name, str(value)]
    result = run_json(*words)
    if result["failed"]:
        sys.exit(f"{result['failed']} requests to {path} failed")
    return result


def median_by(results, key):
    return sorted(results, key=lambda r: r[key])[len(results) // 2]


def start_up(build, scratch):
    """From the start of the process to the first answer on an existing data directory, and what it costs when idle."""
    times = []
    directory = os.path.join(scratch, "start")
    os.mkdir(directory)
    Server(build, directory).stop()
    for _ in range(7):
        started = time.monotonic()
        server = Server.__new__(Server)
        server.binary, server.directory = os.path.join(build, "sluice"), directory
        server.log = open(os.path.join(directory, "server.log"), "w+")
        server.process = subprocess.Popen([server.binary, "serve", "--data", os.path.join(directory, "data"), "--listen",
                                           "127.0.0.1:0"], stderr=server.log, stdout=server.log)
        server.port = server.wait_for_port()
        urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz").read()
        times.append((time.monotonic() - started) * 1000)
        if len(times) < 7:
            server.stop()
    time.sleep(2)
    cpu, switches, seconds = server.cpu_seconds(), server.status("voluntary_ctxt_switches"), 10
    time.sleep(seconds)
    idle_cpu = (server.cpu_seconds() - cpu) / seconds * 100
    switched = server.status("voluntary_ctxt_switches") - switches
    memory = server.status("VmRSS") / 1024
    server.stop()
    return statistics.median(times), memory, idle_cpu, switched / seconds


def measure(arguments):
    build = arguments.build
    rows = []

    def row(name, value, goal, good):
        rows.append((name, value, goal, "yes" if good else "no"))
        print(f"{name:64} {value:>34}   {goal:26} {'yes' if good else 'NO'}", flush=True)

    scratch = tempfile.mkdtemp(prefix="bench-", dir=build)
    try:
        disk = run_json(os.path.join(build, "bench_disk"), scratch)
        os.mkdir(os.path.join(scratch, "main"))
        server = Server(build, os.path.join(scratch, "main"))
        seconds, rounds = arguments.seconds, arguments.rounds
        effect = {"type": "noop", "config": {"effect": "keyed"}}
        pure = {"type": "set", "config": {"values": {"n": 1}}}
        body = '{"input":{"customer":"acme"}}'
        ids = {"effects": server.flow("effects", effect, "strict"), "pure": server.flow("pure", pure, "strict"),
               "hot": server.flow("hot", pure, "none")}
        paths = {name: f"/api/v1/flows/{id}/runs?wait=30s" for name, id in ids.items()}
        echo = "/api/v1/system/echo"

        def rounds_of(path, **options):
            return [load(build, server, path, body=body, seconds=seconds, **options) for _ in range(rounds)]

        effects = median_by(rounds_of(paths["effects"], connections=64), "rate")
        row("durable 5-step runs with effects, 64 connections",
            f"{effects['rate']:,.0f}/s, p99 {effects['p99_us'] / 1000:.1f} ms", ">= 5,000/s", effects["rate"] >= 5000)
        pures = median_by(rounds_of(paths["pure"], connections=64), "rate")
        row("durable 5-step runs, pure nodes, 64 connections",
            f"{pures['rate']:,.0f}/s, p99 {pures['p99_us'] / 1000:.1f} ms", ">= 7,000/s", pures["rate"] >= 7000)
        disk_again = run_json(os.path.join(build, "bench_disk"), scratch)
        single = median_by(rounds_of(paths["effects"], connections=1), "p50_us")
        sync = min(disk["p50_us"], disk_again["p50_us"])
        allowed = 8 * sync + 500
        row(f"the same at 1 connection, p50 (fdatasync p50 {sync} us)", f"{single['p50_us']:,.0f} us",
            f"<= {allowed:,.0f} us", single["p50_us"] <= allowed)

        echoes = median_by(rounds_of(echo, connections=64), "rate")
        hot = median_by(rounds_of(paths["hot"], connections=64), "rate")
        pace = echoes["rate"] / 2
        # In turn, so that what else the machine does meets both alike; the figure is the median of the pairs' differences.
        pairs = []
        for _ in range(max(5, rounds)):
            pairs.append([load(build, server, path, body=body, seconds=seconds, connections=64, rate=pace)["p99_us"]
                          for path in (echo, paths["hot"])])
        added = statistics.median(hot99 - echo99 for echo99, hot99 in pairs)
        echo99, hot99 = (statistics.median(side) for side in zip(*pairs))
        row(f"hot path (durability none), 5 pure nodes, paced {pace:,.0f}/s: added p99",
            f"{added:,.0f} us (medians {hot99:,.0f}, {echo99:,.0f})", "<= 500 us", added <= 500)
        row("hot path, closed loop, 64 connections", f"{hot['rate']:,.0f}/s (echo {echoes['rate']:,.0f}/s)", "printed beside", True)
        server.stop()

        writer = subprocess.run([os.path.join(build, "bench_storage"), scratch], capture_output=True, text=True)
        shares = [line for line in writer.stdout.splitlines() if line.strip()]
        for line in shares:
            print("    " + line)
        share = writer_share(shares)
        row("group-commit writer against a bare loop, 256 writers (least share)", f"{share:.0f} %", ">= 70 %", share >= 70)

        cel = run_json(os.path.join(build, "bench_cel"))
        row("a typical condition", f"{cel['condition_ns'] / 1000:.2f} us (template {cel['template_ns'] / 1000:.2f})",
            "about 1 us", cel["condition_ns"] <= 1500)
        size, without = (os.path.getsize(os.path.join(build, name)) / 1048576 for name in ("sluice", "sluice_without_dashboard"))
        row("binary without the dashboard, stripped", f"{without:.2f} MiB", "< 10 MiB", without < 10)
        row("binary with the dashboard, stripped", f"{size:.2f} MiB", "printed beside", True)
        start, memory, idle, switches = start_up(build, scratch)
        row("start to first answer", f"{start:.0f} ms", "< 100 ms", start < 100)
        row("idle memory", f"{memory:.1f} MiB", "< 25 MiB", memory < 25)
        row("idle CPU over 10 s", f"{idle:.2f} % of a core, {switches:.1f} wake-ups/s", "< 0.5 %", idle < 0.5)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return rows, disk


def writer_share(lines):
    """The least share among the lines of 256 writers: "storage writers=256 …; share 89 %"."""
    shares = [float(line.rsplit("share", 1)[1].split()[0]) for line in lines if "writers=256 " in line]
    return min(shares) if shares else 0.0


def conditions():
    model = "unknown processor"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    alone = "; run at real-time priority, so other work of the machine waited" if os.sched_getscheduler(0) == os.SCHED_FIFO else ""
    return (f"{datetime.date.today()}, commit {commit}, {os.cpu_count()} cores ({model}), Linux {platform.release()}, load before "
            f"{os.getloadavg()[0]:.1f}; the load program, the server and the database share these cores{alone}")


RESULTS = os.path.join(ROOT, "bench", "RESULTS.md")


def table_of(rows):
    return "| what | measured | goal | reached |\n| --- | --- | --- | --- |\n" + "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


def record_head(where, rows):
    """Replaces what stands in bench/RESULTS.md before its first section."""
    with open(RESULTS) as file:
        _, mark, sections = file.read().partition("\n## ")
    head = ("# Measured\n\nBy `scripts/bench --record`. Trust the ratios within one run; the absolute numbers belong to the machine they "
            f"were taken on.\n\n{where}\n\n{table_of(rows)}")
    with open(RESULTS, "w") as out:
        out.write(head + mark + sections)


def record_section(title, where, rows):
    """Replaces one section of bench/RESULTS.md."""
    with open(RESULTS) as file:
        text = file.read()
    head = f"## {title}\n"
    if head in text:
        before, _, rest = text.partition(head)
        after = "\n## " + rest.split("\n## ", 1)[1] if "\n## " in rest else ""
        text = before.rstrip("\n") + "\n" + after
    with open(RESULTS, "w") as out:
        out.write(f"{text.rstrip()}\n\n{head}\n{where}\n\n{table_of(rows)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="write bench/RESULTS.md")
    arguments = parser.parse_args()
    where = conditions()
    print(where)
    rows, disk = measure(arguments)
    if arguments.record:
        record_head(f"{where}. {arguments.rounds} rounds of {arguments.seconds:g} s each, medians. The disk's own fdatasync of a 4 KiB "
                    f"append: p50 {disk['p50_us']} us, p99 {disk['p99_us']} us.", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
