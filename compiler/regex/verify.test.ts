import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import * as layout from "../../filter/regex/layout.ts";
import { thoroughly } from "../../test/harness/thorough.ts";
import { compileRegexSet } from "./set.ts";
import { compileRegex } from "./single.ts";
import { Walker } from "./walker.fixture.ts";

let walker: Walker;
beforeAll(async () => {
  walker = await Walker.create();
});

const PATTERN = "/(a|b)*\\b[^/]é{2,3}(?m:$)";

const tables = {
  dense: () => compileRegex(PATTERN).table,
  nfa: () => compileRegex(PATTERN, { maxStates: 1 }).table,
  comb: () => compileRegexSet(Array.from({ length: 300 }, (_, i) => `/${i * 7919}/[a-z]*/${i}`))[0]!.table,
  set: () => compileRegexSet(["/a.*", "/ab.*", "/a[^c]*"])[0]!.table,
  literals: () =>
    compileRegexSet(Array.from({ length: 40 }, (_, i) => `.*${"ab/é".repeat(5).slice(i % 7, i)}x`))[0]!.table,
};
const KINDS = {
  dense: layout.KIND_DENSE,
  nfa: layout.KIND_NFA,
  comb: layout.KIND_COMB,
  set: layout.KIND_DENSE,
  literals: layout.KIND_LITERALS,
};
const NAMES = ["dense", "nfa", "comb", "set", "literals"] as const;

const numberAt = (table: Uint8Array, at: number) => new DataView(table.buffer).getUint32(at, true);
function changed(table: Uint8Array, at: number, value: number): Uint8Array {
  const copy = table.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

describe.each(NAMES)("a %s table", (name) => {
  test("is of its kind, aligned and sound", () => {
    const table = tables[name]();
    expect(numberAt(table, layout.TABLE_KIND)).toBe(KINDS[name]);
    expect(table.length % 4).toBe(0);
    expect(walker.load(table)).toBe(true);
  });

  test("is refused when it is cut, too long, or says so", () => {
    const table = tables[name]();
    expect(walker.load(table.subarray(0, table.length - 4))).toBe(false);
    expect(walker.load(table.subarray(0, 100))).toBe(false);
    expect(walker.load(new Uint8Array(0))).toBe(false);
    expect(walker.load(Uint8Array.from([...table, 0, 0, 0, 0]))).toBe(false);
    expect(walker.load(changed(table, layout.TABLE_LENGTH, table.length - 4))).toBe(false);
  });

  test.each([
    ["kind", layout.TABLE_KIND, [0, 5, 0xffffffff]],
    ["classes", layout.TABLE_CLASSES, [0, 1, 257, 0xffffffff]],
    ["start", layout.TABLE_START, [1 << 20, 0xffffffff]],
    ["entries", layout.TABLE_ENTRIES, [0, 1, 1 << 20, 0xffffffff, 0x20000000]],
  ])("is refused with a wrong %s", (_, at, values) => {
    for (const value of values) {
      expect(walker.load(changed(tables[name](), at, value)), `${value}`).toBe(false);
    }
  });

  test("never reads or writes outside, whatever stands in it", () => {
    const table = tables[name]();
    const text = new TextEncoder().encode("/ab xéé/7919/abc/1");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(table.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const copy = table.slice();
          for (const [at, byte] of changes) {
            copy[at] = byte;
          }
          // A walk that leaves the memory traps; one that does not end would not come back.
          if (!walker.load(copy)) {
            return;
          }
          walker.matches(text);
          if (numberAt(copy, layout.TABLE_KIND) === layout.KIND_LITERALS) {
            walker.targets(text);
          }
        },
      ),
      { numRuns: thoroughly(600), seed: 23 },
    );
  });
});

describe("references", () => {
  test("of a dense table", () => {
    const table = tables.dense();
    const last = table.length - 4;
    expect(walker.load(changed(table, layout.TABLE_BODY, 0xffffffff))).toBe(false);
    // Not the beginning of a row.
    expect(walker.load(changed(table, layout.TABLE_BODY, 1))).toBe(false);
    expect(walker.load(changed(table, last, 0xffffffff))).toBe(false);
    expect(walker.load(changed(table, layout.DENSE_ACCEPTING, 0))).toBe(false);
  });

  test("of a comb", () => {
    const table = tables.comb();
    const entries = numberAt(table, layout.TABLE_ENTRIES);
    let used = layout.TABLE_BODY;
    while (numberAt(table, used) === 0) {
      used += 4;
    }
    const name = numberAt(table, used) & layout.COMB_CLASS_MASK;
    const entry = (next: number, as: number) =>
      changed(table, used, ((next << layout.COMB_SHIFT) | as) >>> 0);
    expect(walker.load(entry(0, name))).toBe(true);
    expect(walker.load(entry(entries, name))).toBe(false);
    expect(walker.load(entry(entries - 1, name))).toBe(false);
    expect(walker.load(entry(0, numberAt(table, layout.TABLE_CLASSES) + 2))).toBe(false);
  });

  test("of literals", () => {
    const table = tables.literals();
    const outputs = layout.TABLE_BODY + numberAt(table, layout.TABLE_ENTRIES) * 4;
    const targets = numberAt(table, layout.TABLE_SETS);
    // To itself, or further on.
    expect(walker.load(changed(table, outputs, 1 << layout.OUTPUT_LINK_SHIFT))).toBe(false);
    expect(walker.load(changed(table, outputs, 0xffffffff))).toBe(false);
    expect(walker.load(changed(table, outputs + layout.OUTPUT_TARGET, targets))).toBe(false);
    expect(walker.load(changed(table, layout.TABLE_SETS, targets - 1))).toBe(false);
    expect(walker.load(changed(table, layout.LITERALS_COUNT, 0xffffffff))).toBe(false);
    expect(walker.load(changed(table, layout.LITERALS_COUNT, 0x20000000))).toBe(false);
  });

  test("of an automaton", () => {
    const table = tables.nfa();
    const count = numberAt(table, layout.TABLE_ENTRIES);
    for (let i = 0; i < count; i++) {
      const at = layout.TABLE_BODY + i * layout.INSTRUCTION_SIZE;
      const op = numberAt(table, at) & layout.OP_MASK;
      expect(walker.load(changed(table, at, 7))).toBe(false);
      if (op === layout.OP_MATCH || op === layout.OP_FAIL) {
        continue;
      }
      expect(walker.load(changed(table, at + 4, 0xfffffff0))).toBe(false);
      expect(walker.load(changed(table, at, (op | 0xfffffff0) >>> 0))).toBe(false);
    }
    const targets = layout.TABLE_BODY + count * layout.INSTRUCTION_SIZE;
    expect(walker.load(changed(table, targets, count))).toBe(false);
    expect(walker.load(changed(table, layout.NFA_TARGETS, 0x40000000))).toBe(false);
    expect(walker.load(changed(table, layout.NFA_SHAPES, 0))).toBe(false);
  });
});

test("nothing is allocated by a match", () => {
  const text = new TextEncoder().encode(`/${"ab".repeat(5000)}`);
  for (const name of NAMES) {
    expect(walker.load(tables[name]())).toBe(true);
    const before = walker.exports.heapInUse.value;
    const pages = walker.exports.memory.buffer.byteLength;
    for (let i = 0; i < 100; i++) {
      walker.matches(text);
    }
    expect(walker.exports.heapInUse.value).toBe(before);
    expect(walker.exports.memory.buffer.byteLength).toBe(pages);
  }
});

test("the room for simulations grows to the hungriest table and no further", () => {
  const large = compileRegex("(a?){900}a{900}", { maxStates: 1 }).table;
  expect(walker.load(large)).toBe(true);
  const before = walker.exports.heapInUse.value;
  for (let i = 0; i < 100; i++) {
    expect(walker.load(large)).toBe(true);
    expect(walker.load(tables.nfa())).toBe(true);
  }
  expect(walker.exports.heapInUse.value).toBe(before);
});
