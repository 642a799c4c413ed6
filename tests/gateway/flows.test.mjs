// The SDKs of OpenAI, Anthropic and Google, unchanged, against a flow as a model. Setting: setting.mjs; GATEWAY_MODEL is
// `flow/NAME` of a flow that answers with its input, GATEWAY_TALKER that of one whose last step is a model that streams.

import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, key, model, needs, sdk, unique, url } from "./setting.mjs";

const talker = process.env.GATEWAY_TALKER;
const OpenAI = sdk("openai");
const Anthropic = sdk("@anthropic-ai/sdk");
const { GoogleGenAI } = sdk("@google/genai");
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const google = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
const said = (text) => [{ role: "user", content: text }];

test("OpenAI: an answer, its usage and its run", needs(), async () => {
    const text = unique("hello");
    const { data, response } = await openai.chat.completions.create({ model, messages: said(text) }).withResponse();
    assert.deepEqual([data.object, data.model, data.choices[0].message.content, data.choices[0].finish_reason],
        ["chat.completion", model, text, "stop"]);
    assert.equal(data.usage.total_tokens, 0); // no model was called
    assert.match(response.headers.get("sluice-run-id"), /^run_/);
    assert.equal(response.headers.get("x-sluice-cost-usd"), "0");
});

test("OpenAI: a stream, its deltas and its usage", needs(), async () => {
    const stream = await openai.chat.completions.create({
        model: talker, stream: true, stream_options: { include_usage: true }, messages: said(unique("tell me [[gap:20]]")) });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const pieces = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").filter(Boolean);
    const whole = await openai.chat.completions.create({ model: talker, messages: said("other") });
    assert.ok(pieces.length > 1, `the step's own pieces, not one: ${JSON.stringify(pieces)}`);
    assert.ok(pieces.join("").length > 0 && whole.choices[0].message.content.length > 0);
    assert.ok(chunks.at(-1).usage.prompt_tokens > 0 && chunks.at(-1).usage.completion_tokens > 0, JSON.stringify(chunks.at(-1)));
});

test("OpenAI: responses, whole and streamed", needs(), async () => {
    const text = unique("hello");
    const whole = await openai.responses.create({ model, input: text, instructions: "be brief" });
    assert.deepEqual([whole.status, whole.output_text], ["completed", text]);
    let streamed = "", completed;
    for await (const event of await openai.responses.create({ model, input: text, stream: true })) {
        if (event.type === "response.output_text.delta") streamed += event.delta;
        if (event.type === "response.completed") completed = event.response;
    }
    assert.deepEqual([streamed, completed.output_text ?? completed.output[0].content[0].text], [text, text]);
});

test("OpenAI: flows are listed and read", needs(), async () => {
    const listed = [];
    for await (const each of openai.models.list()) listed.push(each.id);
    assert.ok(listed.includes(model), listed.join());
    assert.deepEqual((await openai.models.retrieve(model)).owned_by, "flow");
});

test("OpenAI: a flow that is not there is no model", needs(), async () => {
    const error = await failure(openai.chat.completions.create({ model: "flow/not-there", messages: said("x") }));
    assert.ok(error instanceof OpenAI.NotFoundError, error);
    assert.equal(error.code, "model_not_found");
});

test("Anthropic: an answer and a stream", needs(), async () => {
    const text = unique("hello");
    const message = await anthropic.messages.create({ model, max_tokens: 100, system: "be brief", messages: said(text) });
    assert.deepEqual([message.content[0].text, message.stop_reason, message.model], [text, "end_turn", model]);
    const stream = anthropic.messages.stream({ model: talker, max_tokens: 100, messages: said(unique("tell me [[gap:20]]")) });
    let pieces = 0;
    stream.on("text", () => (pieces += 1));
    const final = await stream.finalMessage();
    assert.ok(pieces > 1 && final.content[0].text.length > 0 && final.usage.output_tokens > 0, JSON.stringify(final));
});

test("Anthropic: a flow that is not there is no model", needs(), async () => {
    const error = await failure(anthropic.messages.create({ model: "flow/not-there", max_tokens: 10, messages: said("x") }));
    assert.ok(error instanceof Anthropic.NotFoundError, error);
});

test("Google: an answer and a stream", needs(), async () => {
    const text = unique("hello");
    const whole = await google.models.generateContent({ model, contents: text });
    assert.equal(whole.text, text);
    let streamed = "";
    for await (const chunk of await google.models.generateContentStream({ model, contents: text })) streamed += chunk.text ?? "";
    assert.equal(streamed, text);
});
