import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { changesBetween, type ExceptionChange } from "../../core/exceptions/change-notice.ts";
import { fieldsOf } from "../../core/values/object.ts";
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

/**
 * Reads the changes of exceptions off an event of the stream.
 *
 * @returns null for an event of the schedule, which has no records
 * @throws for records that are not those of the state table: a change must not pass unannounced
 */
export function readExceptionChanges(event: unknown, now: Date): readonly ExceptionChange[] | null {
  if (fieldsOf(event).Records === undefined) return null;
  return z
    .parse(streamEvent, event)
    .Records.flatMap(({ dynamodb: { Keys, OldImage, NewImage } }) =>
      Keys.id.S.startsWith(exceptionsPrefix)
        ? changesBetween(readExceptions(OldImage), readExceptions(NewImage), now)
        : [],
    );
}
