import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { knownOutputs } from "../../infra/known-outputs.ts";
import { toMessage } from "../../lambda/core/alerts/message.ts";
import type { Output } from "../../lambda/core/alerts/output.ts";
import { cases } from "../fixtures/cases.ts";
import { renderEmail, renderSms, renderSubject } from "../fixtures/rendered.ts";

/*
 * What readers get, case by case, in files to be read: `npx vitest run test/golden --update` writes them anew, and the
 * difference is for review.
 */

const outputs = new Map<string, Output>();
for (const name of knownOutputs) {
  const { output } = (await import(`../../lambda/core/outputs/${name}.ts`)) as { readonly output: Output };
  outputs.set(name, output);
}

describe.each(Object.entries(cases))("%s", (name, make) => {
  test("as e-mail and SMS", async () => {
    const alert = make();
    const { attributes } = toMessage(alert);
    const told = Object.entries(attributes).map(([key, { value }]) => `${key}=${value}`);
    const text = `Subject: ${renderSubject(alert)}\nSMS: ${renderSms(alert)}\nAttributes: ${told.join(" ")}\n\n${renderEmail(alert)}`;
    await expect(text).toMatchFileSnapshot(`${name}.email.txt`);
  });

  test.each([...outputs])("as %s", async (output, { render }) => {
    // The event itself is in the alert, and told by no rendering but OCSF's raw data.
    const { raw_data, ...rendered } = JSON.parse(render(make())) as Record<string, unknown>;
    expect(raw_data === undefined).toBe(output !== "ocsf");
    await expect(`${JSON.stringify(rendered, null, 2)}\n`).toMatchFileSnapshot(`${name}.${output}.json`);
  });
});

test("no file is of a case or an output that is no more", async () => {
  const files = (await readdir(import.meta.dirname)).filter((file) => !file.endsWith(".ts"));
  const kinds = ["email.txt", ...knownOutputs.map((output) => `${output}.json`)];
  expect(files.sort()).toEqual(
    Object.keys(cases)
      .flatMap((name) => kinds.map((kind) => `${name}.${kind}`))
      .sort(),
  );
});
