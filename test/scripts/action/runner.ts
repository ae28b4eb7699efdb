/**
 * Runs the steps of action.yml as GitHub's runner does: expressions by GitHub's own evaluator, each script by the shell
 * that it names, with the variables and files that a runner gives.
 */

import { spawn } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { parse } from "yaml";
import { packageRoot } from "../../../compiler/platform/package-root.ts";

interface Step {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly shell: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export const ACTION_FILE = path.join(packageRoot().directory, "action.yml");

export async function readAction(): Promise<Action> {
  return parse(await readFile(ACTION_FILE, "utf8"));
}

export interface Run {
  readonly ok: boolean;
  /** The names of the steps that ran, and what they said. */
  readonly steps: readonly string[];
  readonly log: string;
  /** Workflow commands, the escapes undone. */
  readonly annotations: readonly Annotation[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface Annotation {
  readonly level: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

export interface Job {
  readonly workspace: string;
  readonly temporary: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly event?: unknown;
  readonly env?: NodeJS.ProcessEnv;
}

const TOKEN = "the-token-of-the-job";

export async function runAction({ workspace, temporary, inputs, event = {}, env = {} }: Job): Promise<Run> {
  const action = await readAction();
  const folder = await mkdtemp(path.join(temporary, "job-"));
  const file = async (name: string, text = "") => {
    await writeFile(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const summaryFile = await file("summary");
  const job: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder,
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: workspace,
    GITHUB_ACTION_PATH: packageRoot().directory,
    GITHUB_EVENT_PATH: await file("event.json", JSON.stringify(event)),
    GITHUB_REPOSITORY: "shop/rules",
    GITHUB_STEP_SUMMARY: summaryFile,
    RUNNER_TEMP: folder,
    ...env,
  };
  const github = { token: TOKEN };
  const values = Object.entries(action.inputs).map(([name, { default: text = "" }]) => [
    name,
    inputs[name] ?? filled(text, { github }, true),
  ]);
  const steps: Record<string, { outputs: Record<string, string> }> = {};
  const context = { github, inputs: Object.fromEntries(values), steps };
  const ran: string[] = [];
  let ok = true;
  let log = "";
  for (const [index, step] of action.runs.steps.entries()) {
    if (evaluated(unwrapped(step.if ?? "success()"), context, ok).coerceString() !== "true") {
      continue;
    }
    ran.push(step.name);
    const output = await file(`output-${index}`);
    const variables = Object.entries(step.env ?? {}).map(([name, text]) => [name, filled(text, context, ok)]);
    const result = await bash(await file(`step-${index}.sh`, step.run), workspace, {
      ...job,
      ...Object.fromEntries(variables),
      GITHUB_OUTPUT: output,
    });
    log += result.log;
    ok &&= result.code === 0;
    if (step.id !== undefined) {
      steps[step.id] = { outputs: readOutputs(await readFile(output, "utf8")) };
    }
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [
    name,
    filled(value, context, ok),
  ]);
  return {
    ok,
    steps: ran,
    log,
    annotations: readAnnotations(log),
    outputs: Object.fromEntries(outputs),
    summary: await readFile(summaryFile, "utf8"),
  };
}

/** What `shell: bash` stands for. */
function bash(
  script: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; log: string }> {
  return new Promise((resolve) => {
    const args = ["--noprofile", "--norc", "-e", "-o", "pipefail", script];
    const child = spawn("bash", args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    // Each by itself: a piece of one may end in the middle of a line.
    const said = ["", ""];
    for (const [i, stream] of [child.stdout, child.stderr].entries()) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said[i] += text;
      });
    }
    child.on("close", (code) => resolve({ code, log: said.join("") }));
  });
}

const EXPRESSION = /\$\{\{(.*?)\}\}/g;

function filled(text: string, context: object, ok: boolean): string {
  return text.replace(EXPRESSION, (_, expression: string) =>
    evaluated(expression, context, ok).coerceString(),
  );
}

function unwrapped(condition: string): string {
  return condition.replace(/^\$\{\{(.*)\}\}$/, "$1");
}

function evaluated(expression: string, context: object, ok: boolean): data.ExpressionData {
  const states = { success: ok, failure: !ok, cancelled: false, always: true };
  const functions = Object.entries(states).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  }));
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(context), functions).parse();
  const table = new Map(functions.map((one) => [one.name, one]));
  return new Evaluator(tree, dictionary(context), table).evaluate();
}

function dictionary(value: object): data.Dictionary {
  const pairs = Object.entries(value).map(([key, inner]) => ({
    key,
    value: typeof inner === "object" ? dictionary(inner) : new data.StringData(String(inner)),
  }));
  return new data.Dictionary(...pairs);
}

/** `name<<delimiter`, lines, `delimiter`. */
function readOutputs(text: string): Record<string, string> {
  const found = text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name, , value]) => [name!, value!]));
}

function readAnnotations(log: string): Annotation[] {
  const found = log.matchAll(/^::(error|warning|notice)(?: (.*?))?::(.*)$/gm);
  return [...found].map(([, level, list = "", message]) => ({
    level: level!,
    properties: Object.fromEntries(
      list.split(",").flatMap((pair) => {
        const [name, value] = pair.split(/=(.*)/s);
        return value === undefined ? [] : [[name!, unescaped(value)]];
      }),
    ),
    message: unescaped(message!),
  }));
}

function unescaped(text: string): string {
  const codes: Record<string, string> = { "%25": "%", "%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": "," };
  return text.replace(/%(25|0A|0D|3A|2C)/g, (code) => codes[code]!);
}
