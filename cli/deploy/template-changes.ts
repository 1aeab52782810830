import { fullDiff, type ResourceDifference, ResourceImpact } from "@aws-cdk/cloudformation-diff";

/** A resource of a template: the parts that are read. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** A CloudFormation template: the parts that are read. */
export interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** The changes of a deployment. */
export interface TemplateChanges {
  /** A sentence for each important removal or replacement, the most important first. */
  readonly losses: readonly string[];
  /** Minor removals and replacements: roles, policies, permissions, schedules. Null for none. */
  readonly further: string | null;
  /** The number of new resources by type. */
  readonly added: ReadonlyMap<string, number>;
  /** The number of resources that change in place. */
  readonly changed: number;
  /** Removed subscriptions. */
  readonly unsubscribed: readonly TemplateSubscription[];
}

/** A subscription that a template makes. */
export interface TemplateSubscription {
  /** The logical id of its topic. */
  readonly topic: string;
  readonly protocol: string;
  /** An address; null for a resource of the stack itself. */
  readonly endpoint: string | null;
}

/** The name of a type of resource, and the effect of losing one or several. */
interface Kind {
  readonly word: string;
  readonly removed: string;
  readonly replaced: string;
}

/** Important types, the most important first. */
const kinds: Readonly<Record<string, Kind>> = {
  "AWS::SNS::Subscription": {
    word: "subscription",
    removed: "nothing is sent there any more",
    replaced: "it has to be confirmed again",
  },
  "AWS::SecretsManager::Secret": {
    word: "secret",
    removed: "its value goes with it; AWS can bring it back for a week or more",
    replaced: "what was put into it is not in the new one",
  },
  "AWS::DynamoDB::Table": {
    word: "table",
    removed: "its data goes for good",
    replaced: "the new one is empty",
  },
  "AWS::SQS::Queue": {
    word: "queue",
    removed: "what waits in it goes for good",
    replaced: "what waits in it is not in the new one",
  },
  "AWS::SNS::Topic": {
    word: "topic",
    removed: "every subscription to it goes with it",
    replaced: "every subscription to it that the stack did not make goes with the old one",
  },
  "AWS::KMS::Key": {
    word: "key",
    removed: "what it encrypted cannot be read once AWS has deleted it",
    replaced: "what the old one encrypted cannot be read once AWS has deleted it",
  },
  "AWS::Lambda::Url": {
    word: "URL",
    removed: "requests to it are lost: register the new URL in Okta, npx okta-proxy-watch hook register",
    replaced: "Okta delivers to the old one until you register the new URL: npx okta-proxy-watch hook register",
  },
  "AWS::ApiGateway::RestApi": {
    word: "REST API",
    removed: "requests to it are lost: register the new URL in Okta, npx okta-proxy-watch hook register",
    replaced: "Okta delivers to the old one until you register the new URL: npx okta-proxy-watch hook register",
  },
  "AWS::WAFv2::WebACL": {
    word: "firewall",
    removed: "nothing blocks a flood before the API",
    replaced: "the same is blocked under a new name",
  },
  "AWS::Lambda::Function": {
    word: "function",
    removed: "nothing else does this work",
    replaced: "the same work is done under a new name",
  },
  "AWS::Logs::LogGroup": {
    word: "log group",
    removed: "the logs go for good",
    replaced: "the logs until now go for good",
  },
  "AWS::CloudWatch::Alarm": {
    word: "alarm",
    removed: "no mail comes when this happens",
    replaced: "the same is watched under a new name",
  },
  "AWS::CloudWatch::Dashboard": {
    word: "dashboard",
    removed: "CloudWatch does not show it any more",
    replaced: "links to the old one end",
  },
};
/** Outputs of the stack are treated like resources. */
const outputType = "output";
const weights = Object.keys(kinds).toSpliced(-2, 0, outputType);

/** Readable names of topics, by the name of the construct. */
const topics: Readonly<Record<string, string>> = { Alerts: "the alerts", Operations: "the alarms" };

/**
 * Compares the deployed template with the next.
 *
 * @param reasonOf the reason why the subscription of an address is removed, by the name of its topic's construct
 * (`Alerts`); null for none
 */
export function changesBetween(
  deployed: Template,
  next: Template,
  reasonOf: (topic: string, endpoint: string | null) => string | null = () => null,
): TemplateChanges {
  const losses: Loss[] = [];
  const further = new Map<string, number>();
  const added = new Map<string, number>();
  const unsubscribed: TemplateSubscription[] = [];
  let changed = 0;
  const difference = fullDiff({ ...deployed }, { ...next });
  difference.resources.forEachDifference((id, change) => {
    const type = change.oldResourceType ?? change.newResourceType ?? "";
    const impact = change.changeImpact;
    if (impact === ResourceImpact.WILL_CREATE) {
      added.set(type, (added.get(type) ?? 0) + 1);
    } else if (impact === ResourceImpact.WILL_UPDATE) {
      changed += 1;
    } else if (impact !== ResourceImpact.NO_CHANGE && impact !== ResourceImpact.WILL_IMPORT) {
      const kind = kinds[type];
      if (kind === undefined) {
        further.set(type, (further.get(type) ?? 0) + 1);
        return;
      }
      const subscription = subscriptionOf(deployed.Resources?.[id]);
      losses.push({ type, ...describeLoss(deployed, id, kind, change), reason: whyOf(subscription) });
      if (subscription !== null) unsubscribed.push(subscription);
    }
  });
  function whyOf(subscription: TemplateSubscription | null): string {
    const reason = subscription === null ? null : reasonOf(nameOf(deployed, subscription.topic), subscription.endpoint);
    return reason === null ? "" : ` (${reason})`;
  }
  const outputs = Object.keys(deployed.Outputs ?? {}).filter((name) => !Object.hasOwn(next.Outputs ?? {}, name));
  for (const what of outputs) {
    losses.push({
      type: outputType,
      verb: "removes",
      what,
      after: ": no command or tool finds it any more",
      reason: "",
    });
  }
  return {
    losses: sentencesOf(losses),
    further: further.size === 0 ? null : countByType(further),
    added,
    changed,
    unsubscribed,
  };
}

interface Loss {
  readonly type: string;
  /** `removes`, `replaces`... */
  readonly verb: string;
  /** Its name; the address of a subscription. */
  readonly what: string;
  readonly after: string;
  readonly reason: string;
}

/** A sentence for each loss, the most important first; similar losses share one, except subscriptions. */
function sentencesOf(losses: readonly Loss[]): string[] {
  const alike = Map.groupBy(losses, ({ type, verb, after, what }) =>
    [type, verb, after, type === "AWS::SNS::Subscription" ? what : ""].join("\n"),
  );
  return [...alike.values()]
    .sort(([a], [b]) => weights.indexOf(a?.type ?? "") - weights.indexOf(b?.type ?? ""))
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { type, verb, after, reason } = first;
      const word = type === outputType ? "output" : kinds[type]?.word;
      const named = [...new Set(group.map(({ what }) => what))].join(", ");
      const what = type === "AWS::SNS::Subscription" ? named : `the ${word}${group.length === 1 ? "" : "s"} ${named}`;
      return [`${verb} ${what}${after}${reason}`];
    });
}

function describeLoss(
  deployed: Template,
  id: string,
  { removed, replaced }: Kind,
  change: ResourceDifference,
): Pick<Loss, "verb" | "what" | "after"> {
  const subscription = subscriptionOf(deployed.Resources?.[id]);
  const what = subscription === null ? nameOf(deployed, id) : describeSubscription(deployed, subscription);
  const { changeImpact: impact } = change;
  if (impact === ResourceImpact.WILL_DESTROY) return { verb: "removes", what, after: `: ${removed}` };
  if (impact === ResourceImpact.WILL_ORPHAN) {
    const after = ": the stack uses it no more, and it stays in the account with all that is in it";
    return { verb: "gives up", what, after };
  }
  const causes = Object.entries(change.propertyUpdates)
    .filter(([, { changeImpact }]) => changeImpact === impact)
    .map(([name]) => name);
  const cause = causes.length === 0 ? "" : `, as ${causes.join(" and ")} changes`;
  return {
    verb: impact === ResourceImpact.MAY_REPLACE ? "may replace" : "replaces",
    what,
    after: `${cause}: ${replaced}`,
  };
}

function describeSubscription(template: Template, { protocol, endpoint, topic }: TemplateSubscription): string {
  const name = nameOf(template, topic);
  const whose = endpoint === null ? `the stack itself (${protocol})` : `${endpoint} (${protocol})`;
  return `the subscription of ${whose} to ${topics[name] ?? `the topic ${name}`}`;
}

/** The subscriptions that a template makes. */
export function subscriptionsOf({ Resources = {} }: Template): TemplateSubscription[] {
  return Object.values(Resources).flatMap((resource) => subscriptionOf(resource) ?? []);
}

function subscriptionOf(resource: TemplateResource | undefined): TemplateSubscription | null {
  if (resource?.Type !== "AWS::SNS::Subscription") return null;
  const { Protocol: protocol, Endpoint: endpoint, TopicArn: topic } = resource.Properties ?? {};
  return {
    topic: (topic as { readonly Ref?: string } | undefined)?.Ref ?? String(topic),
    protocol: String(protocol),
    endpoint: typeof endpoint === "string" ? endpoint : null,
  };
}

/** Parts of a construct's path that add nothing to the type. */
const silent: ReadonlySet<string> = new Set([
  "Alarms",
  "Dashboard",
  "Function",
  "FunctionUrl",
  "Key",
  "Logs",
  "Queue",
  "Resource",
  "Secret",
  "Table",
  "Topic",
]);

/** The name of a resource in the code, from CDK's path; the logical id without one. */
export function nameOf({ Resources = {} }: Template, id: string): string {
  const path = Resources[id]?.Metadata?.["aws:cdk:path"];
  const parts = typeof path === "string" ? path.split("/").slice(1) : [];
  return parts.find((part) => !silent.has(part)) ?? id;
}

/** `3 functions, 2 tables`: by our word for the type, else by the end of CloudFormation's name. */
export function countByType(counts: ReadonlyMap<string, number>): string {
  const weightOf = (type: string) => (Object.hasOwn(kinds, type) ? weights.indexOf(type) : weights.length);
  return [...counts]
    .sort(([a], [b]) => weightOf(a) - weightOf(b))
    .map(([type, count]) => `${count} ${count === 1 ? wordOf(type) : wordOf(type).replace(/y$/, "ie").concat("s")}`)
    .join(", ");
}

/** `AWS::Lambda::EventSourceMapping` is an event source mapping. */
function wordOf(type: string): string {
  const known = kinds[type]?.word;
  if (known !== undefined) return known;
  const [, service = "", name = type] = type.split("::");
  const word = name.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
  return word === "policy" || word === "role" ? `${service} ${word}` : word;
}

/** The number of a template's resources by type. */
export function countResources({ Resources = {} }: Template): ReadonlyMap<string, number> {
  const byType = Map.groupBy(Object.values(Resources), ({ Type }) => Type);
  return new Map([...byType].map(([type, { length }]) => [type, length]));
}
