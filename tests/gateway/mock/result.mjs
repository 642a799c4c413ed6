// From a request that a vendor's file has read (an "ask") to what the model answers, in no vendor's format.
//
// ask: {model, system, turns: [{role, blocks}], tools, choice, parallel, schema, max, stream, thinking, params}
// blocks: {kind: "text" | "image" | "file" | "audio" | "call" | "result" | "thinking" | "redacted", …}
// result: {blocks: [{kind: "thinking", text, signature} | {kind: "text", pieces} | {kind: "call", id, name, arguments}],
//          stop: "end" | "length" | "call", usage: {in, read, write, hour, out, think}}

import { createHash, createHmac } from "node:crypto";
import { number, ordersOf, sampleOf, tokensOf } from "./orders.mjs";

export const SIGNING = "mock vendor";

/** What a vendor signs of a thought; has the characters that careless code breaks. */
export function signatureOf(vendor, text) {
    return createHmac("sha256", `${SIGNING} ${vendor}`).update(text).digest("base64") + "+/==";
}

export const digestOf = (data) => createHash("sha256").update(data).digest("hex").slice(0, 16);

export function lastUserText(ask) {
    for (let i = ask.turns.length - 1; i >= 0; --i) {
        const { role, blocks } = ask.turns[i];
        const text = blocks
            .filter((block) => block.kind === "text")
            .map((block) => block.text)
            .join("\n");
        if (role === "user" && text) return text;
    }
    return "";
}

/** The results that stand at the very end of the conversation; empty: it ends with words. */
export function freshResults(ask) {
    const results = [];
    for (let i = ask.turns.length - 1; i >= 0; --i) {
        const { role, blocks } = ask.turns[i];
        if (role !== "user" || !blocks.some((block) => block.kind === "result")) break;
        results.unshift(...blocks.filter((block) => block.kind === "result"));
    }
    return results;
}

/** What the mock understood, as one JSON text: the same whichever vendor's format it came in. */
function description(ask) {
    const block = (b) => {
        switch (b.kind) {
            case "text":
                return { text: b.text };
            case "call":
                return { call: b.name, arguments: JSON.parse(b.arguments || "{}") };
            case "result":
                return { result: b.text, ...(b.name ? { name: b.name } : {}), ...(b.error ? { error: true } : {}) };
            case "thinking":
                return { thinking: b.text };
            case "redacted":
                return { redacted: b.data };
            default:
                return b.url ? { [b.kind]: b.url } : { [b.kind]: b.media, digest: digestOf(Buffer.from(b.data, "base64")) };
        }
    };
    return JSON.stringify({
        system: ask.system,
        turns: ask.turns.map((turn) => ({ role: turn.role, blocks: turn.blocks.map(block) })),
        tools: ask.tools.map((tool) => ({ name: tool.name, description: tool.description, parameters: tool.parameters })),
        choice: ask.choice ?? "auto",
        parallel: ask.parallel ?? true,
        schema: ask.schema ?? null,
        max: ask.max ?? null,
        ...ask.params,
    });
}

/** Cut by code points, so that a piece is valid text; the wire may cut it further. */
function cut(text, size) {
    const points = Array.from(text);
    const pieces = [];
    for (let i = 0; i < points.length; i += size) pieces.push(points.slice(i, i + size).join(""));
    return pieces;
}

/** Whole numbers without a leading zero differ in length; these words are four bytes each: one token by any count. */
const word = (i) => `w${String(i % 100).padStart(2, "0")} `;

export function resultOf(ask, vendor, serial) {
    const orders = ordersOf(lastUserText(ask));
    const named = tokensOf(ask.model);
    const usage = {
        in: number(orders.usage, named.in, "in"),
        read: number(orders.usage, 0, "read"),
        write: number(orders.usage, 0, "write"),
        hour: number(orders.usage, 0, "hour"),
        think: number(orders.usage, 0, "think"),
        out: number(orders.usage, named.out, "out"),
    };
    const blocks = [];
    let stop = "end";
    const most = ask.max ?? 4096;
    if (usage.out >= most) {
        if (usage.out > most && usage.out !== Infinity) stop = "length";
        usage.out = most;
    }

    if (ask.thinking || orders.think) {
        const text = `thought ${digestOf(lastUserText(ask))} ✓`;
        blocks.push({ kind: "thinking", text, signature: signatureOf(vendor, text) });
        usage.think ||= Math.min(3, usage.out);
    }
    const results = freshResults(ask);
    const say = (text, size = 6) => blocks.push({ kind: "text", pieces: cut(text, size) });
    const wanted = ask.choice && typeof ask.choice === "object" ? [ask.choice.name] : ask.choice === "required" ? [ask.tools[0]?.name] : [];
    const calls = results.length
        ? []
        : orders.calls.length
          ? orders.calls
          : wanted.map((name) => ({
                name,
                arguments: JSON.stringify(sampleOf(ask.tools.find((tool) => tool.name === name)?.parameters ?? {})),
            }));

    if (orders.describe) say(description(ask), 40);
    else if (results.length) say(`results: ${results.map((result) => `${result.error ? "error " : ""}${result.text}`).join("; ")}`);
    else if (ask.schema) say(orders.json?.value ?? JSON.stringify(sampleOf(ask.schema)));
    else if (orders.echo) say(orders.echo.value);
    else if (orders.size) blocks.push({ kind: "text", pieces: sized(number(orders.size, 1024), number(orders.chunks, 50)) });
    else if (!calls.length || orders.preface) {
        const count = number(orders.chunks, Math.max(0, usage.out - usage.think));
        blocks.push({ kind: "text", pieces: Array.from({ length: count }, (_, i) => word(i)) });
    }
    calls.forEach((call, i) => blocks.push({ kind: "call", id: `call_${serial}_${i}`, name: call.name, arguments: call.arguments }));
    if (calls.length) stop = "call";
    return { blocks, stop, usage, orders, interleave: Boolean(orders.interleave) };
}

function sized(bytes, chunks) {
    const each = Math.max(1, Math.ceil(bytes / chunks));
    return Array.from({ length: Math.ceil(bytes / each) }, (_, i) => "x".repeat(Math.min(each, bytes - i * each)));
}

export const textOf = (result) =>
    result.blocks
        .filter((b) => b.kind === "text")
        .map((b) => b.pieces.join(""))
        .join("");

/** Replaces the counts in a usage object of any vendor by what the request ordered; undefined: no usage at all. */
export function spoiled(usage, orders) {
    const all = (value) =>
        Object.fromEntries(Object.entries(usage).map(([name, count]) => [name, typeof count === "number" ? value : count]));
    if (orders.usage_missing) return undefined;
    if (orders.usage_zero) return all(0);
    if (orders.usage_negative) return all(-1000000);
    if (orders.usage_absurd) return all(1e15);
    if (orders.usage_overflow) return all("OVERFLOW"); // becomes a number of 20 digits when it is written
    if (orders.usage_text) return all("many");
    return usage;
}

/** JSON as a vendor writes it; the one number that JavaScript cannot hold is put in here. */
export const write = (value) => JSON.stringify(value).replaceAll('"OVERFLOW"', "92233720368547758070");
