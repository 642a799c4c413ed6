// The mock itself: what it sends is what the vendors' documents say, and its ledger says what it sent.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ordersOf, sampleOf, tokensOf, vectorOf } from "./mock/orders.mjs";
import { faultOf, signatureOf } from "./mock/sigv4.mjs";
import { awsMessage, crc32, readAwsMessages } from "./mock/wire.mjs";

const file = join(mkdtempSync(join(tmpdir(), "mock-")), "ledger");
let mock, base;

before(async () => {
    mock = spawn(process.execPath, [fileURLToPath(new URL("upstream.mjs", import.meta.url)), "--ledger", file], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(mock.stdout, "data");
    base = `http://127.0.0.1:${JSON.parse(line).port}`;
});
after(() => mock.kill());

const headers = {
    "content-type": "application/json",
    authorization: "Bearer key",
    "x-api-key": "key",
    "x-goog-api-key": "key",
    "anthropic-version": "2023-06-01",
};
const post = (path, body, more = {}) =>
    fetch(base + path, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body), ...more });
const openai = (text, more = {}) => ({ model: "mock-10-6", messages: [{ role: "user", content: text }], ...more });
const anthropic = (text, more = {}) => ({ model: "mock-10-6", max_tokens: 100, messages: [{ role: "user", content: text }], ...more });
const gemini = (text, more = {}) => ({ contents: [{ role: "user", parts: [{ text }] }], ...more });
const ledger = async (mark) => (await (await fetch(`${base}/ledger`)).json()).filter((entry) => entry.mark === mark);
const eventually = async (judge, what) => {
    for (const end = Date.now() + 30_000; Date.now() < end;) {
        const value = await judge();
        if (value) return value;
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail(`not in time: ${what}`);
};

const doors = {
    openai: {
        path: "/v1/chat/completions",
        stream: "/v1/chat/completions",
        ask: openai,
        flag: { stream: true },
        text: (a) => a.choices[0].message.content,
        delta: (f) => f.choices?.[0]?.delta.content ?? "",
    },
    responses: {
        path: "/v1/responses",
        stream: "/v1/responses",
        ask: (text, more) => ({ model: "mock-10-6", input: text, ...more }),
        flag: { stream: true },
        text: (a) => a.output[0].content[0].text,
        delta: (f) => (f.type === "response.output_text.delta" ? f.delta : ""),
    },
    anthropic: {
        path: "/v1/messages",
        stream: "/v1/messages",
        ask: anthropic,
        flag: { stream: true },
        text: (a) => a.content[0].text,
        delta: (f) => f.delta?.text ?? "",
    },
    gemini: {
        path: "/v1beta/models/mock-10-6:generateContent",
        stream: "/v1beta/models/mock-10-6:streamGenerateContent?alt=sse",
        ask: gemini,
        flag: {},
        text: (a) => a.candidates[0].content.parts[0].text,
        delta: (f) => f.candidates?.[0].content.parts[0].text ?? "",
    },
};
const framesOf = (text) =>
    text
        .split(/\r?\n\r?\n/)
        .filter((f) => f && !f.startsWith(":"))
        .map((f) =>
            f
                .split(/\r?\n/)
                .find((l) => l.startsWith("data: "))
                .slice(6),
        );

for (const [name, door] of Object.entries(doors)) {
    test(`${name}: a stream says the same as a whole answer, and both are billed once`, async () => {
        const text = `hello [[mark:${name}-same]]`;
        const whole = await (await post(door.path, door.ask(text))).json();
        assert.equal(door.text(whole), "w00 w01 w02 w03 w04 w05 ");
        const frames = framesOf(await (await post(door.stream, door.ask(text, door.flag))).text());
        assert.equal(
            frames
                .filter((f) => f !== "[DONE]")
                .map((f) => door.delta(JSON.parse(f)))
                .join(""),
            door.text(whole),
        );
        const entries = await ledger(`${name}-same`);
        assert.deepEqual(
            entries.map(({ input, output, stream, key, attempt }) => ({ input, output, stream, key, attempt })),
            [
                { input: 10, output: 6, stream: false, key: "key", attempt: 1 },
                { input: 10, output: 6, stream: true, key: "key", attempt: 2 },
            ],
        );
    });

    test(`${name}: a stream cut anywhere, with comments and CRLF, is the same stream`, async () => {
        const text = "[[echo:Grüße, 世界 🙂]]";
        const plain = await (await post(door.stream, door.ask(text, door.flag))).text();
        const response = await post(door.stream, door.ask(`${text}[[split_frames]]`, door.flag));
        const bytes = Buffer.from(await response.arrayBuffer());
        assert.ok(bytes.includes(": a comment") && bytes.includes("\r\n"));
        const deltas = (body) =>
            framesOf(body)
                .filter((f) => f !== "[DONE]")
                .map((f) => door.delta(JSON.parse(f)))
                .join("");
        assert.equal(deltas(bytes.toString()), deltas(plain));
        assert.equal(deltas(plain), "Grüße, 世界 🙂");
    });

    test(`${name}: a client that leaves is billed for what was sent; a broken connection likewise`, async () => {
        const control = new AbortController();
        const text = `[[mark:${name}-left]][[usage out=40]][[chunks:20]][[hold:chunk after=5]]`;
        const response = await post(door.stream, door.ask(text, door.flag), { signal: control.signal });
        await eventually(
            async () => (await (await fetch(`${base}/calls`)).json()).some((call) => call.mark === `${name}-left` && call.holding),
            "it holds",
        );
        control.abort();
        await assert.rejects(response.text());
        const [entry] = await eventually(async () => (await ledger(`${name}-left`)).length && ledger(`${name}-left`), "the entry");
        assert.deepEqual([entry.client_left, entry.chunks, entry.input, entry.output], [true, 5, 10, 10]);
        await assert.rejects(post(door.stream, door.ask(`[[mark:${name}-cut]][[disconnect_after=3]]`, door.flag)).then((r) => r.text()));
        assert.deepEqual(
            (await ledger(`${name}-cut`)).map((e) => [e.ended, e.client_left, e.input, e.output]),
            [["cut", false, 10, 3]],
        );
    });

    test(`${name}: a fault costs nothing and ends after so many times`, async () => {
        const text = `[[mark:${name}-fault]][[fault:429 retry-after=7 times=1]]`;
        const first = await post(door.path, door.ask(text));
        assert.equal(first.status, 429);
        const body = await first.text();
        if (name === "gemini") assert.match(body, /"retryDelay":"7s"/);
        else assert.equal(first.headers.get("retry-after"), "7");
        assert.equal((await post(door.path, door.ask(text))).status, 200);
        assert.deepEqual(
            (await ledger(`${name}-fault`)).map((e) => [e.status, e.input, e.output]),
            [
                [429, 0, 0],
                [200, 10, 6],
            ],
        );
    });

    test(`${name}: spoiled usage and spoiled bodies are what they are called`, async () => {
        const raw = async (order) => (await post(door.path, door.ask(order))).text();
        assert.match(await raw("[[usage_negative]]"), /-1000000/);
        assert.match(await raw("[[usage_overflow]]"), /:92233720368547758070\b/);
        assert.doesNotMatch(await raw("[[usage_missing]]"), /usage/);
        await assert.rejects(async () => JSON.parse(await raw("[[malformed_json]]")));
        assert.match(await raw("[[error_in_200]]"), /had an error/);
        const frames = framesOf(await (await post(door.stream, door.ask("[[error_in_200 after=2]]", door.flag))).text());
        assert.match(frames[frames.length - 1], /had an error/);
        assert.equal((await post(door.path, door.ask("[[wrong_content_type]]"))).headers.get("content-type"), "text/html; charset=utf-8");
    });
}

test("what a request means is the same in every format", async () => {
    const image = Buffer.from("picture").toString("base64");
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const asks = {
        openai: {
            model: "mock-1-1",
            max_tokens: 9,
            messages: [
                { role: "system", content: "Be brief." },
                {
                    role: "user",
                    content: [
                        { type: "text", text: "[[describe]]" },
                        { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } },
                    ],
                },
            ],
            tools: [{ type: "function", function: { name: "f", description: "d", parameters: schema } }],
        },
        responses: {
            model: "mock-1-1",
            max_output_tokens: 9,
            instructions: "Be brief.",
            input: [
                {
                    role: "user",
                    content: [
                        { type: "input_text", text: "[[describe]]" },
                        { type: "input_image", image_url: `data:image/png;base64,${image}` },
                    ],
                },
            ],
            tools: [{ type: "function", name: "f", description: "d", parameters: schema }],
        },
        anthropic: {
            model: "mock-1-1",
            max_tokens: 9,
            system: "Be brief.",
            messages: [
                {
                    role: "user",
                    content: [
                        { type: "text", text: "[[describe]]" },
                        { type: "image", source: { type: "base64", media_type: "image/png", data: image } },
                    ],
                },
            ],
            tools: [{ name: "f", description: "d", input_schema: schema }],
        },
        gemini: {
            contents: [{ parts: [{ text: "[[describe]]" }, { inline_data: { mime_type: "image/png", data: image } }] }],
            system_instruction: { parts: [{ text: "Be brief." }] },
            generationConfig: { maxOutputTokens: 9 },
            tools: [{ functionDeclarations: [{ name: "f", description: "d", parameters: schema }] }],
        },
    };
    const told = {};
    for (const [name, door] of Object.entries(doors)) told[name] = JSON.parse(door.text(await (await post(door.path, asks[name])).json()));
    for (const name of Object.keys(doors)) assert.deepEqual(told[name], told.openai, name);
    assert.match(told.openai.turns[0].blocks[1].digest, /^[0-9a-f]{16}$/);
});

test("signatures that were changed, calls without answers and answers without calls are refused", async () => {
    const body = anthropic("[[redacted]]", { max_tokens: 4000, thinking: { type: "enabled", budget_tokens: 1024 } });
    const { content } = await (await post("/v1/messages", body)).json();
    assert.deepEqual(
        content.map((block) => block.type),
        ["thinking", "redacted_thinking", "text"],
    );
    const again = (blocks) =>
        post("/v1/messages", {
            ...body,
            messages: [...body.messages, { role: "assistant", content: blocks }, { role: "user", content: "go on" }],
        });
    assert.equal((await again(content)).status, 200);
    assert.equal((await again([{ ...content[0], signature: content[0].signature.replace("+/==", "==") }])).status, 400);
    const call = {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
    };
    assert.equal(
        (
            await post("/v1/chat/completions", {
                model: "m",
                messages: [{ role: "user", content: "x" }, call, { role: "user", content: "y" }],
            })
        ).status,
        400,
    );
    assert.equal(
        (
            await post("/v1/chat/completions", {
                model: "m",
                messages: [
                    { role: "user", content: "x" },
                    { role: "tool", tool_call_id: "b", content: "y" },
                ],
            })
        ).status,
        400,
    );
});

test("the signature of AWS's own example, and what a changed request gets", () => {
    // "get-vanilla" of the published Signature Version 4 test suite
    const request = {
        method: "GET",
        target: "/",
        headers: [
            ["Host", "example.amazonaws.com"],
            ["X-Amz-Date", "20150830T123600Z"],
        ],
        body: "",
    };
    const scope = {
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        date: "20150830",
        region: "us-east-1",
        service: "service",
        time: "20150830T123600Z",
        signed: ["host", "x-amz-date"],
    };
    assert.equal(signatureOf(request, scope), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const sent = {
        method: "POST",
        target: "/model/anthropic.m%3A0/invoke",
        headers: [
            ["host", "h"],
            ["x-amz-date", time],
        ],
        body: "{}",
    };
    const now = { secret: "s", date: time.slice(0, 8), region: "eu-central-1", service: "bedrock", time, signed: ["host", "x-amz-date"] };
    sent.headers.push([
        "authorization",
        `AWS4-HMAC-SHA256 Credential=A/${now.date}/eu-central-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signatureOf(sent, now)}`,
    ]);
    assert.equal(faultOf(sent, { A: "s" }, "bedrock"), "");
    assert.match(faultOf({ ...sent, body: "{ }" }, { A: "s" }, "bedrock"), /does not match/);
    assert.match(faultOf(sent, { A: "t" }, "bedrock"), /does not match/);
    assert.match(faultOf(sent, { B: "s" }, "bedrock"), /invalid/);
    assert.match(faultOf(sent, { A: "s" }, "s3"), /scoped/);
});

test("Bedrock's stream is binary messages with right checksums around Anthropic's events", async () => {
    assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
    assert.throws(() => readAwsMessages(Buffer.concat([awsMessage({ a: "b" }, "x").subarray(0, -1), Buffer.from([0])])), /checksum/);
    const target = "/model/anthropic.mock-10-6-v1%3A0/invoke-with-response-stream";
    const body = JSON.stringify({ anthropic_version: "bedrock-2023-05-31", max_tokens: 50, messages: [{ role: "user", content: "hi" }] });
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const scope = {
        secret: "mock-secret",
        date: time.slice(0, 8),
        region: "us-east-1",
        service: "bedrock",
        time,
        signed: ["host", "x-amz-date"],
    };
    const sent = {
        method: "POST",
        target,
        headers: [
            ["host", new URL(base).host],
            ["x-amz-date", time],
        ],
        body,
    };
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIAMOCK/${scope.date}/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signatureOf(sent, scope)}`;
    const bytes = await new Promise((resolve, reject) => {
        // fetch would encode the path anew
        const out = httpRequest(
            base + target,
            { method: "POST", headers: { ...Object.fromEntries(sent.headers), authorization } },
            async (response) => {
                const parts = [];
                for await (const part of response) parts.push(part);
                resolve(Buffer.concat(parts));
            },
        );
        out.on("error", reject).end(body);
    });
    const events = readAwsMessages(bytes).map(({ headers, payload }) => {
        assert.equal(headers[":message-type"], "event");
        return JSON.parse(Buffer.from(JSON.parse(payload).bytes, "base64"));
    });
    assert.equal(events[0].type, "message_start");
    assert.equal(events.map((e) => e.delta?.text ?? "").join(""), "w00 w01 w02 w03 w04 w05 ");
    assert.equal((await post("/model/anthropic.m/invoke", body)).status, 403);
});

test("vectors are the same in base64, in decimals and in Gemini's form", async () => {
    const ask = (more) =>
        post("/v1/embeddings", { model: "embed-mock-4-0", input: ["a", "b"], dimensions: 5, ...more }).then((r) => r.json());
    const decimals = (await ask({})).data.map((d) => d.embedding);
    const { data, usage } = await ask({ encoding_format: "base64" });
    assert.deepEqual(
        data.map((d) => [...new Float32Array(new Uint8Array(Buffer.from(d.embedding, "base64")).buffer)]),
        decimals,
    );
    assert.equal(usage.prompt_tokens, 8);
    const batch = await (
        await post("/v1beta/models/embed-mock-4-0:batchEmbedContents", {
            requests: ["a", "b"].map((text) => ({
                model: "models/embed-mock-4-0",
                content: { parts: [{ text }] },
                outputDimensionality: 5,
            })),
        })
    ).json();
    assert.deepEqual(
        batch.embeddings.map((e) => e.values),
        decimals,
    );
    assert.deepEqual(decimals[0], vectorOf("a", 5));
});

test("a victim is killed at the stage that was ordered", async () => {
    for (const [stage, stream, output] of [
        ["before", false, 6],
        ["chunk after=3", true, 6],
        ["end", false, 6],
    ]) {
        const victim = spawn("sleep", ["600"]);
        await fetch(`${base}/victim`, { method: "POST", body: JSON.stringify({ pid: victim.pid }) });
        const ended = once(victim, "exit");
        assert.equal(
            (await post("/v1/chat/completions", openai(`[[mark:kill-${stage}]][[kill:${stage} delay_us=50]]`, stream ? { stream } : {})))
                .status,
            200,
        );
        assert.deepEqual(await ended, [null, "SIGKILL"]);
        await eventually(async () => (await ledger(`kill-${stage}`)).some((entry) => entry.output === output), "the entry");
    }
});

test("every entry of the ledger is in its file", async () => {
    await post("/v1/chat/completions", openai("[[mark:file]]"));
    const lines = readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    assert.deepEqual(lines, await (await fetch(`${base}/ledger`)).json());
});

test("orders are read as they are written", () => {
    assert.deepEqual(ordersOf('x [[call:f {"a":[1]}]] [[call:g]] [[fault:429 retry-after=1 date]] [[split_frames]]'), {
        calls: [
            { name: "f", arguments: '{"a":[1]}' },
            { name: "g", arguments: "{}" },
        ],
        fault: { value: "429", "retry-after": "1", date: true },
        split_frames: {},
    });
    assert.deepEqual(
        [tokensOf("p/mock-3-4-v1:0"), tokensOf("mock-3-max"), tokensOf("other")],
        [
            { in: 3, out: 4 },
            { in: 3, out: Infinity },
            { in: 10, out: 20 },
        ],
    );
    assert.deepEqual(
        sampleOf({
            type: "object",
            properties: { a: { type: "ARRAY", items: { enum: ["x"] } }, b: { $ref: "#/$defs/n" } },
            $defs: { n: { type: "integer" } },
        }),
        { a: ["x"], b: 7 },
    );
});
