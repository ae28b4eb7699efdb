import { expect, test } from "vitest";
import type { LinesView, LineToken } from "../../api.ts";
import { LinesCache } from "./lines-cache.ts";

const LINES = 450;

/** A server with one file, which gives at most `atOnce` lines an answer. */
function server(atOnce = 1000, generation = 1) {
  const asked: (readonly [from: number, to: number])[] = [];
  const ask = async (_file: number, from: number, to: number): Promise<LinesView> => {
    asked.push([from, to]);
    const end = Math.min(to, LINES, from + atOnce - 1);
    const lines = Array.from({ length: Math.max(0, end - from + 1) }, (_, index): LineToken[] => [
      ["other", String(from + index)],
    ]);
    return { generation, from, lines };
  };
  return { asked, ask };
}

async function wait(cache: LinesCache, line: number) {
  await expect.poll(() => cache.line(0, line)).toBeDefined();
  return cache.line(0, line);
}

test("lines come in blocks, each asked for once", async () => {
  const { asked, ask } = server();
  const cache = new LinesCache(1, ask);
  expect(cache.line(0, 7)).toBeUndefined();
  expect(cache.line(0, 8)).toBeUndefined();
  expect(await wait(cache, 7)).toEqual([["other", "7"]]);
  expect(cache.line(0, 200)).toEqual([["other", "200"]]);
  expect(asked).toEqual([[1, 200]]);
  expect(await wait(cache, 450)).toEqual([["other", "450"]]);
});

test("an answer that is full is asked on", async () => {
  const { asked, ask } = server(60);
  expect(await wait(new LinesCache(1, ask), 199)).toEqual([["other", "199"]]);
  expect(asked.map(([from]) => from)).toEqual([1, 61, 121, 181]);
});

test("lines of other rules are not shown as those of these", async () => {
  const { asked, ask } = server(1000, 2);
  const cache = new LinesCache(1, ask);
  cache.line(0, 1);
  await expect.poll(() => asked.length).toBe(1);
  expect(cache.line(0, 1)).toBeUndefined();
});

test("what was scrolled past is not asked for", async () => {
  const { asked, ask } = server();
  const cache = new LinesCache(1, ask);
  for (let block = 0; block < 100; block++) {
    cache.line(block, 1);
  }
  await wait(cache, 1);
  await expect.poll(() => cache.line(99, 1)).toBeDefined();
  expect(asked.length).toBeLessThan(12);
});
