import { expect, test } from "vitest";
import { makeProgram, runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

async function printed(args: readonly string[], columns: number): Promise<{ code: number; out: string }> {
  let out = "";
  const stream = {
    isTTY: true,
    columns,
    write: (text: string) => {
      out += text;
    },
  };
  return { code: await runCommandLine(args, new Terminal(stream, stream, { NO_COLOR: "1" })), out };
}

const COMMANDS = makeProgram().commands.map((command) => command.name());

test.each([[], ...COMMANDS.map((name) => [name])])("help of %s fits 80 columns", async (...name) => {
  const { code, out } = await printed(["help", ...name], 80);
  expect(code).toBe(0);
  // What cannot be broken may be longer: a value, not a sentence.
  const tooLong = out.split("\n").filter((line) => line.length > 80 && / /.test(line.trim()));
  expect(tooLong).toEqual([]);
});

test("help uses the width of a wide terminal", async () => {
  const [narrow, wide] = [await printed(["help", "check"], 80), await printed(["help", "check"], 160)];
  expect(wide.out.split("\n").length).toBeLessThan(narrow.out.split("\n").length);
});

test("`help` lists every command, and `help NAME` is what `NAME --help` prints", async () => {
  const { out } = await printed(["help"], 80);
  for (const name of COMMANDS) {
    expect(out).toMatch(new RegExp(`^  ${name}\\b`, "m"));
  }
  expect(await printed(["help", "explain"], 80)).toEqual(await printed(["explain", "--help"], 80));
});

test("without arguments, the commands that it names exist", async () => {
  const { out } = await printed([], 80);
  const named = [...out.matchAll(/sluice ([a-z]+)/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => !COMMANDS.includes(name!))).toEqual([]);
});
