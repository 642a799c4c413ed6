// Google's SDK, unchanged, against the gateway. Setting: setting.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { vectorOf } from "./mock/orders.mjs";
import {
    ABOUT_TOOLS,
    ANSWER,
    attempts,
    brokeKey,
    CALLED,
    CALLS,
    CLOCK,
    embeddingModel,
    failure,
    format,
    key,
    ledger,
    marked,
    model,
    needs,
    plainTools,
    PNG,
    PNG_DIGEST,
    sdk,
    unique,
    url,
    WEATHER,
    WORDS,
} from "./setting.mjs";

const { GoogleGenAI, ApiError, FunctionCallingConfigMode } = sdk("@google/genai");
const clientOf = (apiKey, httpOptions = {}) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, ...httpOptions } });
const client = clientOf(key);
const ask = (contents, config = {}, who = client) =>
    who.models.generateContent({ model, contents, config: { maxOutputTokens: 500, ...config } });
const tools = [
    { functionDeclarations: [WEATHER, CLOCK].map(({ parameters, ...tool }) => ({ ...tool, parametersJsonSchema: parameters })) },
];
const own = format === "gemini";
const onlyOwn = () => ({ ...needs(), ...(own ? {} : { skip: "another vendor's model" }) });

async function collected(contents, config = {}) {
    const chunks = [];
    for await (const chunk of await client.models.generateContentStream({ model, contents, config: { maxOutputTokens: 500, ...config } }))
        chunks.push(chunk);
    return { chunks, text: chunks.map((chunk) => chunk.text ?? "").join(""), calls: chunks.flatMap((chunk) => chunk.functionCalls ?? []) };
}

test("an answer with its usage, at the SDK's own version of the API and at the older one", needs(), async () => {
    for (const who of [client, clientOf(key, { apiVersion: "v1beta" })]) {
        const answer = await ask(unique("hello"), {}, who);
        assert.deepEqual([answer.text, answer.candidates[0].finishReason, answer.candidates[0].content.role], [WORDS, "STOP", "model"]);
        const usage = answer.usageMetadata;
        assert.deepEqual([usage.promptTokenCount, usage.candidatesTokenCount, usage.totalTokenCount], [10, 20, 30]);
    }
});

test("cached tokens are in the prompt, thoughts are not in the candidates", needs(), async () => {
    const usage = (await ask(unique("[[usage in=10 read=5 out=20 think=4]]"))).usageMetadata;
    assert.deepEqual(
        [usage.promptTokenCount, usage.cachedContentTokenCount, usage.candidatesTokenCount, usage.thoughtsTokenCount],
        [15, 5, 16, 4],
    );
});

test("what was asked reaches the model as it was meant", needs(), async () => {
    const answer = await ask(
        [
            { role: "user", parts: [{ text: "first" }] },
            { role: "model", parts: [{ text: "second" }] },
            { role: "user", parts: [{ text: unique("[[describe]]") }, { inlineData: { mimeType: "image/png", data: PNG } }] },
        ],
        { systemInstruction: "Be brief.", temperature: 0.5, stopSequences: ["END"], tools },
    );
    const told = JSON.parse(answer.text);
    assert.equal(told.system, "Be brief.");
    assert.deepEqual(
        told.turns.map((turn) => turn.role),
        ["user", "assistant", "user"],
    );
    assert.deepEqual(told.turns[2].blocks[1], { image: "image/png", digest: PNG_DIGEST });
    assert.deepEqual([told.max, told.temperature, told.stop], [500, 0.5, ["END"]]);
    assert.deepEqual(plainTools(told.tools), plainTools(ABOUT_TOOLS));
});

test("a stream: the words in order, the reason and the usage at its end", needs(), async () => {
    const { chunks, text } = await collected(unique("hello"));
    assert.equal(text, WORDS);
    const last = chunks[chunks.length - 1];
    assert.equal(last.candidates[0].finishReason, "STOP");
    assert.deepEqual([last.usageMetadata.promptTokenCount, last.usageMetadata.candidatesTokenCount], [10, 20]);
    assert.equal((await collected(unique("[[echo:Grüße, 世界 🙂]]"))).text, "Grüße, 世界 🙂");
});

test("frames that the vendor cut anywhere arrive whole", needs(), async () => {
    assert.equal((await collected(unique("[[echo:Grüße, 世界 🙂]] [[split_frames]]"))).text, "Grüße, 世界 🙂");
});

test("parallel calls and their results, whole and streamed, after words", needs(), async () => {
    for (const stream of [false, true]) {
        const asked = { role: "user", parts: [{ text: unique(`${CALLS} [[preface]]`) }] };
        const answer = stream ? await collected([asked], { tools }) : await ask([asked], { tools });
        const calls = stream ? answer.calls : answer.functionCalls;
        assert.deepEqual(
            calls.map((call) => [call.name, call.args]),
            CALLED,
        );
        const parts = stream
            ? answer.chunks.flatMap((chunk) => chunk.candidates?.[0].content?.parts ?? []).filter((part) => part.functionCall || part.text)
            : answer.candidates[0].content.parts;
        assert.equal(parts.map((part) => part.text ?? "").join(""), WORDS);
        const results = calls.map((call) => ({
            functionResponse: { id: call.id, name: call.name, response: { output: `of ${call.name}` } },
        }));
        const second = await ask([asked, { role: "model", parts }, { role: "user", parts: results }], { tools });
        assert.equal(second.text, "results: of get_weather; of get_time");
    }
});

test("results without ids pair by name and order", needs(), async () => {
    const asked = { role: "user", parts: [{ text: unique(CALLS) }] };
    const called = CALLED.map(([name, args]) => ({ functionCall: { name, args } }));
    const results = CALLED.map(([name]) => ({ functionResponse: { name, response: { output: `of ${name}` } } }));
    const answer = await ask([asked, { role: "model", parts: called }, { role: "user", parts: results }], { tools });
    assert.equal(answer.text, "results: of get_weather; of get_time");
});

test("the tool that must be called is called", needs(), async () => {
    const config = (more) => ({ tools, toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, ...more } } });
    assert.deepEqual(
        (await ask(unique("now"), config({ allowedFunctionNames: ["get_time"] }))).functionCalls.map((call) => call.name),
        ["get_time"],
    );
    assert.equal((await ask(unique("now"), config({}))).functionCalls.length, 1);
});

test("an answer in the form of a schema", needs(), async () => {
    const answer = await ask(unique("plan"), { responseMimeType: "application/json", responseJsonSchema: ANSWER });
    assert.deepEqual(JSON.parse(answer.text), { city: "text", days: 7 });
    const old = { type: "OBJECT", properties: { city: { type: "STRING" }, days: { type: "INTEGER" } }, required: ["city", "days"] };
    assert.deepEqual(JSON.parse((await ask(unique("plan"), { responseMimeType: "application/json", responseSchema: old })).text), {
        city: "text",
        days: 7,
    });
});

test("thoughts and signatures go out and back byte for byte", onlyOwn(), async () => {
    const config = { tools, thinkingConfig: { includeThoughts: true } };
    const asked = { role: "user", parts: [{ text: unique(CALLS) }] };
    const { content } = (await ask([asked], config)).candidates[0];
    assert.deepEqual(
        content.parts.map((part) => (part.thought ? "thought" : part.functionCall ? "call" : "text")),
        ["thought", "call", "call"],
    );
    assert.deepEqual(
        content.parts.map((part) => Boolean(part.thoughtSignature)),
        [true, true, false],
    );
    const results = content.parts
        .filter((part) => part.functionCall)
        .map(({ functionCall: { id, name } }) => ({ functionResponse: { id, name, response: { output: "fine" } } }));
    const again = (parts) => ask([asked, { role: "model", parts }, { role: "user", parts: results }], config);
    assert.equal((await again(content.parts)).text, "results: fine; fine"); // the vendor checks what it signed
    const changed = content.parts.map((part) =>
        part.functionCall && part.thoughtSignature ? { ...part, thoughtSignature: "changed" } : part,
    );
    assert.equal((await failure(again(changed))).status, 400);
});

test("a prompt that the vendor blocks has no candidates, and says why", onlyOwn(), async () => {
    const answer = await ask(unique("[[blocked]]"));
    assert.equal(answer.promptFeedback.blockReason, "SAFETY");
});

test("an answer that was cut at its limit says so", needs(), async () => {
    const answer = await ask(unique("long"), { maxOutputTokens: 5 });
    assert.deepEqual(
        [answer.candidates[0].finishReason, answer.text, answer.usageMetadata.candidatesTokenCount],
        ["MAX_TOKENS", WORDS.slice(0, 20), 5],
    );
});

test("vectors", needs("embeddings"), async () => {
    const contents = ["first", "zweite ü"];
    const { embeddings } = await client.models.embedContent({ model: embeddingModel, contents, config: { outputDimensionality: 5 } });
    assert.deepEqual(
        embeddings.map((entry) => entry.values),
        contents.map((text) => vectorOf(text, 5)),
    );
});

test("the list of models has this one", needs("models"), async () => {
    const names = [];
    for await (const entry of await client.models.list()) names.push(entry.name);
    assert.ok(names.includes(`models/${model}`), names.join());
});

test("a wrong key, a model that is not there, a request that makes no sense", needs(), async () => {
    const errors = [
        await failure(ask("x", {}, clientOf("bad-key"))),
        await failure(client.models.generateContent({ model: "missing-model", contents: "x" })),
        await failure(ask([{ role: "user", parts: [] }])),
    ];
    assert.deepEqual(
        errors.map((error) => [error instanceof ApiError, error.status]),
        [
            [true, 401],
            [true, 404],
            [true, 400],
        ],
        errors.join("\n"),
    );
    const told = errors.map((error) => JSON.parse(error.message).error);
    assert.deepEqual(
        told.map((error) => [error.code, error.status]),
        [
            [401, "UNAUTHENTICATED"],
            [404, "NOT_FOUND"],
            [400, "INVALID_ARGUMENT"],
        ],
    );
});

test("without money the call is refused with 402, and the SDK does not try again", needs("budget"), async () => {
    const { mark, text } = marked("x");
    const who = clientOf(brokeKey, { retryOptions: { attempts: 3, initialDelay: 0.01 } });
    for (const error of [
        await failure(ask(text, {}, who)),
        await failure(who.models.generateContentStream({ model, contents: text, config: { maxOutputTokens: 50 } })),
    ]) {
        assert.deepEqual([error instanceof ApiError, error.status, JSON.parse(error.message).error.code], [true, 402, 402], String(error));
    }
    assert.equal(await attempts(mark), 0);
});

test("a vendor that is busy for a moment is asked again", needs(), async () => {
    const { mark, text } = marked("[[fault:429 retry-after-ms=20 times=1]]");
    const patient = clientOf(key, { retryOptions: { attempts: 3, initialDelay: 0.02 } });
    assert.equal((await ask(text, {}, patient)).text, WORDS);
    assert.deepEqual(
        (await ledger(mark)).map((entry) => entry.status),
        [429, 200],
    );
});

test("a vendor that stays busy is said to be", needs(), async () => {
    const error = await failure(ask(unique("[[fault:429 retry-after=2]]")));
    assert.deepEqual([error.status, JSON.parse(error.message).error.status], [429, "RESOURCE_EXHAUSTED"]);
});

test("an error inside a stream is the SDK's own", needs(), async () => {
    const error = await failure(collected(unique("[[error_in_200 after=3]]")));
    assert.ok(error instanceof ApiError, String(error));
});

test("a stream that is left is ended at the vendor", needs(), async () => {
    const { mark, text } = marked("[[endless_stream]] [[gap:2]]");
    const control = new AbortController();
    const stream = await client.models.generateContentStream({
        model,
        contents: text,
        config: { maxOutputTokens: 500, abortSignal: control.signal },
    });
    let seen = 0;
    await assert.rejects(async () => {
        for await (const chunk of stream) if (chunk.text && ++seen === 3) control.abort();
    });
    assert.equal((await ledger(mark))[0].client_left, true);
});
