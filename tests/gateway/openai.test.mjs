// OpenAI's SDK, unchanged, against the gateway: chat completions, embeddings, models, errors. Setting: setting.mjs.

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

const OpenAI = sdk("openai");
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key });
const calm = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const chat = (text, more = {}, options = {}) =>
    client.chat.completions.create({ model, max_tokens: 500, messages: [{ role: "user", content: text }], ...more }, options);
const tools = [WEATHER, CLOCK].map((tool) => ({ type: "function", function: tool }));

async function collected(stream) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return { chunks, text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("") };
}

test("an answer with its usage", needs(), async () => {
    const answer = await chat(unique("hello"));
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.model.endsWith("mock-10-20"), true, answer.model);
    assert.deepEqual([answer.choices.length, answer.choices[0].message.role, answer.choices[0].finish_reason], [1, "assistant", "stop"]);
    assert.equal(answer.choices[0].message.content, WORDS);
    assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [10, 20, 30]);
});

test("cached and reasoning tokens are parts of the sums", needs(), async () => {
    const { usage } = await chat(unique("[[usage in=10 read=5 out=20 think=4]]"));
    assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens], [15, 20, 35]);
    assert.equal(usage.prompt_tokens_details.cached_tokens, 5);
    assert.equal(usage.completion_tokens_details.reasoning_tokens, 4);
});

test("what was asked reaches the model as it was meant", needs(), async () => {
    const answer = await client.chat.completions.create({
        model,
        max_completion_tokens: 500,
        temperature: 0.5,
        stop: ["END"],
        tools,
        tool_choice: "auto",
        messages: [
            { role: "system", content: "Be brief." },
            { role: "user", content: "first" },
            { role: "assistant", content: "second" },
            { role: "user", content: unique("third [[describe]]") },
        ],
    });
    const told = JSON.parse(answer.choices[0].message.content);
    assert.equal(told.system, "Be brief.");
    assert.deepEqual(
        told.turns.map((turn) => turn.role),
        ["user", "assistant", "user"],
    );
    assert.deepEqual(
        told.turns.slice(0, 2).map((turn) => turn.blocks),
        [[{ text: "first" }], [{ text: "second" }]],
    );
    assert.deepEqual([told.max, told.temperature, told.stop], [500, 0.5, ["END"]]);
    assert.deepEqual(plainTools(told.tools), plainTools(ABOUT_TOOLS));
});

test("a stream with usage: one id, the words in order, usage in a last chunk without choices", needs(), async () => {
    const { chunks, text } = await collected(await chat(unique("hello"), { stream: true, stream_options: { include_usage: true } }));
    assert.equal(text, WORDS);
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    const last = chunks[chunks.length - 1];
    assert.deepEqual(last.choices, []);
    assert.deepEqual([last.usage.prompt_tokens, last.usage.completion_tokens], [10, 20]);
    assert.equal(
        chunks.slice(0, -1).every((chunk) => chunk.choices.length === 1 && chunk.usage == null),
        true,
    );
    assert.deepEqual(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean), ["stop"]);
});

test("a stream without usage shows none", needs(), async () => {
    const { chunks, text } = await collected(await chat(unique("hello"), { stream: true }));
    assert.equal(text, WORDS);
    assert.equal(
        chunks.every((chunk) => chunk.choices.length === 1 && chunk.usage == null),
        true,
    );
});

test("frames cut anywhere, comments and CRLF change nothing", needs(), async () => {
    const { text } = await collected(await chat(unique("[[echo:Grüße, 世界 🙂]] [[split_frames]]"), { stream: true }));
    assert.equal(text, "Grüße, 世界 🙂");
});

test("parallel calls of tools, whole", needs(), async () => {
    const {
        choices: [{ message, finish_reason }],
    } = await chat(unique(CALLS), { tools });
    assert.equal(finish_reason, "tool_calls");
    assert.deepEqual(
        message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
        CALLED,
    );
    assert.equal(new Set(message.tool_calls.map((call) => call.id)).size, 2);
});

test("parallel calls of tools, streamed, after words", needs(), async () => {
    const stream = client.chat.completions.stream({
        model,
        max_tokens: 500,
        tools,
        messages: [{ role: "user", content: unique(`${CALLS} [[preface]] [[interleave]]`) }],
    });
    const {
        choices: [{ message, finish_reason }],
    } = await stream.finalChatCompletion();
    assert.equal(finish_reason, "tool_calls");
    assert.equal(message.content, WORDS);
    assert.deepEqual(
        message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
        CALLED,
    );
});

test("the tool that must be called is called", needs(), async () => {
    const one = await chat(unique("now"), { tools, tool_choice: { type: "function", function: { name: "get_time" } } });
    assert.deepEqual(
        one.choices[0].message.tool_calls.map((call) => call.function.name),
        ["get_time"],
    );
    const any = await chat(unique("now"), { tools, tool_choice: "required" });
    assert.equal(any.choices[0].message.tool_calls.length, 1);
});

test("results of tools go back to the calls that they belong to", needs(), async () => {
    const asked = { role: "user", content: unique(CALLS) };
    const first = await client.chat.completions.create({ model, max_tokens: 500, tools, messages: [asked] });
    const { message } = first.choices[0];
    const answers = message.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: `of ${call.function.name}` }));
    const second = await client.chat.completions.create({ model, max_tokens: 500, tools, messages: [asked, message, ...answers] });
    assert.equal(second.choices[0].message.content, "results: of get_weather; of get_time");
    assert.equal(second.choices[0].finish_reason, "stop");
});

test("an answer in the form of a schema, whole and streamed", needs(), async () => {
    const response_format = { type: "json_schema", json_schema: { name: "answer", strict: true, schema: ANSWER } };
    assert.deepEqual(JSON.parse((await chat(unique("plan"), { response_format })).choices[0].message.content), { city: "text", days: 7 });
    assert.deepEqual(JSON.parse((await collected(await chat(unique("plan"), { response_format, stream: true }))).text), {
        city: "text",
        days: 7,
    });
});

test("a picture arrives byte for byte", needs(), async () => {
    const content = [
        { type: "text", text: unique("[[describe]]") },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
    ];
    const told = JSON.parse((await chat(content)).choices[0].message.content);
    assert.deepEqual(told.turns[0].blocks[1], { image: "image/png", digest: PNG_DIGEST });
});

test("an answer that was cut at its limit says so", needs(), async () => {
    const {
        choices: [choice],
        usage,
    } = await chat(unique("long"), { max_tokens: 5 });
    assert.deepEqual([choice.finish_reason, choice.message.content, usage.completion_tokens], ["length", WORDS.slice(0, 20), 5]);
});

test("vectors: the SDK's own base64, decimals, dimensions, order", needs("embeddings"), async () => {
    const input = ["first", "zweite ü"];
    const plain = await client.embeddings.create({ model: embeddingModel, input });
    assert.deepEqual(
        plain.data.map((entry) => [entry.index, entry.embedding]),
        input.map((text, i) => [i, vectorOf(text, 8)]),
    );
    const decimals = await client.embeddings.create({ model: embeddingModel, input, encoding_format: "float", dimensions: 5 });
    assert.deepEqual(
        decimals.data.map((entry) => entry.embedding),
        input.map((text) => vectorOf(text, 5)),
    );
    const base64 = await client.embeddings.create({ model: embeddingModel, input: "first", encoding_format: "base64" });
    assert.deepEqual([...new Float32Array(new Uint8Array(Buffer.from(base64.data[0].embedding, "base64")).buffer)], vectorOf("first", 8));
    assert.equal(plain.object, "list");
    assert.ok(plain.usage.prompt_tokens > 0 && plain.usage.total_tokens === plain.usage.prompt_tokens);
    if (format === "openai") assert.equal(plain.usage.prompt_tokens, 8);
});

test("the list of models has this one", needs("models"), async () => {
    const ids = [];
    for await (const entry of client.models.list()) ids.push(entry.id);
    assert.ok(ids.includes(model), ids.join());
});

test("a wrong key, a model that is not there, a request that makes no sense", needs(), async () => {
    const wrong = await failure(
        new OpenAI({ baseURL: `${url}/v1`, apiKey: "bad-key" }).chat.completions.create({
            model,
            messages: [{ role: "user", content: "x" }],
        }),
    );
    assert.ok(wrong instanceof OpenAI.AuthenticationError, String(wrong));
    const missing = await failure(chat("x", { model: "missing-model" }));
    assert.ok(missing instanceof OpenAI.NotFoundError, String(missing));
    assert.equal(missing.code, "model_not_found");
    const senseless = await failure(chat("x", { messages: [] }));
    assert.ok(senseless instanceof OpenAI.BadRequestError, String(senseless));
    for (const error of [wrong, missing, senseless]) {
        assert.ok(error.message && error.type, JSON.stringify(error));
        assert.ok("param" in error.error && "code" in error.error);
    }
});

test("without money the call is refused with 402, and the SDK does not try again", needs("budget"), async () => {
    const { mark, text } = marked("x");
    for (const stream of [false, true]) {
        const error = await failure(
            new OpenAI({ baseURL: `${url}/v1`, apiKey: brokeKey }).chat.completions.create({
                model,
                max_tokens: 50,
                stream,
                messages: [{ role: "user", content: text }],
            }),
        );
        assert.equal(error.status, 402, String(error));
        assert.equal(error.code, "budget_exceeded");
        assert.equal(error.headers.get("x-should-retry"), "false");
    }
    assert.equal(await attempts(mark), 0);
});

test("a vendor that is busy for a moment is asked again", needs(), async () => {
    const { mark, text } = marked("[[fault:429 retry-after-ms=20 times=1]]");
    assert.equal((await chat(text)).choices[0].message.content, WORDS);
    assert.deepEqual(
        (await ledger(mark)).map((entry) => entry.status),
        [429, 200],
    );
});

test("a vendor that stays busy is said to be, with the time to wait", needs(), async () => {
    const error = await failure(
        calm.chat.completions.create({
            model,
            max_tokens: 50,
            messages: [{ role: "user", content: unique("[[fault:429 retry-after=2]]") }],
        }),
    );
    assert.ok(error instanceof OpenAI.RateLimitError, String(error));
    assert.ok(
        error.headers.get("retry-after") || error.headers.get("retry-after-ms") || error.headers.get("x-should-retry"),
        "it says when",
    );
});

test("an error inside a stream is the SDK's own", needs(), async () => {
    const error = await failure(chat(unique("[[error_in_200 after=3]]"), { stream: true }).then(collected));
    assert.ok(error instanceof OpenAI.APIError, String(error));
});

test("a stream that is left is ended at the vendor", needs(), async () => {
    const { mark, text } = marked("[[endless_stream]] [[gap:2]]");
    const stream = await chat(text, { stream: true });
    let seen = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content && ++seen === 3) break; // closes the connection
    const [entry] = await ledger(mark);
    assert.equal(entry.client_left, true);
});
