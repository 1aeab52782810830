import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";
import type { Access } from "./access.ts";

/** A request to be signed, with the headers that are signed beside `host`. */
export interface Unsigned {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs a request as of a time, in milliseconds since 1970, and returns all of its headers. */
export type Sign = (request: Unsigned, time: number) => Record<string, string>;

const algorithm = "AWS4-HMAC-SHA256";

/**
 * Signs requests of one service by AWS's Signature Version 4
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html): a POST to the path of the endpoint,
 * without a query. The key of a day is derived once. A test compares it with the SDK's signer.
 *
 * It is of our own as that one takes most of a call's processor time: it prepares for requests of any form, and imports its key for
 * each signature.
 */
export function createSigner({ service, endpoint, region, credentials }: Access): Sign {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  // Each part of the path is encoded once more than in the URL, for every service but S3.
  const path = endpoint.pathname.split("/").map(encodeStrictly).join("/");
  let day = { date: "", scope: "", key: createSecretKey(Buffer.from(secretAccessKey)) };

  const dayOf = (date: string) => {
    if (day.date === date) return day;
    const parts = [date, region, service, "aws4_request"];
    const start = createSecretKey(Buffer.from(`AWS4${secretAccessKey}`));
    const key = parts.reduce((derived, part) => createSecretKey(hmac(derived, part).digest()), start);
    day = { date, scope: parts.join("/"), key };
    return day;
  };

  return ({ headers, body }, time) => {
    const moment = new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");
    const { scope, key } = dayOf(moment.slice(0, 8));
    const all: Record<string, string> = {
      host: endpoint.host,
      ...headers,
      "x-amz-date": moment,
      ...(sessionToken && { "x-amz-security-token": sessionToken }),
    };
    const names = Object.keys(all).sort();
    const signed = names.join(";");
    const lines = names.map((name) => `${name}:${all[name]?.trim().replace(/\s+/g, " ")}\n`).join("");
    const request = `POST\n${path}\n\n${lines}\n${signed}\n${hash("sha256", body)}`;
    const signature = hmac(key, `${algorithm}\n${moment}\n${scope}\n${hash("sha256", request)}`).digest("hex");
    all.authorization = `${algorithm} Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
    return all;
  };
}

function hmac(key: KeyObject, text: string) {
  return createHmac("sha256", key).update(text);
}

/** RFC 3986 reserves a few characters that `encodeURIComponent` leaves. */
export function encodeStrictly(text: string): string {
  const encoded = encodeURIComponent(text);
  return reserved.test(encoded)
    ? encoded.replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
    : encoded;
}

const reserved = /[!'()*]/;
