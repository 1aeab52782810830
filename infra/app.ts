import { fileURLToPath } from "node:url";
import { App, Validations } from "aws-cdk-lib";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { chooseCorrelated } from "../lambda/core/detections/choose-correlated.ts";
import { compileRules, faultOfPacks } from "../lambda/core/detections/compile-rules.ts";
import { acknowledgeFindings, packs as findingPacks } from "./findings.ts";
import { loadSettings, rulesFolderOf } from "./settings.ts";
import { SettingsError } from "./settings-file.ts";
import { OktaProxyWatchStack } from "./stack.ts";

const app = new App();
try {
  const loaded = await loadSettings(app.node.getAllContext() as Record<string, unknown>);
  const { settings, notes } = loaded;
  for (const note of notes) process.stderr.write(`${note}\n`);
  const { experimentalDetections: experimental, packs } = settings;
  const own = rulesFolderOf(loaded);
  const ours = fileURLToPath(new URL("../detections", import.meta.url));
  const loadedDetections = await loadDetections(ours, ...(own === null ? [] : [own]));
  const contents = {
    rules: loadedDetections.rules.map(({ content }) => content),
    correlations: loadedDetections.correlations.map(({ content }) => content),
  };
  const fault = faultOfPacks(packs, [...contents.rules, ...contents.correlations]);
  if (fault !== null) throw new SettingsError(`settings that cannot be used:\n- packs: ${fault}`);
  const { evaluated, correlations, silent } = chooseCorrelated(contents, { experimental, packs });
  const stack = new OktaProxyWatchStack(app, settings.stackName, {
    settings,
    description: "Alerts on Okta sessions started through anonymizing proxies",
    detections: await compileRules(evaluated),
    correlations: correlations.filter(({ id }) => !silent.has(id)),
    silent,
  });
  acknowledgeFindings(stack);
  Validations.of(app).addPlugins(...findingPacks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
