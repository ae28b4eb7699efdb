/**
 * `--access-log-format`: one of the two formats that have a name, a text with Envoy's operators, or an object of JSON whose
 * texts have them. What Envoy would refuse when it is told of its listeners is refused when the option is read, all of it
 * at once.
 */

import { nearest } from "../diagnostics/nearest.ts";
import type { LogFields, LogFormat } from "../ir/access-log.ts";
import type { OptionKind } from "./kinds.ts";
import { LOG_OPERATORS, OWN_OPERATORS, type OwnOperator } from "./log-operators.ts";

/** Longer formats, and deeper ones, are somebody's mistake. */
const MAX_LENGTH = 16_384;
const MAX_DEPTH = 16;

/** A text, `json` or `text`, as `--access-log-format` has it. */
export const accessLogFormat: OptionKind<string, "text"> = {
  form: "text",
  read(given, fail) {
    const problems = formatProblems(given);
    return problems.length === 0 ? given : fail(problems.join("; "));
  },
  accepts: (value) => typeof value === "string" && formatProblems(value).length === 0,
  expected: '"text", "json", a line with Envoy\'s operators, or the text of a JSON object of them',
  show: String,
  schema: { type: "string" },
};

/** Of a value that the kind accepts. */
export function readLogFormat(format: string): LogFormat {
  if (format === "text" || format === "json") {
    return { kind: "named", name: format };
  }
  return isJson(format)
    ? { kind: "json", fields: JSON.parse(format) as LogFields }
    : { kind: "text", text: format.replace(/\n$/, "") };
}

/** A text in which Sluice's own operators have become those of Envoy that tell the same. */
export function withOperators(text: string, own: Readonly<Record<OwnOperator, string>>): string {
  return text.replace(PIECE, (piece, name: string | undefined) =>
    OWN_OPERATORS.includes(name as OwnOperator) ? own[name as OwnOperator] : piece,
  );
}

/** `%%`, or an operator with its argument and length, as Envoy finds them. A sign that begins neither is matched alone. */
const PIECE = /%%|%([A-Z0-9_]+)(?:\((.*?)\))?(?::([0-9]+))?%|%/g;

function formatProblems(format: string): string[] {
  if (format === "text" || format === "json") {
    return [];
  }
  if (format.trim() === "") {
    return ['it is empty; use "text", "json" or a line with operators such as %RESPONSE_CODE%'];
  }
  return isJson(format) ? jsonFormatProblems(format) : lineFormatProblems(format);
}

/** All that is wrong with the text of a JSON object, in words. */
export function jsonFormatProblems(format: string): string[] {
  return inWords(format, jsonProblems);
}

/** The same of a line, which may look like JSON. */
export function lineFormatProblems(format: string): string[] {
  return inWords(format, lineProblems);
}

function inWords(format: string, find: (format: string) => Problem[]): string[] {
  if (format.length > MAX_LENGTH) {
    return [`it has ${format.length} characters; a format may have ${MAX_LENGTH}`];
  }
  const problems = find(format);
  const unknown = problems.filter(({ isUnknown }) => isUnknown).length > 0;
  const known = [...LOG_OPERATORS.keys()].sort().join(", ");
  const words = problems.map(({ words }) => words);
  return [...new Set(words), ...(unknown ? [`operators are ${known}`] : [])];
}

interface Problem {
  readonly words: string;
  /** No operator has the name. */
  readonly isUnknown?: true;
}

function isJson(format: string): boolean {
  return format.trimStart().startsWith("{");
}

function jsonProblems(format: string): Problem[] {
  let value: unknown;
  try {
    value = JSON.parse(format);
  } catch (error) {
    return [{ words: `it begins like an object of JSON, and is not one: ${(error as Error).message}` }];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ words: "it is not an object of JSON" }];
  }
  return valueProblems(value, "", 0);
}

function valueProblems(value: unknown, place: string, depth: number): Problem[] {
  if (depth > MAX_DEPTH) {
    return [{ words: `it is nested more than ${MAX_DEPTH} levels deep` }];
  }
  if (typeof value === "string") {
    return operatorProblems(value, true);
  }
  if (typeof value === "number") {
    return [];
  }
  if (typeof value !== "object" || value === null) {
    return [{ words: `"${place}" is ${value}; use texts, numbers, lists and objects` }];
  }
  return Object.entries(value).flatMap(([name, member]) =>
    valueProblems(member, place === "" ? name : `${place}.${name}`, depth + 1),
  );
}

function lineProblems(format: string): Problem[] {
  const line = format.replace(/\n$/, "");
  return [
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    ...(/[\0-\x08\x0a-\x1f\x7f]/.test(line)
      ? [{ words: "a request is one line; leave out line breaks and other control characters" }]
      : []),
    ...operatorProblems(line, false),
  ];
}

function operatorProblems(text: string, isJson: boolean): Problem[] {
  const problems: Problem[] = [];
  for (const [piece, name, argument, length] of text.matchAll(PIECE)) {
    if (piece === "%%") {
      continue;
    }
    if (name === undefined) {
      problems.push({
        words:
          'a "%" begins no operator; operators are written %NAME% or %NAME(ARGUMENT)%, and a percent sign is %%',
      });
      continue;
    }
    const operator = LOG_OPERATORS.get(name);
    if (operator === undefined) {
      const near = nearest(name, LOG_OPERATORS.keys());
      problems.push({
        words: `no operator is called "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
        isUnknown: true,
      });
    } else if (argument === undefined ? !operator.alone : !operator.argument?.test(argument)) {
      problems.push({
        words:
          operator.argument === undefined
            ? `"${piece}": the operator has no argument; use %${name}%`
            : `"${piece}" is not valid; use an argument such as %${name}(${operator.example})%`,
      });
    } else if (length !== undefined && operator.length === undefined) {
      problems.push({ words: `"${piece}": the operator cannot be cut to a length; use %${name}%` });
    } else if (operator.severalLines && !isJson) {
      problems.push({ words: `"${piece}" may have several lines; use it in a format of JSON` });
    }
  }
  return problems;
}
