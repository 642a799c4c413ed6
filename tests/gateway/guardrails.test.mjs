// How the SDKs of OpenAI, Anthropic and Google see what a guardrail refuses. Setting: setting.mjs; a rule blocks addresses in the
// requests of GATEWAY_KEY, another one those in answers to GATEWAY_WATCHED_KEY.

import assert from "node:assert/strict";
import { test } from "node:test";
import { attempts, failure, key, marked, model, needs, sdk, url } from "./setting.mjs";

const OpenAI = sdk("openai");
const Anthropic = sdk("@anthropic-ai/sdk");
const { GoogleGenAI } = sdk("@google/genai");
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key });
const anthropic = new Anthropic({ baseURL: url, apiKey: key });
const google = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
const said = (content) => [{ role: "user", content }];
const asked = () => marked("write to anna@example.com");
// With this key answers are judged, not requests.
const watched = new OpenAI({ baseURL: `${url}/v1`, apiKey: process.env.GATEWAY_WATCHED_KEY });
const watchedAnthropic = new Anthropic({ baseURL: url, apiKey: process.env.GATEWAY_WATCHED_KEY });

async function drained(stream) {
    let text = "";
    for await (const chunk of stream) text += chunk.choices?.[0]?.delta.content ?? chunk.delta?.text ?? chunk.text ?? "";
    return text;
}

test("OpenAI: a refused request is a bad one, is not tried again, and is asked of nobody", needs(), async () => {
    const { text, mark } = asked();
    const error = await failure(openai.chat.completions.create({ model, messages: said(text) }));
    assert.ok(error instanceof OpenAI.BadRequestError, error);
    assert.equal(error.code, "guardrail_blocked");
    assert.equal(await attempts(mark), 0);
});

test("OpenAI: a refused answer is a bad request, and an error of a stream that has begun", needs(), async () => {
    const body = { model, messages: said("[[echo:write to anna@example.com]]") };
    const error = await failure(watched.chat.completions.create(body));
    assert.equal(error.code, "guardrail_blocked", error);
    const broken = await failure(watched.chat.completions.create({ ...body, stream: true }).then(drained));
    assert.ok(broken instanceof OpenAI.APIError && !String(broken).includes("anna@"), broken);
});

test("Anthropic: the same", needs(), async () => {
    const body = { model, max_tokens: 99, messages: said("[[echo:write to anna@example.com]]") };
    assert.ok((await failure(watchedAnthropic.messages.create(body))) instanceof Anthropic.BadRequestError);
    const broken = await failure(watchedAnthropic.messages.create({ ...body, stream: true }).then(drained));
    assert.ok(broken instanceof Anthropic.APIError && !String(broken).includes("anna@"), broken);
});

test("Anthropic: a refused request is a bad one and is asked of nobody", needs(), async () => {
    const { text, mark } = asked();
    const error = await failure(anthropic.messages.create({ model, max_tokens: 9, messages: said(text) }));
    assert.ok(error instanceof Anthropic.BadRequestError, error);
    assert.equal(await attempts(mark), 0);
});

test("Google: a refused request is a bad one and is asked of nobody", needs(), async () => {
    const { text, mark } = asked();
    const error = await failure(google.models.generateContent({ model, contents: text }));
    assert.equal(error.status, 400);
    assert.equal(await attempts(mark), 0);
});
