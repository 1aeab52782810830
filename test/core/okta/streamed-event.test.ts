import { describe, expect, test } from "vitest";
import { readStreamedEvent } from "../../../lambda/core/okta/streamed-event.ts";
import { sessionStart, streamedEvent } from "../../fixtures/events.ts";

describe("an event of the log stream", () => {
  test("is a delivery of one event, marked as streamed, with EventBridge's id", () => {
    const event = sessionStart();
    const delivery = readStreamedEvent(streamedEvent(event, { id: "bridge-1" }), "example.okta.com");
    expect(delivery).toMatchObject({
      source: "streamed",
      id: "bridge-1",
      eventHookId: null,
      org: "example.okta.com",
      malformed: [],
    });
    expect(delivery.events.map(({ uuid, received }) => [uuid, received])).toEqual([[event.uuid, event]]);
  });

  test("that cannot be judged is malformed, and its faults say where", () => {
    const detail = { eventType: "user.session.start", published: "2026-11-26T09:30:00Z" };
    expect(readStreamedEvent(streamedEvent(detail), null)).toMatchObject({
      org: null,
      events: [],
      malformed: [{ event: detail, faults: [{ path: "detail.uuid", message: "expected the event's uuid" }] }],
    });
  });

  test.each([
    ["nothing", undefined],
    ["a text", "hello"],
    ["a list", []],
    ["an event of EventBridge without a detail", { id: "bridge-1", source: "aws.partner/okta.com/example/okta" }],
    ["one whose detail is a list", { detail: [sessionStart()] }],
    ["one whose detail is a text", { detail: JSON.stringify(sessionStart()) }],
  ])("that is %s is malformed as it was received", (_, received) => {
    expect(readStreamedEvent(received, null)).toMatchObject({
      events: [],
      malformed: [{ event: received, faults: [{ path: "detail" }] }],
    });
  });

  test.each([
    ["is none", {}, null],
    ["is no text", { id: ["x"] }, null],
    ["is very long", { id: "x".repeat(1_000) }, "x".repeat(255)],
  ])("whose id %s is judged all the same", (_, given, id) => {
    const delivery = readStreamedEvent({ detail: sessionStart(), ...given }, null);
    expect(delivery.id).toBe(id);
    expect(delivery.events).toHaveLength(1);
  });
});
