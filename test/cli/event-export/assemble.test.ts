import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble } from "../../../cli/event-export/assemble.ts";

/** The functions of a text, over a memory of one page. */
function run(text: string): Readonly<Record<string, (...values: readonly number[]) => number>> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  new Uint8Array(memory.buffer).set(Buffer.from("sixteen bytes, and sixteen bytes."));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(text, 1)), { env: { memory } });
  return exports as Readonly<Record<string, (...values: readonly number[]) => number>>;
}

describe("assembling WebAssembly", () => {
  test("gives functions that take parameters, call one another and return a number", () => {
    const { twice, both } = run(`
      (func $twice (param $a i32) (result i32) (return (i32.add (local.get $a) (local.get $a)))) ;; a comment (
      (func $both (param $a i32) (param $b i32) (result i32)
        (return (i32.sub (call $twice (local.get $a)) (local.get $b))))`);
    expect(twice?.(21)).toBe(42);
    expect(both?.(5, 3)).toBe(7);
  });

  test("writes constants of any size", () => {
    fc.assert(
      fc.property(fc.integer(), (number) => {
        expect(run(`(func $number (result i32) (return (i32.const ${number})))`).number?.()).toBe(number);
      }),
      { numRuns: 200 },
    );
  });

  test("finds the block that a branch names, from within others", () => {
    const { digits } = run(`
      (func $digits (param $number i32) (result i32)
        (local $count i32)
        (block $done
          (loop $each
            (if (i32.eqz (local.get $number)) (then (br $done)) (else (local.set $count (i32.add (local.get $count) (i32.const 1)))))
            (local.set $number (i32.and (local.get $number) (i32.sub (local.get $number) (i32.const 1))))
            (br $each)))
        (return (local.get $count)))`);
    expect(digits?.(0b1011)).toBe(3);
  });

  test("reads memory at an offset, and sixteen bytes of it at once", () => {
    const { byte, spaces } = run(`
      (func $byte (param $at i32) (result i32) (return (i32.load8_u offset=2 (local.get $at))))
      (func $spaces (param $at i32) (result i32)
        (return (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 0x20))))))`);
    expect(byte?.(1)).toBe("t".charCodeAt(0));
    expect(spaces?.(0)).toBe((1 << 7) | (1 << 14));
  });

  test.each([
    ["(func $a (result i32) (return (i32.mul (i32.const 1) (i32.const 2))))", "the instruction i32.mul is not known"],
    ["(func $a (result i32) (return (local.get $b)))", "there is no $b"],
    ["(func $a (result i32) (block $done (br $other)) (return (i32.const 0)))", "there is no block $other"],
    ["(func $a (param $b f32) (result i32) (return (i32.const 0)))", "$b has the type f32, which is not known"],
    ["(func $a (result i32) (return (i32.const 0))", "a parenthesis is not closed"],
    ["(func $a (result i32) (return (i32.const 0))))", "a parenthesis is closed that none opened"],
  ])("refuses %s", (text, message) => {
    expect(() => assemble(text, 1)).toThrow(message);
  });
});
