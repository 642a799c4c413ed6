// The Responses API through OpenAI's SDK. Setting: setting.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
    ANSWER,
    brokeKey,
    CALLED,
    CALLS,
    CLOCK,
    failure,
    key,
    ledger,
    marked,
    model,
    needs,
    plainTools,
    ABOUT_TOOLS,
    PNG,
    PNG_DIGEST,
    sdk,
    unique,
    upstream,
    url,
    WEATHER,
    WORDS,
} from "./setting.mjs";

const OpenAI = sdk("openai");
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key });
const ask = (input, more = {}) => client.responses.create({ model, max_output_tokens: 500, input, ...more });
const tools = [WEATHER, CLOCK].map((tool) => ({ type: "function", strict: false, ...tool }));
const callsOf = (response) => response.output.filter((item) => item.type === "function_call");
const own = upstream === "openai"; // the only provider that speaks this format itself

test("an answer with its usage", needs(), async () => {
    const response = await ask(unique("hello"));
    assert.deepEqual([response.object, response.status, response.output_text], ["response", "completed", WORDS]);
    assert.deepEqual([response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens], [10, 20, 30]);
});

test("cached and reasoning tokens are parts of the sums", needs(), async () => {
    const { usage } = await ask(unique("[[usage in=10 read=5 out=20 think=4]]"));
    assert.deepEqual([usage.input_tokens, usage.output_tokens], [15, 20]);
    assert.equal(usage.input_tokens_details.cached_tokens, 5);
    assert.equal(usage.output_tokens_details.reasoning_tokens, 4);
});

test("what was asked reaches the model as it was meant", needs(), async () => {
    const response = await ask(
        [
            { role: "user", content: "first" },
            { role: "assistant", content: "second" },
            {
                role: "user",
                content: [
                    { type: "input_text", text: unique("third [[describe]]") },
                    { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${PNG}` },
                ],
            },
        ],
        { instructions: "Be brief.", temperature: 0.5, tools },
    );
    const told = JSON.parse(response.output_text);
    assert.equal(told.system, "Be brief.");
    assert.deepEqual(
        told.turns.map((turn) => turn.role),
        ["user", "assistant", "user"],
    );
    assert.deepEqual(told.turns[2].blocks[1], { image: "image/png", digest: PNG_DIGEST });
    assert.deepEqual([told.max, told.temperature], [500, 0.5]);
    assert.deepEqual(plainTools(told.tools), plainTools(ABOUT_TOOLS));
});

test("a stream: typed events in order, and what they add up to", needs(), async () => {
    const stream = client.responses.stream({ model, max_output_tokens: 500, input: unique("hello [[split_frames]]") });
    const events = [];
    for await (const event of stream) events.push(event);
    const final = await stream.finalResponse();
    assert.equal(final.output_text, WORDS);
    assert.deepEqual([final.status, final.usage.input_tokens, final.usage.output_tokens], ["completed", 10, 20]);
    assert.deepEqual([events[0].type, events[events.length - 1].type], ["response.created", "response.completed"]);
    assert.equal(
        events
            .filter((event) => event.type === "response.output_text.delta")
            .map((event) => event.delta)
            .join(""),
        WORDS,
    );
    const numbers = events.map((event) => event.sequence_number);
    assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
    );
});

test("parallel calls and their results, whole and streamed", needs(), async () => {
    const input = [{ role: "user", content: unique(CALLS) }];
    const whole = await ask(input, { tools });
    const streamed = await client.responses.stream({ model, max_output_tokens: 500, input, tools }).finalResponse();
    for (const response of [whole, streamed]) {
        assert.deepEqual(
            callsOf(response).map((call) => [call.name, JSON.parse(call.arguments)]),
            CALLED,
        );
        const results = callsOf(response).map((call) => ({
            type: "function_call_output",
            call_id: call.call_id,
            output: `of ${call.name}`,
        }));
        const items = response.output.map(({ parsed_arguments, ...item }) => item);
        assert.equal((await ask([...input, ...items, ...results], { tools })).output_text, "results: of get_weather; of get_time");
    }
});

test("an answer in the form of a schema", needs(), async () => {
    const response = await client.responses.parse({
        model,
        max_output_tokens: 500,
        input: unique("plan"),
        text: { format: { type: "json_schema", name: "answer", strict: true, schema: ANSWER } },
    });
    assert.deepEqual(JSON.parse(response.output_text), { city: "text", days: 7 });
});

test("reasoning that was encrypted goes back as it came", { ...needs(), skip: own ? false : "another format" }, async () => {
    const more = { reasoning: { effort: "low", summary: "auto" }, include: ["reasoning.encrypted_content"], store: false };
    const first = await ask(unique("think"), more);
    const [thought] = first.output;
    assert.equal(thought.type, "reasoning");
    assert.match(thought.encrypted_content, /\+\/==$/);
    const again = (item) =>
        ask([{ role: "user", content: "think" }, item, ...first.output.slice(1), { role: "user", content: unique("go on") }], more);
    assert.equal((await again(thought)).status, "completed");
    const changed = await failure(again({ ...thought, encrypted_content: "changed" }));
    assert.ok(changed instanceof OpenAI.BadRequestError, String(changed));
});

test("an answer that was cut at its limit is incomplete", needs(), async () => {
    const response = await ask(unique("long"), { max_output_tokens: 16 });
    assert.deepEqual(
        [response.status, response.incomplete_details?.reason, response.output_text],
        ["incomplete", "max_output_tokens", WORDS.slice(0, 64)],
    );
});

test("errors are the SDK's own: key, model, money, and inside a stream", needs(), async () => {
    const wrong = await failure(new OpenAI({ baseURL: `${url}/v1`, apiKey: "bad-key" }).responses.create({ model, input: "x" }));
    assert.ok(wrong instanceof OpenAI.AuthenticationError, String(wrong));
    const missing = await failure(ask("x", { model: "missing-model" }));
    assert.ok(missing instanceof OpenAI.NotFoundError, String(missing));
    const broke = await failure(
        new OpenAI({ baseURL: `${url}/v1`, apiKey: brokeKey }).responses.create({ model, max_output_tokens: 50, input: "x" }),
    );
    assert.deepEqual([broke.status, broke.code, broke.headers.get("x-should-retry")], [402, "budget_exceeded", "false"], String(broke));
    const failed = await failure(
        client.responses.stream({ model, max_output_tokens: 500, input: unique("[[error_in_200 after=3]]") }).finalResponse(),
    );
    assert.ok(failed instanceof OpenAI.APIError, String(failed));
});

test("a stream that is left is ended at the vendor", needs(), async () => {
    const { mark, text } = marked("[[endless_stream]] [[gap:2]]");
    const stream = await ask(text, { stream: true });
    let seen = 0;
    for await (const event of stream) if (event.type === "response.output_text.delta" && ++seen === 3) break;
    assert.equal((await ledger(mark))[0].client_left, true);
});
