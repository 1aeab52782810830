import { createNetworkTest, parseCidr } from "../../lambda/core/network/cidr.ts";

/*
 * AWS's decision on one request, by the policies that stand: the part of
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html that this stack's policies use.
 * What it does not know it refuses with an error, rather than guess. `test/external/policies` has another's simulator
 * decide the same requests.
 */

/** A statement of a policy, all references resolved. */
export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  /** Only in policies of resources. */
  readonly Principal?: "*" | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  /** None in a role's trust policy, whose resource is the role. */
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Who asks: a role of an account, a service of AWS, or a request without a signature. */
export type Principal =
  | { readonly kind: "role"; readonly arn: string }
  | { readonly kind: "service"; readonly name: string }
  | { readonly kind: "anonymous" };

/** A request that AWS decides on. */
export interface AccessRequest {
  readonly principal: Principal;
  /** `service:Action`. */
  readonly action: string;
  /** ARN. */
  readonly resource: string;
  /** Condition keys and their values; one that is not here is not in the request. */
  readonly context: Readonly<Record<string, string>>;
}

/** The policies that a request is decided by. */
export interface Policies {
  /** What the asking role may do. */
  readonly identity: readonly PolicyStatement[];
  /** The policy of the resource that is asked for; null where it has none. */
  readonly resource: readonly PolicyStatement[] | null;
}

/** Services whose resource has to allow everything, even to its own account: IAM's policies alone do not. */
const resourceDecides = new Set(["kms", "sts"]);

/** Whether AWS lets the request through. A role of another account than the resource's needs both to allow it. */
export function isAllowed(request: AccessRequest, { identity, resource }: Policies): boolean {
  const ofIdentity = identity.filter((statement) => matches(statement, request) === "yes");
  const ofResource = (resource ?? []).map((statement) => [statement, matches(statement, request)] as const);
  const denies = ({ Effect }: PolicyStatement) => Effect === "Deny";
  if (ofIdentity.some(denies)) return false;
  if (ofResource.some(([statement, match]) => match !== "no" && denies(statement))) return false;
  const resourceAllows = ofResource.some(([, match]) => match === "yes");
  if (request.principal.kind !== "role") return resourceAllows;
  const [service = ""] = request.action.split(":");
  // A request for no resource, `*`, is about the asking account.
  const isForeign = request.resource !== "*" && accountOf(request.principal.arn) !== accountOf(request.resource);
  if (isForeign) return resourceAllows && ofIdentity.length > 0;
  if (!resourceDecides.has(service)) return resourceAllows || ofIdentity.length > 0;
  const delegates = ofResource.some(([, match]) => match === "by the account");
  return resourceAllows || (delegates && ofIdentity.length > 0);
}

function accountOf(arn: string): string | undefined {
  return arn.split(":")[4];
}

type Match = "yes" | "no" | "by the account";

/** Whether a statement is about the request; by the account where it leaves the account's principals to IAM's policies. */
function matches(statement: PolicyStatement, request: AccessRequest): Match {
  const { Action, Resource, Condition = {} } = statement;
  if (![Action].flat().some((pattern) => isLike(request.action.toLowerCase(), pattern.toLowerCase()))) return "no";
  if (Resource !== undefined && ![Resource].flat().some((pattern) => isLike(request.resource, pattern))) return "no";
  for (const [operator, keys] of Object.entries(Condition)) {
    for (const [key, wanted] of Object.entries(keys)) {
      if (!isMet(operator, [wanted].flat(), request.context[key])) return "no";
    }
  }
  return statement.Principal === undefined ? "yes" : isPrincipal(statement.Principal, request.principal);
}

function isPrincipal(wanted: NonNullable<PolicyStatement["Principal"]>, asking: Principal): Match {
  if (wanted === "*") return "yes";
  for (const [type, names] of Object.entries(wanted)) {
    for (const name of [names].flat()) {
      if (type === "AWS" && name === "*") return "yes";
      if (type === "Service" && asking.kind === "service" && name === asking.name) return "yes";
      if (type === "AWS" && asking.kind === "role") {
        if (name === asking.arn) return "yes";
        if (name === `arn:aws:iam::${asking.arn.split(":")[4]}:root`) return "by the account";
      }
    }
  }
  return "no";
}

/** A key that the request lacks meets no condition; no operator of ours is one of those that are met by it. */
function isMet(operator: string, wanted: readonly string[], actual: string | undefined): boolean {
  const test = operators[operator];
  if (test === undefined) throw new Error(`the operator ${operator} is not known here`);
  return actual !== undefined && wanted.some((each) => test(actual, each));
}

const operators: Readonly<Record<string, (actual: string, wanted: string) => boolean>> = {
  StringEquals: (actual, wanted) => actual === wanted,
  Bool: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  IpAddress: (actual, wanted) => createNetworkTest([parseCidr(wanted)].flatMap((network) => network ?? []))(actual),
  ArnEquals: isArnLike,
  ArnLike: isArnLike,
};

/** Each of an ARN's six parts on its own; the sixth is all the rest. */
function isArnLike(actual: string, wanted: string): boolean {
  const parts = (arn: string) => /^([^:]*):([^:]*):([^:]*):([^:]*):([^:]*):(.*)$/.exec(arn)?.slice(1);
  const [are, shall] = [parts(actual), parts(wanted)];
  return are !== undefined && shall !== undefined && are.every((part, index) => isLike(part, shall[index] ?? ""));
}

/** `*` stands for any characters, `?` for one. */
function isLike(actual: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(actual);
}
