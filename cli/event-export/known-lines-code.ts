import { assemble } from "./assemble.ts";

/** The kinds of values that differ among lines of one shape; null, objects and lists are part of the shape. */
export const endOfLine = 0;
export const textValue = 1;
export const numberValue = 2;
export const truthValue = 3;

/** The kinds of found values, by the byte that a value of a kind starts with. */
export const foundText = 0x22;
export const foundList = 0x5b;
export const foundNumber = 0x30;
export const foundTruth = 0x74;

/** The most values of watched names in a line. */
export const maximumFound = 512;

/** The addresses within a step, in bytes, each a word of four bytes but for the mask and the shape. */
export const stepLayout = {
  /** Bytes of the shared text. */
  length: 0,
  kind: 4,
  /** The index of the watched name that the value has; -1 for none. */
  name: 8,
  /** Sixteen times which of the texts at the top the value is, from 1; 0 for none. */
  top: 12,
  /** The address of the first step behind this one; 0 for none. */
  first: 16,
  /** The address of the next one that may stand in its place; 0 for none. */
  other: 20,
  /** The number of watched names whose lists start within the shared text, and the address of their indices. */
  lists: 24,
  listsAt: 28,
  /** A number of eight bytes: the shape of the line that ends here. */
  shape: 32,
  /** Whether any of name, top and lists is there. */
  more: 40,
  /** Sixteen bytes, 255 for each that the last sixteen of the text have. */
  mask: 48,
  /** The shared text, filled up to a multiple of sixteen. */
  text: 64,
} as const;

/** The addresses of a line's result, of tables, and of memory for what is read. */
export const memoryLayout = {
  count: 16,
  shape: 24,
  /** Two words for each of the texts at the top, sixteen bytes apart: start and end, 0 for none. */
  tops: 32,
  /** The address of the first step. */
  first: 96,
  /** A byte for each: 1 for one that text which is left to the reader may start with. */
  suspects: 256,
  /** The same for what may follow a backslash. */
  escapes: 512,
  /** Four words for each: name, kind, start, end. */
  found: 1_024,
  /** What is read from files, with room behind it: sixteen bytes are compared at once. */
  chunk: 16_384,
  chunkBytes: 1_048_576,
  /** Lines that are copied from elsewhere. */
  window: 17 * 65_536,
  windowBytes: 262_144,
  steps: 22 * 65_536,
  end: 56 * 65_536,
  pages: 56,
} as const;

/** Compares a line with the steps of those before it: the position behind it, or -1. */
export type Compare = (start: number) => number;

const { count, shape, tops, first, suspects, escapes, found } = memoryLayout;
const { length, kind, name, top, first: behind, other, lists, listsAt, shape: shapeOf, more, mask, text } = stepLayout;

const source = `
(func $digitsEnd (param $at i32) (result i32)
  (loop $digits
    (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)) (i32.const 10)) (then
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $digits))))
  (return (local.get $at)))

;; The position behind a number; 0 for none.
(func $numberEnd (param $at i32) (result i32)
  (local $end i32)
  (local $byte i32)
  (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2d)) (then
    (local.set $at (i32.add (local.get $at) (i32.const 1)))))
  ;; The digits; a zero at the start is alone.
  (local.set $end (call $digitsEnd (local.get $at)))
  (if (i32.eq (local.get $end) (local.get $at)) (then (return (i32.const 0))))
  (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x30)) (then
    (local.set $end (i32.add (local.get $at) (i32.const 1)))))
  (local.set $at (local.get $end))
  ;; A point has digits behind it.
  (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2e)) (then
    (local.set $end (call $digitsEnd (i32.add (local.get $at) (i32.const 1))))
    (if (i32.eq (local.get $end) (i32.add (local.get $at) (i32.const 1))) (then (return (i32.const 0))))
    (local.set $at (local.get $end))))
  ;; So has an e, in either case, behind a sign.
  (if (i32.eq (i32.or (i32.load8_u (local.get $at)) (i32.const 0x20)) (i32.const 0x65)) (then
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $byte (i32.load8_u (local.get $at)))
    (if (i32.or (i32.eq (local.get $byte) (i32.const 0x2b)) (i32.eq (local.get $byte) (i32.const 0x2d))) (then
      (local.set $at (i32.add (local.get $at) (i32.const 1)))))
    (local.set $end (call $digitsEnd (local.get $at)))
    (if (i32.eq (local.get $end) (local.get $at)) (then (return (i32.const 0))))
    (local.set $at (local.get $end))))
  (return (local.get $at)))

;; The position behind true or false; 0 for neither.
(func $truthEnd (param $at i32) (result i32)
  (if (i32.eq (i32.load (local.get $at)) (i32.const 0x65757274)) (then
    (return (i32.add (local.get $at) (i32.const 4)))))
  (if (i32.and
      (i32.eq (i32.load (local.get $at)) (i32.const 0x736c6166))
      (i32.eq (i32.load8_u offset=4 (local.get $at)) (i32.const 0x65)))
    (then (return (i32.add (local.get $at) (i32.const 5)))))
  (return (i32.const 0)))

;; Whether text may be what an exporter spoiled, by what it starts with; 1 where the whole of it decides.
(func $isSuspect (param $at i32) (result i32)
  (local $byte i32)
  (local $start i32)
  (local.set $byte (i32.load8_u (local.get $at)))
  ;; "System."
  (if (i32.eq (local.get $byte) (i32.const 0x53)) (then
    (return (i64.eq (i64.and (i64.load (local.get $at)) (i64.const 0xffffffffffffff)) (i64.const 0x2e6d6574737953)))))
  ;; Brackets are suspect before an apostrophe and what the reader decides on: (, [ and { are skipped.
  (local.set $start (local.get $at))
  (block $behind
    (loop $brackets
      (local.set $byte (i32.load8_u (local.get $at)))
      (br_if $behind (i32.eqz (i32.or
        (i32.or (i32.eq (local.get $byte) (i32.const 0x28)) (i32.eq (local.get $byte) (i32.const 0x5b)))
        (i32.eq (local.get $byte) (i32.const 0x7b)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $brackets)))
  (if (i32.eq (local.get $at) (local.get $start)) (then (return (i32.const 1))))
  ;; A backslash and a quote are a quote.
  (if (i32.eq (local.get $byte) (i32.const 0x5c)) (then
    (local.set $byte (i32.load8_u offset=1 (local.get $at)))
    (return (i32.ne (local.get $byte) (i32.const 0x22)))))
  (return (i32.or
    (i32.eqz (i32.lt_u (i32.sub (local.get $byte) (i32.const 0x21)) (i32.const 0x5e)))
    (i32.eq (local.get $byte) (i32.const 0x27)))))

;; Takes down a value of a watched name; 0 where there are too many.
(func $find (param $name i32) (param $kind i32) (param $start i32) (param $end i32) (result i32)
  (local $count i32)
  (local $address i32)
  (local.set $count (i32.load offset=${count} (i32.const 0)))
  (if (i32.eq (local.get $count) (i32.const ${maximumFound})) (then (return (i32.const 0))))
  (i32.store offset=${count} (i32.const 0) (i32.add (local.get $count) (i32.const 1)))
  (local.set $address (i32.add (i32.const ${found}) (i32.shl (local.get $count) (i32.const 4))))
  (i32.store (local.get $address) (local.get $name))
  (i32.store offset=4 (local.get $address) (local.get $kind))
  (i32.store offset=8 (local.get $address) (local.get $start))
  (i32.store offset=12 (local.get $address) (local.get $end))
  (return (i32.const 1)))

;; Takes down the lists that start within a step's text; 0 where there are too many.
(func $findLists (param $step i32) (param $at i32) (result i32)
  (local $list i32)
  (local $end i32)
  (local.set $list (i32.load offset=${listsAt} (local.get $step)))
  (local.set $end (i32.add (local.get $list) (i32.shl (i32.load offset=${lists} (local.get $step)) (i32.const 2))))
  (block $done
    (loop $each
      (br_if $done (i32.eq (local.get $list) (local.get $end)))
      (if (i32.eqz (call $find (i32.load (local.get $list)) (i32.const ${foundList}) (local.get $at) (local.get $at)))
        (then (return (i32.const 0))))
      (local.set $list (i32.add (local.get $list) (i32.const 4)))
      (br $each)))
  (return (i32.const 1)))

;; Takes down the value of a step, where it has a watched name; 0 where there are too many.
(func $findNamed (param $step i32) (param $start i32) (param $end i32) (result i32)
  (local $name i32)
  (local $kind i32)
  (local.set $name (i32.load offset=${name} (local.get $step)))
  (if (i32.eq (local.get $name) (i32.const -1)) (then (return (i32.const 1))))
  (local.set $kind (i32.load offset=${kind} (local.get $step)))
  ;; A text's quotes are part of it.
  (if (i32.eq (local.get $kind) (i32.const ${textValue})) (then
    (return (call $find (local.get $name) (i32.const ${foundText})
      (i32.sub (local.get $start) (i32.const 1)) (i32.add (local.get $end) (i32.const 1))))))
  (if (i32.eq (local.get $kind) (i32.const ${numberValue})) (then
    (return (call $find (local.get $name) (i32.const ${foundNumber}) (local.get $start) (local.get $end)))))
  (return (call $find (local.get $name) (i32.const ${foundTruth}) (local.get $start) (local.get $end))))

;; The position behind a line that differs from one before in its values alone; -1 for any other.
(func $compare (param $at i32) (result i32)
  (local $step i32)
  (local $position i32)
  (local $last i32)
  (local $value i32)
  (local $end i32)
  (local $kind i32)
  (local $place i32)
  (local $block v128)
  (local $byte i32)
  (local $slashes i32)
  (local $escaped i32)
  (i32.store offset=${count} (i32.const 0) (i32.const 0))
  (i32.store offset=${tops} (i32.const 0) (i32.const 0))
  (i32.store offset=${tops + 16} (i32.const 0) (i32.const 0))
  (i32.store offset=${tops + 32} (i32.const 0) (i32.const 0))
  (local.set $step (i32.load offset=${first} (i32.const 0)))
  (loop $steps
    (if (i32.eqz (local.get $step)) (then (return (i32.const -1))))
    (block $differs
      ;; The text that lines share, sixteen bytes each, and what is left by a mask.
      (local.set $last (i32.and (i32.sub (i32.load offset=${length} (local.get $step)) (i32.const 1)) (i32.const -16)))
      (local.set $position (i32.const 0))
      (block $compared
        (loop $blocks
          (br_if $compared (i32.eq (local.get $position) (local.get $last)))
          (br_if $differs (v128.any_true (v128.xor
            (v128.load (i32.add (local.get $at) (local.get $position)))
            (v128.load offset=${text} (i32.add (local.get $step) (local.get $position))))))
          (local.set $position (i32.add (local.get $position) (i32.const 16)))
          (br $blocks)))
      (br_if $differs (v128.any_true (v128.and
        (v128.load offset=${mask} (local.get $step))
        (v128.xor
          (v128.load (i32.add (local.get $at) (local.get $last)))
          (v128.load offset=${text} (i32.add (local.get $step) (local.get $last)))))))
      (local.set $value (i32.add (local.get $at) (i32.load offset=${length} (local.get $step))))
      (local.set $kind (i32.load offset=${kind} (local.get $step)))
      (if (i32.eq (local.get $kind) (i32.const ${textValue}))
        (then
          (if (i32.load8_u offset=${suspects} (i32.load8_u (local.get $value))) (then
            (if (call $isSuspect (local.get $value)) (then (return (i32.const -1))))))
          (local.set $end (local.get $value))
          (block $quote
            (loop $text
              ;; A quote, a backslash, a control character, or a closing bracket.
              (local.set $block (v128.load (local.get $end)))
              (local.set $place (i8x16.bitmask (v128.or
                (v128.or
                  (i8x16.eq (local.get $block) (i8x16.splat (i32.const 0x22)))
                  (i8x16.eq (v128.and (local.get $block) (i8x16.splat (i32.const 0xfe))) (i8x16.splat (i32.const 0x5c))))
                (i8x16.lt_u (local.get $block) (i8x16.splat (i32.const 0x20))))))
              (if (i32.eqz (local.get $place)) (then
                (local.set $end (i32.add (local.get $end) (i32.const 16)))
                (br $text)))
              (local.set $byte (i32.load8_u (i32.add (local.get $end) (i32.ctz (local.get $place)))))
              (if (i32.eq (local.get $byte) (i32.const 0x5c)) (then
                ;; JSON within text has many quotes: where one is behind every backslash, these and the backslashes are plain.
                (local.set $slashes (i8x16.bitmask (i8x16.eq (local.get $block) (i8x16.splat (i32.const 0x5c)))))
                (local.set $escaped (i32.and (i32.shl (local.get $slashes) (i32.const 1)) (i32.const 0xffff)))
                (if (i32.eqz (i32.and (local.get $escaped) (i32.xor (i32.const -1)
                    (i8x16.bitmask (i8x16.eq (local.get $block) (i8x16.splat (i32.const 0x22)))))))
                  (then
                    (local.set $place (i32.and (local.get $place)
                      (i32.xor (i32.const -1) (i32.or (local.get $slashes) (local.get $escaped)))))
                    ;; A backslash at the block's end is the next one's first.
                    (local.set $place (i32.or (local.get $place) (i32.and (local.get $slashes) (i32.const 0x8000))))
                    (local.set $end (i32.add (local.get $end) (i32.ctz (i32.or (local.get $place) (i32.const 0x10000)))))
                    (br $text)))))
              (local.set $end (i32.add (local.get $end) (i32.ctz (local.get $place))))
              (br_if $quote (i32.eq (local.get $byte) (i32.const 0x22)))
              ;; Two brackets may be what an exporter wrote for a list.
              (if (i32.eq (local.get $byte) (i32.const 0x5d)) (then
                (if (i32.eq (i32.load8_u (i32.sub (local.get $end) (i32.const 1))) (i32.const 0x5b)) (then
                  (return (i32.const -1))))
                (local.set $end (i32.add (local.get $end) (i32.const 1)))
                (br $text)))
              (if (i32.ne (local.get $byte) (i32.const 0x5c)) (then (return (i32.const -1))))
              (if (i32.eqz (i32.load8_u offset=${escapes} (i32.load8_u offset=1 (local.get $end)))) (then
                (return (i32.const -1))))
              (local.set $end (i32.add (local.get $end) (i32.const 2)))
              (br $text))))
        (else
          (if (i32.eqz (local.get $kind)) (then
            (if (i32.eqz (call $findLists (local.get $step) (local.get $value))) (then (return (i32.const -1))))
            (i64.store offset=${shape} (i32.const 0) (i64.load offset=${shapeOf} (local.get $step)))
            (return (local.get $value))))
          (if (i32.eq (local.get $kind) (i32.const ${numberValue}))
            (then (local.set $end (call $numberEnd (local.get $value))))
            (else (local.set $end (call $truthEnd (local.get $value)))))
          (br_if $differs (i32.eqz (local.get $end)))))
      (if (i32.load offset=${more} (local.get $step)) (then
        (local.set $place (i32.load offset=${top} (local.get $step)))
        (if (local.get $place) (then
          (i32.store offset=${tops - 16} (local.get $place) (local.get $value))
          (i32.store offset=${tops - 12} (local.get $place) (local.get $end))))
        (if (i32.eqz (call $findLists (local.get $step) (local.get $value))) (then (return (i32.const -1))))
        (if (i32.eqz (call $findNamed (local.get $step) (local.get $value) (local.get $end))) (then
          (return (i32.const -1))))))
      (local.set $at (local.get $end))
      (local.set $step (i32.load offset=${behind} (local.get $step)))
      (br $steps))
    (local.set $step (i32.load offset=${other} (local.get $step)))
    (br $steps))
  (return (i32.const -1)))
`;

/** Compiles the code over a memory. */
export function compileCompare(memory: WebAssembly.Memory): Compare {
  const module = new WebAssembly.Module(assemble(source, memoryLayout.pages));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports.compare as Compare;
}
