// OpenAI's Responses API: items in, items out, typed events.

import { errorBody, failure as chatFailure } from "./openai_chat.mjs";
import { fromDataUrl, joined, need, needPairedCalls, present } from "./refused.mjs";
import { signatureOf, spoiled, write } from "./result.mjs";

export const vendor = "openai";
const CREATED = 1760000000;

const part = (p) => {
    switch (p.type) {
        case "input_text":
        case "output_text":
        case "text":
            return { kind: "text", text: p.text };
        case "input_image":
            return { kind: "image", ...fromDataUrl(p.image_url) };
        case "input_file":
            return { kind: "file", ...fromDataUrl(p.file_data ?? p.file_url) };
        case "refusal":
            return { kind: "text", text: p.refusal };
        default:
            return need(false, `Invalid value: '${p.type}'.`, "input");
    }
};
const parts = (content) => (typeof content === "string" ? [{ kind: "text", text: content }] : content.map(part));

export function read(body) {
    need(typeof body.model === "string", "Missing required parameter: 'model'.", "model");
    need(body.input != null, "Missing required parameter: 'input'.", "input");
    const system = body.instructions ? [body.instructions] : [];
    const turns = [];
    for (const item of typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input) {
        if (item.type === "function_call") {
            turns.push({ role: "assistant", blocks: [{ kind: "call", id: item.call_id, name: item.name, arguments: item.arguments }] });
        } else if (item.type === "function_call_output") {
            const text = typeof item.output === "string" ? item.output : item.output.map((p) => p.text).join("\n");
            turns.push({ role: "user", blocks: [{ kind: "result", id: item.call_id, text }] });
        } else if (item.type === "reasoning") {
            const text = item.summary.map((s) => s.text).join("");
            if (item.encrypted_content != null) {
                need(item.encrypted_content === signatureOf(vendor, text), "The encrypted content could not be verified.", "input");
            }
            turns.push({ role: "assistant", blocks: [{ kind: "thinking", text }] });
        } else if (item.role === "system" || item.role === "developer") {
            system.push(...parts(item.content).map((b) => b.text));
        } else {
            need(item.role === "user" || item.role === "assistant", `Invalid value: '${item.type ?? item.role}'.`, "input");
            turns.push({ role: item.role, blocks: parts(item.content) });
        }
    }
    const all = joined(turns);
    needPairedCalls(all);
    const choice = body.tool_choice?.name ? { name: body.tool_choice.name } : (body.tool_choice ?? undefined);
    return {
        model: body.model,
        system: system.join("\n"),
        turns: all,
        choice,
        parallel: body.parallel_tool_calls ?? undefined,
        tools: (body.tools ?? []).map((tool) => {
            need(tool.type === "function", `Invalid value: '${tool.type}'.`, "tools");
            return { name: tool.name, description: tool.description, parameters: tool.parameters, strict: tool.strict };
        }),
        schema: body.text?.format?.schema,
        max: body.max_output_tokens ?? undefined,
        stream: Boolean(body.stream),
        thinking: Boolean(body.reasoning?.summary),
        encrypted: (body.include ?? []).includes("reasoning.encrypted_content"),
        params: present({ temperature: body.temperature, top_p: body.top_p, effort: body.reasoning?.effort }),
        body,
    };
}

function usageOf({ usage, orders }) {
    const input = usage.in + usage.read + usage.write + usage.hour;
    const counts = spoiled({ input_tokens: input, output_tokens: usage.out, total_tokens: input + usage.out }, orders);
    return (
        counts && {
            ...counts,
            input_tokens_details: { cached_tokens: usage.read, cache_write_tokens: usage.write + usage.hour },
            output_tokens_details: { reasoning_tokens: usage.think },
        }
    );
}

function itemsOf(ask, result, id) {
    return result.blocks.map((block, i) => {
        switch (block.kind) {
            case "thinking":
                return {
                    id: `rs_${id}_${i}`,
                    type: "reasoning",
                    summary: [{ type: "summary_text", text: block.text }],
                    ...(ask.encrypted ? { encrypted_content: block.signature } : {}),
                };
            case "call":
                return {
                    id: `fc_${id}_${i}`,
                    type: "function_call",
                    status: "completed",
                    call_id: block.id,
                    name: block.name,
                    arguments: block.arguments,
                };
            default:
                return {
                    id: `msg_${id}_${i}`,
                    type: "message",
                    status: "completed",
                    role: "assistant",
                    content: [{ type: "output_text", annotations: [], logprobs: [], text: block.pieces.join("") }],
                };
        }
    });
}

function response(ask, id, status, output, usage) {
    const { body } = ask;
    return {
        id: `resp_${id}`,
        object: "response",
        created_at: CREATED,
        status,
        background: false,
        error: null,
        incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
        instructions: body.instructions ?? null,
        max_output_tokens: ask.max ?? null,
        model: ask.model,
        output,
        parallel_tool_calls: ask.parallel ?? true,
        previous_response_id: null,
        reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
        store: body.store ?? true,
        temperature: body.temperature ?? 1,
        text: body.text ?? { format: { type: "text" } },
        tool_choice: body.tool_choice ?? "auto",
        tools: body.tools ?? [],
        top_p: body.top_p ?? 1,
        truncation: "disabled",
        ...(usage === undefined ? {} : { usage }),
        user: null,
        metadata: body.metadata ?? {},
    };
}

const ending = (result) => (result.stop === "length" ? "incomplete" : "completed");

export const whole = (ask, result, { id }) => response(ask, id, ending(result), itemsOf(ask, result, id), usageOf(result));

export function* frames(ask, result, { id }) {
    let sequence_number = 0;
    const event = (type, members, more = {}) => ({
        event: type,
        data: write({ type, sequence_number: sequence_number++, ...members }),
        ...more,
    });
    yield event("response.created", { response: response(ask, id, "in_progress", [], null) });
    yield event("response.in_progress", { response: response(ask, id, "in_progress", [], null) });
    const items = itemsOf(ask, result, id);
    for (const [output_index, item] of items.entries()) {
        const block = result.blocks[output_index];
        const at = { item_id: item.id, output_index };
        if (block.kind === "thinking") {
            yield event("response.output_item.added", { output_index, item: { ...item, summary: [] } });
            yield event("response.reasoning_summary_part.added", { ...at, summary_index: 0, part: { type: "summary_text", text: "" } });
            for (const delta of block.text.match(/.{1,6}/gsu))
                yield event("response.reasoning_summary_text.delta", { ...at, summary_index: 0, delta }, { content: true });
            yield event("response.reasoning_summary_text.done", { ...at, summary_index: 0, text: block.text });
            yield event("response.reasoning_summary_part.done", { ...at, summary_index: 0, part: item.summary[0] });
        } else if (block.kind === "call") {
            yield event("response.output_item.added", { output_index, item: { ...item, status: "in_progress", arguments: "" } });
            for (const delta of block.arguments.match(/.{1,5}/gsu) ?? [])
                yield event("response.function_call_arguments.delta", { ...at, delta }, { content: true });
            yield event("response.function_call_arguments.done", { ...at, name: item.name, arguments: block.arguments });
        } else {
            const [part] = item.content;
            yield event("response.output_item.added", { output_index, item: { ...item, status: "in_progress", content: [] } });
            yield event("response.content_part.added", { ...at, content_index: 0, part: { ...part, text: "" } });
            for (const delta of block.pieces)
                yield event("response.output_text.delta", { ...at, content_index: 0, delta, logprobs: [] }, { content: true });
            yield event("response.output_text.done", { ...at, content_index: 0, text: part.text, logprobs: [] });
            yield event("response.content_part.done", { ...at, content_index: 0, part });
        }
        yield event("response.output_item.done", { output_index, item });
    }
    yield event(`response.${ending(result)}`, { response: response(ask, id, ending(result), items, usageOf(result)) }, { last: true });
}

export const failure = chatFailure;
export const failureFrame = (refused) => ({ event: "error", data: write({ type: "error", sequence_number: 3, ...errorBody(refused) }) });
