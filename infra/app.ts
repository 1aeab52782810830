import { fileURLToPath } from "node:url";
import { App, Validations } from "aws-cdk-lib";
import { loadDetections } from "../build/load-detections.ts";
import { compileRules, isEnabled } from "../lambda/detections/compile-rules.ts";
import { acknowledgeFindings, packs } from "./findings.ts";
import { readSettings, readStackName, SettingsError } from "./settings.ts";
import { OktaProxyWatchStack } from "./stack.ts";

const app = new App();
try {
  const { experimentalDetections: experimental } = readSettings(app.node);
  const { rules } = await loadDetections(fileURLToPath(new URL("../lambda/detections", import.meta.url)));
  const enabled = rules.map(({ content }) => content).filter((rule) => isEnabled(rule, { experimental }));
  const stack = new OktaProxyWatchStack(app, readStackName(app.node), {
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
