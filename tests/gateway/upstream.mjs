// A mock of the model vendors' APIs for the tests of the gateway. It prints {"port": N} and serves until it is killed:
//
//   node upstream.mjs [--port N] [--ledger FILE] [--aws ACCESS:SECRET] [--models a,b]
//
// OpenAI:    POST …/chat/completions, …/responses, …/embeddings, GET …/models         key: Authorization: Bearer
// Azure:     POST /openai/deployments/D/chat/completions|embeddings?api-version=…     key: api-key
// Anthropic: POST …/v1/messages, …/v1/messages/count_tokens, GET …/models             key: x-api-key
// Gemini:    POST …/v1|v1beta/models/M:generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents,
//            GET …/models                                                             key: x-goog-api-key
// Bedrock:   POST /model/ID/invoke|invoke-with-response-stream (Anthropic's models)   signed, service "bedrock"
// A key that begins with "bad" is unknown (401), one that begins with "broke" has no money (402).
//
// Orders in the last text of the user (those in faults and holds take times=N: only the first N times this text is sent;
// skip=N: not the first N times; model=M: only that model):
//   [[usage in=10 out=20 read=5 write=3 hour=2 think=4]]  counts; else the model's name says them (mock/orders.mjs)
//   [[call:NAME {"json": …}]] (several: parallel; [[preface]]: words before) [[interleave]] [[json:…]] [[echo:…]] [[describe]]
//   [[vector:1,0,0.5]] (of a text that is embedded)
//   [[think]] [[redacted]] [[chunks:50]] [[size:200000]] [[gap:MS]] [[mark:NAME]] [[split_frames]] [[blocked]]
//   [[fault:STATUS retry-after=S retry-after-ms=MS date should-retry=false echo_key in_array]] [[hang]] [[reset]]
//   [[redirect:URL]] [[slow_first_byte:MS]] [[wrong_content_type]] [[malformed_json after=N]] [[disconnect_after=N]]
//   [[error_in_200:STATUS after=N]] [[huge_body:MIB]] [[endless_stream:MOST]] [[no_last_frame]]
//   [[usage_missing]] [[usage_zero]] [[usage_negative]] [[usage_absurd]] [[usage_overflow]] [[usage_text]]
//   [[hold:before]] [[hold:chunk after=N]]                    until POST /release or the client leaves
//   [[kill:before]] [[kill:chunk after=N]] [[kill:end]]       SIGKILL to the process of POST /victim, delay_us=N later
//
// For tests: GET /ledger, /calls, /requests?mark=M, /last-request (the raw bytes), /last-request/head,
// POST /reset, /release {"mark": M}, /victim {"pid": N}. Every call has an entry in the ledger, billed or not.

import { createServer } from "node:http";
import * as anthropic from "./mock/anthropic.mjs";
import { Call, refuse } from "./mock/call.mjs";
import * as embeddings from "./mock/embeddings.mjs";
import * as gemini from "./mock/gemini.mjs";
import { Ledger } from "./mock/ledger.mjs";
import * as chat from "./mock/openai_chat.mjs";
import * as responses from "./mock/openai_responses.mjs";
import { tokensOf } from "./mock/orders.mjs";
import { Refused } from "./mock/refused.mjs";
import { faultOf } from "./mock/sigv4.mjs";

const options = { port: "0", aws: "AKIAMOCK:mock-secret", models: "mock-10-20,embed-mock-4-0" };
for (let i = 2; i < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, "")] = process.argv[i + 1];

const house = { serial: 0, ledger: new Ledger(options.ledger), calls: new Map(), victim: 0 };
const REMEMBERED = 400;
let requests = [];

function checkKey(key, what) {
    if (!key) throw new Refused(401, `You didn't provide an API key (${what})`);
    if (key.startsWith("bad")) throw new Refused(401, "Incorrect API key provided");
    if (key.startsWith("broke")) throw new Refused(402, "There is no money left", { shouldRetry: false });
}

function checkModel(model) {
    if (model?.includes("missing")) throw new Refused(404, `The model \`${model}\` does not exist or you do not have access to it.`);
}

const bearer = (headers) => /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";

/** Which door a request came to: {face, wire, key(), serve(body)}; undefined: none. */
function doorOf(request, path, query, raw) {
    const headers = request.headers;
    const call = (face, ask, wire) => ({ face, ask, wire });
    let found;
    if ((found = /^\/openai\/deployments\/([^/]+)\/(chat\/completions|embeddings)$/.exec(path))) {
        const model = decodeURIComponent(found[1]);
        const key = () => {
            if (!query.get("api-version")) throw new Refused(404, "Resource not found: the query has no api-version");
            return headers["api-key"] ?? bearer(headers);
        };
        return {
            face: chat,
            what: "api-key",
            key,
            serve: (body) =>
                found[2] === "embeddings"
                    ? { vectors: embeddings.openai({ ...body, model }), model }
                    : call(chat, chat.read({ ...body, model }), "sse"),
        };
    }
    if ((found = /^\/model\/([^/]+)\/(invoke|invoke-with-response-stream)$/.exec(path))) {
        const [access, secret] = options.aws.split(":");
        const key = () => {
            const fault = faultOf(
                { method: request.method, target: request.url, headers: pairs(request.rawHeaders), body: raw },
                { [access]: secret },
                "bedrock",
            );
            if (fault) throw new Refused(403, fault);
            return access;
        };
        return {
            face: anthropic,
            wire: "aws",
            what: "a signature",
            key,
            serve: (body) =>
                call(
                    anthropic,
                    { ...anthropic.read(body, { bedrock: true }), model: decodeURIComponent(found[1]), stream: found[2] !== "invoke" },
                    "aws",
                ),
        };
    }
    // Google's SDK says /v1 now, its users and older ones /v1beta; a list in /v1 is theirs by the header of the key.
    if (
        (found = /\/v1(?:beta)?\/models\/([^:]+):(\w+)$/.exec(path) ?? (headers["x-goog-api-key"] && /\/v1(?:beta)?\/models$/.exec(path)))
    ) {
        const key = () => headers["x-goog-api-key"] ?? query.get("key") ?? bearer(headers);
        const [, named, verb] = found;
        const model = named && decodeURIComponent(named);
        const door = { face: gemini, what: "x-goog-api-key", key };
        if (!verb)
            return {
                ...door,
                list: () => ({
                    models: names().map((name) => ({
                        name: `models/${name}`,
                        displayName: name,
                        version: "001",
                        inputTokenLimit: 1048576,
                        outputTokenLimit: 8192,
                        supportedGenerationMethods: ["generateContent", "countTokens"],
                    })),
                }),
            };
        if (verb.endsWith("mbedContents") || verb === "embedContent")
            return { ...door, serve: (body) => ({ model, vectors: embeddings.gemini(body, model, verb !== "embedContent") }) };
        if (verb === "countTokens") return { ...door, serve: () => ({ model, counted: { totalTokens: tokensOf(model).in } }) };
        if (verb !== "generateContent" && verb !== "streamGenerateContent") return undefined;
        const stream = verb === "streamGenerateContent";
        return {
            ...door,
            serve: (body) => call(gemini, gemini.read(body, { model, stream }), query.get("alt") === "sse" ? "sse" : "array"),
        };
    }
    const forAnthropic = {
        face: anthropic,
        what: "x-api-key",
        key: () => {
            anthropic.checkHeaders(headers);
            return headers["x-api-key"] ?? bearer(headers);
        },
    };
    if (/\/v1\/messages$/.test(path)) return { ...forAnthropic, serve: (body) => call(anthropic, anthropic.read(body), "sse") };
    if (/\/v1\/messages\/count_tokens$/.test(path)) {
        return {
            ...forAnthropic,
            serve: (body) => ({
                model: body.model,
                counted: { input_tokens: anthropic.read(body, { count: true }) && tokensOf(body.model).in },
            }),
        };
    }
    if ((found = /\/models(?:\/([^/]+))?$/.exec(path)) && request.method === "GET") {
        const shown = headers["anthropic-version"]
            ? (id) => ({ type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z" })
            : (id) => ({ id, object: "model", created: 1760000000, owned_by: "mock" });
        const door = headers["anthropic-version"] ? forAnthropic : { face: chat, what: "Authorization", key: () => bearer(headers) };
        if (found[1])
            return {
                ...door,
                list: () => {
                    checkModel(found[1]);
                    return shown(decodeURIComponent(found[1]));
                },
            };
        const data = names().map(shown);
        return {
            ...door,
            list: () =>
                headers["anthropic-version"]
                    ? { data, has_more: false, first_id: data[0].id, last_id: data[data.length - 1].id }
                    : { object: "list", data },
        };
    }
    const forOpenAi = { what: "Authorization", key: () => bearer(headers) };
    if (/\/chat\/completions$/.test(path)) return { ...forOpenAi, face: chat, serve: (body) => call(chat, chat.read(body), "sse") };
    if (/\/responses$/.test(path)) return { ...forOpenAi, face: responses, serve: (body) => call(responses, responses.read(body), "sse") };
    if (/\/embeddings$/.test(path))
        return { ...forOpenAi, face: chat, serve: (body) => ({ model: body.model, vectors: embeddings.openai(body) }) };
    return undefined;
}

const names = () => options.models.split(",");
const pairs = (raw) => Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]]);

function answerJson(response, value, status = 200) {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function serve(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const raw = Buffer.concat(parts);
    const [path, search = ""] = request.url.split("?");
    const query = new URLSearchParams(search);
    if (control(request, response, path, query, raw)) return;

    const door = doorOf(request, path, query, raw);
    const seen = { method: request.method, target: request.url, headers: pairs(request.rawHeaders), body: raw, mark: "" };
    requests.push(seen);
    if (requests.length > REMEMBERED) requests.shift();
    if (!door)
        return answerJson(
            response,
            { error: { message: `the mock has no ${request.method} ${path}`, type: "invalid_request_error", param: null, code: null } },
            404,
        );
    let key = "";
    try {
        key = door.key();
        checkKey(key, door.what);
        if (door.list) return answerJson(response, door.list());
        const body = parse(raw);
        const asked = door.serve(body);
        checkModel(asked.model ?? asked.ask?.model);
        if (asked.counted) return answerJson(response, asked.counted);
        if (asked.vectors) return await vectors(asked, door, { request, response, key, seen });
        const call = new Call(house, { ...asked, request, response, key });
        seen.mark = call.mark;
        await call.answer();
    } catch (error) {
        const refused = error instanceof Refused ? error : new Refused(500, `the mock failed: ${error.stack}`);
        if (!response.headersSent) refuse(response, door.face, refused, door.wire);
        else response.destroy();
        house.ledger.add({
            id: ++house.serial,
            at: new Date().toISOString(),
            vendor: door.face.vendor,
            path: request.url,
            key,
            mark: seen.mark,
            status: refused.status,
            ended: "refused",
            reason: refused.message,
            client_left: false,
            chunks: 0,
            input: 0,
            cache_read: 0,
            cache_write: 0,
            cache_write_1h: 0,
            output: 0,
        });
    }
}

function parse(raw) {
    try {
        return JSON.parse(raw.toString("utf8"));
    } catch {
        throw new Refused(400, "We could not parse the JSON body of your request.");
    }
}

/** Embeddings take the orders of their first text that make sense without words. */
async function vectors({ model, vectors: { body, input, texts } }, door, { request, response, key, seen }) {
    const face = { ...door.face, whole: () => body };
    const call = new Call(house, {
        face,
        wire: "sse",
        request,
        response,
        key,
        ask: {
            model,
            turns: [{ role: "user", blocks: [{ kind: "text", text: texts[0] }] }],
            tools: [],
            system: "",
            params: {},
            stream: false,
        },
    });
    seen.mark = call.mark;
    const bill = call.bill;
    call.bill = (entry) => bill.call(call, { ...entry, input, output: 0 });
    await call.answer();
}

/** What the tests ask about and steer; true: it was one of these. */
function control(request, response, path, query, raw) {
    const { method } = request;
    const given = () => (raw.length ? JSON.parse(raw.toString()) : {});
    const last = requests[requests.length - 1];
    switch (`${method} ${path}`) {
        case "GET /ledger":
            answerJson(response, house.ledger.entries);
            return true;
        case "GET /calls":
            answerJson(
                response,
                [...house.calls.values()].map(({ id, mark, chunks, holding, ask }) => ({ id, mark, chunks, holding, model: ask.model })),
            );
            return true;
        case "GET /requests":
            answerJson(
                response,
                requests
                    .filter((r) => !query.get("mark") || r.mark === query.get("mark"))
                    .map((r) => ({ ...r, body: r.body.toString("base64") })),
            );
            return true;
        case "GET /last-request":
            response.writeHead(last ? 200 : 404, { "content-type": "application/octet-stream" }).end(last?.body);
            return true;
        case "GET /last-request/head":
            answerJson(response, last ? { ...last, body: undefined } : {}, last ? 200 : 404);
            return true;
        case "POST /reset":
            house.ledger.clear();
            requests = [];
            response.writeHead(204).end();
            return true;
        case "POST /release": {
            const { mark } = given();
            for (const call of house.calls.values()) if (mark === undefined || call.mark === mark) call.release?.();
            response.writeHead(204).end();
            return true;
        }
        case "POST /victim":
            house.victim = given().pid;
            response.writeHead(204).end();
            return true;
        default:
            return false;
    }
}

const server = createServer({ keepAliveTimeout: 60_000, maxHeaderSize: 65_536 }, (request, response) => {
    request.socket.setNoDelay(true);
    serve(request, response).catch((error) => {
        console.error(error);
        response.destroy();
    });
});
server.on("clientError", (_, socket) => socket.destroy());
server.listen(Number(options.port), "127.0.0.1", 4096, () => console.log(JSON.stringify({ port: server.address().port })));
