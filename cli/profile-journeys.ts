import { randomUUID } from "node:crypto";
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { toAttribute } from "../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { isWritten } from "../lambda/adapters/aws/dynamodb/conditional-write.ts";
import { journeyKey } from "../lambda/adapters/tables/profile-look-up.ts";
import { readProfile } from "../lambda/adapters/tables/stored-profile.ts";
import type { ProfileLocation } from "../lambda/core/profiles/profile-location.ts";

/** A place where a user will be for a while. */
export interface Journey {
  /** The Okta user id or the lower-case login. */
  readonly user: string;
  readonly location: ProfileLocation;
  readonly until: Date;
}

/** The tries to write an item, each after a conflict with another journey. */
const maximumTries = 20;

/**
 * Adds a journey beside the user's others, and drops those that have ended. A write requires the revision that was
 * read, so that two journeys added at the same time are both kept.
 */
export async function addJourney(
  dynamodb: DynamoDBClient,
  profileTable: string,
  { user, location, until }: Journey,
  now: Date,
): Promise<void> {
  const key = { S: journeyKey(user) };
  const revision = randomUUID();
  for (let attempt = 0; attempt < maximumTries; attempt += 1) {
    const { Item = {} } = await dynamodb.send(
      new GetItemCommand({ TableName: profileTable, Key: { user: key }, ConsistentRead: true }),
    );
    // The SDK's retry after a lost answer finds its own write.
    if (Item.revision?.S === revision) return;
    const still = readProfile(Item).locations.filter((each) => Date.parse(each.until ?? "") > now.getTime());
    const locations = [...still, { ...location, until: until.toISOString() }];
    const ends = locations.map((each) => Date.parse(each.until ?? ""));
    const put = new PutItemCommand({
      TableName: profileTable,
      Item: {
        user: key,
        locations: toAttribute(locations),
        source: toAttribute("manual"),
        updatedAt: toAttribute(now.toISOString()),
        expiration: toAttribute(Math.ceil(Math.max(...ends) / 1_000)),
        revision: toAttribute(revision),
      },
      ConditionExpression: Item.revision === undefined ? "attribute_not_exists(#revision)" : "#revision = :seen",
      ExpressionAttributeNames: { "#revision": "revision" },
      ...(Item.revision === undefined ? {} : { ExpressionAttributeValues: { ":seen": Item.revision } }),
    });
    if (await isWritten(dynamodb.send(put))) return;
  }
  throw new Error(`the journeys of ${user} changed at each of ${maximumTries} tries to add one; try again`);
}
