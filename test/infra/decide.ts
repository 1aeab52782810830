import type { Account, StandingStatement } from "./policy-account.ts";
import { type AccessRequest, isAllowed, type Policies, type PolicyStatement } from "./policy-evaluation.ts";
import { administrator, type Way } from "./ways.ts";

/** Everything, as an administrator's IAM policy gives it. */
const everything: readonly PolicyStatement[] = [{ Effect: "Allow", Action: "*", Resource: "*" }];

/** The statements of an account's policies. */
export type Standing = Pick<Account, "identity" | "resource">;

/** The policies that decide a request in an account. */
export function policiesFor({ identity, resource }: Standing, request: AccessRequest): Policies {
  const of = (all: readonly StandingStatement[], arn: string) =>
    all.filter((each) => isWithin(arn, each.of)).map(({ statement }) => statement);
  const { principal } = request;
  const isAdministrator = principal.kind === "role" && principal.arn.endsWith(administrator.split(":").pop() ?? "");
  const ofIdentity = principal.kind === "role" ? of(identity, principal.arn) : [];
  const ofResource = of(resource, request.resource);
  return {
    identity: isAdministrator ? everything : ofIdentity,
    resource: ofResource.length === 0 ? null : ofResource,
  };
}

/** Whether a resource is this one, or a part of it, as the methods of an API are. */
const isWithin = (arn: string, whole: string) => arn === whole || arn.startsWith(`${whole}/`);

/** What decides a request: AWS's logic as we read it, or another's simulator. */
export type Decide = (request: AccessRequest, policies: Policies) => boolean;

/** What is wrong with a way in an account: steps that are refused, requests that are not. Empty where it is right. */
export function faultsOf(standing: Standing, way: Way, decide: Decide = isAllowed): string[] {
  const isLetThrough = (request: AccessRequest) => decide(request, policiesFor(standing, request));
  return [
    ...way.steps.filter((step) => !isLetThrough(step)).map(({ action }) => `${way.name}: ${action} is refused`),
    ...Object.entries(way.refused)
      .filter(([, request]) => isLetThrough(request))
      .map(([why, { action }]) => `${way.name}: ${action} is allowed ${why}`),
  ];
}

/** A statement without one of its actions, or one of its conditions. */
interface Change {
  /** What was taken away, for example `Deny sqs:* of arn:...`. */
  readonly name: string;
  readonly standing: Standing;
  /** The role or the resource that the statement belongs to. */
  readonly of: string;
}

/** The account as it would be with each action of each statement taken away, and with each condition. */
export function changes({ identity, resource }: Standing): Change[] {
  const lists = [
    ["identity", identity],
    ["resource", resource],
  ] as const;
  return lists.flatMap(([kind, all]) =>
    all.flatMap((standing, index) => {
      const { of, statement } = standing;
      const replaced = (by: PolicyStatement | null): Standing => ({
        identity,
        resource,
        [kind]: all.toSpliced(index, 1, ...(by === null ? [] : [{ of, statement: by }])),
      });
      const actions = [statement.Action].flat();
      const label = `${statement.Effect} ${statement.Sid ?? JSON.stringify(statement.Principal ?? "")}`;
      const withoutAction = actions.map((action) => {
        const left = actions.filter((each) => each !== action);
        return {
          name: `${label} ${action} of ${of}`,
          of,
          standing: replaced(left.length === 0 ? null : { ...statement, Action: left }),
        };
      });
      const withoutCondition = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
        Object.keys(keys).map((key) => {
          const { [key]: _, ...left } = keys;
          return {
            name: `${label} condition ${operator} ${key} of ${of}`,
            of,
            standing: replaced({ ...statement, Condition: { ...statement.Condition, [operator]: left } }),
          };
        }),
      );
      return [...withoutAction, ...withoutCondition];
    }),
  );
}

/** Ways that a role or resource takes part in. */
export function waysThrough(ways: readonly Way[], arn: string): Way[] {
  const isOf = ({ principal, resource }: AccessRequest) =>
    isWithin(resource, arn) || (principal.kind === "role" && principal.arn === arn);
  return ways.flatMap((way) => {
    const steps = way.steps.filter(isOf);
    const refused = Object.fromEntries(Object.entries(way.refused).filter(([, request]) => isOf(request)));
    return steps.length + Object.keys(refused).length === 0 ? [] : [{ ...way, steps, refused }];
  });
}
