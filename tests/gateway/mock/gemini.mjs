// Gemini's generateContent, streamGenerateContent and embeddings.

import { joined, need, present } from "./refused.mjs";
import { signatureOf, spoiled, write } from "./result.mjs";

export const vendor = "gemini";
const REASONS = { end: "STOP", length: "MAX_TOKENS", call: "STOP" };

/** Members may be camelCase or snake_case. */
const member = (object, name) => object?.[name] ?? object?.[name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)];

const resultText = (response) =>
    typeof response?.output === "string"
        ? response.output
        : typeof response?.result === "string"
          ? response.result
          : typeof response?.error === "string"
            ? response.error
            : JSON.stringify(response);

// What Google documents for calls that another model made.
const FOREIGN = "skip_thought_signature_validator";

function part(p, strict) {
    const signature = member(p, "thoughtSignature");
    if (p.thought) {
        if (signature != null) need(signature === signatureOf(vendor, p.text), "Thought signature is not valid");
        return { kind: "thinking", text: p.text };
    }
    const call = member(p, "functionCall");
    if (call) {
        need(
            call.args == null || (typeof call.args === "object" && !Array.isArray(call.args)),
            "Invalid value at 'contents.parts.function_call.args' (Map)",
        );
        if (strict) need(signature != null, "Function call is missing a thought_signature in functionCall parts.");
        if (signature != null && signature !== FOREIGN) need(signature === signatureOf(vendor, call.name), "Thought signature is not valid");
        return { kind: "call", id: call.id, name: call.name, arguments: JSON.stringify(call.args ?? {}) };
    }
    const answered = member(p, "functionResponse");
    if (answered) {
        need(
            answered.response !== null && typeof answered.response === "object" && !Array.isArray(answered.response),
            "Invalid value at 'contents.parts.function_response.response' (Map)",
        );
        need(answered.name, "function_response.name: Name cannot be empty.");
        return {
            kind: "result",
            id: answered.id,
            name: answered.name,
            text: resultText(answered.response),
            error: "error" in answered.response || undefined,
        };
    }
    const inline = member(p, "inlineData");
    if (inline) return { kind: "image", media: member(inline, "mimeType"), data: inline.data };
    const file = member(p, "fileData");
    if (file) return { kind: "image", url: member(file, "fileUri") };
    need(typeof p.text === "string", "contents.parts must not be empty.");
    return { kind: "text", text: p.text };
}

/** Results pair with the calls of the turn before by id where both have one, else by order and name. */
function needPairedCalls(turns) {
    for (const [i, turn] of turns.entries()) {
        const results = turn.blocks.filter((b) => b.kind === "result");
        const calls = (turns[i - 1]?.blocks ?? []).filter((b) => b.kind === "call");
        const open = turn.blocks.filter((b) => b.kind === "call").length && i === turns.length - 1;
        need(
            results.length === calls.length && !open,
            "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
        );
        results.forEach((result, at) => {
            const call = result.id ? calls.find((c) => c.id === result.id) : calls[at];
            need(call && call.name === result.name, `the function response ${result.name} has no function call`);
            result.id = call.id;
        });
    }
}

export function read(body, { model, stream }) {
    need(Array.isArray(body.contents) && body.contents.length > 0, "* GenerateContentRequest.contents: contents is not specified");
    const strict = model.includes("signed");
    const turns = joined(
        body.contents.map((content) => {
            need(content.role == null || content.role === "user" || content.role === "model", "Please use a valid role: user, model.");
            need(
                Array.isArray(content.parts) && content.parts.length > 0,
                "* GenerateContentRequest.contents.parts: contents.parts must not be empty.",
            );
            const first = content.parts.findIndex((p) => member(p, "functionCall"));
            return {
                role: content.role === "model" ? "assistant" : "user",
                blocks: content.parts.map((p, at) => part(p, strict && at === first)),
            };
        }),
    );
    needPairedCalls(turns);
    const config = member(body, "generationConfig") ?? {};
    const calling = member(member(body, "toolConfig"), "functionCallingConfig") ?? {};
    const allowed = member(calling, "allowedFunctionNames");
    const thinking = member(config, "thinkingConfig");
    return {
        model,
        system: (member(body, "systemInstruction")?.parts ?? []).map((p) => p.text).join("\n"),
        turns,
        tools: (body.tools ?? [])
            .flatMap((tool) => member(tool, "functionDeclarations") ?? [])
            .map((f) => ({ name: f.name, description: f.description, parameters: member(f, "parametersJsonSchema") ?? f.parameters })),
        choice: allowed?.length === 1 ? { name: allowed[0] } : { ANY: "required", NONE: "none", AUTO: "auto" }[calling.mode],
        schema: member(config, "responseJsonSchema") ?? member(config, "responseSchema"),
        max: member(config, "maxOutputTokens"),
        stream,
        thinking: Boolean(member(thinking, "includeThoughts")),
        signed: thinking != null || strict,
        choices: member(config, "candidateCount") ?? 1,
        params: present({
            temperature: config.temperature,
            top_p: member(config, "topP"),
            stop: member(config, "stopSequences"),
            seed: config.seed,
        }),
    };
}

function usageOf({ usage, orders }, choices) {
    const prompt = usage.in + usage.read + usage.write + usage.hour;
    const visible = (usage.out - usage.think) * choices;
    const counts = spoiled(
        {
            promptTokenCount: prompt,
            candidatesTokenCount: visible,
            totalTokenCount: prompt + visible + usage.think,
            ...(usage.read ? { cachedContentTokenCount: usage.read } : {}),
            ...(usage.think ? { thoughtsTokenCount: usage.think } : {}),
        },
        orders,
    );
    return counts && { ...counts, promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }] };
}

function callPart(ask, block, first) {
    return {
        functionCall: { id: block.id, name: block.name, args: JSON.parse(block.arguments) },
        ...(ask.signed && first ? { thoughtSignature: signatureOf(vendor, block.name) } : {}),
    };
}

function answer(ask, { id }, parts, finishReason, usage) {
    return {
        candidates: Array.from({ length: ask.choices }, (_, index) => ({
            content: { parts, role: "model" },
            ...(finishReason ? { finishReason } : {}),
            index,
        })),
        ...(usage ? { usageMetadata: usage } : {}),
        modelVersion: ask.model,
        responseId: `mock-${id}`,
    };
}

function blocked(ask, result, context) {
    const usage = usageOf(result, ask.choices);
    return {
        promptFeedback: { blockReason: "SAFETY" },
        ...(usage ? { usageMetadata: usage } : {}),
        modelVersion: ask.model,
        responseId: `mock-${context.id}`,
    };
}

export function whole(ask, result, context) {
    if (result.orders.blocked) return blocked(ask, result, context);
    let called = false;
    const parts = result.blocks.map((block) => {
        if (block.kind === "thinking") return { text: block.text, thought: true, thoughtSignature: block.signature };
        if (block.kind === "text") return { text: block.pieces.join("") };
        const first = !called;
        called = true;
        return callPart(ask, block, first);
    });
    return answer(ask, context, parts, REASONS[result.stop], usageOf(result, ask.choices));
}

export function* frames(ask, result, context) {
    if (result.orders.blocked) return yield { data: write(blocked(ask, result, context)), last: true };
    const usage = usageOf(result, ask.choices);
    let called = false;
    const partial = usage && { ...usage, candidatesTokenCount: result.orders.usage_zero ? 0 : 1 }; // grows, and is told again and again
    const frame = (part, counts = partial) => ({ data: write(answer(ask, context, [part], undefined, counts)), content: true });
    for (const block of result.blocks) {
        if (block.kind === "thinking") yield frame({ text: block.text, thought: true, thoughtSignature: block.signature });
        else if (block.kind === "text") for (const piece of block.pieces) yield frame({ text: piece });
        else {
            yield frame(callPart(ask, block, !called));
            called = true;
        }
    }
    yield { data: write(answer(ask, context, [{ text: "" }], REASONS[result.stop], usage)), last: true };
}

const STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
};

function errorOf({ status, message, retryAfterMs }) {
    return {
        error: {
            code: status,
            message,
            status: STATUSES[status] ?? "UNKNOWN",
            ...(retryAfterMs == null
                ? {}
                : { details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfterMs / 1000}s` }] }),
        },
    };
}

/** The delay stands in the body; no header tells it. */
export const failure = (refused) => ({
    body: write(refused.inArray ? [errorOf(refused)] : errorOf(refused)),
    headers: {},
    delayInBody: true,
});
export const failureFrame = (refused) => ({ data: write(errorOf(refused)) });
