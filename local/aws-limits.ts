/*
 * Limits of AWS that the emulators do not enforce. Each row is one limit, with the document that it follows; the fault
 * proxy calls `refusalOf` for every request before an emulator gets it. A row may be stricter than AWS, never laxer:
 * AWS refuses single entries of a batch, this table the whole request.
 *
 * Limits that the emulators enforce have no row; `test/local/aws-limits.test.ts` shows that each of them is refused.
 */

import { parseJson } from "../lambda/core/values/json.ts";

/** Text or numbers, nested as in the service's API; the query protocol has text only. */
type Value = string | number | boolean | null | undefined | readonly Value[] | { readonly [name: string]: Value };
type Fields = { readonly [name: string]: Value };

/** A request to one of the services that the functions use. */
export interface AwsRequest {
  readonly service: "dynamodb" | "secretsmanager" | "sns" | "sqs";
  /** For example `PublishBatch`. */
  readonly action: string;
  readonly input: Fields;
}

/** A limit of AWS. */
export interface AwsLimit {
  readonly service: AwsRequest["service"];
  /** What is limited, for example `length of an expression`. */
  readonly name: string;
  /** The largest value that AWS accepts, with its unit. */
  readonly most: string;
  /** AWS's document of the limit. */
  readonly document: string;
  /** AWS's error code. */
  readonly code: string;
  /** The part of a request over the limit; null for none. */
  readonly over: (request: AwsRequest) => string | null;
}

/** AWS's answer to a request over a limit: always status 400. */
export interface Refusal {
  readonly limit: AwsLimit;
  readonly code: string;
  readonly message: string;
}

const dynamodbConstraints = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html";
const batchGetApi = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html";
const batchWriteApi = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html";
const publishApi = "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html";
const publishBatchApi = "https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html";
const messageAttributesGuide = "https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html";
const sqsQuotas = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html";
const receiveApi = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html";
const sendMessageBatchApi =
  "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html";

/** A row of one service, which has the same error code for all limits. */
const limitOf =
  (service: AwsRequest["service"], code: string) =>
  (name: string, most: string, document: string, over: AwsLimit["over"], otherCode = code): AwsLimit => ({
    service,
    name,
    most,
    document,
    code: otherCode,
    over,
  });

const dynamodb = limitOf("dynamodb", "ValidationException");
const sns = limitOf("sns", "InvalidParameter");
const sqs = limitOf("sqs", "InvalidParameterValue");
const secretsManager = limitOf("secretsmanager", "ValidationException");

/** All limits. A new limit is a new row, with its case in the test. */
export const limits: readonly AwsLimit[] = [
  dynamodb("length of an expression", "4,096 bytes", dynamodbConstraints, ({ input }) =>
    first(expressionsOf(input), ([name, text]) =>
      bytes(text) > 4_096
        ? `Invalid ${name}: Expression size has exceeded the maximum allowed size; expression size: ${bytes(text)}`
        : null,
    ),
  ),
  dynamodb("operators and functions of an expression", "300", dynamodbConstraints, ({ input }) =>
    first(expressionsOf(input), ([name, text]) =>
      operators(text) > 300 ? `Invalid ${name}: The expression contains too many operators: ${operators(text)}` : null,
    ),
  ),
  dynamodb("operands of IN", "100", dynamodbConstraints, ({ input }) =>
    first(expressionsOf(input), ([name, text]) =>
      [...text.matchAll(/\bIN\s*\(([^)]*)\)/gi)].some(([, operands = ""]) => operands.split(",").length > 100)
        ? `Invalid ${name}: The IN operator is provided with too many operands`
        : null,
    ),
  ),
  dynamodb("length of a substitution variable", "255 bytes", dynamodbConstraints, ({ input }) =>
    first(substitutionsOf(input), ([reference]) =>
      bytes(reference) > 255 ? `The substitution variable is too long: ${bytes(reference)} bytes` : null,
    ),
  ),
  dynamodb("substitution variables of an expression", "2 MB", dynamodbConstraints, ({ input }) => {
    const total = substitutionsOf(input).reduce((sum, [reference, value]) => sum + bytes(reference) + sizeOf(value), 0);
    return total > 2_097_152 ? `The substitution variables are too large: ${total} bytes` : null;
  }),
  dynamodb("nesting of an attribute", "32 levels", dynamodbConstraints, ({ input }) =>
    first(valuesOf(input), (value) =>
      depthOf(value) > 32 ? "Nesting Levels have exceeded supported limits: Attributes are nested too deeply" : null,
    ),
  ),
  dynamodb("length of an attribute's name", "65,535 bytes", dynamodbConstraints, ({ input }) =>
    first([...itemsOf(input).flatMap(Object.keys), ...namesOf(input)], (name) =>
      name === "" || bytes(name) > 65_535 ? "Attribute name must be 1 to 65535 bytes long" : null,
    ),
  ),
  dynamodb("size of an item that is written", "400 KB", dynamodbConstraints, ({ input }) =>
    first([...itemsOf(input), fields(input.ExpressionAttributeValues)], (item) =>
      sizeOf({ M: item }) > 409_600 ? "Item size has exceeded the maximum allowed size" : null,
    ),
  ),
  dynamodb("size of a key", "1 to 2,048 bytes", dynamodbConstraints, ({ input }) =>
    first(keysOf(input), (key) =>
      first(Object.entries(key), ([name, value]) => {
        const size = sizeOf(value);
        if (size === 0) {
          return `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`;
        }
        return size > 2_048
          ? "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
          : null;
      }),
    ),
  ),
  dynamodb("keys of a BatchGetItem", "100", batchGetApi, ({ action, input }) =>
    action === "BatchGetItem" && keysOf(input).length > 100
      ? "Too many items requested for the BatchGetItem call"
      : null,
  ),
  dynamodb("a key in a BatchGetItem", "once", batchGetApi, ({ action, input }) =>
    action === "BatchGetItem"
      ? first(Object.values(fields(input.RequestItems)), (table) =>
          hasTwice(list(fields(table).Keys)) ? "Provided list of item keys contains duplicates" : null,
        )
      : null,
  ),
  dynamodb("items of a BatchWriteItem", "25", batchWriteApi, ({ action, input }) =>
    action === "BatchWriteItem" && writesOf(input).length > 25
      ? "Too many items requested for the BatchWriteItem call"
      : null,
  ),
  dynamodb("size of a request", "16 MB", batchWriteApi, ({ input }) =>
    bytes(JSON.stringify(input)) > 16_777_216 ? "The request is larger than 16 MB" : null,
  ),

  sns("subject", "under 100 printable ASCII characters, the first no space", publishApi, ({ input }) =>
    first(messagesOf(input), ({ Subject }) =>
      Subject === undefined || /^[!-~][ -~]{0,98}$/.test(text(Subject)) ? null : "Invalid parameter: Subject",
    ),
  ),
  sns("message and its attributes", "262,144 bytes, not empty", publishApi, ({ action, input }) =>
    first(messagesOf(input), (message) => {
      if (text(message.Message) === "") return "Invalid parameter: Empty message";
      return action === "Publish" && publishedBytes(message) > 262_144 ? "Invalid parameter: Message too long" : null;
    }),
  ),
  sns(
    "messages of a batch together",
    "262,144 bytes",
    publishBatchApi,
    ({ action, input }) =>
      action === "PublishBatch" && messagesOf(input).reduce((sum, each) => sum + publishedBytes(each), 0) > 262_144
        ? "The length of all the messages put together is more than the limit."
        : null,
    "BatchRequestTooLong",
  ),
  sns("body for each protocol", "JSON of texts, with one for `default`", publishApi, ({ input }) =>
    first(messagesOf(input), ({ Message, MessageStructure }) => {
      if (MessageStructure === undefined) return null;
      if (MessageStructure !== "json") return "Invalid parameter: MessageStructure";
      const bodies = parseJson(text(Message));
      if (typeof bodies !== "object" || bodies === null || Array.isArray(bodies)) {
        return "Invalid parameter: Message Structure - JSON message body failed to parse";
      }
      if (typeof (bodies as Fields).default !== "string") {
        return "Invalid parameter: Message Structure - No default entry in JSON message body";
      }
      return Object.values(bodies).every((body) => typeof body === "string")
        ? null
        : "Invalid parameter: Message Structure - a body is no text";
    }),
  ),
  sns("body for SMS", "1,600 bytes", publishApi, ({ input }) =>
    first(messagesOf(input), ({ Message, MessageStructure }) => {
      const body = MessageStructure === "json" ? fields(parseJson(text(Message))).sms : undefined;
      return typeof body === "string" && bytes(body) > 1_600 ? "Invalid parameter: Message too long for SMS" : null;
    }),
  ),
  sns(
    "name of a message attribute",
    "256 characters of A-Z, a-z, 0-9, _, - and single dots",
    messageAttributesGuide,
    ({ input }) =>
      first(
        messagesOf(input).flatMap((each) => Object.keys(fields(each.MessageAttributes))),
        (name) =>
          /^(?!(aws|amazon)\.)(?!.*\.\.)(?![.])[\w.-]{1,256}(?<![.])$/i.test(name)
            ? null
            : `The message attribute name '${name}' is invalid.`,
      ),
    "ParameterValueInvalid",
  ),
  sns(
    "value of a message attribute",
    "a text that is not empty, of type String, Number or String.Array",
    messageAttributesGuide,
    ({ input }) =>
      first(
        messagesOf(input).flatMap((each) => Object.entries(fields(each.MessageAttributes))),
        ([name, attribute]) => {
          const { DataType, StringValue } = fields(attribute);
          return isAttributeValue(text(DataType), text(StringValue))
            ? null
            : `The message attribute '${name}' must contain a value that is not empty, of type '${text(DataType)}'.`;
        },
      ),
    "ParameterValueInvalid",
  ),
  // A raw subscription of a queue loses a message with more attributes: SNS accepts it, and discards it.
  sns("attributes of a message", "10", messageAttributesGuide, ({ input }) =>
    first(messagesOf(input), ({ MessageAttributes }) =>
      Object.keys(fields(MessageAttributes)).length > 10 ? "Invalid parameter: more than 10 message attributes" : null,
    ),
  ),
  ...batchLimits(sns, publishBatchApi, "PublishBatch", "PublishBatchRequestEntries"),

  sqs("size of a message", "1 to 1,048,576 bytes", sqsQuotas, ({ input }) =>
    first(sentOf(input), ({ MessageBody }) =>
      text(MessageBody) === "" || bytes(text(MessageBody)) > 1_048_576
        ? "One or more parameters are invalid. Reason: Message must be 1 to 1048576 bytes."
        : null,
    ),
  ),
  sqs(
    "messages of a batch together",
    "1,048,576 bytes",
    sendMessageBatchApi,
    ({ input }) =>
      sentOf(input).reduce((sum, { MessageBody }) => sum + bytes(text(MessageBody)), 0) > 1_048_576
        ? "Batch requests cannot be longer than 1048576 bytes."
        : null,
    "BatchRequestTooLong",
  ),
  sqs(
    "characters of a message",
    "#x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF",
    sqsQuotas,
    ({ input }) =>
      first(sentOf(input), ({ MessageBody }) =>
        /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(text(MessageBody))
          ? null
          : "Invalid binary character was found in the message body.",
      ),
    "InvalidMessageContents",
  ),
  sqs("delay of a message", "0 to 900 seconds", sqsQuotas, ({ input }) =>
    first(sentOf(input), ({ DelaySeconds }) => outside("DelaySeconds", DelaySeconds, 0, 900)),
  ),
  sqs("visibility timeout", "0 to 43,200 seconds", sqsQuotas, ({ input }) =>
    first([input, ...list(input.Entries).map(fields)], ({ VisibilityTimeout }) =>
      outside("VisibilityTimeout", VisibilityTimeout, 0, 43_200),
    ),
  ),
  sqs("messages of a receive", "1 to 10", receiveApi, ({ input }) =>
    outside("MaxNumberOfMessages", input.MaxNumberOfMessages, 1, 10),
  ),
  sqs("wait of a receive", "0 to 20 seconds", receiveApi, ({ input }) =>
    outside("WaitTimeSeconds", input.WaitTimeSeconds, 0, 20),
  ),
  ...batchLimits(sqs, sendMessageBatchApi, null, "Entries"),

  secretsManager(
    "size of a secret",
    "65,536 bytes",
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html",
    ({ input }) => (bytes(text(input.SecretString)) > 65_536 ? "The secret is larger than 65536 bytes" : null),
  ),
];

/** The limits of every batch of SNS and SQS: its number of entries, and their ids. */
function batchLimits(
  row: ReturnType<typeof limitOf>,
  document: string,
  action: string | null,
  name: string,
): readonly AwsLimit[] {
  const isBatch = (request: AwsRequest) =>
    action === null ? request.action.endsWith("Batch") : request.action === action;
  const idsOf = ({ input }: AwsRequest) => list(input[name]).map((entry) => text(fields(entry).Id));
  const rule = (what: string, most: string, code: string, message: string, isOver: (ids: string[]) => boolean) =>
    row(what, most, document, (request) => (isBatch(request) && isOver(idsOf(request)) ? message : null), code);
  return [
    rule(
      "entries of a batch",
      "10",
      "TooManyEntriesInBatchRequest",
      "Maximum number of entries per request are 10.",
      (ids) => ids.length > 10,
    ),
    rule(
      "empty batch",
      "no batch",
      "EmptyBatchRequest",
      "There should be at least one entry in the request.",
      (ids) => ids.length === 0,
    ),
    rule(
      "id of a batch's entry",
      "once",
      "BatchEntryIdsNotDistinct",
      "Two or more batch entries have the same id.",
      hasTwice,
    ),
    rule(
      "form of a batch entry's id",
      "80 characters of A-Z, a-z, 0-9, _ and -",
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      (ids) => ids.some((id) => !/^[\w-]{1,80}$/.test(id)),
    ),
  ];
}

/** AWS's answer to a request over a limit; null for a request within all limits. */
export function refusalOf(request: AwsRequest): Refusal | null {
  for (const limit of limits) {
    const message = limit.service === request.service ? limit.over(request) : null;
    if (message !== null) return { limit, code: limit.code, message };
  }
  return null;
}

/** The parts of an HTTP request that hold the operation. */
export interface HttpParts {
  readonly target: string | undefined;
  readonly body: string;
}

const targets: Readonly<Record<string, AwsRequest["service"]>> = {
  DynamoDB_20120810: "dynamodb",
  AmazonSQS: "sqs",
  AmazonSimpleNotificationService: "sns",
  secretsmanager: "secretsmanager",
};

/**
 * Reads a request of the JSON protocols (all named by `x-amz-target`), or of the query protocol, which only SNS uses
 * here. Null for any other request.
 */
export function readAwsRequest({ target, body }: HttpParts): AwsRequest | null {
  if (target !== undefined) {
    const [api = "", action = ""] = target.split(".");
    const service = targets[api];
    return service === undefined ? null : { service, action, input: fields(parseJson(body)) };
  }
  const parameters = new URLSearchParams(body);
  const action = parameters.get("Action");
  return action === null ? null : { service: "sns", action, input: fields(readQuery(parameters)) };
}

/** The parameters of the query protocol as the API names them: lists by `member`, maps by `entry`. */
function readQuery(parameters: URLSearchParams): Value {
  type Tree = Map<string, Tree | string>;
  const root: Tree = new Map();
  for (const [path, value] of parameters) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let at = root;
    for (const name of names) {
      const next = at.get(name);
      const branch: Tree = next instanceof Map ? next : new Map();
      at.set(name, branch);
      at = branch;
    }
    at.set(last, value);
  }
  const toValue = (tree: Tree | string): Value => {
    if (typeof tree === "string") return tree;
    const members = tree.get("member");
    if (members instanceof Map) return [...members.values()].map(toValue);
    const entries = tree.get("entry");
    if (entries instanceof Map) {
      return Object.fromEntries(
        [...entries.values()].map(toValue).map((entry) => {
          const { Name, key, Value: named, value } = fields(entry);
          return [text(Name ?? key), named ?? value];
        }),
      );
    }
    return Object.fromEntries([...tree].map(([name, branch]) => [name, toValue(branch)]));
  };
  return toValue(root);
}

function expressionsOf(input: Fields): [name: string, text: string][] {
  const named = Object.entries(input).filter(([name]) => name.endsWith("Expression"));
  const projections = Object.values(fields(input.RequestItems)).map((table): [string, Value] => [
    "ProjectionExpression",
    fields(table).ProjectionExpression,
  ]);
  return [...named, ...projections].flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []));
}

/** Operators and functions of an expression; each action of an update counts as one too, which is stricter than AWS. */
function operators(expression: string): number {
  const signs = expression.match(/<>|<=|>=|[=<>+,-]|\b(?:AND|OR|NOT|BETWEEN|IN)\b|\b\w+\s*\(/gi);
  return signs?.length ?? 0;
}

function namesOf(input: Fields): string[] {
  return Object.values(fields(input.ExpressionAttributeNames)).map(text);
}

/** The names and values of an expression, by their reference; a name is a text. */
function substitutionsOf(input: Fields): [reference: string, value: Value][] {
  const names = Object.entries(fields(input.ExpressionAttributeNames)).map(([reference, name]): [string, Value] => [
    reference,
    { S: name },
  ]);
  return [...names, ...Object.entries(fields(input.ExpressionAttributeValues))];
}

function writesOf(input: Fields): Fields[] {
  return Object.values(fields(input.RequestItems)).flatMap((requests) => list(requests).map(fields));
}

/** Items that a request writes as a whole. */
function itemsOf(input: Fields): Fields[] {
  const put = writesOf(input).map(({ PutRequest }) => fields(PutRequest).Item);
  return [input.Item, ...put].filter((item) => item !== undefined).map(fields);
}

/** Keys of all requests; for a put item, the attributes that are keys of our tables. */
function keysOf(input: Fields): Fields[] {
  const read = Object.values(fields(input.RequestItems)).flatMap((table) => list(fields(table).Keys));
  const removed = writesOf(input).map(({ DeleteRequest }) => fields(DeleteRequest).Key);
  const put = itemsOf(input).map((item) =>
    Object.fromEntries(Object.entries(item).filter(([name]) => name === "id" || name === "user")),
  );
  return [input.Key, ...read, ...removed, ...put].filter((key) => key !== undefined).map(fields);
}

function valuesOf(input: Fields): Value[] {
  return [...itemsOf(input).flatMap(Object.values), ...Object.values(fields(input.ExpressionAttributeValues))];
}

/**
 * The size of an attribute's value, in bytes, as
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html counts it; the largest
 * size for a number.
 */
function sizeOf(value: Value): number {
  const [[type, content] = ["", null]] = Object.entries(fields(value));
  if (type === "S") return bytes(text(content));
  if (type === "N") return Math.min(21, Math.ceil(text(content).length / 2) + 2);
  if (type === "B") return Buffer.byteLength(text(content), "base64");
  if (type === "BOOL" || type === "NULL") return 1;
  if (type === "L") return list(content).reduce<number>((sum, each) => sum + 1 + sizeOf(each), 3);
  if (type === "M") {
    return Object.entries(fields(content)).reduce((sum, [name, each]) => sum + 1 + bytes(name) + sizeOf(each), 3);
  }
  return list(content).reduce<number>((sum, each) => sum + bytes(text(each)), 0);
}

function depthOf(value: Value): number {
  const { L, M } = fields(value);
  const below = [...list(L), ...Object.values(fields(M))];
  return L === undefined && M === undefined ? 0 : 1 + Math.max(0, ...below.map(depthOf));
}

/** The messages of a publish: the request itself, or the entries of its batch. */
function messagesOf(input: Fields): Fields[] {
  const entries = list(input.PublishBatchRequestEntries).map(fields);
  return input.Message === undefined ? entries : [input, ...entries];
}

/** The messages of a send: the request itself, or the entries of its batch. */
function sentOf(input: Fields): Fields[] {
  return [input, ...list(input.Entries).map(fields)].filter(({ MessageBody }) => MessageBody !== undefined);
}

/** The bytes that SNS counts: subject, body, and attributes with names and types. */
function publishedBytes({ Subject, Message, MessageAttributes }: Fields): number {
  const attributes = Object.entries(fields(MessageAttributes)).flatMap(([name, attribute]) => {
    const { DataType, StringValue } = fields(attribute);
    return [name, text(DataType), text(StringValue)];
  });
  return [text(Subject), text(Message), ...attributes].reduce((sum, each) => sum + bytes(each), 0);
}

function isAttributeValue(type: string, value: string): boolean {
  if (value === "") return false;
  if (type === "String") return true;
  if (type === "Number") return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value);
  const values = type === "String.Array" ? parseJson(value) : null;
  return (
    Array.isArray(values) && values.every((each) => each === null || /^(string|number|boolean)$/.test(typeof each))
  );
}

function outside(name: string, value: Value, least: number, most: number): string | null {
  if (value === undefined) return null;
  const number = Number(value);
  return Number.isInteger(number) && number >= least && number <= most
    ? null
    : `Value ${text(value)} for parameter ${name} is invalid. Reason: Must be between ${least} and ${most}.`;
}

/** The first violation among these. */
function first<Item>(items: readonly Item[], complain: (item: Item) => string | null): string | null {
  for (const item of items) {
    const complaint = complain(item);
    if (complaint !== null) return complaint;
  }
  return null;
}

function hasTwice(values: readonly Value[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size < values.length;
}

function bytes(value: string): number {
  return Buffer.byteLength(value);
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

function text(value: Value): string {
  return value === undefined || value === null ? "" : String(value);
}
