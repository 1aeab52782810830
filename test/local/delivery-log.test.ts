import { expect, test } from "vitest";
import { parseDelivery } from "../../lambda/core/okta/event-hook.ts";
import { followDeliveries, type LoggedDelivery } from "../../local/delivery-log.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";

test("a delivery that is in progress when the log stops is not said to match no detection", () => {
  const said: LoggedDelivery[] = [];
  const log = followDeliveries((each) => void said.push(each));
  const parsed = parseDelivery(delivery([sessionStart()]));
  if (!parsed.ok) expect.unreachable();
  const [finished, inProgress] = [log.begin("event hook", parsed.delivery), log.begin("event hook", parsed.delivery)];
  finished.end(204, null);
  expect(said.map(({ number, counts }) => [number, counts])).toEqual([[1, { unmatched: 1 }]]);
  log.stop();
  inProgress.end(204, null);
  expect(said).toHaveLength(1);
});
