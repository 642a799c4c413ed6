// Bytes on their way out: server-sent events, cut anywhere when a test asks for it, and the event stream of AWS.

const TABLE = Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; ++k) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n >>> 0;
});

export function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
}

/** One message of application/vnd.amazon.eventstream: lengths, their CRC, headers (strings, type 7), payload, CRC of all. */
export function awsMessage(headers, payload) {
    const parts = Object.entries(headers).map(([name, value]) => {
        const size = Buffer.alloc(2);
        size.writeUInt16BE(Buffer.byteLength(value));
        return Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), Buffer.from([7]), size, Buffer.from(value)]);
    });
    const head = Buffer.concat(parts);
    const body = Buffer.from(payload);
    const total = 16 + head.length + body.length;
    const message = Buffer.alloc(total);
    message.writeUInt32BE(total, 0);
    message.writeUInt32BE(head.length, 4);
    message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
    head.copy(message, 12);
    body.copy(message, 12 + head.length);
    message.writeUInt32BE(crc32(message.subarray(0, total - 4)), total - 4);
    return message;
}

/** Reads what awsMessage wrote; throws where a length or a checksum is wrong. */
export function readAwsMessages(bytes) {
    const messages = [];
    for (let at = 0; at < bytes.length;) {
        const total = bytes.readUInt32BE(at);
        const headSize = bytes.readUInt32BE(at + 4);
        if (bytes.readUInt32BE(at + 8) !== crc32(bytes.subarray(at, at + 8))) throw new Error("the prelude's checksum is wrong");
        if (bytes.readUInt32BE(at + total - 4) !== crc32(bytes.subarray(at, at + total - 4)))
            throw new Error("the message's checksum is wrong");
        const headers = {};
        for (let h = at + 12; h < at + 12 + headSize;) {
            const name = bytes.toString("utf8", h + 1, h + 1 + bytes[h]);
            h += 1 + bytes[h] + 1;
            const size = bytes.readUInt16BE(h);
            headers[name] = bytes.toString("utf8", h + 2, h + 2 + size);
            h += 2 + size;
        }
        messages.push({ headers, payload: bytes.subarray(at + 12 + headSize, at + total - 4) });
        at += total;
    }
    return messages;
}

/** {event?, data} as text. */
export const sse = ({ event, data }) => `${event ? `event: ${event}\n` : ""}data: ${data}\n\n`;

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Writes to a response, waits where the other side is slow, and knows when it has gone. */
export class Out {
    constructor(response, split) {
        this.response = response;
        this.split = split;
        this.seed = 1;
        this.left = false;
        this.gone = new Promise((resolve) =>
            response.once("close", () => {
                this.left = !response.writableFinished;
                resolve();
            }),
        );
    }

    /** Text of whole events: in split mode with CRLF, a comment before it, and cut every one to seven bytes. */
    async text(text) {
        if (!this.split) return this.bytes(Buffer.from(text));
        await this.pieces(Buffer.from(`: a comment, data: {"not": "data"}\r\n\r\n${text.replaceAll("\n", "\r\n")}`));
    }

    async bytes(bytes) {
        if (this.split) return this.pieces(bytes);
        if (this.left || this.response.destroyed) return;
        if (!this.response.write(bytes)) await Promise.race([new Promise((resolve) => this.response.once("drain", resolve)), this.gone]);
    }

    async pieces(bytes) {
        for (let at = 0; at < bytes.length && !this.left && !this.response.destroyed;) {
            this.seed = (Math.imul(this.seed, 1103515245) + 12345) & 0x7fffffff;
            const size = 1 + ((this.seed >>> 16) % 7);
            this.response.write(bytes.subarray(at, at + size));
            at += size;
            await tick();
        }
    }
}
