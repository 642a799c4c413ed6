"""Rows of the ledger, and what a crash leaves granted, written into the database of a server that is down: for tests that need money
to have been spent and no model to spend it on."""

import contextlib
import os
import sqlite3
import struct
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def raw_id(text):
    """The 16 bytes of an id such as bdg_01j9…"""
    value = 0
    for letter in text.rpartition("_")[2]:
        value = value << 5 | ALPHABET.index(letter)
    return value.to_bytes(17, "big")[1:]


def shown_id(prefix, raw):
    value, letters = int.from_bytes(raw, "big"), ""
    for _ in range(26):
        value, rest = divmod(value, 32)
        letters = ALPHABET[rest] + letters
    return f"{prefix}_{letters}"


def new_id(at_us=None):
    """UUIDv7 bytes of that moment, default: now."""
    at_ms = (at_us if at_us is not None else time.time_ns() // 1000) // 1000
    rest = bytearray(os.urandom(10))
    rest[0], rest[2] = 0x70 | rest[0] & 0x0F, 0x80 | rest[2] & 0x3F
    return struct.pack(">Q", at_ms)[2:] + bytes(rest)


@contextlib.contextmanager
def offline(server):
    """The database while the server is down; afterwards it is up again."""
    if server.process is not None:
        server.kill()
    with contextlib.closing(sqlite3.connect(server.database(), timeout=30)) as database:
        with database:
            yield database
    server.start()


def add_spend(database, workspace, at_us=None, cost_nano_usd=0, **columns):
    """One row; the id it is shown by."""
    raw = new_id(at_us)
    row = {"workspace_id": raw_id(workspace), "id": raw, "at_us": at_us if at_us is not None else time.time_ns() // 1000, "status": "ok",
           "cost_nano_usd": cost_nano_usd, "tags": None, **columns}
    for name, kind in [(column[1], column[2]) for column in database.execute("PRAGMA table_info(spend)")]:
        row.setdefault(name, "" if kind == "TEXT" else 0)
    database.execute(f"INSERT INTO spend ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    return shown_id("spd", raw)


def leave_granted(database, budget, nano_usd):
    """As if a process had ended while it held so much of the budget's present period."""
    changed = database.execute("UPDATE budget_period SET granted_nano_usd = ? WHERE budget_id = ? AND period_start_us = "
                               "(SELECT max(period_start_us) FROM budget_period WHERE budget_id = ?)",
                               (nano_usd, raw_id(budget), raw_id(budget))).rowcount
    if changed != 1:
        raise AssertionError(f"no period of {budget}")
