// The vendors' SDKs, unchanged, against limits of the gateway. Setting: setting.mjs, and GATEWAY_ONCE_OPENAI, …_ANTHROPIC, …_GEMINI: keys with
// one request a minute; GATEWAY_QUICK_OPENAI, …_ANTHROPIC: keys with a hundred and twenty.

import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, model, needs, sdk, url, WORDS } from "./setting.mjs";

const OpenAI = sdk("openai");
const Anthropic = sdk("@anthropic-ai/sdk");
const { ApiError, GoogleGenAI } = sdk("@google/genai");
const key = (name) => process.env[`GATEWAY_${name}`];
const messages = [{ role: "user", content: "hello" }];
const inOpenAi = (client) => client.chat.completions.create({ model, max_tokens: 50, messages });
const inAnthropic = (client) => client.messages.create({ model, max_tokens: 50, messages });

/** A fetch that writes down the statuses it saw. */
function watched(statuses) {
    return async (...request) => {
        const response = await fetch(...request);
        statuses.push(response.status);
        return response;
    };
}

test("OpenAI's SDK raises RateLimitError, with the wait in its headers", needs(), async () => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key("ONCE_OPENAI"), maxRetries: 0 });
    const { data, response } = await client.chat.completions.create({ model, max_tokens: 50, messages }).withResponse();
    assert.equal(data.choices[0].message.content, WORDS);
    assert.equal(response.headers.get("x-ratelimit-remaining-requests"), "0");
    const error = await failure(inOpenAi(client));
    assert.ok(error instanceof OpenAI.RateLimitError, String(error));
    assert.deepEqual([error.status, error.code, error.type], [429, "rate_limit_exceeded", "rate_limit_error"]);
    assert.ok(Number(error.headers.get("retry-after-ms")) > 0);
});

test("Anthropic's SDK raises RateLimitError, with the wait in its headers", needs(), async () => {
    const client = new Anthropic({ baseURL: url, apiKey: key("ONCE_ANTHROPIC"), maxRetries: 0 });
    assert.equal((await inAnthropic(client)).content[0].text, WORDS);
    const error = await failure(inAnthropic(client));
    assert.ok(error instanceof Anthropic.RateLimitError, String(error));
    assert.deepEqual([error.status, error.error.error.type], [429, "rate_limit_error"]);
    assert.equal(error.headers.get("anthropic-ratelimit-requests-remaining"), "0");
    assert.ok(Number(error.headers.get("retry-after")) > 0);
});

test("Google's SDK raises ApiError with 429", needs(), async () => {
    const client = new GoogleGenAI({ apiKey: key("ONCE_GEMINI"), httpOptions: { baseUrl: url } });
    const ask = () => client.models.generateContent({ model, contents: "hello", config: { maxOutputTokens: 50 } });
    assert.equal((await ask()).text, WORDS);
    const error = await failure(ask());
    assert.deepEqual([error instanceof ApiError, error.status], [true, 429], String(error));
    assert.equal(JSON.parse(error.message).error.status, "RESOURCE_EXHAUSTED");
});

for (const [name, make, ask] of [
    ["OpenAI", (fetch) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key("QUICK_OPENAI"), fetch }), inOpenAi],
    ["Anthropic", (fetch) => new Anthropic({ baseURL: url, apiKey: key("QUICK_ANTHROPIC"), fetch }), inAnthropic],
])
    test(`${name}'s SDK waits as it is told, and is answered then`, needs(), async () => {
        const statuses = [];
        const client = make(watched(statuses));
        await Promise.all(Array.from({ length: 120 }, () => ask(client)));
        while (!statuses.includes(429)) assert.ok(await ask(client));
        assert.equal(statuses.at(-1), 200);
    });
