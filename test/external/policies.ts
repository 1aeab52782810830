import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type Decide, faultsOf } from "../infra/decide.ts";
import type { Account } from "../infra/policy-account.ts";
import { accountOf, settings, subscribers, subscriptions, type Way, waysOf } from "../infra/ways.ts";

/*
 * Has @cloud-copilot/iam-simulate, another's implementation of IAM's logic with AWS's own tables of actions, resources and
 * condition keys, decide every request of test/infra/policies.test.ts. It is under the AGPL, and therefore no dependency:
 * test/external/policies installs it into a folder of its own and names its entry file.
 *
 * Exit code 0: it decides every request as it should be; 1: it does not, or finds a policy or a request malformed. With --list
 * it names every way, with what is refused on it and the document that says of which requests it consists.
 */

const { values } = parseArgs({ options: { simulator: { type: "string" }, list: { type: "boolean" } } });
if (values.simulator === undefined) {
  process.stderr.write("Usage: node test/external/policies.ts --simulator FILE [--list]\n");
  process.exit(2);
}

/** What of the simulator is used. */
interface Simulator {
  readonly runSimulation: (
    simulation: unknown,
    options: unknown,
  ) => Promise<{ readonly resultType: string; readonly overallResult?: string; readonly errors?: unknown }>;
  readonly anonymousPrincipal: unknown;
}
const { runSimulation, anonymousPrincipal } = (await import(pathToFileURL(values.simulator).href)) as Simulator;

type Request = Parameters<Decide>[0];
type Policies = Parameters<Decide>[1];

/** The simulator leaves out keys whose name has a part that one chooses, as an encryption context has: a global key stands in. */
function withKnownKeys(simulation: unknown): unknown {
  return JSON.parse(JSON.stringify(simulation).replaceAll("kms:EncryptionContext:aws:logs:arn", "aws:SourceArn"));
}

/** The account of a resource; of no resource, `*`, the asking one. */
const askedAccount = ({ principal, resource }: Request) =>
  (resource === "*" && principal.kind === "role" ? principal.arn : resource).split(":")[4];

/** The simulator's table of resources asks for a path, and an API's own, which its methods stand for, is empty: a path stands in. */
const withPath = (resource: string) => (resource.endsWith("/") ? `${resource}path` : resource);

async function simulate(request: Request, policies: Policies): Promise<boolean> {
  const { principal, action, resource, context } = request;
  const document = (Statement: unknown) => ({ Version: "2012-10-17", Statement });
  const simulation = {
    request: {
      principal:
        principal.kind === "anonymous"
          ? anonymousPrincipal
          : principal.kind === "role"
            ? principal.arn
            : principal.name,
      action,
      resource: { resource: withPath(resource), accountId: askedAccount(request) },
      contextVariables: context,
    },
    identityPolicies: policies.identity.length === 0 ? [] : [{ name: "identity", policy: document(policies.identity) }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(policies.resource && { resourcePolicy: document(policies.resource) }),
  };
  const { resultType, overallResult, errors } = await runSimulation(withKnownKeys(simulation), {
    simulationMode: "Strict",
  });
  if (resultType === "error") throw new Error(`${action} on ${resource}: ${JSON.stringify(errors)}`);
  return overallResult === "Allowed";
}

const all: readonly (readonly [name: string, account: Account, ways: readonly Way[]])[] = [
  ...Object.entries(settings).map(([name, context]) => {
    const account = accountOf(context);
    return [name, account, waysOf(account)] as const;
  }),
  ...Object.entries(subscribers).map(([name, makeAccount]) => {
    const account = makeAccount();
    return [name, account, subscriptions(account)] as const;
  }),
];
let decided = 0;
for (const [name, account, ways] of all) {
  for (const way of ways) {
    // The simulator answers later, and ways ask at once: each request is asked for first, and the answers are kept.
    const answers = new Map<string, boolean>();
    const asked: [key: string, request: Request, policies: Policies][] = [];
    const keyOf = (request: Request) => JSON.stringify(request);
    faultsOf(account, way, (request, policies) => {
      asked.push([keyOf(request), request, policies]);
      return true;
    });
    for (const [key, request, policies] of asked) {
      if (!answers.has(key)) answers.set(key, await simulate(request, policies));
    }
    decided += answers.size;
    const faults = faultsOf(account, way, (request) => answers.get(keyOf(request)) === true);
    for (const fault of faults) {
      process.stderr.write(`policies: with ${name}: ${fault}\n`);
      process.exitCode = 1;
    }
    if (values.list) {
      const refused = Object.keys(way.refused).join(", ");
      process.stdout.write(
        `${name}: ${way.name}: ${way.steps.length} allowed; refused: ${refused} (${way.document})\n`,
      );
    }
  }
}
process.stdout.write(`policies: iam-simulate has decided ${decided} requests\n`);
