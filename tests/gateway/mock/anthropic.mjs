// Anthropic messages; Bedrock carries the same bodies for these models.

import { joined, need, needPairedCalls, present, Refused } from "./refused.mjs";
import { SIGNING, signatureOf, spoiled, write } from "./result.mjs";

export const vendor = "anthropic";
const REASONS = { end: "end_turn", length: "max_tokens", call: "tool_use" };
const REDACTED = Buffer.from(`${SIGNING} redacted +/==`).toString("base64");

const source = (s) =>
    s.type === "base64"
        ? { media: s.media_type, data: s.data }
        : s.type === "url"
          ? { url: s.url }
          : need(false, `messages: source type ${s.type} is not supported`);

const block = (b) => {
    switch (b.type) {
        case "text":
            return need(b.text !== "", "messages: text content blocks must be non-empty") ?? { kind: "text", text: b.text };
        case "image":
            return { kind: "image", ...source(b.source) };
        case "document":
            return { kind: "file", ...source(b.source) };
        case "tool_use":
            need(
                b.input !== null && typeof b.input === "object" && !Array.isArray(b.input),
                "messages: tool_use.input: Input should be a valid dictionary",
            );
            return { kind: "call", id: b.id, name: b.name, arguments: JSON.stringify(b.input) };
        case "tool_result":
            return {
                kind: "result",
                id: b.tool_use_id,
                error: b.is_error,
                text: typeof b.content === "string" ? b.content : (b.content ?? []).map((c) => c.text ?? "").join("\n"),
            };
        case "thinking":
            need(
                b.signature === signatureOf(vendor, b.thinking),
                "messages: Invalid `signature` in `thinking` block: thinking blocks cannot be modified",
            );
            return { kind: "thinking", text: b.thinking };
        case "redacted_thinking":
            need(b.data === REDACTED, "messages: Invalid `data` in `redacted_thinking` block");
            return { kind: "redacted", data: b.data };
        default:
            return need(false, `messages: Input tag '${b.type}' found using 'type' does not match any of the expected tags`);
    }
};
const blocks = (content) => (typeof content === "string" ? [{ kind: "text", text: content }] : content.map(block));

export function read(body, { bedrock, count } = {}) {
    if (bedrock) {
        need(body.anthropic_version === "bedrock-2023-05-31", "anthropic_version: Field required");
        need(!("model" in body) && !("stream" in body), "Extra inputs are not permitted: model and stream stand in the path");
    }
    need(bedrock || typeof body.model === "string", "model: Field required");
    need(count || Number.isInteger(body.max_tokens), "max_tokens: Field required");
    need(Array.isArray(body.messages) && body.messages.length > 0, "messages: at least one message is required");
    for (const { role } of body.messages) need(role === "user" || role === "assistant", `messages: Unexpected role "${role}"`);
    const turns = joined(body.messages.map((message) => ({ role: message.role, blocks: blocks(message.content) })));
    need(turns[0].role === "user", 'messages: first message must use the "user" role');
    needPairedCalls(turns);
    for (const { blocks: all } of turns) {
        const results = all.filter((b) => b.kind === "result").length;
        need(
            all.slice(0, results).every((b) => b.kind === "result"),
            "messages: tool results must stand first in their turn",
        );
        need(
            new Set(all.filter((b) => b.kind === "result").map((b) => b.id)).size === results,
            "messages: each tool_use must have a single result",
        );
    }
    const thinking = body.thinking && body.thinking.type !== "disabled";
    if (body.thinking?.type === "enabled") {
        need(body.thinking.budget_tokens >= 1024, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
        need(count || body.max_tokens > body.thinking.budget_tokens, "`max_tokens` must be greater than `thinking.budget_tokens`");
    }
    const choice = { any: "required", none: "none", auto: "auto" }[body.tool_choice?.type];
    return {
        model: body.model,
        system: typeof body.system === "string" ? body.system : (body.system ?? []).map((b) => b.text).join("\n"),
        turns,
        tools: (body.tools ?? []).map((tool) => ({ name: tool.name, description: tool.description, parameters: tool.input_schema })),
        choice: body.tool_choice?.type === "tool" ? { name: body.tool_choice.name } : choice,
        parallel: body.tool_choice?.disable_parallel_tool_use == null ? undefined : !body.tool_choice.disable_parallel_tool_use,
        schema: body.output_config?.format?.schema,
        max: body.max_tokens,
        stream: Boolean(body.stream),
        thinking,
        params: present({
            temperature: body.temperature,
            top_p: body.top_p,
            stop: body.stop_sequences,
            effort: body.output_config?.effort,
        }),
    };
}

function usageOf({ usage, orders }, atStart) {
    const counts = spoiled(
        {
            input_tokens: usage.in,
            cache_creation_input_tokens: usage.write + usage.hour,
            cache_read_input_tokens: usage.read,
            output_tokens: atStart ? 1 : usage.out,
        },
        orders,
    );
    return (
        counts && {
            ...counts,
            cache_creation: { ephemeral_5m_input_tokens: usage.write, ephemeral_1h_input_tokens: usage.hour },
            ...(atStart ? {} : { output_tokens_details: { thinking_tokens: usage.think } }),
            service_tier: "standard",
        }
    );
}

function contentOf(result) {
    const all = [];
    for (const b of result.blocks) {
        if (b.kind === "thinking") {
            all.push({ type: "thinking", thinking: b.text, signature: b.signature });
            if (result.orders.redacted) all.push({ type: "redacted_thinking", data: REDACTED });
        } else if (b.kind === "call") {
            all.push({ type: "tool_use", id: `toolu_${b.id}`, name: b.name, input: JSON.parse(b.arguments) });
        } else if (b.pieces.length) {
            all.push({ type: "text", text: b.pieces.join("") });
        }
    }
    return all;
}

function message(ask, result, id, members) {
    return {
        id: `msg_${id}`,
        type: "message",
        role: "assistant",
        model: ask.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        ...members,
    };
}

export function whole(ask, result, { id }) {
    const usage = usageOf(result);
    return message(ask, result, id, { content: contentOf(result), stop_reason: REASONS[result.stop], ...(usage ? { usage } : {}) });
}

export function* frames(ask, result, { id }) {
    const event = (type, members, more = {}) => ({ event: type, data: write({ type, ...members }), ...more });
    const first = usageOf(result, true);
    yield event("message_start", { message: message(ask, result, id, first ? { usage: first } : {}) });
    yield event("ping", {});
    const pieces = result.blocks.filter((b) => b.kind === "text" && b.pieces.length).map((b) => b.pieces);
    const calls = result.blocks.filter((b) => b.kind === "call");
    for (const [index, whole] of contentOf(result).entries()) {
        const delta = (members) => event("content_block_delta", { index, delta: members }, { content: true });
        if (whole.type === "thinking") {
            yield event("content_block_start", { index, content_block: { type: "thinking", thinking: "", signature: "" } });
            for (const thinking of whole.thinking.match(/.{1,6}/gsu)) yield delta({ type: "thinking_delta", thinking });
            yield delta({ type: "signature_delta", signature: whole.signature });
        } else if (whole.type === "redacted_thinking") {
            yield event("content_block_start", { index, content_block: whole });
        } else if (whole.type === "tool_use") {
            yield event("content_block_start", { index, content_block: { ...whole, input: {} } }, { content: true });
            yield delta({ type: "input_json_delta", partial_json: "" });
            for (const partial_json of calls.shift().arguments.match(/.{1,5}/gsu) ?? [])
                yield delta({ type: "input_json_delta", partial_json });
        } else {
            yield event("content_block_start", { index, content_block: { type: "text", text: "" } });
            for (const text of pieces.shift()) yield delta({ type: "text_delta", text });
        }
        yield event("content_block_stop", { index });
    }
    const usage = usageOf(result);
    yield event("message_delta", { delta: { stop_reason: REASONS[result.stop], stop_sequence: null }, ...(usage ? { usage } : {}) });
    yield event("message_stop", {}, { last: true });
}

const TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
};

const errorOf = ({ status, message }) => ({
    type: "error",
    error: { type: TYPES[status] ?? "api_error", message },
    request_id: "req_mock",
});

export const failure = (refused) => ({ body: write(errorOf(refused)), headers: { "request-id": "req_mock" } });
export const failureFrame = (refused) => ({ event: "error", data: write(errorOf(refused)) });

/** Bedrock's: a header names the error, the body has a message alone. */
export function bedrockFailure({ status, message }) {
    const name =
        {
            400: "ValidationException",
            401: "UnrecognizedClientException",
            403: "AccessDeniedException",
            404: "ResourceNotFoundException",
            429: "ThrottlingException",
            503: "ServiceUnavailableException",
        }[status] ?? "InternalServerException";
    return {
        name,
        body: write({ message }),
        headers: { "x-amzn-errortype": `${name}:http://internal.amazon.com/coral/com.amazon.bedrock/`, "x-amzn-requestid": "mock" },
    };
}

export const checkHeaders = (headers) => {
    if (!headers["anthropic-version"]) throw new Refused(400, "anthropic-version: header is required");
};
