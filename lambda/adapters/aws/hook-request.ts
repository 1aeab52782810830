import type { APIGatewayProxyEvent, LambdaFunctionURLEvent } from "aws-lambda";
import type { HookRequest } from "../../core/hook-endpoint/endpoint.ts";

/**
 * A request in the receiver's event: of its Function URL (payload format 2.0) or of the REST API in front of it
 * (payload format 1.0). https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
 */
export type HookEvent = LambdaFunctionURLEvent | APIGatewayProxyEvent;

/** Reads a request of either front. Both fronts give the same result for the same request. */
export function readHookRequest(event: HookEvent): HookRequest {
  return "httpMethod" in event ? readRestApiRequest(event) : readFunctionUrlRequest(event);
}

/** A Function URL folds the names of headers to lower case, and joins several values of one by commas. */
function readFunctionUrlRequest(event: LambdaFunctionURLEvent): HookRequest {
  const { method, sourceIp } = event.requestContext.http;
  const headers = Object.entries(event.headers ?? {});
  return createRequest(method, sourceIp, headers, event);
}

/**
 * A REST API keeps the names of headers as the client spells them, and gives several values of one as a list; its `headers`
 * hold the last value alone.
 */
function readRestApiRequest(event: APIGatewayProxyEvent): HookRequest {
  const headers = Object.entries(event.multiValueHeaders ?? {}).flatMap(([name, values = []]) =>
    values.map((value) => [name, value] as const),
  );
  return createRequest(event.httpMethod, event.requestContext.identity.sourceIp, headers, event);
}

function createRequest(
  method: string,
  sourceIp: string,
  headers: readonly (readonly [name: string, value: string | undefined])[],
  { body, isBase64Encoded }: Pick<HookEvent, "body" | "isBase64Encoded">,
): HookRequest {
  const byName = new Map<string, string>();
  for (const [name, value] of headers) {
    if (value === undefined) continue;
    const folded = name.toLowerCase();
    const earlier = byName.get(folded);
    byName.set(folded, earlier === undefined ? value : `${earlier},${value}`);
  }
  return {
    method: method.toUpperCase(),
    sourceIp,
    header: (name) => byName.get(name),
    body: () => (isBase64Encoded ? Buffer.from(body ?? "", "base64") : (body ?? "")),
  };
}
