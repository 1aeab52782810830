import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { changesBetween, type ExceptionChange } from "../../core/exceptions/change-notice.ts";
import { exceptionsPrefix, readExceptions } from "./exceptions.ts";

/*
 * The records of the state table's stream, as Lambda hands them to a function:
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */

const image = z.optional(
  z.record(
    z.string(),
    z.custom<AttributeValue>((value) => typeof value === "object"),
  ),
);

const streamEvent = z.object({
  Records: z.array(
    z.object({
      dynamodb: z.object({
        Keys: z.object({ id: z.object({ S: z.string() }) }),
        OldImage: image,
        NewImage: image,
      }),
    }),
  ),
});

/** Reads the changes of exceptions off an event of the stream; null for any other event. */
export function readExceptionChanges(event: unknown, now: Date): readonly ExceptionChange[] | null {
  const parsed = z.safeParse(streamEvent, event);
  if (!parsed.success) return null;
  return parsed.data.Records.flatMap(({ dynamodb: { Keys, OldImage, NewImage } }) =>
    Keys.id.S.startsWith(exceptionsPrefix)
      ? changesBetween(readExceptions(OldImage), readExceptions(NewImage), now)
      : [],
  );
}
