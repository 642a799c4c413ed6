// OpenAI chat completions (also Azure's, and what compatible servers speak).

import { fromDataUrl, joined, need, needPairedCalls, present } from "./refused.mjs";
import { spoiled, textOf, write } from "./result.mjs";

export const vendor = "openai";
const CREATED = 1760000000;
const REASONS = { end: "stop", length: "length", call: "tool_calls" };

const part = (p) => {
    switch (p.type) {
        case "text":
            return { kind: "text", text: p.text };
        case "refusal":
            return { kind: "text", text: p.refusal };
        case "image_url":
            return { kind: "image", ...fromDataUrl(p.image_url.url) };
        case "input_audio":
            return { kind: "audio", media: `audio/${p.input_audio.format}`, data: p.input_audio.data };
        case "file":
            return { kind: "file", ...fromDataUrl(p.file.file_data ?? p.file.file_id) };
        default:
            return need(
                false,
                `Invalid value: '${p.type}'. Supported values are: 'text', 'image_url', 'input_audio' and 'file'.`,
                "messages",
            );
    }
};
const parts = (content) => (content == null ? [] : typeof content === "string" ? [{ kind: "text", text: content }] : content.map(part));

export function read(body) {
    need(typeof body.model === "string", "you must provide a model parameter", "model");
    need(Array.isArray(body.messages) && body.messages.length > 0, "Missing required parameter: 'messages'.", "messages");
    need(
        !(body.max_tokens != null && body.max_completion_tokens != null),
        "max_tokens and max_completion_tokens exclude each other",
        "max_tokens",
    );
    need(
        body.stream || body.stream_options == null,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        "stream_options",
    );
    const system = [];
    const turns = [];
    for (const message of body.messages) {
        switch (message.role) {
            case "system":
            case "developer":
                system.push(...parts(message.content).map((b) => b.text));
                break;
            case "user":
                turns.push({ role: "user", blocks: parts(message.content) });
                break;
            case "assistant":
                turns.push({
                    role: "assistant",
                    blocks: [
                        ...parts(message.content),
                        ...(message.tool_calls ?? []).map((call) => ({
                            kind: "call",
                            id: call.id,
                            name: call.function.name,
                            arguments: call.function.arguments,
                        })),
                    ],
                });
                break;
            case "tool":
                need(typeof message.tool_call_id === "string", "Missing parameter 'tool_call_id'", "messages");
                turns.push({
                    role: "user",
                    blocks: [
                        {
                            kind: "result",
                            id: message.tool_call_id,
                            text: parts(message.content)
                                .map((b) => b.text)
                                .join("\n"),
                        },
                    ],
                });
                break;
            default:
                need(false, `Invalid value: '${message.role}'.`, "messages");
        }
    }
    const all = joined(turns);
    needPairedCalls(all);
    const tools = (body.tools ?? []).map((tool) => {
        need(tool.type === "function", `Invalid value: '${tool.type}'. Supported values are: 'function'.`, "tools");
        return {
            name: tool.function.name,
            description: tool.function.description,
            parameters: tool.function.parameters,
            strict: tool.function.strict,
        };
    });
    const choice = body.tool_choice?.function ? { name: body.tool_choice.function.name } : (body.tool_choice ?? undefined);
    need(
        choice == null || choice === "none" || tools.length > 0,
        "'tool_choice' is only allowed when 'tools' are specified.",
        "tool_choice",
    );
    return {
        model: body.model,
        system: system.join("\n"),
        turns: all,
        tools,
        choice,
        parallel: body.parallel_tool_calls ?? undefined,
        schema: body.response_format?.json_schema?.schema,
        max: body.max_completion_tokens ?? body.max_tokens ?? undefined,
        stream: Boolean(body.stream),
        streamUsage: Boolean(body.stream_options?.include_usage),
        choices: body.n ?? 1,
        padding: body.stream_options?.include_obfuscation !== false,
        params: present({
            temperature: body.temperature,
            top_p: body.top_p,
            stop: body.stop == null ? undefined : [body.stop].flat(),
            seed: body.seed,
            effort: body.reasoning_effort,
        }),
    };
}

export function usageOf({ usage, orders }, choices = 1) {
    const prompt = usage.in + usage.read + usage.write + usage.hour;
    const counts = spoiled(
        { prompt_tokens: prompt, completion_tokens: usage.out * choices, total_tokens: prompt + usage.out * choices },
        orders,
    );
    return (
        counts && {
            ...counts,
            prompt_tokens_details: { cached_tokens: usage.read, cache_write_tokens: usage.write + usage.hour, audio_tokens: 0 },
            completion_tokens_details: {
                reasoning_tokens: usage.think,
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    );
}

export function whole(ask, result, { id }) {
    const calls = result.blocks
        .filter((b) => b.kind === "call")
        .map((b) => ({ id: b.id, type: "function", function: { name: b.name, arguments: b.arguments } }));
    const text = textOf(result);
    const usage = usageOf(result, ask.choices);
    return {
        id: `chatcmpl-${id}`,
        object: "chat.completion",
        created: CREATED,
        model: ask.model,
        choices: Array.from({ length: ask.choices }, (_, index) => ({
            index,
            message: {
                role: "assistant",
                content: text || (calls.length ? null : ""),
                refusal: null,
                annotations: [],
                ...(calls.length ? { tool_calls: calls } : {}),
            },
            logprobs: null,
            finish_reason: REASONS[result.stop],
        })),
        ...(usage ? { usage } : {}),
        service_tier: "default",
        system_fingerprint: "fp_mock",
    };
}

export function* frames(ask, result, { id }) {
    const chunk = (choices, more = {}) =>
        write({
            id: `chatcmpl-${id}`,
            object: "chat.completion.chunk",
            created: CREATED,
            model: ask.model,
            service_tier: "default",
            system_fingerprint: "fp_mock",
            choices,
            ...(ask.streamUsage ? { usage: null } : {}),
            ...(ask.padding ? { obfuscation: "mock".repeat(id % 3) } : {}),
            ...more,
        });
    for (let index = 0; index < ask.choices; ++index) {
        const delta = (delta, finish_reason = null) => chunk([{ index, delta, logprobs: null, finish_reason }]);
        yield { data: delta({ role: "assistant", content: "", refusal: null }) };
        for (const block of result.blocks) {
            if (block.kind === "text") for (const piece of block.pieces) yield { data: delta({ content: piece }), content: true };
        }
        const calls = result.blocks.filter((block) => block.kind === "call");
        const begin = (call, i) => ({
            data: delta({ tool_calls: [{ index: i, id: call.id, type: "function", function: { name: call.name, arguments: "" } }] }),
            content: true,
        });
        const rest = (call, i) =>
            (call.arguments.match(/.{1,5}/gsu) ?? []).map((text) => ({
                data: delta({ tool_calls: [{ index: i, function: { arguments: text } }] }),
                content: true,
            }));
        if (result.interleave) {
            yield* calls.map(begin);
            const rests = calls.map(rest);
            for (let i = 0; rests.some((list) => i < list.length); ++i) yield* rests.flatMap((list) => list.slice(i, i + 1));
        } else {
            for (const [i, call] of calls.entries()) yield* [begin(call, i), ...rest(call, i)];
        }
        yield { data: delta({}, REASONS[result.stop]) };
    }
    const usage = usageOf(result, ask.choices);
    if (ask.streamUsage && usage) yield { data: chunk([], { usage }) };
    yield { data: "[DONE]", last: true };
}

const TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    402: "insufficient_quota",
    403: "invalid_request_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
};
const CODES = { 401: "invalid_api_key", 402: "budget_exceeded", 404: "model_not_found", 429: "rate_limit_exceeded" };

export const errorBody = ({ status, message, parameter, code }) => ({
    error: { message, type: TYPES[status] ?? "server_error", param: parameter ?? null, code: code ?? CODES[status] ?? null },
});

export function failure(refused) {
    return { body: write(errorBody(refused)), headers: { "x-request-id": "req_mock" } };
}

export const failureFrame = (refused) => ({ data: write(errorBody(refused)) });
