/** A request that the vendor does not take. */
export class Refused extends Error {
    constructor(status, message, more = {}) {
        super(message);
        this.status = status;
        Object.assign(this, more); // parameter, code, retryAfterMs
    }
}

export function need(condition, message, parameter) {
    if (!condition) throw new Refused(400, message, { parameter });
}

/** data:image/png;base64,… as {media, data}; another address as {url}. */
export function fromDataUrl(url) {
    const found = /^data:([^;,]+);base64,(.*)$/s.exec(url);
    return found ? { media: found[1], data: found[2] } : { url };
}

/** Every call that the model made is answered before anybody speaks again, and nothing else is answered. */
export function needPairedCalls(turns) {
    let open = new Set();
    for (const { role, blocks } of turns) {
        const answered = new Set(blocks.filter((b) => b.kind === "result").map((b) => b.id));
        for (const id of answered) need(open.has(id), `a tool result names ${JSON.stringify(id)}, which no call before it has`, "messages");
        for (const id of open) need(answered.has(id), `the call ${JSON.stringify(id)} was not answered in the turn after it`, "messages");
        open = new Set(role === "assistant" ? blocks.filter((b) => b.kind === "call").map((b) => b.id) : []);
    }
    need(open.size === 0, "the last calls were not answered", "messages");
}

/** Neighbours of one role become one turn, as every vendor's model sees them. */
export function joined(turns) {
    const all = [];
    for (const turn of turns) {
        const last = all[all.length - 1];
        if (last && last.role === turn.role) last.blocks.push(...turn.blocks);
        else all.push({ role: turn.role, blocks: [...turn.blocks] });
    }
    return all;
}

/** Only members that are there. */
export const present = (members) =>
    Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
