import { afterEach, expect, test, vi } from "vitest";
import { inParallel, isMalformed, isProxied, sampleDeliveries, startWorld, sumUp, type World } from "./world.ts";

/** KILLS and LOAD_DELIVERIES set how much; LOAD_REPORT=1 prints what was seen. */
const kills = Number(process.env.KILLS ?? 4);
const count = Number(process.env.LOAD_DELIVERIES ?? 200);

let world: World;
afterEach(() => world.stop());

test("whenever the process is killed, nothing that was accepted is lost", { timeout: 600_000 }, async () => {
  world = await startWorld({ retryVisibilitySeconds: 5 });
  await world.start();
  const deliveries = sampleDeliveries(count);
  const expected = deliveries.flat().filter(isProxied).length;
  const share = Math.ceil(count / (kills + 1));
  let killed = 0;
  let unanswered = 0;
  for (let round = 0; round <= kills; round += 1) {
    const part = deliveries.slice(round * share, (round + 1) * share);
    let answered = 0;
    // Killed when about so many deliveries of this round are answered, at a random moment.
    const killAt = Math.floor(Math.random() * part.length);
    let killing: Promise<void> | undefined;
    await inParallel(part, 20, async (events) => {
      for (;;) {
        try {
          await killing;
          const { status } = await world.deliver(events);
          answered += 1;
          if (round < kills && answered > killAt && killing === undefined) {
            killed += 1;
            killing = world.kill().then(() => world.start());
          }
          if (status === 204) return;
        } catch {
          // No answer: Okta delivers again.
          unanswered += 1;
        }
      }
    });
    await killing;
  }
  await vi.waitFor(() => expect(world.emulators.messagesOn("retryQueue")).toEqual([]), {
    timeout: 400_000,
    interval: 500,
  });
  const alerted = () => new Set(world.feed.received.map(({ alert }) => alert.okta.eventUuid)).size;
  await vi.waitFor(() => expect(alerted()).toBe(expected), { timeout: 60_000 });
  const sum = sumUp(world, deliveries);
  if (process.env.LOAD_REPORT) {
    process.stdout.write(
      `${JSON.stringify({ name: "kill", killed, unanswered, expected, received: world.feed.received.length, ...sum })}\n`,
    );
  }
  expect(killed).toBe(kills);
  expect(sum).toMatchObject({ lost: 0, parked: 0, wrong: 0, alerted: expected });
  expect(sum.deadLettered).toBe(deliveries.flat().filter(isMalformed).length);
  // An alert comes twice only when its process died between publishing it and recording that: with the same id.
  expect(world.feed.received.length - sum.repeated).toBe(expected);
});
