import { isObject } from "./object.ts";

/*
 * Schemas of what this project has stored or queued itself: each reads a value of JSON, and its type derives from it. They have the names
 * and the results of zod's, which a test compares, but take 2 kB where zod/mini takes 37: every first alert of a cold start builds and
 * runs them, and waited seven milliseconds of a processor for zod's. What comes from people or from others is read by zod.
 */

/** Why a value was not read, and where. */
export interface SchemaFault {
  /** Names of fields and indexes, from the value on. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A schema of values of one type. */
export interface Schema<Value> {
  /** Reads a value, or adds what is wrong with it to the faults; what it returns then is of no use. */
  readonly read: (value: unknown, faults: SchemaFault[]) => Value;
  /** Whether an object may lack it: then the field is left out, or has what is read of `undefined`. @default it may not */
  readonly missing?: "left out" | "read";
}

/** A schema of a field that may be left out. */
export interface OptionalSchema<Value> extends Schema<Value> {
  readonly missing: "left out";
}

/** The type of a schema's values. */
export type Output<Of> = Of extends Schema<infer Value> ? Value : never;

/** Schemas of an object's fields, by their names. */
type Shape = Readonly<Record<string, Schema<unknown>>>;
type OptionalKeys<Fields> = {
  [Key in keyof Fields]: Fields[Key] extends { readonly missing: "left out" } ? Key : never;
}[keyof Fields];
type Flat<Type> = { [Key in keyof Type]: Type[Key] };
type ObjectOf<Fields> = Flat<
  { [Key in Exclude<keyof Fields, OptionalKeys<Fields>>]: Output<Fields[Key]> } & {
    [Key in OptionalKeys<Fields>]?: Output<Fields[Key]>;
  }
>;

/** A schema of objects. */
export interface ObjectSchema<Fields> extends Schema<ObjectOf<Fields>> {
  readonly shape: Fields;
}

/** What reading a value gave. */
export type Parsed<Value> =
  | { readonly success: true; readonly data: Value }
  | { readonly success: false; readonly faults: readonly SchemaFault[] };

/** Reads a value. */
export function safeParse<Value>(schema: Schema<Value>, value: unknown): Parsed<Value> {
  const faults: SchemaFault[] = [];
  const data = schema.read(value, faults);
  return faults.length === 0 ? { success: true, data } : { success: false, faults };
}

/**
 * Reads a value.
 *
 * @throws TypeError with the first fault
 */
export function parse<Value>(schema: Schema<Value>, value: unknown): Value {
  const parsed = safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const [fault] = parsed.faults;
  throw new TypeError(`a value cannot be read: ${fault?.path.join(".") || "the whole"}: ${fault?.message}`);
}

/** A schema of the values that a test accepts. */
function ofKind<Value>(expected: string, accepts: (value: unknown) => boolean): Schema<Value> {
  return {
    read(value, faults) {
      if (!accepts(value)) faults.push({ path: [], message: `expected ${expected}` });
      return value as Value;
    },
  };
}

const strings = ofKind<string>("text", (value) => typeof value === "string");
/** Texts. */
export const string = () => strings;

const numbers = ofKind<number>("a number, without quotes", (value) => Number.isFinite(value));
/** Finite numbers. */
export const number = () => numbers;

const booleans = ofKind<boolean>("true or false", (value) => typeof value === "boolean");
/** True and false. */
export const boolean = () => booleans;

const anything: Schema<unknown> = { read: (value) => value };
/** Any values. */
export const unknown = () => anything;

/** One of some texts. */
export function oneOf<const Text extends string>(texts: readonly Text[]): Schema<Text> {
  return ofKind(`one of ${texts.join(", ")}`, (value) => texts.includes(value as Text));
}

/** Values that one of some schemas reads, the first of them. */
export function union<const Schemas extends readonly Schema<unknown>[]>(
  schemas: Schemas,
): Schema<Output<Schemas[number]>> {
  return {
    read(value, faults) {
      for (const schema of schemas) {
        const parsed = safeParse(schema, value);
        if (parsed.success) return parsed.data as Output<Schemas[number]>;
      }
      faults.push({ path: [], message: "is of no kind that is known" });
      return value as Output<Schemas[number]>;
    },
  };
}

/** What a schema reads, or null. */
export function nullable<Value>(schema: Schema<Value>): Schema<Value | null> {
  const read = (value: unknown, faults: SchemaFault[]) => (value === null ? null : schema.read(value, faults));
  return schema.missing === undefined ? { read } : { read, missing: schema.missing };
}

/** What a schema reads; a field may be left out, or undefined. */
export function optional<Value>(schema: Schema<Value>): OptionalSchema<Value | undefined> {
  return {
    read: (value, faults) => (value === undefined ? undefined : schema.read(value, faults)),
    missing: "left out",
  };
}

/** What a schema reads; a field may be left out, but is not undefined. */
export function exactOptional<Value>(schema: Schema<Value>): OptionalSchema<Value> {
  return { read: schema.read, missing: "left out" };
}

/** What a schema reads; the default where that is missing or undefined. */
export function withDefault<Value>(schema: Schema<Value>, value: Value): Schema<Value> {
  return {
    read: (given, faults) => (given === undefined ? value : schema.read(given, faults)),
    missing: "read",
  };
}

/** What a schema reads; the other value for what it cannot read. */
export function orElse<Value>(schema: Schema<Value>, other: NoInfer<Value>): Schema<Value> {
  return {
    read(value) {
      const faults: SchemaFault[] = [];
      const read = schema.read(value, faults);
      return faults.length === 0 ? read : other;
    },
    missing: "read",
  };
}

/** What a function makes of any value. */
export function made<Value>(make: (value: unknown) => Value): Schema<Value> {
  return { read: make, missing: "read" };
}

/** What a schema reads, where that is valid. */
export function check<Value>(
  schema: Schema<Value>,
  isValid: (value: Value) => boolean,
  message: string,
): Schema<Value> {
  return {
    read(value, faults) {
      const before = faults.length;
      const read = schema.read(value, faults);
      if (faults.length === before && !isValid(read)) faults.push({ path: [], message });
      return read;
    },
  };
}

/** Reads a part of a value, so that the faults of the part have its place. */
function readPart<Value>(schema: Schema<Value>, part: string | number, value: unknown, faults: SchemaFault[]): Value {
  const before = faults.length;
  const read = schema.read(value, faults);
  for (let index = before; index < faults.length; index += 1) {
    const fault = faults[index] as SchemaFault;
    faults[index] = { path: [part, ...fault.path], message: fault.message };
  }
  return read;
}

/** Lists of what a schema reads. */
export function array<Value>(schema: Schema<Value>): Schema<Value[]> {
  return {
    read(value, faults) {
      if (Array.isArray(value)) return value.map((each, index) => readPart(schema, index, each, faults));
      faults.push({ path: [], message: "expected a list" });
      return [];
    },
  };
}

/** Objects whose values a schema reads, whatever their names. */
export function record<Value>(schema: Schema<Value>): Schema<Record<string, Value>> {
  return {
    read(value, faults) {
      if (!isObject(value)) {
        faults.push({ path: [], message: "expected an object" });
        return {};
      }
      const entries = Object.entries(value).filter(([name]) => name !== "__proto__");
      return Object.fromEntries(entries.map(([name, each]) => [name, readPart(schema, name, each, faults)]));
    },
  };
}

/** Objects with these fields; others are left out. */
export function object<const Fields extends Shape>(shape: Fields): ObjectSchema<Fields> {
  return {
    shape,
    read(value, faults) {
      const read: Record<string, unknown> = {};
      if (!isObject(value)) {
        faults.push({ path: [], message: "expected an object" });
        return read as ObjectOf<Fields>;
      }
      for (const name in shape) {
        const schema = shape[name] as Schema<unknown>;
        if (Object.hasOwn(value, name)) read[name] = readPart(schema, name, value[name], faults);
        else if (schema.missing === undefined) faults.push({ path: [name], message: "is missing" });
        else if (schema.missing === "read") {
          const other = schema.read(undefined, faults);
          if (other !== undefined) read[name] = other;
        }
      }
      return read as ObjectOf<Fields>;
    },
  };
}

/** Objects with these fields, and no others. */
export function strictObject<const Fields extends Shape>(shape: Fields): ObjectSchema<Fields> {
  const { read } = object(shape);
  return {
    shape,
    read(value, faults) {
      for (const name of Object.keys(isObject(value) ? value : {})) {
        if (!Object.hasOwn(shape, name)) faults.push({ path: [name], message: "is not known" });
      }
      return read(value, faults);
    },
  };
}

/** The fields of a schema of objects, and further ones. */
export function extend<const Fields extends Shape, const Further extends Shape>(
  { shape }: ObjectSchema<Fields>,
  further: Further,
): ObjectSchema<Flat<Omit<Fields, keyof Further> & Further>> {
  return object({ ...shape, ...further }) as unknown as ObjectSchema<Flat<Omit<Fields, keyof Further> & Further>>;
}

/** RFC 3339 in UTC: date and time of day with seconds, and `Z`. */
const utcTime = /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/** Times in ISO 8601, UTC: `2026-03-01T12:00:00Z`. */
export const dateTime = () =>
  ofKind<string>("a time such as 2027-01-15T00:00:00.000Z", (value) => {
    const [, year, month, day] = (typeof value === "string" && utcTime.exec(value)) || [];
    // The first moment after the last day of a month is of another month.
    const date = new Date(0);
    date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
    return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  });
