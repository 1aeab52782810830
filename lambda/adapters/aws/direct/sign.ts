import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import aws4 from "aws4";
import type { Access } from "./access.ts";

/** A request to be signed, with the headers that are signed beside those of the connection. */
export interface Unsigned {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs a request as of a time, in milliseconds since 1970, and returns all of its headers. */
export type Sign = (request: Unsigned, time: number) => Record<string, string>;

/**
 * Signs requests of one service by AWS's Signature Version 4
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html): a POST to the path of the endpoint,
 * without a query. A test compares it with the SDK's signer, which takes most of a call's processor time, as it imports its key for
 * each signature.
 */
export function createSigner({ service, endpoint, region, credentials }: Access): Sign {
  const { host, pathname: path } = endpoint;
  const { sessionToken } = credentials;
  const keyOf = createKeys(credentials.secretAccessKey, region, service);
  return ({ headers, body }, time) => {
    const all: Record<string, string> = {
      host,
      ...headers,
      "content-length": String(Buffer.byteLength(body)),
      "x-amz-date": new Date(time).toISOString().replace(/[-:]|\.\d+/g, ""),
      ...(sessionToken && { "x-amz-security-token": sessionToken }),
    };
    const request = new Request({ service, region, method: "POST", path, headers: all, body }, credentials, keyOf);
    return { ...all, authorization: String(request.sign().headers?.Authorization) };
  };
}

/** The key that signatures of a day are made with, `20261126`. */
type KeyOf = (date: string) => KeyObject;

/**
 * A request of the library's, which signs with a key that Node.js has imported: the library keeps bytes, which Node.js imports for each
 * signature, by an exception that it throws and catches, at four times the processor time.
 */
class Request extends aws4.RequestSigner {
  readonly #keyOf: KeyOf;

  constructor(request: aws4.Request, credentials: aws4.Credentials, keyOf: KeyOf) {
    super(request, credentials);
    this.#keyOf = keyOf;
  }

  override signature(): string {
    return createHmac("sha256", this.#keyOf(this.getDate())).update(this.stringToSign(), "utf8").digest("hex");
  }
}

/**
 * Derives keys of signatures, and keeps the last
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#derive-signing-key).
 */
function createKeys(secretAccessKey: string, region: string, service: string): KeyOf {
  let last: { readonly date: string; readonly key: KeyObject } | null = null;
  return (date) => {
    if (last?.date === date) return last.key;
    const secret = Buffer.from(`AWS4${secretAccessKey}`);
    const derived = [date, region, service, "aws4_request"].reduce(
      (key, part) => createHmac("sha256", key).update(part).digest(),
      secret,
    );
    last = { date, key: createSecretKey(derived) };
    return last.key;
  };
}
