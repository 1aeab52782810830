import { App, CfnElement, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { DISABLE_ASSET_STAGING_CONTEXT } from "aws-cdk-lib/cx-api";
import { OktaProxyWatchStack } from "./stack.ts";

/** A statement of a policy. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A resource of a template. */
export interface TemplateResource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties differ from type to type
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}

/** A synthesized stack, by its constructs' paths. */
export interface Synthesized {
  readonly stack: Stack;
  readonly template: Template;
  /** Resources by the path of their construct below the stack, without `/Resource` at the end. */
  readonly resources: ReadonlyMap<string, TemplateResource>;
  /** The logical id of each of {@link resources}, by the same path. */
  readonly logicalIds: ReadonlyMap<string, string>;
  /** The same value with references written as `<path>` and `<path>.Attribute`, and joined values as one text. */
  readonly readable: (value: unknown) => unknown;
}

/** Settings that enable every feature. */
export const everything = {
  oktaOrgUrl: "https://example.okta.com",
  eventBusName: "aws.partner/okta.com/example/okta",
  outputs: "chat,ocsf,pagerduty",
  alertEmail: "security@example.com",
  operationsEmail: "operations@example.com",
  canary: true,
  metrics: "full",
  dashboard: true,
  runbookUrl: "https://git.example.com/okta-proxy-watch/docs/runbook.md",
};

/**
 * An app whose synthesis copies no code of functions, which is more than half of its time where the template alone is read.
 *
 * @param outdir where the assembly goes. @default a new temporary folder
 */
export const appInPlace = (context: Readonly<Record<string, unknown>>, outdir?: string): App =>
  new App({ context: { [DISABLE_ASSET_STAGING_CONTEXT]: true, ...context }, ...(outdir !== undefined && { outdir }) });

/** Synthesizes the stack with these settings. */
export function synthesize(context: Readonly<Record<string, unknown>> = {}): Synthesized {
  return readStack(new OktaProxyWatchStack(appInPlace(context), "Test"));
}

/** Synthesizes a stack, and reads its constructs' resources. */
export function readStack(stack: Stack): Synthesized {
  const template = Template.fromStack(stack);
  const paths = new Map(
    stack.node
      .findAll()
      .filter((construct) => CfnElement.isCfnElement(construct))
      .map((element) => [
        stack.resolve(element.logicalId) as string,
        element.node.path.slice(stack.node.path.length + 1).replace(/\/Resource$/, ""),
      ]),
  );
  const all = template.toJSON().Resources as Record<string, TemplateResource>;
  const pathOf = (logicalId: string) => paths.get(logicalId) ?? logicalId;
  const readable = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(readable);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const [[name, given] = ["", null]] = entries;
    if (entries.length === 1 && name === "Ref") return `<${pathOf(String(given))}>`;
    if (entries.length === 1 && name === "Fn::GetAtt") return `<${pathOf(String(given[0]))}>.${given[1]}`;
    if (entries.length === 1 && name === "Fn::Join") return (readable(given[1]) as string[]).join(given[0]);
    return Object.fromEntries(entries.map(([key, each]) => [key, readable(each)]));
  };
  return {
    stack,
    template,
    resources: new Map(Object.entries(all).map(([id, resource]) => [pathOf(id), resource])),
    logicalIds: new Map(Object.keys(all).map((id) => [pathOf(id), id])),
    readable,
  };
}

/** The resources of one type, by path. */
export function ofType({ resources }: Synthesized, type: string): [path: string, resource: TemplateResource][] {
  return [...resources].filter(([, { Type }]) => Type === type);
}
