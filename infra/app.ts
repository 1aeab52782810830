import { fileURLToPath } from "node:url";
import { App, Validations } from "aws-cdk-lib";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { compileRules, isEnabled } from "../lambda/core/detections/compile-rules.ts";
import { acknowledgeFindings, packs } from "./findings.ts";
import { loadSettings } from "./settings.ts";
import { SettingsError } from "./settings-file.ts";
import { OktaProxyWatchStack } from "./stack.ts";

const app = new App();
try {
  const { settings, notes } = await loadSettings(app.node.getAllContext() as Record<string, unknown>);
  for (const note of notes) process.stderr.write(`${note}\n`);
  const { experimentalDetections: experimental } = settings;
  const { rules } = await loadDetections(fileURLToPath(new URL("../detections", import.meta.url)));
  const enabled = rules.map(({ content }) => content).filter((rule) => isEnabled(rule, { experimental }));
  const stack = new OktaProxyWatchStack(app, settings.stackName, {
    settings,
    description: "Alerts on Okta sessions started through anonymizing proxies",
    detections: await compileRules(enabled),
  });
  acknowledgeFindings(stack);
  Validations.of(app).addPlugins(...packs(app));
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
