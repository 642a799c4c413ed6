// One call of a model, from its orders to its entry in the ledger.
//
// What is billed: nothing before the model begins (refusals, faults, [[hold:before]]); the input as soon as it begins; the
// output of a whole answer that is not streamed whether or not anybody waits for it; of a stream the share of its content
// frames that were sent before the client left or the connection broke.

import { ordersOf, number } from "./orders.mjs";
import { Refused } from "./refused.mjs";
import { lastUserText, resultOf, write } from "./result.mjs";
import { awsMessage, Out, sse } from "./wire.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Call {
    /** `house`: what all calls share: ledger, calls, victim; `face`: the vendor's file; `wire`: "sse" | "array" | "aws". */
    constructor(house, { face, wire, ask, request, response, key }) {
        Object.assign(this, { house, face, wire, ask, request, response, key });
        this.id = ++house.serial;
        const text = lastUserText(ask);
        this.orders = ordersOf(text);
        this.mark = this.orders.mark?.value ?? "";
        this.attempt = house.ledger.attempt(text);
        this.chunks = 0;
        this.holding = "";
        this.out = new Out(response, Boolean(this.orders.split_frames));
        house.calls.set(this.id, this);
        this.out.gone.then(() => house.calls.delete(this.id));
    }

    /** An order that counts for this attempt and model; undefined: none. */
    order(name) {
        const order = this.orders[name];
        if (!order || this.attempt > number(order, Infinity, "times") || this.attempt <= number(order, 0, "skip")) return undefined;
        return order.model && order.model !== this.ask.model ? undefined : order;
    }

    async answer() {
        await this.hold("before", this.order("hold"));
        if (this.out.left) return this.bill({ ended: "left" });
        this.kill("before", this.order("kill"));
        const fault = this.order("fault");
        if (fault) return this.fail(fault);
        if (this.order("hang")) return this.out.gone.then(() => this.bill({ ended: "left" }));
        if (this.order("reset")) {
            this.request.socket.resetAndDestroy?.() ?? this.request.socket.destroy();
            return this.bill({ ended: "reset" });
        }
        const redirect = this.order("redirect");
        if (redirect) {
            this.response.writeHead(307, { location: redirect.value }).end();
            return this.bill({ ended: "redirected", status: 307 });
        }
        const slow = this.order("slow_first_byte");
        if (slow) await Promise.race([pause(number(slow, 200)), this.ask.stream ? this.out.gone : new Promise(() => {})]);
        this.result = resultOf(this.ask, this.face.vendor, this.id);
        if (this.out.left) return this.bill({ ended: "left", output: this.ask.stream ? 0 : this.result.usage.out, begun: true });
        if (this.order("wrong_content_type")) {
            this.response
                .writeHead(200, { "content-type": "text/html; charset=utf-8" })
                .end("<html><body><h1>Welcome to the captive portal</h1></body></html>");
            return this.bill({ ended: "nonsense", begun: true, output: this.result.usage.out });
        }
        return this.ask.stream ? this.stream() : this.whole();
    }

    // -- ends

    bill({ ended, status = 200, begun = false, output = 0, input = undefined }) {
        const { usage } = this.result ?? { usage: {} };
        const counts = begun
            ? {
                  input: input ?? usage.in,
                  cache_read: usage.read,
                  cache_write: usage.write,
                  cache_write_1h: usage.hour,
                  output: output * (this.ask.choices ?? 1),
              }
            : { input: 0, cache_read: 0, cache_write: 0, cache_write_1h: 0, output: 0 };
        this.house.ledger.add({
            id: this.id,
            at: new Date().toISOString(),
            vendor: this.face.vendor,
            path: this.request.url,
            model: this.ask.model,
            stream: Boolean(this.ask.stream),
            key: this.key,
            attempt: this.attempt,
            mark: this.mark,
            status,
            ended,
            client_left: this.out.left,
            chunks: this.chunks,
            ...counts,
        });
    }

    async fail(fault) {
        const status = number(fault, 500);
        const retryAfterMs =
            fault["retry-after-ms"] != null
                ? number(fault, 0, "retry-after-ms")
                : fault["retry-after"] != null
                  ? number(fault, 0, "retry-after") * 1000
                  : undefined;
        const message = fault.echo_key ? `Incorrect API key provided: ${this.key}` : `the mock was told to answer ${status}`;
        refuse(
            this.response,
            this.face,
            new Refused(status, message, {
                retryAfterMs,
                inArray: fault.in_array,
                date: fault.date,
                milliseconds: fault["retry-after-ms"] != null,
                shouldRetry: fault["should-retry"],
            }),
            this.wire,
        );
        this.bill({ ended: "refused", status });
    }

    async hold(stage, order) {
        if (!order || order.value !== stage) return;
        this.holding = stage;
        await Promise.race([
            new Promise((resolve) => {
                this.release = resolve;
            }),
            this.out.gone,
        ]);
        this.holding = "";
    }

    /** The victim dies now: SIGKILL, after `delay_us` of looking on. */
    kill(stage, order) {
        if (!order || order.value !== stage || !this.house.victim) return;
        const end = process.hrtime.bigint() + BigInt(number(order, 0, "delay_us")) * 1000n;
        while (process.hrtime.bigint() < end);
        process.kill(this.house.victim, "SIGKILL");
        this.house.victim = 0;
    }

    // -- answers

    async whole() {
        const { result, response } = this;
        const failed = this.order("error_in_200");
        let text = failed
            ? this.face.failure(new Refused(number(failed, 500), "The server had an error while processing your request")).body
            : write(this.face.whole(this.ask, result, this));
        if (this.order("malformed_json")) text = text.slice(0, text.length / 2);
        const body = Buffer.from(text);
        this.bill({ ended: "whole", begun: !failed, output: result.usage.out });
        const cut = this.order("disconnect_after");
        const huge = this.order("huge_body");
        if (huge) return this.huge(number(huge, 64));
        response.writeHead(200, {
            "content-type": "application/json",
            "x-request-id": "req_mock",
            ...(this.out.split ? {} : { "content-length": body.length }),
        });
        if (cut) {
            response.write(body.subarray(0, body.length / 2), () => this.request.socket.destroy());
            return;
        }
        await this.out.bytes(body);
        await this.end();
    }

    /** An answer of so many MiB, as one string of JSON. */
    async huge(mebibytes) {
        this.response.writeHead(200, { "content-type": "application/json" });
        const [before, after] = write(
            this.face.whole(this.ask, { ...this.result, blocks: [{ kind: "text", pieces: ["HUGE"] }] }, this),
        ).split("HUGE");
        await this.out.bytes(Buffer.from(before));
        const piece = Buffer.alloc(1 << 16, "x");
        for (let i = 0; i < mebibytes * 16 && !this.out.left; ++i) await this.out.bytes(piece);
        await this.out.bytes(Buffer.from(after));
        await this.end();
    }

    async end() {
        await new Promise((resolve) => {
            this.response.end(resolve);
            this.out.gone.then(resolve);
        });
        this.kill("end", this.order("kill"));
    }

    async stream() {
        const { result, out, face } = this;
        const all = [...face.frames(this.ask, result, this)];
        const total = all.filter((frame) => frame.content).length;
        const share = () => (total ? Math.min(result.usage.out, Math.ceil((result.usage.out * this.chunks) / total)) : result.usage.out);
        const after = (name, fallback) =>
            this.order(name) ? number(this.order(name), number(this.order(name), fallback, "after")) : Infinity;
        const cut = after("disconnect_after", 3);
        const broken = after("malformed_json", 2);
        const order = {
            hold: this.order("hold"),
            kill: this.order("kill"),
            failed: this.order("error_in_200"),
            endless: this.order("endless_stream"),
        };
        const failedAfter = order.failed ? number(order.failed, 2, "after") : Infinity;
        const gap = number(this.order("gap"), 0);
        this.response.writeHead(200, {
            "content-type":
                this.wire === "aws"
                    ? "application/vnd.amazon.eventstream"
                    : this.wire === "array"
                      ? "application/json"
                      : "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            "x-request-id": "req_mock",
        });
        this.response.flushHeaders();
        const leave = (ended) => this.bill({ ended, begun: true, output: order.endless ? this.chunks : share() });

        const most = order.endless ? number(order.endless, 1_000_000) : 0;
        const frames = order.endless ? repeated(all, most) : all;
        for (const frame of frames) {
            if (frame.last) {
                // A client that reads this has been billed already: the entry is durable before the frame is sent.
                if (out.left) return leave("left");
                this.bill({ ended: "whole", begun: true, output: order.endless ? this.chunks : result.usage.out });
                if (this.order("no_last_frame")) break;
            }
            if (this.chunks >= cut) {
                leave("cut");
                await pause(20); // what was written has left the process
                return this.request.socket.destroy();
            }
            if (frame.content && this.chunks === failedAfter) {
                await this.frame(
                    face.failureFrame(new Refused(number(order.failed, 500), "The server had an error while processing your request")),
                    true,
                );
                leave("failed");
                return this.end();
            }
            if (frame.content && this.chunks === broken) {
                await out.text(this.wire === "aws" ? "garbage instead of a message" : `data: {"choices":[{"delta":{"content":"w\n\n`);
                leave("broken");
                return this.end();
            }
            await this.frame(frame);
            if (frame.content) {
                ++this.chunks;
                if (order.hold && this.chunks === number(order.hold, 1, "after")) await this.hold("chunk", order.hold);
                if (order.kill && this.chunks === number(order.kill, 1, "after")) this.kill("chunk", order.kill);
                if (gap) await Promise.race([pause(gap), out.gone]);
            }
            if (out.left && !frame.last) return leave("left");
        }
        if (this.wire === "array") await out.bytes(Buffer.from("]"));
        await this.end();
    }

    async frame(frame, failed = false) {
        if (this.wire === "aws") return this.out.bytes(failed ? awsFailure(frame) : awsChunk(frame));
        if (this.wire === "array") {
            const opened = this.opened ? ",\n" : "[";
            this.opened = true;
            return this.out.bytes(Buffer.from(opened + frame.data));
        }
        return this.out.text(sse(frame));
    }
}

/** The frames up to the first content, that one again and again, and the rest. */
function* repeated(frames, most) {
    const at = frames.findIndex((frame) => frame.content);
    yield* frames.slice(0, at);
    for (let i = 0; i < most; ++i) yield frames[at];
    yield* frames.slice(at + 1);
}

const awsChunk = ({ data }) =>
    awsMessage(
        { ":event-type": "chunk", ":content-type": "application/json", ":message-type": "event" },
        JSON.stringify({ bytes: Buffer.from(data).toString("base64"), p: "abcdefghij" }),
    );

const awsFailure = ({ data }) =>
    awsMessage(
        { ":exception-type": "modelStreamErrorException", ":content-type": "application/json", ":message-type": "exception" },
        JSON.stringify({ message: JSON.parse(data).error.message }),
    );

/** A refusal in the vendor's own form. */
export function refuse(response, face, refused, wire) {
    const { body, headers, delayInBody } = wire === "aws" ? face.bedrockFailure(refused) : face.failure(refused);
    const delay = {};
    if (refused.retryAfterMs != null && !delayInBody) {
        const seconds = Math.ceil(refused.retryAfterMs / 1000);
        if (refused.milliseconds) delay["retry-after-ms"] = String(refused.retryAfterMs);
        else delay["retry-after"] = refused.date ? new Date(Date.now() + refused.retryAfterMs).toUTCString() : String(seconds);
    }
    if (refused.shouldRetry != null) delay["x-should-retry"] = String(refused.shouldRetry);
    response.writeHead(refused.status, { "content-type": "application/json", ...headers, ...delay }).end(body);
}
