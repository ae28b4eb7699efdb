import { describe, expect, test } from "vitest";
import { runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

/** A stream that keeps what is written. */
function stream(properties: { isTTY?: boolean; columns?: number } = {}) {
  const written: string[] = [];
  return { ...properties, write: (text: string) => written.push(text), text: () => written.join("") };
}

describe("colours", () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{}, undefined, false],
    [{ TERM: "dumb" }, true, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "false" }, true, false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  ])("%j on a terminal (%s): %s, unless --color says otherwise", (env, isTTY, expected) => {
    const out = isTTY === undefined ? stream() : stream({ isTTY });
    const terminal = new Terminal(out, stream(), env);
    expect(terminal.outLook.color).toBe(expected);
    expect(terminal.outColors.isColorSupported).toBe(expected);
    terminal.useColors("always");
    expect([terminal.outLook.color, terminal.errLook.color]).toEqual([true, true]);
    terminal.useColors("never");
    expect([terminal.outLook.color, terminal.errLook.color]).toEqual([false, false]);
    terminal.useColors("auto");
    expect(terminal.outLook.color).toBe(expected);
  });

  test("belong to a terminal: another one of the same process keeps its own", () => {
    const [one, other] = [new Terminal(stream(), stream()), new Terminal(stream(), stream())];
    one.useColors("always");
    expect(other.outLook.color).toBe(false);
  });

  test("are decided for each of the two streams", () => {
    const terminal = new Terminal(stream(), stream({ isTTY: true }));
    expect([terminal.outLook.color, terminal.errLook.color]).toEqual([false, true]);
  });
});

test.each([
  [["check", "missing", "--color", "always"], { NO_COLOR: "1" }, true],
  [["--color", "always", "check", "missing"], {}, true],
  [["--color=always", "check", "missing", "--nonsense"], {}, true],
  [["check", "missing", "--color", "never"], { FORCE_COLOR: "1" }, false],
  [["check", "missing", "--color", "auto"], { FORCE_COLOR: "1" }, true],
  [["check", "--explain", "SL0105", "--color", "always"], {}, true],
  [["--help", "--color", "always"], {}, false],
])("%j with %j prints colours: %s", async (args, env, expected) => {
  const [out, err] = [stream(), stream()];
  await runCommandLine(args, new Terminal(out, err, env));
  expect(out.text() + err.text()).not.toBe("");
  expect((out.text() + err.text()).includes("\u001b[")).toBe(expected);
});

describe("width", () => {
  test.each([
    [{ isTTY: true, columns: 120 }, 120],
    [{ isTTY: true, columns: 0 }, 80],
    [{ isTTY: true }, 80],
    [{ columns: 120 }, 80],
    [{}, 80],
  ])("of %j: %i", (properties, columns) => {
    expect(new Terminal(stream(properties), stream()).outLook.columns).toBe(columns);
  });

  test("progress is shown on a terminal only, where a line can be written over", () => {
    const tty = stream({ isTTY: true, columns: 120 });
    expect(new Terminal(stream(), stream({ columns: 120 })).errColumns).toBeUndefined();
    expect(new Terminal(stream(), tty, { TERM: "dumb" }).errColumns).toBeUndefined();
    expect(new Terminal(stream(), tty, { TERM: "xterm" }).errColumns).toBe(120);
  });
});
