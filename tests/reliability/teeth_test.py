"""Shows that the tests of reliability have teeth: with each seeded bug, one of them must fail.

    teeth_test.py FOLDER [BUG …] [--seed N] [--record FILE]

FOLDER is a build with SLUICE_TEETH=ON (scripts/teeth makes it). First the nets run over the same binary without a bug, and must
find nothing. Exit code 0: every bug was caught. Storage has seeded bugs of its own, caught in scripts/test: tests/storage/teeth.cpp.
"""

import argparse
import dataclasses
import os
import re
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "system"))

import house  # noqa: E402

CYCLES = 60


@dataclasses.dataclass
class Bug:
    name: str
    net: str                 # loop | twins | the program of a module's tests
    tests: str = ""          # which of them: a Catch2 filter
    says: str = ""           # what a report of this bug must hold, so that it is not caught by accident


BUGS = [
    Bug("answer_before_commit", "loop", says="I1|I11|is lost|cannot be read"),
    Bug("no_fencing", "twins", says="I5|I10|I3"),
    Bug("attempt_in_effect_key", "loop", says="I3"),
    Bug("idempotency_second_transaction", "loop", says="I11|the key|driver"),
    Bug("outbox_before_commit", "loop", says="I10"),
    Bug("journal_entry_lost_at_container_end", "loop", says="I5"),
]


def net_of(folder, bug, name, seed):
    """The command of a bug's net."""
    if bug.net in ("loop", "twins"):
        command = [sys.executable, os.path.join(here, "kill_loop.py"), os.path.join(folder, "sluice_teeth"), "--cycles", str(CYCLES),
                   "--seed", str(seed), "--judge-every", "10", "--pace", "0.05"]
        return command + (["--teeth", name] if name else []) + (["--twins"] if bug.net == "twins" else [])
    return [os.path.join(folder, bug.net), bug.tests]


def run(folder, bug, name, seed):
    """(whether the net failed, its output, seconds)"""
    began = time.monotonic()
    done = subprocess.run(net_of(folder, bug, name, seed), env=house.clean_environment({"SLUICE_TEETH": name} if name else None),
                          capture_output=True, text=True, errors="replace", timeout=1200)
    return done.returncode != 0, done.stdout + done.stderr, time.monotonic() - began


def caught_by(bug, text):
    """One line of what the net said, and when."""
    cycles = re.findall(r"^after (\d+) cycles", text, re.M)
    found = re.findall(r"^(?:VIOLATION of|BROKEN:) (.*)", text, re.M) or re.findall(r"^.*FAILED:.*$", text, re.M) or [text[-200:]]
    at = f"by cycle {cycles[-1] if cycles and 'VIOLATION' in text and not text.rstrip().endswith('held') else CYCLES}"
    said = re.sub(r"(run|flw|evt)_[0-9a-z]{26}", r"\1_…", found[0])[:140]
    return (at + ": " if bug.net in ("loop", "twins") else "") + said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("bugs", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", help="a file that the table is written to")
    arguments = parser.parse_args()
    folder = os.path.abspath(arguments.folder)
    bugs = [bug for bug in BUGS if not arguments.bugs or bug.name in arguments.bugs]
    unknown = set(arguments.bugs) - {bug.name for bug in BUGS}
    if unknown:
        sys.exit(f"no seeded bug is called {sorted(unknown)}; there are {[bug.name for bug in BUGS]}")
    rows, missed = [], []
    for net in sorted({(bug.net, bug.tests) for bug in bugs}):
        failed, text, took = run(folder, Bug("", *net), "", arguments.seed)
        print(f"without a bug: {' '.join(net)} {'FAILED' if failed else 'finds nothing'}, {took:.0f} s", flush=True)
        if failed:
            sys.exit(f"the net {net} fails without any bug:\n{text[-4000:]}")
    for bug in bugs:
        failed, text, took = run(folder, bug, bug.name, arguments.seed)
        right = failed and (not bug.says or re.search(bug.says, text))
        what = caught_by(bug, text) if failed else "NOT CAUGHT"
        print(f"{bug.name}: {what} ({took:.0f} s)", flush=True)
        rows.append(f"| `{bug.name}` | {bug.net}{' ' + bug.tests if bug.tests else ''} | {what.replace('|', '/')} | {took:.0f} s |")
        for kept in re.findall(r"^kept for a look: (\S+)", text, re.M):
            subprocess.run(["rm", "-rf", kept], check=False)
        if not right:
            missed.append(bug.name)
            print(text[-3000:])
    if arguments.record:
        with open(arguments.record, "w", encoding="utf-8") as file:
            file.write("| seeded bug | net | caught | took |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
    if missed:
        sys.exit(f"these seeded bugs were not caught: {missed}")
    print(f"all {len(bugs)} seeded bugs were caught")


if __name__ == "__main__":
    main()
