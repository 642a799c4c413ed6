// What the mock has billed, in memory and, fsynced line by line, in a file that outlives everybody's crash.

import { fsyncSync, openSync, writeSync } from "node:fs";

export class Ledger {
    constructor(path) {
        this.entries = [];
        this.file = path ? openSync(path, "a") : null;
        this.attempts = new Map();
    }

    /** How often this very text was sent, this time included. */
    attempt(text) {
        const count = (this.attempts.get(text) ?? 0) + 1;
        this.attempts.set(text, count);
        return count;
    }

    add(entry) {
        this.entries.push(entry);
        if (this.file !== null) {
            writeSync(this.file, `${JSON.stringify(entry)}\n`);
            fsyncSync(this.file);
        }
    }

    clear() {
        this.entries = [];
        this.attempts.clear();
    }
}
