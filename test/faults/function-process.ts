import type { AddressInfo } from "node:net";
import { createHttpFront, type Handler } from "../../local/http-front.ts";
import { pollRetryQueue, type RedriveHandler } from "../../local/redrive-poller.ts";

/*
 * The deployed functions in a process of their own, which a test may kill: the receiver behind an HTTP front, the redrive
 * function behind the retry queue. Environment: that of the functions, and DIRECT_SQS, where the queue is reached.
 */

const load = async <AnyHandler>(name: string) =>
  ((await import(new URL(`../../dist/${name}/index.mjs`, import.meta.url).href)) as { readonly handler: AnyHandler })
    .handler;

const report = (error: unknown) => process.stderr.write(`${String(error)}\n`);
const front = createHttpFront(await load<Handler>("receiver"), {}, report);
const direct = process.env.DIRECT_SQS ?? "";
pollRetryQueue(process.env.RETRY_QUEUE_URL ?? "", direct, await load<RedriveHandler>("redrive"), report);
front.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(front.address() as AddressInfo).port}\n`);
});
setInterval(() => {
  process.send?.({ memory: process.memoryUsage().rss });
}, 500).unref();
