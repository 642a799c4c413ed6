"""Kills the server under load, again and again, and judges what is left: by REST, by a ledger process, and in the database.

    kill_test.py BINARY [--kills N] [--seed N] [--threads N]
"""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import sqlite3
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "system"))
sys.path.insert(0, here)

from house import Server, eventually  # noqa: E402
from load import Load, flows  # noqa: E402


class LedgerProcess:
    def __init__(self, path, seed, refusal):
        self.path = path
        self.process = subprocess.Popen([sys.executable, os.path.join(here, "ledger.py"), path, str(seed), str(refusal)],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def judge_journal(run, name, effects, events, ledger, kills):
    """Every broken promise of one run, as sentences."""
    broken = []
    numbers = [event["seq"] for event in events]
    if numbers != list(range(1, len(numbers) + 1)):
        broken.append(f"{run}: its journal has gaps: {numbers}")
    kinds = [event["kind"] for event in events]
    if not kinds or kinds[0] != "run.started" or kinds[-1] != "run.succeeded":
        broken.append(f"{run} ({name}): its journal is {kinds[:1]} … {kinds[-3:]}")
    if sum(kind.startswith("run.") for kind in kinds) != 2:
        broken.append(f"{run}: its journal starts or ends more than once: {kinds}")
    marks, done = collections.Counter(), set()
    for event in events:
        path = event.get("path", "")
        if path in done:
            broken.append(f"{run}: {path} was done, and then came {event['kind']}")
        if event["kind"] == "step.started":
            marks[path] += 1
        if event["kind"] == "step.succeeded":
            done.add(path)
    for path in effects:
        lines = ledger.get((run, path), [])
        had = [line for line in lines if line["kind"] == "effect"]
        keys = {line["key"] for line in lines}
        if not had:
            broken.append(f"{run}: {path} was recorded as done, but the ledger has no effect of it")
        if len(lines) > marks[path]:
            broken.append(f"{run}: {path} went out {len(lines)} times with {marks[path]} start marks")
        if len(had) > 1 + kills:
            broken.append(f"{run}: {path} had {len(had)} effects in {kills} kills")
        if len(keys) > 1 or None in keys:
            broken.append(f"{run}: {path} went out with the keys {keys}")
        if path not in done:
            broken.append(f"{run}: {path} is not recorded as done")
    return broken


def judge_database(file, acknowledged):
    """What only the file can tell, with the server stopped."""
    broken = []
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    report = [row[0] for row in database.execute("PRAGMA integrity_check")]
    if report != ["ok"]:
        broken.append(f"integrity_check: {report[:5]}")
    if database.execute("PRAGMA foreign_key_check").fetchall():
        broken.append("foreign_key_check found broken references")
    runs = database.execute("SELECT count(*) FROM run").fetchone()[0]
    keys = database.execute("SELECT count(*) FROM idempotency_record WHERE route LIKE '%/runs'").fetchone()[0]
    if runs != keys:
        broken.append(f"there are {runs} runs of {keys} idempotency keys")
    if runs != acknowledged:
        broken.append(f"there are {runs} runs, and {acknowledged} were acknowledged")
    jobs = database.execute("SELECT count(*) FROM job").fetchone()[0]
    if jobs:
        broken.append(f"{jobs} jobs are left of runs that ended")
    gaps = database.execute("SELECT count(*) FROM (SELECT run_id FROM run_event GROUP BY run_id HAVING max(seq) <> count(*))").fetchone()[0]
    if gaps:
        broken.append(f"{gaps} journals have gaps in the database")
    numbers = database.execute("SELECT count(*), min(number), max(number) FROM event GROUP BY workspace_id").fetchall()
    for count, first, last in numbers:
        if first != 1 or last != count:
            broken.append(f"the outbox has {count} events numbered {first} to {last}")
    started = database.execute("SELECT count(DISTINCT subject) FROM event WHERE type LIKE '%run.started'").fetchone()[0]
    ended = database.execute("SELECT count(DISTINCT subject) FROM event WHERE type LIKE '%run.succeeded'").fetchone()[0]
    if (started, ended) != (runs, runs):
        broken.append(f"the outbox tells of {started} starts and {ended} ends of {runs} runs")
    database.close()
    return broken


def judge(server, client, load, documents, ledger, kills):
    acknowledged = load.acknowledged
    broken = list(load.broken)
    if len({run for run, _, _ in acknowledged.values()}) != len(acknowledged):
        broken.append("two keys were answered with one run")
    notes = collections.defaultdict(list)
    for line in ledger.lines():
        notes[(line["body"]["run"], line["body"]["path"])].append(line)
    known = {run for run, _, _ in acknowledged.values()}
    strangers = {run for run, _ in notes if run not in known}
    if strangers:
        broken.append(f"the ledger has effects of runs that nobody was told of: {sorted(strangers)[:3]}")

    def judge_run(item):
        run, name, n = item
        answer = client.get(f"/api/v1/runs/{run}?wait=60s", timeout=90)
        if answer.status != 200:
            return [f"{run} was acknowledged and is lost: {answer}"]
        if answer.json["status"] != "succeeded":
            return [f"{run} ({name}) is {answer.json['status']}: {answer.json['error']}"]
        said = []
        if name == "pure" and answer.json["output"] != n + 4:
            said.append(f"{run} gave {answer.json['output']}, not {n + 4}")
        if name == "mapped" and answer.json["output"] != [2 * (n + i) for i in range(4)]:
            said.append(f"{run} gave {answer.json['output']} of {n}")
        return said + judge_journal(run, name, documents[name][1], client.run_events(run), notes, kills)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for said in pool.map(judge_run, acknowledged.values()):
            broken += said
    code = server.terminate()
    if code != 0:
        broken.append(f"the last stop gave {code}")
    broken += judge_database(server.database(), len(acknowledged))
    duplicates = sum(len([x for x in lines if x["kind"] == "effect"]) - 1 for lines in notes.values() if any(x["kind"] == "effect" for x in lines))
    print(f"{len(acknowledged)} acknowledged runs, {load.repeats} starts asked twice; {sum(map(len, notes.values()))} requests in the "
          f"ledger, {sum(x['kind'] == 'refused' for v in notes.values() for x in v)} of them refused, "
          f"{duplicates} effects had again after a kill", flush=True)
    return broken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--kills", type=int, default=32)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    arguments = parser.parse_args()
    os.environ["SLUICE_BINARY"] = arguments.binary
    print(f"seed {arguments.seed} (again with --seed {arguments.seed})", flush=True)
    dice = random.Random(arguments.seed)

    server = Server(env={"SLUICE_EGRESS_ALLOW": "127.0.0.1/32"})
    ledger = LedgerProcess(os.path.join(server.home, "ledger.jsonl"), arguments.seed, 0.1)
    load, kept = None, False
    try:
        server.start()
        client = server.client()
        documents = flows(ledger.port)
        ids = {name: client.create_flow(document) for name, (document, _) in documents.items()}
        load = Load(client, ids, arguments.seed, arguments.threads, 0.08)
        early = 0
        for number in range(arguments.kills):
            if dice.random() < 0.25:
                early += 1  # in the middle of starting, migrating or taking runs up again
                time.sleep(dice.uniform(0.0, 0.15))
            else:
                server.wait_ready()
                time.sleep(dice.uniform(0.05, 2.0))
            server.kill()
            server.start(wait=False)
        server.wait_ready()
        print(f"{arguments.kills} kills, {early} of them while starting", flush=True)
        time.sleep(1)
        if not load.finish(120):
            raise AssertionError("a client thread hangs")
        if len(load.acknowledged) < 3 * arguments.kills:
            raise AssertionError(f"only {len(load.acknowledged)} runs were acknowledged: that is no load")
        if not eventually(lambda: client.get("/api/v1/system").json["engine"]["active_runs"] == 0, "all runs end"):
            raise AssertionError("runs are left")
        broken = judge(server, client, load, documents, ledger, arguments.kills)
        for sentence in broken[:40]:
            print("BROKEN:", sentence)
        if broken:
            raise AssertionError(f"{len(broken)} promises were broken (seed {arguments.seed})")
        print("every acknowledged run ended, and every effect of them is in the ledger")
    except BaseException:
        kept = True
        print(f"kept for a look: {server.home}\n--- the end of the server's log\n{server.log()[-3000:]}", flush=True)
        raise
    finally:
        if load:
            load.stop.set()
        ledger.close()
        if server.process:
            server.kill()
        if not kept:
            server.close()


if __name__ == "__main__":
    main()
