// Where the suites of the SDKs run: told by the environment.
//
// GATEWAY_SDKS       the folder that tests/gateway/install filled
// GATEWAY_URL        http://127.0.0.1:PORT, of Sluice or of the mock itself
// GATEWAY_KEY, GATEWAY_BROKE_KEY    a key, and one without money
// GATEWAY_MODEL, GATEWAY_EMBEDDING_MODEL    names that end in mock-10-20 and mock-4-0
// GATEWAY_UPSTREAM   what the model's provider speaks: openai, openai_compatible, azure_openai, anthropic, bedrock, gemini
// GATEWAY_MOCK       the mock's own address
// GATEWAY_WITHOUT    what is not offered here, by commas; those tests say so and are skipped

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { digestOf } from "./mock/result.mjs";

const of = (name) => process.env[`GATEWAY_${name}`] ?? "";
for (const name of ["SDKS", "URL", "KEY", "BROKE_KEY", "MODEL", "EMBEDDING_MODEL", "UPSTREAM", "MOCK"]) {
    if (!of(name)) throw new Error(`set GATEWAY_${name}: see tests/gateway/setting.mjs`);
}

export const url = of("URL");
export const key = of("KEY");
export const brokeKey = of("BROKE_KEY");
export const model = of("MODEL");
export const embeddingModel = of("EMBEDDING_MODEL");
export const upstream = of("UPSTREAM");
const without = new Set(of("WITHOUT").split(",").filter(Boolean));

/** The format that the provider speaks to a client of `door` ("chat", "responses", "anthropic", "gemini"). */
export const format = { anthropic: "anthropic", bedrock: "anthropic", gemini: "gemini" }[upstream] ?? "openai";

export const sdk = createRequire(join(of("SDKS"), "tests.js"));

/** Options of a test that needs all of these. */
export function needs(...features) {
    const missing = features.filter((feature) => without.has(feature));
    return { skip: missing.length ? `${missing.join(", ")}: not offered here` : false, timeout: 60_000 };
}

/** Marks a text, so that its calls are found in the mock's ledger, and no other test counts as another attempt of it. */
export function marked(text) {
    const mark = randomUUID();
    return { mark, text: `${text} [[mark:${mark}]]` };
}
export const unique = (text) => marked(text).text;

const mock = async (path) => (await fetch(`${of("MOCK")}${path}`)).json();

/** The entries of a mark's calls once `judge` likes them. */
export async function ledger(mark, judge = (entries) => entries.length > 0) {
    const end = Date.now() + 30_000;
    for (;;) {
        const entries = (await mock("/ledger")).filter((entry) => entry.mark === mark);
        if (judge(entries)) return entries;
        assert.ok(Date.now() < end, `the ledger has ${JSON.stringify(entries)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

/** How often the vendor was asked. */
export const attempts = async (mark) => (await mock(`/requests?mark=${mark}`)).length;

export const WORDS = Array.from({ length: 20 }, (_, i) => `w${String(i).padStart(2, "0")} `).join("");
export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const PNG_DIGEST = digestOf(Buffer.from(PNG, "base64"));

export const WEATHER = {
    name: "get_weather",
    description: "The weather of a city",
    parameters: {
        type: "object",
        properties: { city: { type: "string", description: "Its name" }, days: { type: "integer" } },
        required: ["city"],
    },
};
export const CLOCK = {
    name: "get_time",
    description: "The time there",
    parameters: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] },
};
export const CALLS = '[[call:get_weather {"city":"Zürich","days":2}]] [[call:get_time {"zone":"Europe/Zurich"}]]';
export const CALLED = [
    ["get_weather", { city: "Zürich", days: 2 }],
    ["get_time", { zone: "Europe/Zurich" }],
];
export const ANSWER = {
    type: "object",
    additionalProperties: false,
    required: ["city", "days"],
    properties: { city: { type: "string" }, days: { type: "integer" } },
};

/** Tools as the mock describes them, whatever a format did to the case of types ("OBJECT"). */
export const plainTools = (tools) =>
    JSON.parse(JSON.stringify(tools), (name, value) => (name === "type" && typeof value === "string" ? value.toLowerCase() : value));
export const ABOUT_TOOLS = [WEATHER, CLOCK];

/** The error that a promise ends with. */
export async function failure(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    return assert.fail("it did not fail");
}
