import { parseXML } from "@aws-sdk/xml-builder";
import type { Access } from "./access.ts";
import { type CallerSettings, createCaller, type ErrorDescription, type Protocol } from "./caller.ts";
import type { CallOperation } from "./json-protocol.ts";
import type { Answer } from "./post.ts";

/** The input of an operation: texts, lists and structures. What is undefined is left out. */
type Input = string | boolean | readonly Input[] | { readonly [name: string]: Input | undefined };

/**
 * Calls a service that speaks AWS's query protocol (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). The output is
 * what the XML of the answer holds: an element as its text, or as the elements in it by their names, and lists as they come.
 *
 * @param version the version of the API: `2010-03-31`
 */
export function createQueryCaller(access: Access, version: string, settings: CallerSettings): CallOperation {
  const call = createCaller(access, protocol, settings);
  return (operation, input, signal) => {
    const fields = [`Action=${operation}`, `Version=${version}`, ...fieldsOf("", input as Input)];
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return call({ headers, body: fields.join("&") }, signal);
  };
}

const protocol: Protocol = { readOutput: (body) => parseXML(body), readError };

/** The fields of a value: members of a list are numbered from 1. */
function fieldsOf(path: string, value: Input | undefined): string[] {
  if (value === undefined) return [];
  if (typeof value !== "object") return [`${encodeStrictly(path)}=${encodeStrictly(String(value))}`];
  const inner = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (isList(value)) return value.flatMap((each, index) => fieldsOf(inner(`member.${index + 1}`), each));
  return Object.entries(value).flatMap(([name, each]) => fieldsOf(inner(name), each));
}

function isList(value: object): value is readonly Input[] {
  return Array.isArray(value);
}

/** RFC 3986 reserves a few characters that `encodeURIComponent` leaves. */
function encodeStrictly(text: string): string {
  const encoded = encodeURIComponent(text);
  return reserved.test(encoded)
    ? encoded.replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
    : encoded;
}

const reserved = /[!'()*]/;

/** `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>…`. A gateway's answer may be no XML. */
function readError({ status, body }: Answer): ErrorDescription {
  const unknown = { name: "Unknown", message: `it answered ${status}` };
  try {
    const { ErrorResponse } = parseXML(body) as { readonly ErrorResponse?: ErrorResponse };
    const { Code, Message } = ErrorResponse?.Error ?? {};
    return { name: Code || unknown.name, message: Message || unknown.message };
  } catch {
    return unknown;
  }
}

interface ErrorResponse {
  readonly Error?: { readonly Code?: string; readonly Message?: string };
}
