import { createCommand, InputError, onTerminal } from "./command.ts";
import { addDeploymentOptions, type DeploymentOptions, findDeployment } from "./deployment.ts";
import { sendTestAlert } from "./test-alert.ts";

interface Options extends DeploymentOptions {
  readonly timeout: number;
  /** The folder of the preview; true for the working folder. */
  readonly preview?: string | true;
}

export const command = addDeploymentOptions(
  createCommand(
    "send-test-alert",
    "Delivers a made-up proxied sign-in, and reports whether its alert went out, or where it stopped.",
  ),
)
  .option(
    "--timeout <seconds>",
    "how long to wait for the alert",
    (text) => {
      const number = Number(text);
      if (!(number > 0)) throw new InputError("--timeout is no number of seconds");
      return number;
    },
    10,
  )
  .option(
    "--preview [folder]",
    "write alerts.html into a folder: alerts about invented people, as each subscriber gets them (default: this folder). Sends nothing, and needs no access to AWS",
  )
  .addHelpText(
    "after",
    "\nThe alert is marked as a test, and counts nowhere. Exit code: 0; 1 when no alert came, or no subscriber is confirmed.",
  )
  .action(async ({ timeout, preview, ...options }: Options) => {
    if (preview !== undefined) {
      const { writeAlertPreview } = await import("./alert-preview.ts");
      const path = await writeAlertPreview(preview === true ? "." : preview, new Date());
      process.stdout.write(`${onTerminal(path)}\n`);
      return;
    }
    const result = await sendTestAlert(await findDeployment(options), timeout);
    if (result !== "subscribed") process.exitCode = 1;
  });
