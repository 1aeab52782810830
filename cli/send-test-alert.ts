import { createCommand, InputError } from "./command.ts";
import { addDeploymentOptions, type DeploymentOptions, findDeployment } from "./deployment.ts";
import { sendTestAlert } from "./test-alert.ts";

/** The command, for one run. */
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
  .addHelpText(
    "after",
    "\nThe alert is marked as a test, and counts nowhere. Exit code: 0; 1 when no alert came, or no subscriber is confirmed.",
  )
  .action(async ({ timeout, ...options }: DeploymentOptions & { readonly timeout: number }) => {
    const result = await sendTestAlert(await findDeployment(options), timeout);
    if (result !== "subscribed") process.exitCode = 1;
  });
