import { expect, test } from "vitest";
import { progressBar } from "./progress-bar.ts";

function bar(errColumns: number | undefined) {
  const written: string[] = [];
  const clock = { now: 0 };
  const terminal = { err: (text: string) => void written.push(text), errColumns };
  return { written, clock, progress: progressBar(terminal, () => clock.now) };
}

test("nothing where there is no terminal, however long it takes", () => {
  const { written, clock, progress } = bar(undefined);
  clock.now = 60_000;
  progress.at("reading", 1, 2);
  progress.done();
  expect(written).toEqual([]);
});

test("nothing when it takes no longer than a second", () => {
  const { written, clock, progress } = bar(80);
  clock.now = 999;
  progress.at("encoding", 99, 100);
  progress.done();
  expect(written).toEqual([]);
});

test("one line, written over, and taken away at the end", () => {
  const { written, clock, progress } = bar(80);
  clock.now = 1000;
  progress.at("parsing", 2_500_000, 10_000_000);
  clock.now = 1050;
  progress.at("parsing", 2_600_000, 10_000_000);
  clock.now = 1060;
  progress.at("checking", 12_000, 12_000);
  progress.done();
  expect(written).toEqual([
    `\r\x1b[KParsing  ${"█".repeat(6)}${"░".repeat(18)}  25 %  2,500 of 10,000 KB`,
    `\r\x1b[KChecking ${"█".repeat(24)} 100 %  12,000 of 12,000 resources`,
    "\r\x1b[K",
  ]);
});

test("no longer than the terminal is wide", () => {
  const { written, clock, progress } = bar(20);
  clock.now = 5000;
  progress.at("lowering", 0, 0);
  expect(written).toHaveLength(1);
  expect(written[0]).toHaveLength("\r\x1b[K".length + 19);
});
