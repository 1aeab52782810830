import { type Budget, within } from "../budget.ts";
import type { Measure } from "../measure.ts";
import { type HookSecrets, isAuthentic } from "./authentication.ts";
import { type Delivery, parseDelivery } from "./event-hook.ts";
import { describeFaults } from "./fault.ts";
import { answerVerification, challengeHeader } from "./verification.ts";

/** An HTTP request, whatever it came through. */
export interface HookRequest {
  /** Upper case. */
  readonly method: string;
  /** The address that the request came from. */
  readonly sourceIp: string;
  /** A header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** The body, as text where it came as such; only a request with the secret is worth that it is looked at. */
  readonly body: () => string | Uint8Array;
}

/** An HTTP response. */
export interface HookResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the endpoint needs of the world. */
export interface EndpointPorts {
  /** Whether requests may come from an address at all. */
  readonly isAllowed: (sourceIp: string) => boolean;
  readonly secrets: HookSecrets;
  /** Resolves to whether all of the delivery was done or parked. */
  readonly process: (delivery: Delivery, budget: Budget) => Promise<boolean>;
  /** Told of our own trouble, behind each 503. */
  readonly onFailure: (message: string, error: unknown, deliveryId: string | null) => void;
  readonly measure: Measure;
}

/** The largest body that is taken, in bytes: 1 MiB. */
export const maximumBodyBytes = 1_048_576;

/**
 * Answers a request of an Okta event hook. Okta retries a 5xx once and a 4xx never: a 4xx is for what a retry cannot
 * mend, and our own trouble is a 503. Never rejects, and answers before the budget's parking time ends.
 */
export async function answerRequest(request: HookRequest, ports: EndpointPorts, budget: Budget): Promise<HookResponse> {
  if (!ports.isAllowed(request.sourceIp)) return respond(403);
  try {
    const authorization = request.header("authorization");
    const authentic = ports.measure("Authentication", () => isAuthentic(authorization, ports.secrets));
    // Nearly always the secrets are at hand, and there is nothing to wait for.
    if (!(typeof authentic === "boolean" ? authentic : await within(budget.work, authentic))) return respond(401);
  } catch (error) {
    ports.onFailure("The event hook's secret is not to be had", error, null);
    return respond(503);
  }
  if (request.method === "GET") return answerGet(request);
  if (request.method === "POST") return answerPost(request, ports, budget);
  return { ...respond(405), headers: { allow: "GET, POST" } };
}

function answerGet(request: HookRequest): HookResponse {
  const challenge = request.header(challengeHeader);
  if (!challenge) return refuse(400, `expected the header ${challengeHeader}: a GET is for Okta's verification only`);
  return respond(200, answerVerification(challenge));
}

async function answerPost(request: HookRequest, ports: EndpointPorts, budget: Budget): Promise<HookResponse> {
  const body = request.body();
  const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  if (bytes > maximumBodyBytes) {
    return refuse(413, `the body has ${bytes} bytes; at most ${maximumBodyBytes} are taken`);
  }
  const contentType = request.header("content-type");
  if (!isJson(contentType)) {
    return refuse(
      415,
      `expected content-type application/json in UTF-8, found ${contentType ? `"${contentType}"` : "none"}`,
    );
  }
  if (bytes === 0) return refuse(400, "the body is empty; expected an event hook delivery as JSON");
  const parsed = ports.measure("Parsing", () => parse(body));
  if (typeof parsed === "string") return refuse(400, parsed);
  try {
    if (await ports.process(parsed, budget)) return respond(204);
    return respond(503);
  } catch (error) {
    ports.onFailure("The delivery could not be processed", error, parsed.id);
    return respond(503);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The delivery; or, as text, what is wrong with the body. */
function parse(received: string | Uint8Array): Delivery | string {
  let body: unknown;
  try {
    body = JSON.parse(typeof received === "string" ? received : utf8.decode(received));
  } catch (error) {
    return `the body is no JSON in UTF-8: ${error instanceof Error ? error.message : "cannot be parsed"}`;
  }
  const parsed = parseDelivery(body);
  return parsed.ok ? parsed.delivery : `the body is no event hook delivery: ${describeFaults(parsed.faults)}`;
}

/** `application/json` or a type built on it, in UTF-8 (or its subset ASCII), the only encoding that JSON has. */
function isJson(contentType: string | undefined): boolean {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  const encoding = charset?.slice("charset=".length).replaceAll('"', "") ?? "utf-8";
  return /^application\/(?:[\w.+-]+\+)?json$/.test(type.trim()) && ["utf-8", "utf8", "us-ascii"].includes(encoding);
}

function refuse(status: number, error: string): HookResponse {
  return respond(status, { error });
}

function respond(status: number, body?: unknown): HookResponse {
  return body === undefined
    ? { status, headers: {}, body: "" }
    : { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
