import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { readStackName, SettingsError } from "./settings.ts";
import { OktaProxyWatchStack } from "./stack.ts";

const app = new App();
try {
  new OktaProxyWatchStack(app, readStackName(app.node), {
    description: "Alerts on Okta sessions started through anonymizing proxies",
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
