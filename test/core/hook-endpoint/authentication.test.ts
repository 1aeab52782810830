import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HookSecrets, isAuthentic } from "../../../lambda/core/hook-endpoint/authentication.ts";

function secrets(known: readonly string[]) {
  let asked = 0;
  const store: HookSecrets = async () => {
    asked += 1;
    return known;
  };
  return { store, asked: () => asked };
}

describe("a request", () => {
  test("is authentic with any secret at hand", async () => {
    const { store } = secrets(["current", "previous"]);
    expect(await isAuthentic("current", store)).toBe(true);
    expect(await isAuthentic("previous", store)).toBe(true);
    expect(await isAuthentic("next", store)).toBe(false);
  });

  test("without the header, or with an empty one, costs no look at the secrets", async () => {
    const { store, asked } = secrets([""]);
    expect(await isAuthentic(undefined, store)).toBe(false);
    expect(await isAuthentic("", store)).toBe(false);
    expect(asked()).toBe(0);
  });

  test("is as authentic as its header equals a secret, whatever the lengths", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.array(fc.string()), async (given, known) => {
        const expected = given !== "" && known.includes(given);
        expect(await isAuthentic(given, secrets(known).store)).toBe(expected);
      }),
    );
  });

  test("is not authentic with a secret that differs in case, space or length alone", async () => {
    for (const given of ["Secret", "secret ", " secret", "secre", "secrets", "Bearer secret"]) {
      expect(await isAuthentic(given, secrets(["secret"]).store)).toBe(false);
    }
  });

  test("cannot be judged while no secret is available", async () => {
    const down: HookSecrets = () => Promise.reject(new Error("down"));
    await expect(isAuthentic("any", down)).rejects.toThrow("down");
  });
});
