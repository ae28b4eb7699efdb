/**
 * No document shows a command that fails, or an option that does not exist. Each block of code is run, parsed, or of a
 * kind that is listed here with the reason why not; a kind that nobody thought of fails.
 */

import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callProblem } from "./call-problem.ts";
import { type CodeBlock, codeBlocksOf, inlineCodeOf, PAGES_WITH_CODE } from "./code-blocks.ts";
import { readersFolder } from "./readers-folder.ts";
import { runSluice, wordsOf } from "./shown-command.ts";
import { ROOT } from "./site-pages.ts";

/** Commands that are not run here, by how they begin: why, and what runs them. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "sluice run": "goes on until Ctrl-C, with a real Envoy: test/run and test/scripts",
  "sluice serve": "goes on until Ctrl-C: test/fleet",
  "sluice fleet": "asks a server that another command has started: test/fleet",
  "npm start": "goes on until Ctrl-C, with a real Envoy: test/scripts/demo.test.ts",
  "npm run": "starts programs of its own; what they take is looked up in their help",
  "sluice tap ": "attaches to a run: test/observe/tap",
  "npm test": "would run this test",
  "npm pack": "compiles the filter twice: test/scripts/pack.test.ts",
  "npm install": "installs into a project: test/scripts/pack.test.ts",
  "npx vitest": "would run this test",
  "npx asp": "npm test runs it",
  "docker ": "needs a Docker engine: test/docker",
  "kubectl ": "needs a cluster",
  "helm ": "needs a cluster",
  "skopeo ": "needs a registry",
  "crane ": "needs a registry",
  "envoy ": "goes on until it is stopped: test/run starts what a build wrote",
  "curl ": "asks a proxy that another command has started: test/scripts",
  "node scripts/": "makes images: test/scripts/local-images.test.ts",
};

/** Languages of blocks of which nothing is tried here, and why. */
const NO_COMMANDS: Readonly<Record<string, string>> = {
  "": "what a program shows, or a drawing",
  text: "what a program shows; docs/cli.md is made from the program itself",
  console: "console.test.ts runs it and compares what is printed",
  ts: "library-page.test.ts runs it",
  yaml: "yaml-blocks.test.ts holds it against what it describes",
};

/** Which file says what an npm script takes. */
const HELP_OF: Readonly<Record<string, string>> = {
  start: "scripts/demo/options.ts",
  "start:docker": "scripts/start-docker.mjs",
  test: "scripts/test.mjs",
  docs: "scripts/docs.mjs",
  build: "scripts/build.mjs",
  fuzz: "test/fuzz/options.ts",
  bench: "test/bench/main.ts",
  "bench compile": "test/bench/compile.ts",
  "bench fleet": "test/bench/fleet/main.ts",
  "bench analysis": "test/bench/analysis.ts",
  "bench counting": "test/bench/counting.ts",
  "bench kubernetes": "test/bench/kubernetes/main.ts",
  "bench pieces": "test/bench/pieces/main.ts",
  example: "scripts/example/main.ts",
};

interface ShownCommand {
  readonly place: string;
  /** As written, without what stands before the program. */
  readonly line: string;
  readonly words: readonly string[];
}

/** Where the commands are in a block, by its language. Those of images and of services are parsed, but not run. */
const COMMAND_LINES: Readonly<Record<string, RegExp>> = {
  sh: /^(?!#)(.+)$/,
  Dockerfile: /^RUN (.+)$/,
  ini: /^ExecStart=(.+)$/,
};

/** `npm run sluice -- check` and `npx sluice check` are both `sluice check`; variables for a call are left away. */
function commandOf(place: string, written: string): ShownCommand {
  const line = written
    .trim()
    .replace(/^(?:[A-Z_]+=\S+ )+/, "")
    .replace(
      /^(?:npm run sluice --|(?:\/usr\/bin\/)?npx sluice|node \/sluice\/dist\/sluice\.js)(?= )/,
      "sluice",
    );
  return { place, line, words: wordsOf(line) };
}

function commandsOf({ place, language, text }: CodeBlock): ShownCommand[] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .flatMap((line) => COMMAND_LINES[language]?.exec(line.trim())?.slice(1) ?? [])
    .map((line) => commandOf(place, line));
}

const BLOCKS = PAGES_WITH_CODE.flatMap(codeBlocksOf);
const IN_SHELL = BLOCKS.filter(({ language }) => language === "sh").flatMap(commandsOf);
const IN_FILES = BLOCKS.filter(({ language }) => language !== "sh").flatMap(commandsOf);
const IN_SENTENCES = PAGES_WITH_CODE.flatMap(inlineCodeOf)
  .filter(({ text }) => /^(?:[A-Z_]+=\S+ )*(?:sluice|npm|npx) [^…]*$/.test(text))
  .map(({ place, text }) => commandOf(place, text));
const ALL = [...IN_SHELL, ...IN_FILES, ...IN_SENTENCES];

function reasonNotToRun(line: string): string | undefined {
  return Object.entries(NOT_RUN).find(([start]) => `${line} `.startsWith(start))?.[1];
}

/** What is wrong with a call of npm: a script that does not exist, or an option that its help does not name. */
function problemOfNpm(words: readonly string[]): string | undefined {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  const [verb, ...rest] = words.slice(1);
  if (verb === "pack" || verb === "install") {
    return undefined;
  }
  const name = verb === "run" ? rest.shift()! : verb!;
  if (!Object.hasOwn(scripts, name)) {
    return `there is no script ${name}`;
  }
  const args = rest[0] === "--" ? rest.slice(1) : rest;
  const part = HELP_OF[`${name} ${args[0]}`] === undefined ? name : `${name} ${args[0]}`;
  if (args.length === 0) {
    return undefined;
  }
  if (name === "example") {
    const folder = path.join(ROOT, "envoy/examples", args[0]!);
    return existsSync(folder) ? unnamed(part, args.slice(1)) : `there is no example ${args[0]}`;
  }
  return unnamed(part, part === name ? args : args.slice(1));
}

function unnamed(script: string, args: readonly string[]): string | undefined {
  const file = HELP_OF[script];
  if (file === undefined) {
    return `no help of ${script} is known to this test`;
  }
  const help = readFileSync(path.join(ROOT, file), "utf8");
  const isNamed = (word: string) => new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(help);
  // The value of an option is left to the program.
  const own = args.filter((word, i) => word.startsWith("--") || !args[i - 1]?.startsWith("--"));
  const wrong = own.find((word) => !isNamed(word));
  return wrong === undefined ? undefined : `${wrong} is not in the help of ${script}`;
}

/** The file of `-f FILE` must exist. */
function problemOfDocker(words: readonly string[]): string | undefined {
  const file = words[words.indexOf("-f") + 1]!;
  return words.includes("-f") && !existsSync(path.join(ROOT, file)) ? `there is no ${file}` : undefined;
}

function problem({ words }: ShownCommand): string | undefined {
  switch (words[0]) {
    case "sluice":
      return callProblem(words.slice(1));
    case "npm":
      return problemOfNpm(words);
    case "docker":
      return problemOfDocker(words);
    default:
      return undefined;
  }
}

describe("blocks of code", () => {
  test("are of a kind that is run, parsed or listed", () => {
    const kinds = [...Object.keys(COMMAND_LINES), ...Object.keys(NO_COMMANDS)];
    expect(BLOCKS.filter(({ language }) => !kinds.includes(language)).map(({ place }) => place)).toEqual([]);
  });

  test("of kinds without commands have none", () => {
    const wrong = BLOCKS.filter(({ language }) => language === "").filter(({ text }) =>
      /^(?:\$ )?(?:sluice|npm|npx|docker) /m.test(text),
    );
    expect(wrong.map(({ place }) => place)).toEqual([]);
  });

  test("every reason in the lists is needed", () => {
    const lines = ALL.map(({ line }) => line);
    const idle = Object.keys(NOT_RUN).filter((start) => !lines.some((line) => `${line} `.startsWith(start)));
    expect(idle.filter((start) => !["skopeo ", "crane ", "node scripts/"].includes(start))).toEqual([]);
  });
});

describe("commands", () => {
  test.each(ALL)("$place: $line has options that exist", (command) => {
    expect(problem(command)).toBeUndefined();
  });

  test.each([
    ["sluice check --explian SL0104", "unknown option --explian"],
    ["sluice chekc rules/", "unknown command chekc"],
    ["sluice diff a b c", "unexpected c"],
    ["sluice schema config cases", "unexpected cases"],
    ["sluice explain --format xml", "xml"],
    ["npm run bench -- --shapes exact", "--shapes"],
    ["npm run example -- canaries", "canaries"],
    ["npm run nothing", "nothing"],
    ["docker compose -f envoy/none.yaml up", "envoy/none.yaml"],
  ])("a wrong one is found: %s", (line, said) => {
    expect(problem(commandOf("", line))).toContain(said);
  });

  test("are found in shells, images and services", () => {
    const found = (language: string, text: string) =>
      commandsOf({ place: "", language, text }).map(({ words }) => words);
    expect(found("sh", "# a comment\nnpm run sluice -- check \\\n  rules/  # another\n")).toEqual([
      ["sluice", "check", "rules/"],
    ]);
    expect(found("Dockerfile", "FROM sluice\nRUN node /sluice/dist/sluice.js build a\n")).toEqual([
      ["sluice", "build", "a"],
    ]);
    expect(found("ini", "[Service]\nExecStart=/usr/bin/npx sluice run a\n")).toEqual([
      ["sluice", "run", "a"],
    ]);
    expect(found("text", "sluice check")).toEqual([]);
  });
});

describe("commands that need no Envoy", () => {
  let folder: string;
  beforeAll(() => {
    folder = readersFolder();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const runnable = [
    ...IN_SHELL,
    // In a sentence `PATH` and `…` stand for what a reader has.
    ...IN_SENTENCES.filter(({ words }) => words.some((word) => word.startsWith("envoy/"))),
  ].filter(({ line }) => reasonNotToRun(line) === undefined);

  test("are nearly all that documents show of sluice", () => {
    expect(runnable.length).toBeGreaterThan(10);
    expect(
      runnable.filter(({ words }) => words[0] !== "sluice").map(({ place, line }) => `${place} ${line}`),
    ).toEqual([]);
  });

  test.each(runnable)("$place: $line", async ({ words }) => {
    const { code, text } = await runSluice(words.slice(1), folder);
    expect(code, text).toBe(words.includes("--exit-code") && code === 1 ? 1 : 0);
  });
});
