/** The inputs of action.yml, checked. A hyphen in a name is an underscore here: shells lose variables with hyphens. */

import path from "node:path";
import { getInput, getMultilineInput } from "@actions/core";
import { ActionError } from "./failure.ts";

export interface Inputs {
  readonly rules: readonly string[];
  readonly config: string | undefined;
  readonly strict: boolean;
  readonly cases: readonly string[];
  readonly coverageThreshold: string | undefined;
  readonly diff: boolean;
  readonly base: string | undefined;
}

export function readInputs(): Inputs {
  const rules = paths("rules");
  if (rules.length === 0) {
    throw new ActionError("rules: no paths; name files or folders of rules, one per line");
  }
  const config = optional("config");
  return {
    rules,
    config: config === undefined ? undefined : insidePath("config", config),
    strict: flag("strict"),
    cases: paths("cases"),
    coverageThreshold: optional("coverage_threshold"),
    diff: flag("diff"),
    base: reference("base"),
  };
}

function optional(name: string): string | undefined {
  return getInput(name) || undefined;
}

function flag(name: string): boolean {
  const text = getInput(name);
  if (text !== "true" && text !== "false") {
    throw new ActionError(`${name}: "${text}" is not valid; use true or false`);
  }
  return text === "true";
}

function paths(name: string): string[] {
  return getMultilineInput(name).map((text) => insidePath(name, text));
}

/** Only what is in the repository can be compared with what was in it before. */
function insidePath(name: string, text: string): string {
  const normal = path.normalize(text);
  const outside = path.isAbsolute(text) || normal.split(path.sep)[0] === "..";
  // A hyphen in front would make it an option, or standard input.
  if (outside || text.startsWith("-")) {
    const instead = text.startsWith("-") ? `; write "./${text}"` : "";
    throw new ActionError(`${name}: "${text}" is not a path inside the repository${instead}`);
  }
  return text.startsWith("./-") ? text : normal.replace(/(?<=.)[\\/]$/, "");
}

function reference(name: string): string | undefined {
  const text = optional(name);
  if (text?.startsWith("-")) {
    throw new ActionError(`${name}: "${text}" is not a branch, a tag or a commit`);
  }
  return text;
}
