import { Option } from "commander";
import { createTopic } from "../lambda/adapters/aws/topic.ts";
import { readDigestSources } from "../lambda/adapters/tables/digest-sources.ts";
import { composeDigest, daysOfWeek } from "../lambda/core/digest/digest.ts";
import { renderDigest, writeDigest } from "../lambda/core/digest/render-digest.ts";
import { onTarget } from "../lambda/core/text/on-target.ts";
import { createCommand, onTerminal } from "./command.ts";
import { countedPeriod } from "./counted-period.ts";
import { addDeploymentOptions, type DeploymentOptions, findDeployment, sameTarget } from "./deployment.ts";
import { readDeployedDetections } from "./detections-folder.ts";
import { withProgress } from "./progress.ts";
import { readTime, timeForms, type WrittenTime } from "./times.ts";

interface Options extends DeploymentOptions {
  readonly since: WrittenTime;
  readonly send: boolean;
  readonly json: boolean;
}

async function digest(options: Options): Promise<void> {
  const now = new Date();
  const period = countedPeriod(options.since, now);
  const { rules, correlations } = await readDeployedDetections();
  const titles = new Map([...rules, ...correlations].map(({ content }) => [content.id, content.title]));
  const deployment = await findDeployment(options);
  const sources = await withProgress("reading the counts", () =>
    readDigestSources(deployment.dynamodb, deployment.stateTable, period, now),
  );
  const composed = composeDigest({ ...sources, titles, now });
  process.stdout.write(
    options.json ? `${JSON.stringify(composed)}\n` : onTerminal(onTarget(writeDigest(composed), sameTarget(options))),
  );
  if (!options.send) {
    if (sources.days.size === 0)
      process.stderr.write("note: nothing was counted on these days: is the setting digest on?\n");
    return;
  }
  const publish = createTopic(deployment.alertTopicArn, { client: deployment.sns });
  await publish(renderDigest(composed), AbortSignal.timeout(10_000));
  if (!options.json) process.stdout.write("Sent to the alert topic.\n");
}

export const command = addDeploymentOptions(
  createCommand("digest", "Prints what the digest would say of the days until now, and sends it."),
)
  .addOption(
    new Option("--since <time>", `the first day that counts, whole: ${timeForms}; 7d are seven days with today`)
      .argParser(readTime)
      .default(readTime(`${daysOfWeek}d`), `${daysOfWeek}d`),
  )
  .option("--send", "sends it to the alert topic as well", false)
  .option("--json", "prints it as JSON, with every list whole", false)
  .addHelpText("after", "\nExit code: 0; 2 when the time cannot be used, or the stack is not there.")
  .action(digest);
