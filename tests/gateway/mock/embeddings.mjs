// Vectors, in OpenAI's and Gemini's form. The same text has the same vector everywhere.

import { ordersOf, tokensOf, vectorOf } from "./orders.mjs";
import { need } from "./refused.mjs";
import { spoiled } from "./result.mjs";

const base64 = (vector) => {
    const bytes = Buffer.alloc(vector.length * 4);
    vector.forEach((value, i) => bytes.writeFloatLE(value, i * 4));
    return bytes.toString("base64");
};

/** {body, input}: the answer, and the tokens to bill. */
export function openai(body) {
    need(typeof body.model === "string", "you must provide a model parameter", "model");
    const { input, encoding_format = "float", dimensions = 8 } = body;
    const texts =
        typeof input === "string"
            ? [input]
            : Array.isArray(input)
              ? typeof input[0] === "number"
                  ? [JSON.stringify(input)]
                  : input.map((t) => (typeof t === "string" ? t : JSON.stringify(t)))
              : [];
    need(texts.length > 0 && texts.length <= 2048 && texts.every((text) => text !== ""), "'$.input' is invalid.", "input");
    need(encoding_format === "float" || encoding_format === "base64", "Invalid value for 'encoding_format'.", "encoding_format");
    const tokens = tokensOf(body.model).in * texts.length;
    const usage = spoiled({ prompt_tokens: tokens, total_tokens: tokens }, ordersOf(texts[0]));
    return {
        input: tokens,
        texts,
        body: {
            object: "list",
            model: body.model,
            ...(usage ? { usage } : {}),
            data: texts.map((text, index) => {
                const vector = vectorOf(text, dimensions);
                return { object: "embedding", index, embedding: encoding_format === "base64" ? base64(vector) : vector };
            }),
        },
    };
}

const textOf = (request) => (request.content?.parts ?? []).map((part) => part.text).join("");

export function gemini(body, model, batch) {
    const requests = batch ? (body.requests ?? []) : [body];
    need(requests.length > 0 && requests.length <= 100, "* BatchEmbedContentsRequest.requests: requests is not specified");
    const texts = requests.map(textOf);
    need(
        texts.every((text) => text !== ""),
        "* EmbedContentRequest.content: contents is not specified",
    );
    if (batch)
        for (const request of requests) need(request.model === `models/${model}`, "the model of a request must be that of the batch");
    const vectors = requests.map((request, i) => ({
        values: vectorOf(texts[i], request.outputDimensionality ?? request.output_dimensionality ?? 8),
    }));
    return { input: tokensOf(model).in * texts.length, texts, body: batch ? { embeddings: vectors } : { embedding: vectors[0] } };
}
