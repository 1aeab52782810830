import { noticeMessage } from "../alerts/notice-message.ts";
import type { TopicMessage } from "../alerts/topic-message.ts";
import type { Exception } from "./exception.ts";
import { maximumDays, whyTooBroad } from "./measure.ts";
import { describeForNotice } from "./notice-lines.ts";

/** A change of the exceptions. */
export interface ExceptionChange {
  readonly kind: "made" | "changed" | "removed";
  /** As it is now; as it was, where it is removed. */
  readonly exception: Exception;
}

/**
 * The changes from one list of exceptions to another: what covers other events than before. The notice of an end changes
 * nothing, and neither does the removal of an exception that has ended.
 */
export function changesBetween(
  before: readonly Exception[],
  after: readonly Exception[],
  now: Date,
): readonly ExceptionChange[] {
  const then = new Map(before.map((exception) => [exception.id, exception]));
  const ids = new Set(after.map(({ id }) => id));
  const written = after.flatMap((exception): ExceptionChange[] => {
    const old = then.get(exception.id);
    if (old === undefined) return [{ kind: "made", exception }];
    return contentOf(old) === contentOf(exception) ? [] : [{ kind: "changed", exception }];
  });
  const removed = before.filter(({ id, until }) => !ids.has(id) && Date.parse(until) > now.getTime());
  return [...written, ...removed.map((exception) => ({ kind: "removed", exception }) as const)];
}

/** Two exceptions of the same content cover the same, for the same reason. */
function contentOf({ noticedAt: _, scope, ...rest }: Exception): string {
  const sorted = (value: object) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted(rest), sorted(scope)]);
}

/** The most changes that one notice names. */
const maximumChanges = 10;

const day = 86_400_000;

const words = {
  made: "An exception was made",
  changed: "An exception was changed",
  removed: "An exception was removed",
} as const;

/** The notices about changes of exceptions. */
export function renderChanges(changes: readonly ExceptionChange[], now: Date): readonly TopicMessage[] {
  const messages: TopicMessage[] = [];
  for (let start = 0; start < changes.length; start += maximumChanges) {
    messages.push(renderSome(changes.slice(start, start + maximumChanges), now));
  }
  return messages;
}

function renderSome(changes: readonly ExceptionChange[], now: Date): TopicMessage {
  const [only] = changes;
  const areRemoved = changes.every(({ kind }) => kind === "removed");
  const title =
    changes.length === 1 && only !== undefined
      ? words[only.kind]
      : `${changes.length} exceptions were ${areRemoved ? "removed" : "changed"}`;
  const lines = changes.map(({ kind, exception }) => ({
    kind,
    ...describeForNotice(exception),
    remark: kind === "removed" ? null : remarkOn(exception, now),
  }));
  const text = [
    `${title}. ${areRemoved ? `What ${changes.length === 1 ? "it" : "they"} alone covered is alerted on again.` : "What an exception covers is not alerted on."}`,
    "",
    ...lines.flatMap(({ kind, what, why, remark }) => [
      `- ${kind}: ${what}`,
      `  ${why}`,
      ...(remark === null ? [] : [`  ${remark}`]),
    ]),
    "",
    ...(areRemoved
      ? [
          "Did your team do this? If not, see in AWS CloudTrail which credentials wrote to the state table. To have it",
          "back, make it anew: npx okta-proxy-watch exceptions add --help",
        ]
      : [
          "Did your team do this? If not, remove what was made (npx okta-proxy-watch exceptions remove ID), and see in AWS CloudTrail",
          "which credentials wrote to the state table.",
        ]),
    "",
  ].join("\n");
  return noticeMessage({
    body: { schemaVersion: "1.0", kind: "exceptionsChanged", changes },
    subject: title,
    email: text,
    sms: `${title}: ${lines.map(({ what }) => what).join("; ")}`,
  });
}

/** What tells that an exception was not made by the command, which refuses the like; null for nothing. */
function remarkOn({ scope, until }: Exception, now: Date): string | null {
  // Not from `createdAt`, which is whatever its author wrote. The last day that is given lasts until its end.
  const isLong = Date.parse(until) - now.getTime() > (maximumDays(scope) + 1) * day;
  return whyTooBroad(scope) !== null || isLong
    ? "The command refuses such an exception: it was written past it, or by an earlier release."
    : null;
}

/**
 * Publishes notices of changes.
 *
 * @throws the error of the first publish that fails; those before it are out
 */
export async function publishChanges(
  changes: readonly ExceptionChange[],
  publish: (message: TopicMessage) => Promise<void>,
  now: Date,
): Promise<void> {
  for (const message of renderChanges(changes, now)) await publish(message);
}
