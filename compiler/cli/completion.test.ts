/** Completions, asked of the shells themselves where they are installed. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { makeProgram, runCommandLine } from "./commands.ts";
import { SHELLS } from "./completion-scripts.ts";
import { Terminal } from "./terminal.ts";

async function script(shell: string): Promise<string> {
  let out = "";
  const stream = {
    write: (text: string) => {
      out += text;
    },
  };
  expect(await runCommandLine(["completion", shell], new Terminal(stream, stream))).toBe(0);
  return out;
}

const PROGRAM = makeProgram();
const isInstalled = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

test.each(SHELLS)("that of %s names every command, and every option", async (shell) => {
  const text = await script(shell);
  for (const command of PROGRAM.commands) {
    expect(text).toContain(command.name());
    for (const { long } of command.options) {
      expect(text).toMatch(new RegExp(`[-]?-l? ?${long!.slice(2)}\\b`));
    }
  }
});

/** How each shell looks at a script without running it. */
const SYNTAX: Readonly<Record<(typeof SHELLS)[number], readonly string[]>> = {
  bash: ["-n"],
  zsh: ["-n"],
  fish: ["--no-execute"],
};

describe.each(SHELLS)("%s", (shell) => {
  test.skipIf(!isInstalled(shell))("reads it without complaint", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "sluice-completion-"));
    const file = path.join(folder, "sluice");
    writeFileSync(file, await script(shell));
    const { status, stderr } = spawnSync(shell, [...SYNTAX[shell], file], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe.skipIf(!isInstalled("bash"))("bash offers", () => {
  let bash: string;
  beforeAll(async () => {
    bash = await script("bash");
  });

  /** What is offered for the last of some words, as bash has taken a line apart. */
  function offered(...words: readonly string[]): string[] {
    const line = words.map((word) => `'${word}'`).join(" ");
    const ask = `${bash}\nCOMP_WORDS=(sluice ${line}); COMP_CWORD=${words.length}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["--norc", "-c", ask], { encoding: "utf8" })
      .split("\n")
      .filter((word) => word !== "");
  }

  test.each([
    [["expl"], ["explain"]],
    [
      ["--color", "a"],
      ["auto", "always"],
    ],
    [["check", "--color", "=", "n"], ["never"]],
    [
      ["check", "--color", "="],
      ["auto", "always", "never"],
    ],
    [["check", "--form"], ["--format"]],
    [
      ["check", "--format", ""],
      ["text", "json", "sarif", "github"],
    ],
    [
      ["build", "rules", "--format", ""],
      ["text", "json"],
    ],
    [["explain", "-r", "x", "--http"], ["--http2"]],
    [["export", "--to", "k"], ["kubernetes"]],
    [["help", "che"], ["check"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [
      ["schema", ""],
      ["config", "cases"],
    ],
    // Files are for bash itself to offer.
    [["check", "ru"], []],
    [["check", "--config", ""], []],
  ])("for %j: %j", (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test("all commands where none is named yet", () => {
    expect(offered("")).toEqual(PROGRAM.commands.map((command) => command.name()));
  });
});

describe.skipIf(!isInstalled("fish"))("fish offers", () => {
  let fish: string;
  beforeAll(async () => {
    fish = await script("fish");
  });

  test.each([
    ["sluice expl", ["explain"]],
    ["sluice check --format ", ["github", "json", "sarif", "text"]],
    ["sluice completion ", ["bash", "fish", "zsh"]],
  ])("for %j: %j", (line, expected) => {
    const out = execFileSync("fish", ["--no-config", "-c", `${fish}\ncomplete -C '${line}'`], {
      encoding: "utf8",
    });
    const words = out
      .trim()
      .split("\n")
      .map((one) => one.split("\t")[0]);
    expect(words.sort()).toEqual(expected);
  });
});
