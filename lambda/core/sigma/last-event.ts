import { isObject } from "../values/object.ts";
import {
  absent,
  type Enrichment,
  type FieldPath,
  type FieldValues,
  type Key,
  readField,
  readKey,
  settled,
  UNKNOWN,
  valuesOf,
} from "./field.ts";

/** Reads a field, as {@link readField}: of the event that is given, which is that of the turn. */
export type ReadField = (event: unknown, enrichment?: Enrichment) => FieldValues;

/** A value on the way to a field, which several fields share: `securityContext` of `securityContext.isProxy`. */
interface Step {
  readonly key: Key;
  readonly parent: Step | null;
  /** The step behind each key, by its name as written. */
  readonly next: Map<string, Step>;
  /** The turn in which `value` was read. */
  turn: number;
  /** Undefined where the event has none. */
  value: unknown;
  /** Whether the value is of the enrichment. */
  isAdded: boolean;
}

/**
 * The event that was read last, and what was read of it: the rules of a set ask one event after the other for the same fields, most of
 * which it lacks. The event must not change meanwhile. Parts of the events before it are held until their fields are asked for again.
 */
export class LastEvent {
  #event: unknown;
  #enrichment: Enrichment | undefined;
  /** The number of the turn: another one for each event and enrichment. */
  turn = 0;
  /** Whether the event has dotted names for keys, as flattened exports have. */
  #isFlat = false;
  readonly #first = new Map<string, Step>();

  /** Forgets what was read, unless it is of this event with this enrichment. */
  turnTo(event: unknown, enrichment: Enrichment | undefined): void {
    if (this.#event === event && this.#enrichment === enrichment && this.turn > 0) return;
    this.#event = event;
    this.#enrichment = enrichment;
    this.#isFlat = hasDottedKey(event);
    this.turn += 1;
  }

  /** A reader of one field. */
  readerOf(path: FieldPath): ReadField {
    const last = this.#stepTo(path);
    let turn = 0;
    let found = absent;
    return () => {
      if (turn !== this.turn) {
        found = this.#read(last, path);
        turn = this.turn;
      }
      return found;
    };
  }

  #stepTo({ keys }: FieldPath): Step {
    let parent: Step | null = null;
    let next = this.#first;
    for (const key of keys) {
      const step: Step = next.get(key.written) ?? {
        key,
        parent,
        next: new Map(),
        turn: 0,
        value: undefined,
        isAdded: false,
      };
      next.set(key.written, step);
      parent = step;
      next = step.next;
    }
    // A path has one key at least.
    return parent as Step;
  }

  #read(last: Step, path: FieldPath): FieldValues {
    const value = this.#valueOf(last);
    if (value === throughList || (this.#isFlat && path.keys.length > 1)) {
      return readField(this.#event, path, this.#enrichment);
    }
    return value === undefined ? absent : valuesOf(value);
  }

  #valueOf(step: Step): unknown {
    if (step.turn === this.turn) return step.value;
    step.value = step.parent === null ? this.#firstValue(step) : this.#nextValue(step, step.parent);
    step.turn = this.turn;
    return step.value;
  }

  #firstValue(step: Step): unknown {
    const added = this.#enrichment === undefined ? undefined : readKey(this.#enrichment, step.key);
    step.isAdded = added !== undefined;
    return added === undefined ? behind(this.#event, step.key) : added;
  }

  #nextValue(step: Step, parent: Step): unknown {
    const value = behind(this.#valueOf(parent), step.key);
    step.isAdded = parent.isAdded;
    if (!step.isAdded) return value;
    const [event, enrichment] = [this.#event, this.#enrichment];
    const read = settled(value);
    // What reads on demand may have asked for another event.
    this.turnTo(event, enrichment);
    return read;
  }
}

/** The value behind a key of another value, as far as it can be said without looking into lists. */
function behind(value: unknown, key: Key): unknown {
  if (value === UNKNOWN || value === throughList) return value;
  if (Array.isArray(value)) return throughList;
  return isObject(value) ? readKey(value, key) : undefined;
}

/** Stands for values behind a list, which a field reads all of. */
const throughList = Symbol("through a list");

function hasDottedKey(event: unknown): boolean {
  if (!isObject(event)) return false;
  for (const name in event) if (name.includes(".")) return true;
  return false;
}
