import { toError } from "../../../core/values/error.ts";

/**
 * Whether a conditional write was made: false when its condition was not met.
 *
 * @throws every other error
 */
export async function isWritten(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (toError(error).name !== "ConditionalCheckFailedException") throw error;
    return false;
  }
}
