// Anthropic's SDK, unchanged, against the gateway. Setting: setting.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
    ABOUT_TOOLS,
    ANSWER,
    attempts,
    brokeKey,
    CALLED,
    CALLS,
    CLOCK,
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

const Anthropic = sdk("@anthropic-ai/sdk");
const client = new Anthropic({ baseURL: url, apiKey: key });
const calm = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const body = (content, more = {}) => ({ model, max_tokens: 500, messages: [{ role: "user", content }], ...more });
const ask = (content, more) => client.messages.create(body(content, more));
const tools = [WEATHER, CLOCK].map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters }));
const textOf = (message) =>
    message.content
        .filter((block) => block.type === "text")
        .map((block) => block.text)
        .join("");
const callsOf = (message) => message.content.filter((block) => block.type === "tool_use");
const own = format === "anthropic";
const onlyOwn = (...features) => ({ ...needs(...features), ...(own ? {} : { skip: "another vendor's model" }) });

test("an answer with its usage", needs(), async () => {
    const message = await ask(unique("hello"));
    assert.deepEqual([message.type, message.role, message.stop_reason, textOf(message)], ["message", "assistant", "end_turn", WORDS]);
    assert.ok(message.model.endsWith("mock-10-20"), message.model);
    assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [10, 20]);
});

test("tokens from the cache are beside the input, not in it", needs(), async () => {
    const { usage } = await ask(unique("[[usage in=10 read=5 out=20]]"));
    assert.deepEqual([usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens], [10, 5, 20]);
});

test("tokens written to the cache keep their lifetimes", onlyOwn(), async () => {
    const { usage } = await ask(unique("[[usage in=10 write=3 hour=2 out=20]]"));
    assert.deepEqual([usage.input_tokens, usage.cache_creation_input_tokens], [10, 5]);
    assert.deepEqual(usage.cache_creation, { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 2 });
});

test("what was asked reaches the model as it was meant", needs(), async () => {
    const message = await client.messages.create({
        model,
        max_tokens: 500,
        temperature: 0.5,
        stop_sequences: ["END"],
        system: [{ type: "text", text: "Be brief." }],
        tools,
        messages: [
            { role: "user", content: "first" },
            { role: "assistant", content: "second" },
            {
                role: "user",
                content: [
                    { type: "text", text: unique("[[describe]]") },
                    { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
                ],
            },
        ],
    });
    const told = JSON.parse(textOf(message));
    assert.equal(told.system, "Be brief.");
    assert.deepEqual(
        told.turns.map((turn) => turn.role),
        ["user", "assistant", "user"],
    );
    assert.deepEqual(told.turns[2].blocks[1], { image: "image/png", digest: PNG_DIGEST });
    assert.deepEqual([told.max, told.temperature, told.stop], [500, 0.5, ["END"]]);
    assert.deepEqual(plainTools(told.tools), plainTools(ABOUT_TOOLS));
});

test("a stream: events in order, one block open at a time, usage at the end", needs(), async () => {
    const events = [];
    for await (const event of await ask(unique("hello [[split_frames]]"), { stream: true })) events.push(event);
    const kinds = events.map((event) => event.type).filter((type) => type !== "ping");
    assert.equal(kinds[0], "message_start");
    assert.deepEqual(kinds.slice(-3), ["content_block_stop", "message_delta", "message_stop"]);
    let open = null;
    for (const event of events) {
        if (event.type === "content_block_start") {
            assert.equal(open, null);
            open = event.index;
        }
        if (event.type === "content_block_delta") assert.equal(event.index, open);
        if (event.type === "content_block_stop") open = null;
    }
    assert.equal(events.filter((event) => event.type === "message_start").length, 1);
    assert.deepEqual(events[0].message.content, []);
    assert.equal(events.map((event) => event.delta?.text ?? "").join(""), WORDS);
    const { usage, delta } = events.find((event) => event.type === "message_delta");
    assert.deepEqual([usage.output_tokens, delta.stop_reason], [20, "end_turn"]);
    const final = await client.messages.stream(body(unique("hello"))).finalMessage();
    assert.deepEqual([textOf(final), final.usage.input_tokens, final.usage.output_tokens], [WORDS, 10, 20]);
});

test("parallel calls and their results, whole and streamed, after words", needs(), async () => {
    for (const stream of [false, true]) {
        const asked = body(unique(`${CALLS} [[preface]]`), { tools });
        const message = stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
        assert.equal(message.stop_reason, "tool_use");
        assert.equal(textOf(message), WORDS);
        assert.deepEqual(
            callsOf(message).map((call) => [call.name, call.input]),
            CALLED,
        );
        const results = callsOf(message).map((call, i) => ({
            type: "tool_result",
            tool_use_id: call.id,
            content: i ? [{ type: "text", text: `of ${call.name}` }] : `of ${call.name}`,
        }));
        const second = await client.messages.create({
            ...asked,
            messages: [...asked.messages, { role: "assistant", content: message.content }, { role: "user", content: results }],
        });
        assert.equal(textOf(second), "results: of get_weather; of get_time");
    }
});

test("the tool that must be called is called; one at a time means one", needs(), async () => {
    const one = await ask(unique("now"), { tools, tool_choice: { type: "tool", name: "get_time" } });
    assert.deepEqual(
        callsOf(one).map((call) => call.name),
        ["get_time"],
    );
    assert.equal(callsOf(await ask(unique("now"), { tools, tool_choice: { type: "any" } })).length, 1);
    const told = JSON.parse(
        textOf(await ask(unique("[[describe]]"), { tools, tool_choice: { type: "auto", disable_parallel_tool_use: true } })),
    );
    if (format !== "gemini") assert.equal(told.parallel, false); // Gemini has no such switch
});

test("an answer in the form of a schema", needs(), async () => {
    const message = await client.messages.create(
        body(unique("plan"), { output_config: { format: { type: "json_schema", schema: ANSWER } } }),
    );
    assert.deepEqual(JSON.parse(textOf(message)), { city: "text", days: 7 });
});

test("thoughts and signatures go out and back byte for byte, whole and streamed", onlyOwn(), async () => {
    for (const stream of [false, true]) {
        const asked = body(unique(`${CALLS} [[redacted]]`), {
            max_tokens: 4000,
            tools,
            thinking: { type: "enabled", budget_tokens: 1024 },
        });
        const message = stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
        assert.deepEqual(
            message.content.map((block) => block.type),
            ["thinking", "redacted_thinking", "tool_use", "tool_use"],
        );
        assert.match(message.content[0].signature, /\+\/==$/);
        const results = callsOf(message).map((call) => ({ type: "tool_result", tool_use_id: call.id, content: "fine" }));
        const again = (content) =>
            calm.messages.create({
                ...asked,
                messages: [...asked.messages, { role: "assistant", content }, { role: "user", content: results }],
            });
        assert.match(textOf(await again(message.content)), /^results: fine; fine$/); // the vendor checks what it signed
        const [thought, ...rest] = message.content;
        const changed = await failure(again([{ ...thought, thinking: `${thought.thinking} ` }, ...rest]));
        assert.ok(changed instanceof Anthropic.BadRequestError, String(changed));
    }
});

test("tokens are counted beforehand", needs("count_tokens"), async () => {
    const { input_tokens } = await client.messages.countTokens({ model, messages: [{ role: "user", content: "hello there" }], tools });
    assert.ok(Number.isInteger(input_tokens) && input_tokens > 0, String(input_tokens));
});

test("the list of models has this one", needs("models"), async () => {
    const ids = [];
    for await (const entry of client.models.list()) ids.push(entry.id);
    assert.ok(ids.includes(model), ids.join());
});

test("an answer that was cut at its limit says so", needs(), async () => {
    const message = await ask(unique("long"), { max_tokens: 5 });
    assert.deepEqual([message.stop_reason, textOf(message), message.usage.output_tokens], ["max_tokens", WORDS.slice(0, 20), 5]);
});

test("a wrong key, a model that is not there, a request that makes no sense", needs(), async () => {
    const wrong = await failure(new Anthropic({ baseURL: url, apiKey: "bad-key" }).messages.create(body("x")));
    assert.ok(wrong instanceof Anthropic.AuthenticationError, String(wrong));
    const missing = await failure(ask("x", { model: "missing-model" }));
    assert.ok(missing instanceof Anthropic.NotFoundError, String(missing));
    const senseless = await failure(client.messages.create({ model, max_tokens: 5, messages: [] }));
    assert.ok(senseless instanceof Anthropic.BadRequestError, String(senseless));
    const types = [wrong, missing, senseless].map((error) => [error.error.type, error.error.error.type]);
    assert.deepEqual(types, [
        ["error", "authentication_error"],
        ["error", "not_found_error"],
        ["error", "invalid_request_error"],
    ]);
});

test("without money the call is refused with 402, and the SDK does not try again", needs("budget"), async () => {
    const { mark, text } = marked("x");
    for (const stream of [false, true]) {
        const error = await failure(new Anthropic({ baseURL: url, apiKey: brokeKey }).messages.create(body(text, { stream })));
        assert.deepEqual([error.status, error.error.type, error.headers.get("x-should-retry")], [402, "error", "false"], String(error));
        assert.equal(error.error.error.type, "billing_error");
    }
    assert.equal(await attempts(mark), 0);
});

test("a vendor that is busy for a moment is asked again", needs(), async () => {
    for (const status of [429, 529]) {
        const { mark, text } = marked(`[[fault:${status} retry-after-ms=20 times=1]]`);
        assert.equal(textOf(await ask(text)), WORDS);
        assert.deepEqual(
            (await ledger(mark)).map((entry) => entry.status),
            [status, 200],
        );
    }
});

test("a vendor that stays busy is said to be", needs(), async () => {
    const error = await failure(calm.messages.create(body(unique("[[fault:429 retry-after=2]]"))));
    assert.ok(error instanceof Anthropic.RateLimitError, String(error));
    assert.equal(error.error.error.type, "rate_limit_error");
});

test("an error inside a stream is the SDK's own", needs(), async () => {
    const error = await failure(client.messages.stream(body(unique("[[error_in_200 after=3]]"))).finalMessage());
    assert.ok(error instanceof Anthropic.APIError, String(error));
    assert.equal(error.error?.type, "error");
});

test("a stream that is left is ended at the vendor", needs(), async () => {
    const { mark, text } = marked("[[endless_stream]] [[gap:2]]");
    let seen = 0;
    for await (const event of await ask(text, { stream: true })) if (event.type === "content_block_delta" && ++seen === 3) break;
    assert.equal((await ledger(mark))[0].client_left, true);
});
