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
 * each signature; this library keeps the key of a day.
 */
export function createSigner({ service, endpoint, region, credentials }: Access): Sign {
  const { host, pathname: path } = endpoint;
  const { sessionToken } = credentials;
  return ({ headers, body }, time) => {
    const all: Record<string, string> = {
      host,
      ...headers,
      "content-length": String(Buffer.byteLength(body)),
      "x-amz-date": new Date(time).toISOString().replace(/[-:]|\.\d+/g, ""),
      ...(sessionToken && { "x-amz-security-token": sessionToken }),
    };
    const signed = aws4.sign({ service, region, method: "POST", path, headers: all, body }, credentials);
    return { ...all, authorization: String(signed.headers?.Authorization) };
  };
}
