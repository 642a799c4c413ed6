"""Kills the server at random moments under load, again and again, and has a judge look at what is left.

    kill_loop.py BINARY [--cycles 60] [--seed N] [--home DIR] [--record FILE]

Three programs with none of Sluice's code do the work: ledger.py counts effects, driver.py is the clients, judge.py compares. This
one starts them and the binary, and each cycle ends the binary:

    when   60 % at a moment 20 to 2500 ms after it was ready; 30 % at a fail-point (SLUICE_FAILPOINT); 10 % while it starts
    how    80 % KILL, 8 % TERM, 4 % ABRT, 8 % STOP, CONT and KILL (while it is stopped, a second binary must be refused)

With --twins the lock on the directory fails as well, as on a network disk: while the server is stopped, a second one takes its
runs over, and then the first wakes up and goes on writing. What it writes must be refused.

What is judged, and by which name docs/promises.md calls it (judge.py has the invariants):

    I1   every acknowledged write is in the database
    I11  one run for each Idempotency-Key; a start and its key commit together
    I3   effects are had as often as promised; the ledger honours the key of an effect, and so has it once
    I4   no effect without a start mark before it
    I5   one result for each step
    I10  journals and events are gapless; the follower saw all
    I12  restarts are quick

All chance comes from the seed, which is printed. When the faults have stopped, every run must end within 60 s. Exit code 0: every
invariant held; 1: the first violation is printed, and database, log and journals are kept in the folder that is named.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "system"))
sys.path.insert(0, here)

import house  # noqa: E402
import judge  # noqa: E402
from ledger import LedgerProcess  # noqa: E402

SETTLED = 60.0      # seconds for every run to end once the faults have stopped
PACE = 0.1
POINTS = ["commit.before", "commit.after_before_answer", "wal.write", "wal.sync", "db.write", "db.sync", "checkpoint.mid", "blob.sync",
          "effect.before", "claim.after"]
ACTIONS = [("kill", 70), ("error", 14), ("sleep", 8), ("full", 8)]
SIGNALS = [("KILL", 80), ("TERM", 8), ("ABRT", 4), ("STOP", 8)]
EXIT_DISK = 74
EXIT_HELD = 75


class Broken(Exception):
    pass


def draw(dice, table):
    return dice.choices([name for name, _ in table], [weight for _, weight in table])[0]


def status_of(pid, field):
    """Kilobytes of a field of /proc/PID/status; 0 for a process that has gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def session_of(sid):
    """Processes that are left of a server's session."""
    left = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getsid(int(name)) == sid:
                    left.append(int(name))
            except OSError:
                pass
    return left


class Loop:
    def __init__(self, arguments):
        self.binary = os.path.abspath(arguments.binary)
        self.cycles = arguments.cycles
        self.seed = arguments.seed
        self.teeth = arguments.teeth
        self.twins = arguments.twins
        self.every = arguments.judge_every
        self.signals = [("KILL", 40), ("STOP", 60)] if self.twins else SIGNALS
        self.dice = random.Random(self.seed)
        self.home = arguments.home or tempfile.mkdtemp(prefix="sluice-kill-")
        os.makedirs(self.home, exist_ok=True)
        self.data = os.path.join(self.home, "data")
        self.log_path = os.path.join(self.home, "server.log")
        self.port = house.free_port()
        self.process = None
        self.kinds = {}
        self.restarts = []      # ms from the start of the process to /readyz
        self.memory = []        # kB of its own (no mapped files) of a server that has just become ready
        self.descriptors = 0    # of the last server, when every run had ended
        self.ledger = LedgerProcess(os.path.join(self.home, "ledger.jsonl"), self.seed)
        self.events = open(os.path.join(self.home, "cycles.jsonl"), "a", encoding="utf-8")
        self.pace = arguments.pace
        self.clients = arguments.clients
        self.driver = None

    def note(self, what, **more):
        self.events.write(json.dumps({"at_us": time.time_ns() // 1000, "what": what, **more}) + "\n")
        self.events.flush()

    # -- the server

    def command(self):
        return [self.binary, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"]

    def environment(self, point=""):
        extra = {"SLUICE_EGRESS_ALLOW": "127.0.0.1/32", "SLUICE_ENGINE_STOP_GRACE": "2s"}
        if point:
            extra["SLUICE_FAILPOINT"] = point
        if self.teeth:
            extra["SLUICE_TEETH"] = self.teeth
        return house.clean_environment(extra)

    def start(self, point=""):
        self.note("start", point=point)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), env=self.environment(point), stdout=log, stderr=log, start_new_session=True,
                                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
        self.began = time.monotonic()

    def gone(self):
        return self.process.poll() is not None

    def wait_ready(self, patience=60.0):
        """True once it is ready; False when it has ended before."""
        while not self.gone():
            try:
                if house.Client(self.port).get("/readyz", timeout=5).status == 200:
                    took = (time.monotonic() - self.began) * 1000
                    self.restarts.append(took)
                    self.memory.append(status_of(self.process.pid, "RssAnon"))
                    self.note("ready", ms=round(took), memory_kb=self.memory[-1])
                    return True
            except (OSError, house.http.client.HTTPException):
                pass
            if time.monotonic() - self.began > patience:
                raise Broken(f"I12: the server was not ready within {patience:.0f} s")
            time.sleep(0.004)
        return False

    def reap(self, wanted, patience=30.0):
        """Waits for the end and judges the exit code; `wanted` are signals (negative) and codes that may be."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise Broken(f"the server did not end within {patience:.0f} s of its fault")
        self.note("gone", code=code)
        left = session_of(self.process.pid)
        self.process = None
        if code not in wanted:
            raise Broken(f"the server ended with {code}, which should be one of {sorted(wanted)}")
        if left:
            raise Broken(f"I13: processes are left behind: {left}")

    def count(self, kind):
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def end(self, how):
        """Ends the server that runs, by a signal."""
        if self.gone():
            return
        self.note("fault", signal=how)
        if how == "STOP":
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(self.dice.uniform(0.2, 1.5))
            if self.twins:
                return self.end_with_twin()
            if self.dice.random() < 0.5:
                second = subprocess.run(self.command()[:-1] + ["127.0.0.1:0"], env=self.environment(), capture_output=True, timeout=60)
                if second.returncode != EXIT_HELD:
                    raise Broken(f"a second server on the directory ended with {second.returncode}: {second.stderr[-300:]}")
            self.process.send_signal(signal.SIGCONT)
            self.note("fault", signal="CONT")
            time.sleep(self.dice.uniform(0.05, 0.4))
            self.note("fault", signal="KILL")
            how = "KILL"
        self.process.send_signal(getattr(signal, "SIG" + how))
        # A signal may find the process before it has set its own way of ending.
        self.reap({-signal.SIGTERM, 0} if how == "TERM" else {-getattr(signal, "SIG" + how)})

    def end_with_twin(self):
        """The server is stopped. A second one takes over; the first wakes up beside it; both are killed."""
        for name in ("lock", "admin.sock"):  # by either of them the second would know that there is a first
            os.rename(os.path.join(self.data, name), os.path.join(self.home, name + "-of-the-frozen"))
        first, self.process = self.process, None
        port, self.port = self.port, house.free_port()
        self.start()
        second = self.process
        try:
            if self.wait_ready():
                self.count("twins")
            time.sleep(self.dice.uniform(0, 0.3))
        finally:
            self.port = port
        self.note("fault", signal="CONT")
        first.send_signal(signal.SIGCONT)
        time.sleep(self.dice.uniform(0.2, 1.0))
        for self.process in (first, second):
            if self.gone():  # it met the other at the database, and says so
                self.reap({EXIT_DISK, EXIT_HELD, 69, 70, 1})
                continue
            self.note("fault", signal="KILL")
            self.process.send_signal(signal.SIGKILL)
            self.reap({-signal.SIGKILL})

    # -- a cycle

    def cycle(self):
        dice = self.dice
        moment = draw(dice, [("moment", 60), ("failpoint", 30), ("starting", 10)])
        how = draw(dice, self.signals)
        if moment == "failpoint":
            return self.cycle_failpoint(how)
        self.count(f"{moment} {how}")
        if self.process is None:
            self.start()
        if moment == "starting":
            time.sleep(dice.uniform(0, 0.2))
            if how == "STOP":
                how = "KILL"
        else:
            if not self.wait_ready():
                return self.reap(set())
            time.sleep(dice.uniform(0.02, 2.5))
        self.end(how)

    def cycle_failpoint(self, how):
        dice = self.dice
        name, action = dice.choice(POINTS), draw(dice, ACTIONS)
        nth = int(2 ** dice.uniform(0, 9 if name.startswith(("commit", "wal")) else 5))
        point = f"{name}:{action}:{nth}" + (f":{dice.randrange(50, 800)}" if action == "sleep" else "")
        self.count(f"failpoint {action}")
        if self.process is None:
            self.start(point)
        until = time.monotonic() + dice.uniform(0.5, 2.5)
        if self.wait_ready():
            until = time.monotonic() + dice.uniform(0.5, 2.5)
        while not self.gone() and time.monotonic() < until:
            time.sleep(0.005)
        if self.gone():
            self.note("fault", point=point)
            # 70 and 1: a fault while starting is told as an error; what counts is that the next start finds the truth.
            return self.reap({"kill": {-signal.SIGKILL}, "error": {EXIT_DISK}}.get(action, {EXIT_DISK, 69, 70, 1}))
        self.end("KILL" if how == "STOP" else how)

    # -- the whole

    def client(self):
        made = subprocess.run([self.binary, "key", "create", "--workspace", "default", "--role", "owner", "--json", "--data", self.data],
                              env=house.clean_environment(), capture_output=True, text=True, timeout=60)
        if made.returncode != 0:
            raise Broken(f"no key: {made.stderr}")
        return house.Client(self.port, json.loads(made.stdout)["key"])

    def start_driver(self, key):
        self.driver = subprocess.Popen(
            [sys.executable, os.path.join(here, "driver.py"), str(self.port), key, os.path.join(self.home, "driver.jsonl"),
             str(self.ledger.port), str(self.seed), "--clients", str(self.clients), "--pace", str(self.pace)]
            + (["--twins"] if self.twins else []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = self.driver.stdout.readline()
        if not said.startswith("ready"):
            raise Broken("the driver did not start")
        print("flows:" + said[5:].rstrip(), flush=True)

    def judge(self, under_way=False):
        found, counts = judge.judge(self.home, self.ledger.port, under_way)
        if found:
            raise Broken(f"{len(found)} violations, the first of {found[0].invariant}")
        return counts

    def open_runs(self, client):
        runs = []
        for status in ("queued", "running", "waiting", "paused"):
            answer = client.get(f"/api/v1/runs?status={status}&limit=200")
            if answer.status != 200:
                raise Broken(f"runs cannot be listed: {answer}")
            runs += answer.json["items"]
        return runs

    def settle(self, client):
        """I2: with the faults over, every run ends; those that a crash left for a person are decided."""
        end = time.monotonic() + SETTLED
        while True:
            runs = self.open_runs(client)
            # A run may change its status between two of the lists.
            if not runs and client.get("/api/v1/system").json["engine"]["active_runs"] == 0 and not self.open_runs(client):
                return
            for run in runs:
                if run["status"] != "waiting":
                    continue
                self.decide(client, run["id"])
            if time.monotonic() > end:
                self.dump_stuck(client, runs)
                raise Broken(f"I2: {len(runs)} runs are stuck {SETTLED:.0f} s after the faults have stopped")
            time.sleep(0.05)

    def decide(self, client, run):
        """A person looks at the steps whose end a crash hid, and says what is to become of them."""
        for step in client.get(f"/api/v1/runs/{run}/steps").json["items"]:
            if step["status"] != "unknown":
                continue
            body = {"path": step["path"], "decision": self.dice.choice(["retry", "succeed", "fail"])}
            if body["decision"] == "succeed":
                body["output"] = {"body": {"nonce": 0}}
            told = client.post(f"/api/v1/runs/{run}/decide", body)
            if told.status != 200:
                raise Broken(f"no decision could be made about {step['path']} of {run}: {told}")

    def dump_stuck(self, client, runs):
        for run in runs[:3]:
            print(f"STUCK: {json.dumps(run)}")
            why = client.get(f"/api/v1/runs/{run['id']}/why")
            print(f"  why: {why.text[:500]}")
            for step in client.get(f"/api/v1/runs/{run['id']}/steps").json["items"]:
                print(f"  step {step['path']}: {step['status']} after {step['attempts']} attempts")
            for event in client.run_events(run["id"])[-12:]:
                print(f"  {json.dumps(event)[:300]}")

    def figures(self):
        took = sorted(self.restarts)
        at = lambda share: took[min(len(took) - 1, int(share * len(took)))] if took else 0.0  # noqa: E731
        slope = 0.0
        later = self.memory[len(self.memory) // 2:]  # at first the number of open runs still grows
        if len(later) > 20:
            slope = statistics.linear_regression(range(len(later)), later).slope * 100 / 1024
        return {"restart_p50_ms": round(at(0.5)), "restart_p99_ms": round(at(0.99)), "restart_max_ms": round(took[-1] if took else 0),
                "memory_ready_mb": round(self.memory[-1] / 1024, 1), "memory_slope_mb_per_100": round(slope, 2),
                "descriptors": self.descriptors}

    def judge_figures(self, figures):
        # A machine that builds at the same time starts processes late; that is not what is judged.
        busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        if figures["restart_p99_ms"] > 2000 * busy or figures["restart_max_ms"] > 5000 * busy:
            raise Broken(f"I12: restarts took {figures}")
        if self.descriptors > 100:
            raise Broken(f"I13: {self.descriptors} descriptors are open in a server with nothing to do")
        if self.cycles >= 400 and figures["memory_slope_mb_per_100"] > 1:
            raise Broken(f"I13: the memory of a fresh server creeps: {figures}")
        blobs = os.path.join(self.data, "blobs")
        left = [name for _, _, names in os.walk(blobs) for name in names if name.startswith(".tmp-")]
        if len(left) > self.cycles:
            raise Broken(f"I13: {len(left)} unfinished blobs are left")

    def run(self):
        self.start()
        if not self.wait_ready():
            raise Broken("the first start failed")
        client = self.client()
        self.start_driver(client.key)
        for number in range(1, self.cycles + 1):
            self.cycle()
            if self.driver.poll() is not None:
                raise Broken("the driver ended by itself")
            if number % self.every == 0 and number < self.cycles and self.process is None:
                print(f"after {number} cycles", flush=True)
                counts = self.judge(under_way=True)
                print(f"  {self.figures()}, {counts}", flush=True)
        self.start()
        if not self.wait_ready():
            raise Broken("the start after the last fault failed")
        self.driver.stdin.write("stop\n")
        self.driver.stdin.flush()
        self.driver.stdout.readline()
        self.settle(client)
        newest = client.get("/api/v1/events?limit=1", headers={"Accept": "application/json"}).json["items"]
        self.driver.stdin.write(f"{newest[0]['sequence'] if newest else 0}\n")
        self.driver.stdin.close()
        self.driver.wait(90)
        self.descriptors = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        self.note("fault", signal="TERM")
        self.process.send_signal(signal.SIGTERM)
        self.reap({0})
        counts = self.judge()
        figures = self.figures()
        self.judge_figures(figures)
        return {"cycles": self.cycles, "seed": self.seed, "kills": dict(sorted(self.kinds.items())), **counts, **figures}

    def close(self, keep):
        if self.driver and self.driver.poll() is None:
            self.driver.kill()
            self.driver.wait()
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.ledger.close()
        self.events.close()
        if not keep:
            shutil.rmtree(self.home, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--cycles", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--pace", type=float, default=PACE, help="mean seconds between two turns of a client")
    parser.add_argument("--home", help="where everything is kept while it runs; it is removed after success")
    parser.add_argument("--teeth", default="", help="the seeded bug of a binary that was built with SLUICE_TEETH")
    parser.add_argument("--judge-every", type=int, default=100, help="cycles between two looks at what holds at every instant")
    parser.add_argument("--twins", action="store_true", help="a second server takes over from a frozen one, which then wakes up")
    parser.add_argument("--record", help="a file that the result is appended to, as a line of JSON")
    arguments = parser.parse_args()
    again = (f"python3 tests/reliability/kill_loop.py {arguments.binary} --cycles {arguments.cycles} --seed {arguments.seed}"
             + (f" --pace {arguments.pace}" if arguments.pace != PACE else "") + (f" --teeth {arguments.teeth}" if arguments.teeth else "") + (" --twins" if arguments.twins else ""))
    print(f"seed {arguments.seed}; again with: {again}", flush=True)
    loop, keep = Loop(arguments), True
    try:
        result = loop.run()
        keep = False
        print(json.dumps(result))
        if arguments.record:
            with open(arguments.record, "a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
        print("every invariant held")
    except Broken as broken:
        print(f"BROKEN: {broken}\nagain with: {again}\nkept for a look: {loop.home}")
        with open(loop.log_path, encoding="utf-8", errors="replace") as log:
            print("--- the end of the server's log\n" + log.read()[-2500:], flush=True)
        sys.exit(1)
    finally:
        loop.close(keep)


if __name__ == "__main__":
    main()
