import type { CommandEntry } from "./command.ts";

/** Every command by its name, in the order in which a reader needs them. Each has an npm script of its name as well. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  start: { summary: "run everything on this machine, without an account", load: () => import("./start.ts") },
  rules: { summary: "check and list detections, try their cases, write new ones", load: () => import("./rules.ts") },
  backtest: {
    summary: "run detections over past events",
    load: () => import("./backtest.ts"),
    // Most of what it makes of an event is garbage at once. A young generation of its full size from the start is collected seldom, and
    // what an event needs while it is handled is not copied: a smaller one takes a tenth more processor time, a larger one 20 MB.
    flags: ["--min-semi-space-size=8", "--max-semi-space-size=8", "--max-old-space-size=1024"],
  },
  deploy: { summary: "deploy to AWS, now and after every change", load: () => import("./deploy.ts") },
  hook: { summary: "register Okta's event hook, and keep it healthy", load: () => import("./hook.ts") },
  "send-test-alert": { summary: "see whether alerts arrive", load: () => import("./send-test-alert.ts") },
  profiles: { summary: "load and show where users are expected to be", load: () => import("./profiles.ts") },
  incidents: { summary: "show what was alerted on, and judge it", load: () => import("./incidents.ts") },
  exceptions: {
    summary: "except users and networks that are known to be harmless",
    load: () => import("./exceptions.ts"),
  },
  report: {
    summary: "write a page about the past: map, persons, detections, what would quieten them",
    load: () => import("./report.ts"),
    flags: ["--min-semi-space-size=8", "--max-semi-space-size=8", "--max-old-space-size=1024"],
  },
  digest: { summary: "print the week's digest", load: () => import("./digest.ts") },
  deadletters: { summary: "show and redrive what could not be processed", load: () => import("./deadletters.ts") },
  cost: { summary: "compute what a deployment costs a month", load: () => import("./cost.ts") },
  "okta-ranges": { summary: "print the networks that Okta sends from", load: () => import("./okta-ranges.ts") },
  destroy: { summary: "remove what was deployed", load: () => import("./destroy.ts") },
  completion: {
    summary: "print the completion of a shell: bash, zsh, fish",
    load: async () => ({ command: (await import("./completion.ts")).createCompletion(commands) }),
  },
};
