import { type Delivery, readDelivery } from "../okta/event-hook.ts";
import { type Budget, within } from "../time/budget.ts";
import type { Measure } from "../time/measure.ts";
import { type HookSecrets, isAuthentic } from "./authentication.ts";

/** An HTTP request, independent of its front. */
export interface HookRequest {
  /** Upper case. */
  readonly method: string;
  /** The address that the request came from. */
  readonly sourceIp: string;
  /** A header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** Reads the body, as text where it came as text; only a request with the secret calls it. */
  readonly body: () => string | Uint8Array;
}

/** An HTTP response. */
export interface HookResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Failures of the receiver itself, each behind a 503. */
export type EndpointFailure = "secretUnavailable" | "deliveryFailed" | "refusedDeliveryLost";

/** The ports of the endpoint. */
export interface EndpointPorts {
  /** Whether requests from an address are accepted. */
  readonly isAllowed: (sourceIp: string) => boolean;
  readonly secrets: HookSecrets;
  /** Processes a delivery; resolves to whether all of it was done or parked. */
  readonly process: (delivery: Delivery, budget: Budget) => Promise<boolean>;
  /** Dead-letters a refused delivery that has the right secret; rejects when it cannot. */
  readonly parkRefused: (refused: RefusedDelivery, signal: AbortSignal) => Promise<void>;
  /** Logs a failure of the receiver, the cause of a 503. Never rejects. */
  readonly onFailure: (
    kind: EndpointFailure,
    message: string,
    error: unknown,
    names: Readonly<Record<string, string | number | null>>,
  ) => void | Promise<void>;
  readonly measure: Measure;
}

/** A POST with the right secret that is refused. Okta does not send it again, so that its events would be lost. */
export interface RefusedDelivery {
  /** The answer. */
  readonly status: 400 | 403 | 413 | 415;
  /** The reason, as it is logged. It quotes nothing of the request. */
  readonly reason: string;
  /** Further detail, which may quote the request; null for none. */
  readonly detail: string | null;
  readonly contentType: string | null;
  readonly body: string | Uint8Array;
}

/**
 * The largest accepted body, in bytes: Lambda's limit for an invocation's event, 6 MB. Lambda itself answers 413 to a
 * larger event (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). A body with escaped quotation
 * marks reaches it a tenth earlier, a body in base64 a quarter earlier.
 */
export const maximumBodyBytes = 6_291_456;

/**
 * Answers a request of an Okta event hook. Okta retries a 5xx once and a 4xx never: a 4xx answers a request that a
 * retry cannot mend, a 503 a failure of the receiver. Never rejects, and answers before the budget's parking time ends.
 */
export async function answerRequest(request: HookRequest, ports: EndpointPorts, budget: Budget): Promise<HookResponse> {
  const isAllowed = ports.isAllowed(request.sourceIp);
  try {
    const authorization = request.header("authorization");
    const authentic = ports.measure("Authentication", () => isAuthentic(authorization, ports.secrets));
    if (!(await within(budget.work, authentic))) return respond(isAllowed ? 401 : 403);
  } catch (error) {
    if (!isAllowed) return respond(403);
    await ports.onFailure("secretUnavailable", "The event hook's secret could not be fetched", error, {
      deliveryId: null,
    });
    return respond(503);
  }
  if (!isAllowed) return request.method === "POST" ? refuseNetwork(request, ports, budget) : respond(403);
  if (request.method === "GET") return answerGet(request);
  if (request.method === "POST") return answerPost(request, ports, budget);
  return { ...respond(405), headers: { allow: "GET, POST" } };
}

/**
 * Handles a delivery with the right secret from a network that is not allowed: Okta has a new network, or the secret
 * has leaked. The delivery is dead-lettered.
 */
async function refuseNetwork(request: HookRequest, ports: EndpointPorts, budget: Budget): Promise<HookResponse> {
  // A test delivery holds no event of Okta's: nothing is lost, and no alarm is due.
  const read = readDelivery(request.body());
  if (read.ok && read.delivery.malformed.length === 0 && read.delivery.events.every(({ isTest }) => isTest)) {
    return respond(403);
  }
  const reason = "it came from a network that is not among allowedCidrs";
  const contentType = request.header("content-type") ?? null;
  const refused = { status: 403, reason, detail: null, contentType, body: request.body() } as const;
  const { status } = await parkRefused(refused, ports, budget);
  return respond(status);
}

/** The header in which Okta sends the challenge of its one-time verification, which is sent back as JSON. */
const challengeHeader = "x-okta-verification-challenge";

function answerGet(request: HookRequest): HookResponse {
  const challenge = request.header(challengeHeader);
  if (!challenge) return refuse(400, `expected the header ${challengeHeader}: a GET is for Okta's verification only`);
  return respond(200, { verification: challenge });
}

async function answerPost(request: HookRequest, ports: EndpointPorts, budget: Budget): Promise<HookResponse> {
  const body = request.body();
  const contentType = request.header("content-type") ?? null;
  const refuseDelivery = (status: RefusedDelivery["status"], reason: string, detail: string | null = null) =>
    parkRefused({ status, reason, detail, contentType, body }, ports, budget);
  const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  if (bytes > maximumBodyBytes) {
    return refuseDelivery(413, `the body has ${bytes} bytes; at most ${maximumBodyBytes} are taken`);
  }
  if (!isJson(contentType)) {
    const found = contentType ? `"${contentType.slice(0, 100)}"` : "none";
    return refuseDelivery(415, "expected content-type application/json in UTF-8", `found ${found}`);
  }
  const read = ports.measure("Parsing", () => readDelivery(body));
  if (!read.ok) return refuseDelivery(400, read.reason, read.detail);
  try {
    if (await ports.process(read.delivery, budget)) return respond(204);
    return respond(503);
  } catch (error) {
    await ports.onFailure("deliveryFailed", "The delivery could not be processed", error, {
      deliveryId: read.delivery.id,
    });
    return respond(503);
  }
}

/** Returns the refusal once the delivery is dead-lettered. When that fails, a 503 makes Okta send it again. */
async function parkRefused(refused: RefusedDelivery, ports: EndpointPorts, budget: Budget): Promise<HookResponse> {
  const { status, reason, detail } = refused;
  try {
    await within(budget.parking, ports.parkRefused(refused, budget.parking));
  } catch (error) {
    const message = "A refused delivery could not be parked; the answer is 503, so that Okta delivers it again";
    await ports.onFailure("refusedDeliveryLost", message, error, { status, reason });
    return respond(503);
  }
  return refuse(status, detail === null ? reason : `${reason}: ${detail}`);
}

/** `application/json` or a type built on it, in UTF-8 (or its subset ASCII), the only encoding that JSON has. */
function isJson(contentType: string | null): boolean {
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
