import { startAwsEndpoint } from "../test/fixtures/aws-endpoint.ts";
import { functionUrlRequest } from "./events.ts";
import { median, percentile, print } from "./measure.ts";

/** The limit of a refused request's cost, in milliseconds of compute: it bounds the cost of a flood. */
const limit = { name: "the limit for a refused request", value: 5, unit: "milliseconds" } as const;
const runs = 5_000;
/** Runs before the measurement, for compilation. */
const warmUp = 500;

type Handler = (event: unknown) => Promise<unknown>;

/**
 * Measures what requests without the secret cost the receiver, its metrics line included.
 *
 * @param importReceiver loads a new instance of the built receiver, in this process's environment
 * @throws when a refused request made the receiver call AWS
 */
export async function refusals(importReceiver: () => Promise<Handler>): Promise<void> {
  let calls = 0;
  const secretsManager = await startAwsEndpoint(() => {
    calls += 1;
    return { status: 200, body: { Name: "hook", SecretString: "the secret" } };
  });
  const { HOOK_SECRET, POWERTOOLS_METRICS_DISABLED } = process.env;
  delete process.env.HOOK_SECRET;
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    HOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf",
  });
  try {
    const handler = await importReceiver();
    const bare: Handler = async () => ({ statusCode: 401, headers: {}, body: "" });
    // The first request fetches the secrets, also without the secret.
    await silently(() => handler(request("anything")));
    calls = 0;
    const bareTimes = await times(bare, request("wrong"));
    for (const [name, event] of [
      ["without a secret", request(undefined)],
      ["with a wrong secret", request("wrong")],
      ["with a wrong secret and 1 MiB", request("wrong", "x".repeat(1_048_576))],
    ] as const) {
      const taken = await times(handler, event);
      const unit = "milliseconds";
      print(
        { name: `a request ${name}, median`, value: median(taken), unit },
        { name: "a bare handler that answers 401, median", value: median(bareTimes), unit },
      );
      print({ name: `a request ${name}, 99th percentile`, value: percentile(taken, 0.99), unit }, limit);
    }
    print(
      {
        name: "a bare handler that answers 401, 99th percentile",
        value: percentile(bareTimes, 0.99),
        unit: limit.unit,
      },
      limit,
    );
    if (calls > 0) throw new Error(`refused requests made ${calls} calls to Secrets Manager`);
  } finally {
    delete process.env.HOOK_SECRET_ARN;
    Object.assign(process.env, { HOOK_SECRET, POWERTOOLS_METRICS_DISABLED });
    await secretsManager.stop();
  }
}

const request = (authorization: string | undefined, body = "{}") =>
  functionUrlRequest(
    "POST",
    { ...(authorization === undefined ? {} : { authorization }), "content-type": "application/json" },
    body,
  );

/** Milliseconds of each call. */
function times(handler: Handler, event: unknown): Promise<number[]> {
  return silently(async () => {
    const taken: number[] = [];
    for (let run = 0; run < warmUp + runs; run += 1) {
      const start = performance.now();
      await handler(event);
      if (run >= warmUp) taken.push(performance.now() - start);
    }
    return taken;
  });
}

/** The metrics lines of the measurement are dropped. */
async function silently<Value>(work: () => Promise<Value>): Promise<Value> {
  const { write } = process.stdout;
  process.stdout.write = () => true;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}
