import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import type { SourceFile } from "./diagnostics/span.ts";
import { type Judge, LastGood } from "./last-good.ts";

/** What an object says: that it is wrong, what it cannot do without, and what it cannot stand. */
interface Says {
  readonly wrong?: boolean;
  readonly needs?: readonly string[];
  readonly hates?: readonly string[];
}

const file = (path: string, says: Says, version = 0): SourceFile => ({
  path,
  text: JSON.stringify({ ...says, version }),
});
const saysOf = ({ text }: SourceFile): Says => JSON.parse(text);
const error = (at: SourceFile, message: string): Diagnostic => ({
  code: "SL0501",
  level: "error",
  message,
  span: { file: at, start: 0, end: 1 },
});

class Objects implements Judge {
  asked = 0;

  async errorsIn(files: readonly SourceFile[]): Promise<readonly Diagnostic[]> {
    this.asked += 1;
    return errorsIn(files);
  }

  errorsOf(one: SourceFile): readonly Diagnostic[] {
    return saysOf(one).wrong ? [error(one, "wrong")] : [];
  }
}

function errorsIn(files: readonly SourceFile[]): Diagnostic[] {
  const there = new Map(files.map((one) => [one.path, one]));
  return files.flatMap((one) => {
    const { wrong, needs = [], hates = [] } = saysOf(one);
    return [
      ...(wrong ? [error(one, "wrong")] : []),
      ...needs.filter((path) => !there.has(path)).map((path) => error(one, `needs ${path}`)),
      ...hates.flatMap((path) => {
        const other = there.get(path);
        // Said at one of the two, whichever of them is new.
        return other === undefined ? [] : [error(one.path < path ? one : other, `${one.path} and ${path}`)];
      }),
    ];
  });
}

async function after(...readings: readonly (readonly SourceFile[])[]) {
  const objects = new Objects();
  const last = new LastGood(() => true);
  let settled: readonly SourceFile[] = [];
  for (const files of readings) {
    settled = await last.settle(files, objects);
  }
  return { last, settled, asked: objects.asked, held: last.held.map(({ path }) => path) };
}

const [a1, a2, b1, b2] = [file("a", {}, 1), file("a", {}, 2), file("b", {}, 1), file("b", {}, 2)];
const wrongA = file("a", { wrong: true });

describe("an object that is wrong", () => {
  test("stays at its last good version, alone", async () => {
    const { settled, last } = await after([a1, b1], [wrongA, b2]);
    expect(settled).toEqual([a1, b2]);
    expect(last.held).toMatchObject([{ path: "a", file: wrongA, instead: a1, why: [{ message: "wrong" }] }]);
  });

  test("is left out where it was never right", async () => {
    expect((await after([wrongA, b1])).settled).toEqual([b1]);
  });

  test("is back when it is right, and gone when it is deleted", async () => {
    expect(await after([a1, b1], [wrongA, b1], [a2, b1])).toMatchObject({ settled: [a2, b1], held: [] });
    expect(await after([a1, b1], [wrongA, b1], [b1])).toMatchObject({ settled: [b1], held: [] });
  });

  test("is asked about once, and is known to be wrong after that", async () => {
    const readings = [
      [a1, b1],
      [wrongA, b1],
      [wrongA, b2],
    ] as const;
    const before = await after(...readings.slice(0, 2));
    expect((await after(...readings)).asked - before.asked).toBe(1);
    expect(before.last.without([wrongA, b2])).toEqual([a1, b2]);
  });

  test("has the version of a server before this one", async () => {
    const last = new LastGood(() => true);
    last.remember([a1, b1]);
    expect(await last.settle([wrongA, b2], new Objects())).toEqual([a1, b2]);
  });
});

test("nothing is copied where nothing is wrong", async () => {
  const files = [a1, b1];
  const { settled, last, asked } = await after(files);
  expect(settled).toBe(files);
  expect(last.without(files)).toBe(files);
  expect(asked).toBe(1);
});

describe("objects that are wrong together", () => {
  const hatesB = file("a", { hates: ["b"] });
  const hatesA = file("b", { hates: ["a"] });

  test("the one that changed is told, whichever the error points at", async () => {
    expect(await after([a1], [a1, hatesA])).toMatchObject({ settled: [a1], held: ["b"] });
    expect(await after([b1], [hatesB, b1])).toMatchObject({ settled: [b1], held: ["a"] });
  });

  test("the one that is held comes in when the other has changed", async () => {
    const needsC = file("a", { needs: ["c"] });
    expect(await after([a1, b1], [needsC, b1])).toMatchObject({ settled: [a1, b1], held: ["a"] });
    const c = file("c", {});
    expect(await after([a1, b1], [needsC, b1], [needsC, b1, c])).toMatchObject({
      settled: [needsC, b1, c],
      held: [],
    });
  });

  test("an object that others need stays until they do not", async () => {
    const needsB = file("a", { needs: ["b"] });
    const { settled, last } = await after([needsB, b1], [needsB]);
    expect(settled).toEqual([needsB, b1]);
    expect(last.held).toMatchObject([{ path: "b", instead: b1, why: [{ message: "needs b" }] }]);
    expect(last.held[0]).not.toHaveProperty("file");
    expect(await after([needsB, b1], [needsB], [a2])).toMatchObject({ settled: [a2], held: [] });
    expect(await after([needsB, b1], [needsB], [])).toMatchObject({ settled: [], held: [] });
  });

  test("at a start, one of them is enough", async () => {
    expect((await after([hatesB, hatesA])).held).toHaveLength(1);
  });
});

test("what is wrong without any change is blamed on none, and keeps nothing back", async () => {
  const last = new LastGood(() => true);
  let isGone = false;
  // A file is gone, or a proxy has come that lacks what others have.
  const judge: Judge = {
    errorsIn: async (files) => [...errorsIn(files), ...(isGone ? [error(a1, "no such file")] : [])],
    errorsOf: () => [],
  };
  await last.settle([a1, b1], judge);
  isGone = true;
  expect(await last.settle([a1, b2], judge)).toEqual([a1, b2]);
  const hates = file("c", { hates: ["b"] });
  expect(await last.settle([a1, b2, hates], judge)).toEqual([a1, b2]);
  expect(last.held.map(({ path }) => path)).toEqual(["c"]);
});

test("among thousands at a start, a few questions find what is wrong", async () => {
  const many = Array.from({ length: 5_000 }, (_, i) => file(`object-${i}`, { wrong: i % 500 === 7 }));
  const { settled, asked, held } = await after(many);
  expect(held).toHaveLength(10);
  expect(settled).toHaveLength(4_990);
  expect(asked).toBeLessThan(10);
});

test("what does not stand alone is neither replaced nor blamed", async () => {
  const last = new LastGood(({ path }) => path !== "a");
  expect(await last.settle([wrongA, file("b", { wrong: true })], new Objects())).toEqual([wrongA]);
});

const PATHS = ["a", "b", "c", "d", "e"];
const paths = fc.subarray(PATHS, { maxLength: 2 });
const says = fc.record({ wrong: fc.boolean(), needs: paths, hates: paths });
const change = fc.record({ path: fc.constantFrom(...PATHS), says: fc.option(says) });
const readings = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 });

test("whatever changes: all is right together, and no change that would be right is kept back", async () => {
  await fc.assert(
    fc.asyncProperty(readings, async (all) => {
      const last = new LastGood(() => true);
      const current = new Map<string, SourceFile>();
      const seen = new Set<SourceFile>();
      let version = 0;
      for (const changes of all) {
        for (const { path, says: now } of changes) {
          current.delete(path);
          if (now !== null) {
            current.set(path, file(path, now, ++version));
          }
        }
        const files = [...current.values()];
        for (const one of files) {
          seen.add(one);
        }
        const settled = await last.settle(files, new Objects());
        expect(errorsIn(settled)).toEqual([]);
        expect(settled.every((one) => seen.has(one))).toBe(true);
        expect(last.without(files)).toEqual(settled);
        const held = new Map(last.held.map((one) => [one.path, one]));
        const used = new Map(settled.map((one) => [one.path, one]));
        for (const path of PATHS) {
          if (!held.has(path)) {
            expect(used.get(path)).toBe(current.get(path));
            continue;
          }
          const { file: wanted, instead } = held.get(path)!;
          expect(wanted).toBe(current.get(path));
          expect(instead).toBe(used.get(path));
          const others = settled.filter((one) => one.path !== path);
          expect(errorsIn(wanted === undefined ? others : [...others, wanted])).not.toEqual([]);
        }
      }
    }),
    { numRuns: Number(process.env.SLUICE_CHANGES ?? 200) },
  );
});
