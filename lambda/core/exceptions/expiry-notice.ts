import { noticeMessage } from "../alerts/notice-message.ts";
import type { TopicMessage } from "../alerts/topic-message.ts";
import type { Exception } from "./exception.ts";
import { describeForNotice } from "./notice-lines.ts";

/** How long before its end a notice of an exception goes out. */
const noticeDays = 7;

/** The exceptions that end within a week and have no notice yet. */
export function dueForNotice(exceptions: readonly Exception[], now: Date): readonly Exception[] {
  const horizon = now.getTime() + noticeDays * 86_400_000;
  return exceptions.filter(({ until, noticedAt }) => {
    const end = Date.parse(until);
    return noticedAt === null && end > now.getTime() && end <= horizon;
  });
}

/** The most exceptions that one notice names; the next notice names the others. */
const maximumExceptions = 10;

/**
 * The notice about exceptions that end soon.
 *
 * @returns the message, and which exceptions it names
 */
export function renderNotice(due: readonly Exception[]): {
  readonly message: TopicMessage;
  readonly named: readonly Exception[];
} {
  const named = due.slice(0, maximumExceptions);
  const lines = named.map(describeForNotice);
  const start = `${named.length === 1 ? "An exception ends" : `${named.length} exceptions end`} within ${noticeDays} days`;
  const text = [
    `${start}. What they cover is alerted on from then on.`,
    "",
    ...lines.flatMap(({ what, why }) => [`- ${what}`, `  ${why}`]),
    "",
    "To keep one, make it anew: npx okta-proxy-watch exceptions add --help",
    "",
  ].join("\n");
  const message = noticeMessage({
    body: { schemaVersion: "1.0", kind: "exceptionsEnd", exceptions: named },
    subject: named.length === 1 ? "An exception ends soon" : `${named.length} exceptions end soon`,
    email: text,
    sms: `${start}: ${lines.map(({ what }) => what).join("; ")}`,
  });
  return { named, message };
}

/**
 * Publishes a notice of the exceptions that are due, and marks them.
 *
 * @returns the exceptions that it names
 */
export async function publishNotice(
  exceptions: {
    readonly list: () => Promise<readonly Exception[]>;
    readonly markNoticed: (exception: Exception, now: Date) => Promise<boolean>;
  },
  publish: (message: TopicMessage) => Promise<void>,
  now: Date,
): Promise<readonly Exception[]> {
  const due = dueForNotice(await exceptions.list(), now);
  if (due.length === 0) return [];
  const { message, named } = renderNotice(due);
  await publish(message);
  // A function that is stopped here reports some exceptions twice rather than never.
  for (const exception of named) await exceptions.markNoticed(exception, now);
  return named;
}
