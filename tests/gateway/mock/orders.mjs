// What a request orders from the mock: by its model's name and by [[orders]] in the last text of its user.
//
// Model names: anything that holds mock-IN-OUT, such as "mock-10-20": 10 input and 20 output tokens; OUT may be "max": as
// many as the request allows. A name that holds "missing" is not known.
// Orders: [[name]], [[name:value key=value flag]]; tests/gateway/upstream.mjs lists them.

const VERBATIM = new Set(["call", "echo", "json", "mark"]);

/** The orders of a text: {name: {value, key: value, flag: true}}; `calls` is the list of [[call:NAME JSON]]. */
export function ordersOf(text) {
    const orders = { calls: [] };
    for (const [, inner] of text.matchAll(/\[\[(.*?)\]\](?!\])/gs)) {
        const [, name, rest] = /^([a-z_0-9]+)(?:[:=]|\s+|$)(.*)$/s.exec(inner) ?? [];
        if (!name) continue;
        if (name === "call") {
            const [, tool, json] = /^(\S+)\s*(.*)$/s.exec(rest);
            orders.calls.push({ name: tool, arguments: json || "{}" });
        } else if (VERBATIM.has(name)) {
            orders[name] = { value: rest };
        } else {
            const order = {};
            rest.split(/\s+/)
                .filter(Boolean)
                .forEach((word, place) => {
                    const at = word.indexOf("=");
                    if (at > 0) order[word.slice(0, at)] = word.slice(at + 1);
                    else if (place === 0) order.value = word;
                    else order[word] = true;
                });
            orders[name] = order;
        }
    }
    return orders;
}

export const number = (order, fallback, key = "value") => Number(order?.[key] ?? fallback);

/** Input and output tokens that the model's name says; out is Infinity for "max". */
export function tokensOf(model) {
    const found = /mock-(\d+)-(\d+|max)/.exec(model ?? "");
    return found ? { in: Number(found[1]), out: found[2] === "max" ? Infinity : Number(found[2]) } : { in: 10, out: 20 };
}

/** A value of a JSON schema: the same for the same schema. */
export function sampleOf(schema, root = schema) {
    if (schema === true || schema == null) return "any";
    if (schema.$ref) {
        const path = schema.$ref.replace(/^#\//, "").split("/");
        return sampleOf(
            path.reduce((value, key) => value[key], root),
            root,
        );
    }
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    const choice = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (choice) return sampleOf(choice[0], root);
    const type = String(Array.isArray(schema.type) ? schema.type[0] : (schema.type ?? "object")).toLowerCase(); // Gemini: "OBJECT"
    switch (type) {
        case "string":
            return "text";
        case "integer":
            return 7;
        case "number":
            return 1.5;
        case "boolean":
            return true;
        case "null":
            return null;
        case "array":
            return [sampleOf(schema.items ?? true, root)];
        default:
            return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, sampleOf(inner, root)]));
    }
}

/**
 * A vector that depends on the text alone; every part is exact in 32 bits, so that base64 and decimals are the same. A text
 * may order its own: [[vector:1,0,0.5]].
 */
export function vectorOf(text, dimensions) {
    const ordered = /\[\[vector:([-0-9.,]+)\]\]/.exec(text);
    if (ordered) return ordered[1].split(",").map(Number);
    let state = 2166136261;
    for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 16777619) >>> 0;
    return Array.from({ length: dimensions }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (((state >>> 8) % 256) - 128) / 128;
    });
}
