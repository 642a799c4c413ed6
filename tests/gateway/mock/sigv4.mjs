// AWS Signature Version 4 of a request, as AWS judges it (the services but S3: path segments are encoded twice).

import { createHash, createHmac } from "node:crypto";

const sha = (data) => createHash("sha256").update(data).digest("hex");
const mac = (key, data) => createHmac("sha256", key).update(data).digest();
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The signature of {method, target, headers: [[name, value]…], body} with the scope and the headers that were signed. */
export function signatureOf({ method, target, headers, body }, { secret, date, region, service, time, signed }) {
    const [path, query = ""] = target.split("?");
    const pairs = query
        .split("&")
        .filter(Boolean)
        .map((pair) => {
            const [name, value = ""] = pair.split("=");
            return [encode(decodeURIComponent(name)), encode(decodeURIComponent(value))];
        })
        .sort((a, b) => (a[0] === b[0] ? (a[1] < b[1] ? -1 : 1) : a[0] < b[0] ? -1 : 1));
    const values = (name) =>
        headers
            .filter(([n]) => n.toLowerCase() === name)
            .map(([, v]) => v.trim().replace(/ +/g, " "))
            .join(",");
    const canonical = [
        method,
        path.split("/").map(encode).join("/"),
        pairs.map((pair) => pair.join("=")).join("&"),
        signed.map((name) => `${name}:${values(name)}\n`).join(""),
        signed.join(";"),
        sha(body),
    ].join("\n");
    const scope = `${date}/${region}/${service}/aws4_request`;
    const key = mac(mac(mac(mac(`AWS4${secret}`, date), region), service), "aws4_request");
    return mac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha(canonical)}`).toString("hex");
}

/** What is wrong with a request's signature; "" when nothing is. `secrets`: {access key: secret}. */
export function faultOf(request, secrets, service) {
    const header = (name) => request.headers.find(([n]) => n.toLowerCase() === name)?.[1] ?? "";
    const form =
        /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
    const found = form.exec(header("authorization"));
    if (!found) return "Missing Authentication Token";
    const [, access, date, region, named, list, signature] = found;
    const signed = list.split(";");
    if (named !== service) return `Credential should be scoped to correct service: '${service}'.`;
    if (signed.join() !== [...signed].sort().join()) return "the signed headers are not sorted";
    for (const name of ["host", "x-amz-date"]) if (!signed.includes(name)) return `'${name}' must be a signed header`;
    if (header("x-amz-security-token") && !signed.includes("x-amz-security-token")) return "'x-amz-security-token' must be a signed header";
    const time = header("x-amz-date");
    if (!/^\d{8}T\d{6}Z$/.test(time) || !time.startsWith(date))
        return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date";
    const at = Date.parse(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
    if (Math.abs(Date.now() - at) > 5 * 60 * 1000) return "Signature expired";
    const content = header("x-amz-content-sha256");
    if (content && content !== sha(request.body)) return "The value of 'x-amz-content-sha256' is not that of the body";
    if (!(access in secrets)) return "The security token included in the request is invalid.";
    const right = signatureOf(request, { secret: secrets[access], date, region, service, time, signed });
    return right === signature ? "" : "The request signature we calculated does not match the signature you provided.";
}
