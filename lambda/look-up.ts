import { batchGet } from "./dynamodb/batch-get.ts";
import { createDynamodb } from "./dynamodb/client.ts";
import { exceptionsOfAnyoneId, exceptionsOfUserId, readExceptions } from "./exceptions/exception-items.ts";
import { readUserState, userStateId } from "./history/user-states.ts";
import type { LookUp } from "./pipeline.ts";
import { profileKeysOf, readProfiles } from "./profiles/profile-table.ts";

/**
 * Looks up what is known of users, in one request to DynamoDB for both tables.
 */
export function createLookUp(profileTable: string, stateTable: string, getDynamodb = createDynamodb()): LookUp {
  return async (users, signal) => {
    const keys = [...users];
    const stateIds = [exceptionsOfAnyoneId, ...keys.flatMap((user) => [exceptionsOfUserId(user), userStateId(user)])];
    const { items, unprocessed } = await batchGet(
      await getDynamodb(),
      [profileKeysOf(profileTable, keys), { table: stateTable, key: "id", values: stateIds }],
      signal,
    );
    if (unprocessed.has(profileTable)) throw new Error(`the profile table ${profileTable} is throttled`);
    const states = new Map((items.get(stateTable) ?? []).map((item) => [item.id?.S ?? "", item]));
    const exceptions = [exceptionsOfAnyoneId, ...keys.map(exceptionsOfUserId)];
    return {
      locations: readProfiles(items.get(profileTable) ?? []),
      // Where it is not whole, an exception may be missing, and an alert goes out: never the other way round.
      exceptions: exceptions.flatMap((id) => readExceptions(states.get(id))),
      states: unprocessed.has(stateTable)
        ? null
        : new Map(keys.map((user) => [user, readUserState(states.get(userStateId(user)))])),
    };
  };
}
