"""Judges what a kill loop left: the driver's journal, the ledger, the times of the faults, and the database, opened read-only.

    judge.py HOME [--under-way] [--ledger-port N]

HOME holds driver.jsonl, ledger.jsonl, cycles.jsonl and data/. The server must not run. Exit code 0: every promise was kept; 1:
the first violation (by time) is printed with the events around it. `--under-way` judges what must hold at every instant: runs
may be open, and the follower may be behind. The invariants are those of the reliability model:

    I1   every acknowledged write is in the database            I9   integrity_check and foreign_key_check are clean
    I2   every run has ended                                    I10  journals and events are gapless; the follower saw all
    I3   effects are had as often as promised                   I11  one run for each Idempotency-Key
    I4   no effect without a start mark before it               I12  restarts are quick
    I5   one result for each step; attempts rise; successors    I13  nothing is left behind, memory does not creep
         saw exactly that result
"""

import argparse
import bisect
import collections
import dataclasses
import json
import os
import shutil
import sqlite3
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)

from flows import specs  # noqa: E402

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ENDS = ("step.succeeded", "step.failed", "step.timed_out")
RUN_ENDS = ("run.succeeded", "run.failed", "run.cancelled", "run.timed_out")
ONCE = ("/once", "/flaky", "/second")   # the ledger has the effect of a key once


def id_text(prefix, raw):
    value = int.from_bytes(raw, "big")
    return prefix + "_" + "".join(ALPHABET[(value >> (5 * (25 - i))) & 31] for i in range(26))


def lines_of(path):
    """The whole lines of a file; the last one may still be under way."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return [json.loads(line) for line in file if line.endswith(b"\n")]


@dataclasses.dataclass
class Violation:
    invariant: str
    sentence: str
    run: str = ""
    key: str = ""
    at_us: int = 0


class Evidence:
    """Everything that was written down, in memory, by run."""

    def __init__(self, home, ledger_port):
        self.home = home
        self.specs = specs(ledger_port)
        self.driver = [line for line in lines_of(os.path.join(home, "driver.jsonl"))]
        self.cycles = lines_of(os.path.join(home, "cycles.jsonl"))
        self.faults = sorted(line["at_us"] for line in self.cycles if line["what"] in ("fault", "ready", "start", "gone"))
        self.notes = collections.defaultdict(list)   # (run, path) → ledger lines
        for line in lines_of(os.path.join(home, "ledger.jsonl")):
            self.notes[(line["body"]["run"], line["body"]["path"])].append(line)
        self.seen_events = [line for line in self.driver if line["op"] == "event"]
        self.driver = [line for line in self.driver if line["op"] != "event"]
        self.started = {}     # key → {run, flow, n, at_us} of starts that were acknowledged
        self.published = {}   # name → {id, at_us}
        for line in self.driver:
            if line["phase"] != "ok":
                continue
            if line["op"] == "start":
                self.started.setdefault(line["key"], {"run": line["id"], "flow": line["flow"], "n": line["n"], "at_us": line["at_us"]})
            elif line["op"] == "publish":
                self.published.setdefault(line["name"], {"id": line["id"], "at_us": line["at_us"]})
        # A copy: what was left stays as it was found.
        self.folder = tempfile.mkdtemp(prefix="sluice-judge-")
        for suffix in ("", "-wal"):
            source = os.path.join(home, "data", "sluice.db" + suffix)
            if os.path.exists(source):
                shutil.copyfile(source, os.path.join(self.folder, "sluice.db" + suffix))
        self.database = sqlite3.connect(os.path.join(self.folder, "sluice.db"))

    def close(self):
        self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def select(self, sql, *values):
        return self.database.execute(sql, values).fetchall()

    def journals(self):
        """(run, its records) for every journal, one run at a time."""
        records, last = [], None
        rows = self.database.execute("SELECT run_id, seq, kind, at_us, path, attempt, data, value FROM run_event ORDER BY run_id, seq")
        for raw, *record in rows:
            if raw != last:
                if records:
                    yield id_text("run", last), records
                records, last = [], raw
            records.append(dict(zip(("seq", "kind", "at_us", "path", "attempt", "data", "value"), record)))
        if records:
            yield id_text("run", last), records

    def fault_between(self, begin_us, end_us):
        at = bisect.bisect_left(self.faults, begin_us - 1_000_000)
        return at < len(self.faults) and self.faults[at] <= end_us


# -- the database as a whole

def judge_file(evidence):
    report = [row[0] for row in evidence.select("PRAGMA integrity_check")]
    if report != ["ok"]:
        yield Violation("I9", f"integrity_check: {report[:5]}")
    broken = evidence.select("PRAGMA foreign_key_check")
    if broken:
        yield Violation("I9", f"foreign_key_check found broken references: {broken[:5]}")


def judge_acknowledged(evidence):
    """I1 and I11: what was acknowledged is there, once, whole."""
    runs = {id_text("run", raw): (name, at) for raw, name, at in evidence.select("SELECT id, flow_name, created_at_us FROM run")}
    keys, owners = {}, collections.defaultdict(list)
    for key, answer in evidence.select("SELECT key, answer FROM idempotency_record WHERE route = 'POST /api/v1/flows/{id}/runs'"):
        keys[key] = json.loads(answer)["id"]
        owners[keys[key]].append(key)
    by_run = collections.defaultdict(list)
    for key, told in evidence.started.items():
        by_run[told["run"]].append(key)
        if told["run"] not in runs:
            yield Violation("I1", f"{told['run']} was acknowledged to {key} and is lost", told["run"], key, told["at_us"])
        elif runs[told["run"]][0] != told["flow"]:
            yield Violation("I1", f"{told['run']} is of {runs[told['run']][0]}, not {told['flow']}", told["run"], key, told["at_us"])
        if keys.get(key) != told["run"]:
            yield Violation("I11", f"{key} was told {told['run']}, and its record says {keys.get(key)}", told["run"], key, told["at_us"])
    for run, shared in by_run.items():
        if len(shared) > 1:
            yield Violation("I11", f"{run} was given to the keys {shared}", run, shared[0])
    inner = {id_text("run", raw) for raw, in evidence.select("SELECT id FROM run WHERE parent_run_id IS NOT NULL")}
    for run, (name, at) in runs.items():
        if len(owners[run]) != (run not in inner):
            yield Violation("I11", f"{run} ({name}) has the keys {owners[run]}: a start and its key commit together", run, "", at)
    for run in owners:
        if run not in runs:
            yield Violation("I11", f"the key {owners[run]} has a record, and its run {run} is not there", run, owners[run][0])
    flows = {name: id_text("flw", raw) for name, raw in evidence.select("SELECT name, id FROM flow WHERE deleted_at_us IS NULL")}
    for name, told in evidence.published.items():
        if flows.get(name) != told["id"]:
            yield Violation("I1", f"the flow {name} ({told['id']}) was acknowledged; stored is {flows.get(name)}", "", name, told["at_us"])


def judge_numbers(evidence):
    """I10: no gaps, and the follower saw what is stored."""
    for raw, count, last in evidence.select("SELECT run_id, count(*), max(seq) FROM run_event GROUP BY run_id HAVING count(*) <> max(seq)"):
        yield Violation("I10", f"the journal of {id_text('run', raw)} has {count} records, numbered to {last}", id_text("run", raw))
    stored = {}
    for number, kind, subject, at in evidence.select("SELECT number, type, subject, at_us FROM event ORDER BY number"):
        stored[number] = (kind, subject, at)
    if stored and sorted(stored) != list(range(1, len(stored) + 1)):
        yield Violation("I10", f"the outbox has {len(stored)} events, numbered {min(stored)} to {max(stored)}")
    seen = 0
    for line in evidence.seen_events:
        number = line["number"]
        if number not in stored:
            yield Violation("I10", f"the follower had event {number} ({line['type']}), which is not stored: it was sent before it was "
                                   "committed", line["subject"], "", line["at_us"])
        elif stored[number][:2] != (line["type"], line["subject"]):
            yield Violation("I10", f"the follower had event {number} as {line['type']} of {line['subject']}; stored is {stored[number][:2]}",
                            line["subject"], "", line["at_us"])
        if number != seen + 1:
            yield Violation("I10", f"the follower had event {number} after {seen}", line["subject"], "", line["at_us"])
        seen = number
    evidence.last_seen = seen
    evidence.last_stored = len(stored)


# -- one run

def judge_shape(evidence, run, told, records):
    """I2 and I5 of one run: one start, one end, one result for each step."""
    spec = evidence.specs[told["flow"]]
    kinds = [record["kind"] for record in records]
    at = records[-1]["at_us"]
    if kinds[0] != "run.started" or kinds.count("run.started") != 1:
        yield Violation("I5", f"{run}: its journal begins {kinds[:3]} and starts {kinds.count('run.started')} times", run, "", at)
    ends = [kind for kind in kinds if kind in RUN_ENDS]
    if not ends:
        yield Violation("I2", f"{run} ({told['flow']}) has not ended; its last record is {kinds[-1]} of {records[-1]['path']!r}", run, "", at)
        return
    if len(ends) != 1 + kinds.count("run.retried") or kinds[-1] != ends[-1]:
        yield Violation("I5", f"{run}: its journal ends {ends}, and its last record is {kinds[-1]}", run, "", at)
    stopped = any(kind == "step.unknown" for kind in kinds)
    if spec.signal and kinds.count("run.signalled") != 1 and ends[-1] == "run.succeeded":
        yield Violation("I11", f"{run} was signalled {kinds.count('run.signalled')} times under one key", run, "", at)
    wanted = {spec.status} | ({"cancelled", "succeeded", "failed"} if stopped else set())
    if spec.retry and evidence.under_way:
        wanted.add("failed")  # its client has not asked for the next try yet
    if ends[-1][4:] not in wanted:
        value = records[-1]["value"]
        yield Violation("I2", f"{run} ({told['flow']}) {ends[-1][4:]}, and should have {spec.status}: {value}", run, "", at)
    done, marks, begun = {}, collections.defaultdict(list), collections.defaultdict(int)
    for record in records:
        path, kind = record["path"], record["kind"]
        if kind == "run.retried":  # what succeeded stays, the rest begins anew
            done = {path: end for path, end in done.items() if end == "step.succeeded"}
            begun = collections.defaultdict(int)
        if kind == "step.decided":
            done.pop(path, None)
        if path in done and path:
            yield Violation("I5", f"{run}: {path} had its {done[path]}, and then came {kind}", run, "", record["at_us"])
        if kind == "step.started":
            if record["attempt"] <= begun[path]:
                yield Violation("I5", f"{run}: attempt {record['attempt']} of {path} after attempt {begun[path]}", run, "", record["at_us"])
            begun[path] = record["attempt"]
            marks[path].append(record)
        if kind in ENDS:
            done[path] = kind
    if ends[-1] == "run.succeeded":
        for path in spec.steps:
            if done.get(path) != "step.succeeded" and not (stopped and path in spec.once):
                yield Violation("I5", f"{run} succeeded, and its journal has no end of {path}", run, "", at)
        if spec.output and json.loads(records[-1]["value"]) != spec.output(told["n"]):
            yield Violation("I5", f"{run} gave {records[-1]['value']} of {told['n']}", run, "", at)
    undone = [record["path"] for record in records if record["kind"] == "step.succeeded" and record["path"] in spec.undo]
    if ends[-1] == "run.failed" and tuple(undone) != spec.undo:
        yield Violation("I5", f"{run} failed, and was undone by {undone} instead of {spec.undo}", run, "", at)
    yield from judge_effects(evidence, run, spec, records, done, marks)


def judge_effects(evidence, run, spec, records, done, marks):
    """I3 and I4 of one run: what the ledger has, against the journal."""
    failed = collections.defaultdict(list)
    decided = collections.Counter(record["path"] for record in records if record["kind"] == "step.decided")
    retried = [record["at_us"] for record in records if record["kind"] in ("run.retried", "step.decided")]
    for record in records:
        if record["kind"] == "step.attempt_failed":
            failed[record["path"]].append(record["at_us"])
    outputs = {}
    for record in records:
        if record["kind"] == "step.succeeded" and record["value"] and record["path"] in spec.effects:
            outputs[record["path"]] = json.loads(record["value"]).get("body", {}).get("nonce")
    for path, kind in spec.effects.items():
        notes = evidence.notes.pop((run, path), [])
        effects = [note for note in notes if note["kind"] == "effect"]
        at = notes[0]["at_us"] if notes else 0
        times = [mark["at_us"] for mark in marks[path]]
        keys = {note["key"] for note in notes}
        if done.get(path) == "step.succeeded" and not effects and not decided[path]:
            yield Violation("I3", f"{run}: {path} is recorded as done, and the ledger has no effect of it", run, "", at)
        if len(keys) > 1 or None in keys:
            yield Violation("I3", f"{run}: {path} went out with the keys {sorted(map(str, keys))}", run, "", at)
        if kind in ONCE and len(effects) > 1:
            yield Violation("I3", f"{run}: {path} had {len(effects)} effects at a ledger that honours its key", run, "", effects[1]["at_us"])
        if path in spec.once and len(effects) > 1 + decided[path]:
            yield Violation("I3", f"{run}: {path} says on_unknown: stop and had {len(effects)} effects", run, "", effects[1]["at_us"])
        if outputs.get(path) is not None and not decided[path] and outputs[path] not in {note["nonce"] for note in notes}:
            yield Violation("I5", f"{run}: the recorded result of {path} is no answer that the ledger gave", run, "", at)
        for note in notes:
            seen = note["body"].get("seen")
            if seen and seen["nonce"] != outputs.get(seen["path"]):
                yield Violation("I5", f"{run}: {path} was given {seen['nonce']} of {seen['path']}, whose recorded result is "
                                      f"{outputs.get(seen['path'])}", run, "", note["at_us"])
        if not spec.strict:
            continue
        for count, note in enumerate(notes, 1):
            if bisect.bisect_right(times, note["at_us"]) < count:
                yield Violation("I4", f"{run}: request {count} of {path} arrived with {bisect.bisect_right(times, note['at_us'])} start marks "
                                      "before it", run, "", note["at_us"])
        for begin, end in zip(times, times[1:]):
            if any(begin <= t <= end for t in failed[path] + retried) or evidence.fault_between(begin, end):
                continue
            yield Violation("I3", f"{run}: {path} was started again without a failed attempt or a crash between", run, "", end)


def judge_runs(evidence, under_way):
    told_of = {told["run"]: told for told in evidence.started.values()}
    within = collections.Counter()
    rows = evidence.select("SELECT id, parent_run_id, flow_name, created_at_us FROM run WHERE parent_run_id IS NOT NULL")
    for run, parent, name, at in rows:
        run, parent = id_text("run", run), id_text("run", parent)
        if parent in told_of:
            told_of[run] = {**told_of[parent], "run": run, "flow": name, "at_us": at}
            within[parent] += 1
    for run, told in list(told_of.items()):
        if within[run] > 1 or (not under_way and within[run] != bool(evidence.specs[told["flow"]].inner)):
            yield Violation("I11", f"{run} ({told['flow']}) has {within[run]} runs within", run, "", told["at_us"])
    started, ended, queued = collections.Counter(), collections.Counter(), collections.Counter()
    for kind, subject in evidence.select("SELECT type, subject FROM event"):
        if kind == "run.started":
            started[subject] += 1
        elif kind == "run.queued":
            queued[subject] += 1
        elif kind in RUN_ENDS:
            ended[subject] += 1
    statuses = {id_text("run", raw): status for raw, status in evidence.select("SELECT id, status FROM run")}
    passed_over = set()
    open_jobs = {id_text("run", raw[0]) for raw in evidence.select("SELECT run_id FROM job")}
    for run, records in evidence.journals():
        told = told_of.pop(run, None)
        if under_way and (told is None or records[-1]["kind"] not in RUN_ENDS):
            passed_over.add(run)
            continue
        if told is None:
            yield Violation("I11", f"{run} has a journal, and nobody was told of it", run, "", records[0]["at_us"])
            continue
        yield from judge_shape(evidence, run, told, records)
        # A run that was cancelled while it was queued never started.
        starts = 0 if started[run] == 0 and queued[run] == 1 and not any(record["path"] for record in records) else 1
        if (started[run], ended[run]) != (starts, 1 + sum(record["kind"] == "run.retried" for record in records)):
            yield Violation("I10", f"the outbox tells of {started[run]} starts and {ended[run]} ends of {run}", run, "", records[-1]["at_us"])
        if records[-1]["kind"] in RUN_ENDS and statuses.get(run) != records[-1]["kind"][4:]:
            yield Violation("I5", f"{run} is {statuses.get(run)}, and its journal ends with {records[-1]['kind']}", run, "", records[-1]["at_us"])
        if records[-1]["kind"] in RUN_ENDS and run in open_jobs:
            yield Violation("I13", f"{run} has ended, and its job is left", run, "", records[-1]["at_us"])
    for subject in started:
        if subject not in statuses and subject.startswith("run_"):
            yield Violation("I10", f"the outbox tells of {subject}, which is not stored", subject)
    for run, told in told_of.items():
        yield Violation("I1", f"{run} was acknowledged and has no journal", run, "", told["at_us"])
    for (run, path), notes in evidence.notes.items():
        if run in passed_over:
            continue
        if run not in statuses:
            yield Violation("I4", f"the ledger has an effect of {run} ({path}), which is not stored", run, "", notes[0]["at_us"])
        else:
            yield Violation("I3", f"the ledger has {len(notes)} requests of {run} at {path}, where no effect belongs", run, "", notes[0]["at_us"])


def judge_driver(evidence):
    for line in evidence.driver:
        if line["phase"] == "wrong":
            yield Violation("driver", line["sentence"], line.get("id") or line.get("run") or "", line.get("key") or "", line["at_us"])


# -- what is printed

def slice_around(evidence, violation, most=70):
    """What happened to the run, from all four sources, in the order of time."""
    out, run, key = [], violation.run, violation.key
    if run and not key:
        key = next((k for k, told in evidence.started.items() if told["run"] == run), "")
    for line in evidence.driver:
        if (run and run in (line.get("id"), line.get("run"))) or (key and line.get("key") == key):
            out.append((line["at_us"], "driver ", {k: v for k, v in line.items() if k != "at_us"}))
    calls = {(line["client"], line["call"]) for _, _, line in out if "call" in line}
    out += [(line["at_us"], "driver ", {k: v for k, v in line.items() if k != "at_us"}) for line in evidence.driver
            if line["phase"] == "unknown" and (line.get("client"), line.get("call")) in calls]
    for line in lines_of(os.path.join(evidence.home, "ledger.jsonl")):
        if run and line["body"].get("run") == run:
            out.append((line["at_us"], "ledger ", {k: v for k, v in line.items() if k != "at_us"}))
    for name, records in evidence.journals():
        if run and name == run:
            out += [(r["at_us"], "journal", {k: (v[:200] if isinstance(v, str) else v) for k, v in r.items() if k != "at_us"}) for r in records]
    for line in evidence.seen_events:
        if run and line["subject"] == run:
            out.append((line["at_us"], "event  ", {"number": line["number"], "type": line["type"]}))
    first = min((at for at, _, _ in out), default=violation.at_us) - 200_000
    last = max((at for at, _, _ in out), default=violation.at_us) + 200_000
    out += [(line["at_us"], "FAULT  ", {k: v for k, v in line.items() if k != "at_us"}) for line in evidence.cycles
            if first <= line["at_us"] <= last]
    out.sort(key=lambda item: item[0])
    if len(out) > most:
        centre = bisect.bisect_left([at for at, _, _ in out], violation.at_us)
        out = out[max(0, centre - most // 2):centre + most // 2]
    begin = out[0][0] if out else 0
    return [f"  {(at - begin) / 1000:10.3f} ms  {source}  {json.dumps(line, ensure_ascii=False)}" for at, source, line in out]


def judge(home, ledger_port, under_way=False):
    """(violations, by time; counts). Prints the first with its slice."""
    evidence = Evidence(home, ledger_port)
    evidence.under_way = under_way
    try:
        found = [*judge_driver(evidence), *judge_file(evidence)]
        if not found or not any(v.invariant == "I9" for v in found):
            found += [*judge_acknowledged(evidence), *judge_numbers(evidence)]
            requests = sum(map(len, evidence.notes.values()))
            effects = sum(note["kind"] == "effect" for notes in evidence.notes.values() for note in notes)
            if not under_way and evidence.last_seen != evidence.last_stored:
                found.append(Violation("I10", f"the follower had {evidence.last_seen} of {evidence.last_stored} events"))
            found += judge_runs(evidence, under_way)
            counts = {"runs": len(evidence.started), "flows": len(evidence.published), "requests": requests, "effects": effects,
                      "events": evidence.last_stored, "unknown_calls": sum(line["phase"] == "unknown" for line in evidence.driver),
                      "records": evidence.select("SELECT count(*) FROM run_event")[0][0],
                      "unknown_steps": evidence.select("SELECT count(*) FROM run_event WHERE kind = 'step.unknown'")[0][0]}
        else:
            counts = {}
        found.sort(key=lambda violation: violation.at_us)
        if found:
            first = found[0]
            print(f"VIOLATION of {first.invariant}: {first.sentence}")
            print("\n".join(slice_around(evidence, first)))
            by = collections.Counter(violation.invariant for violation in found)
            print(f"{len(found)} violations in all: {dict(by)}")
            for violation in found[1:8]:
                print(f"  also {violation.invariant}: {violation.sentence}")
            print(f"kept for a look: {home}", flush=True)
        return found, counts
    finally:
        evidence.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("home")
    parser.add_argument("--under-way", action="store_true")
    parser.add_argument("--ledger-port", type=int, default=1)
    arguments = parser.parse_args()
    found, counts = judge(arguments.home, arguments.ledger_port, arguments.under_way)
    print("judged " + json.dumps(counts))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
