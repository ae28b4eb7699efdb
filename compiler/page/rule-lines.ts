/**
 * On which lines the rules of a VirtualService stand, found by their indentation. The page needs all of them at once, and to parse ten
 * thousand rules again for their places takes seconds. Text that is written otherwise (flow or text over several lines, aliases, JSON) is
 * left to the parser: what is found has to have as many rules, matches and destinations as there are.
 */

import { positionAt, rangeOf } from "../diagnostics/position.ts";
import type { HttpRoute, Resource, VirtualServiceSpec } from "../front/resources/model.ts";

/** Lines count from 1. */
export interface RuleLines {
  readonly line: number;
  readonly lastLine: number;
  readonly matches: readonly number[];
  readonly route: readonly number[];
  readonly delay?: number;
  readonly abort?: number;
}

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly body: string;
}

/** One for each rule. */
export function ruleLines(resource: Resource<VirtualServiceSpec>): readonly RuleLines[] {
  return indentedRuleLines(resource) ?? parsedRuleLines(resource);
}

/** As the parser has them: faults by what stands behind their key, which may be on the next line. */
export function parsedRuleLines({ spec: { http = [] }, spanOf }: Resource<VirtualServiceSpec>): RuleLines[] {
  return http.map(({ match = [], route = [], fault }, rule) => {
    const rangeAt = (...path: (string | number)[]) => rangeOf(spanOf(["spec", "http", rule, ...path]));
    const { start, end } = rangeAt();
    return {
      line: start.line,
      lastLine: end.line,
      matches: match.map((_, i) => rangeAt("match", i).start.line),
      route: route.map((_, i) => rangeAt("route", i).start.line),
      ...(fault?.delay && { delay: rangeAt("fault", "delay").start.line }),
      ...(fault?.abort && { abort: rangeAt("fault", "abort").start.line }),
    };
  });
}

/** `undefined` where the parser has to be asked. */
export function indentedRuleLines(resource: Resource<VirtualServiceSpec>): readonly RuleLines[] | undefined {
  const { http = [] } = resource.spec;
  const lines = linesOf(resource);
  const spec = lines && below(lines, 0, "spec");
  const written = spec && below(spec, spec[0]?.indent ?? 0, "http");
  const items = written && itemsOf(written);
  if (items === undefined || items.length !== http.length) {
    return undefined;
  }
  const found = items.map((item, i) => linesOfRule(item, http[i]!));
  return found.every((one) => one !== undefined) ? found : undefined;
}

function linesOfRule(
  item: readonly Line[],
  { match = [], route = [], fault }: HttpRoute,
): RuleLines | undefined {
  const indent = item[0]!.indent;
  const matches = linesOfItems(item, indent, "match", match.length);
  const destinations = linesOfItems(item, indent, "route", route.length);
  if (matches === undefined || destinations === undefined) {
    return undefined;
  }
  const parts = below(item, indent, "fault");
  const faultLine = item.find((line) => line.indent === indent && line.body.startsWith("fault:"))?.number;
  const lineOf = (part: string): number => {
    const key = parts?.find(
      ({ indent: own, body }) => own === parts[0]!.indent && body.startsWith(`${part}:`),
    );
    return key?.number ?? faultLine ?? item[0]!.number;
  };
  return {
    line: item[0]!.number,
    lastLine: item.at(-1)!.number,
    matches,
    route: destinations,
    ...(fault?.delay && { delay: lineOf("delay") }),
    ...(fault?.abort && { abort: lineOf("abort") }),
  };
}

/** The lines of a list below a key of a rule, or the one line in which all of it stands. */
function linesOfItems(
  item: readonly Line[],
  indent: number,
  key: string,
  count: number,
): readonly number[] | undefined {
  if (count === 0) {
    return [];
  }
  const inOne = item.find((line) => line.indent === indent && line.body.startsWith(`${key}: `));
  if (inOne !== undefined && isClosed(inOne.body.slice(key.length + 1))) {
    return Array.from({ length: count }, () => inOne.number);
  }
  const list = below(item, indent, key);
  const items = list && itemsOf(list);
  return items?.length === count ? items.map((one) => one[0]!.number) : undefined;
}

/** What stands below a key that has nothing behind it. */
function below(lines: readonly Line[], indent: number, key: string): readonly Line[] | undefined {
  const start = lines.findIndex(
    (line) =>
      line.indent === indent &&
      line.body.startsWith(`${key}:`) &&
      /^\s*(?:#.*)?$/.test(line.body.slice(key.length + 1)),
  );
  if (start < 0) {
    return undefined;
  }
  const end = lines.findIndex(
    (line, i) => i > start && (line.indent < indent || (line.indent === indent && !isItem(line))),
  );
  return lines.slice(start + 1, end < 0 ? lines.length : end);
}

/** Each with what stands behind its dash as its first line. */
function itemsOf(lines: readonly Line[]): readonly (readonly Line[])[] | undefined {
  const indent = lines[0]?.indent;
  const items: Line[][] = [];
  for (const line of lines) {
    if (line.indent === indent) {
      const [dash] = /^-(?:\s+|$)/.exec(line.body) ?? [];
      if (dash === undefined) {
        return undefined;
      }
      const body = line.body.slice(dash.length);
      // Nothing behind the dash: the item begins on the next line.
      items.push(body === "" ? [] : [{ ...line, indent: line.indent + dash.length, body }]);
    } else {
      items.at(-1)!.push(line);
    }
  }
  return items.every(({ length }) => length > 0) ? items : undefined;
}

function isItem({ body }: Line): boolean {
  return /^-(?:\s|$)/.test(body);
}

/** Whether a list or mapping in brackets ends where it begins. */
function isClosed(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, "").replace(/\s#.*$/, "");
  const count = (pattern: RegExp) => bare.match(pattern)?.length ?? 0;
  return /^\s*\[.*\]\s*$/.test(bare) && count(/[[{]/g) === count(/[\]}]/g);
}

/** Behind a key or a dash: text follows in which nothing is what it looks like, such as a comment. */
const BLOCK_SCALAR = /(?:^|\s)[|>][-+\d]*$/;

/** Of the resource's document, without empty ones and comments; `undefined` where lines may be something else than they look like. */
function linesOf({ span: { file }, offset }: Resource<unknown>): readonly Line[] | undefined {
  if (offset === undefined) {
    return undefined;
  }
  const { line, column } = positionAt(file, offset);
  const start = offset - (column - 1);
  const end = file.text.indexOf("\n---", offset);
  const lines: Line[] = [];
  for (const [i, text] of file.text
    .slice(start, end < 0 ? undefined : end)
    .split("\n")
    .entries()) {
    const indent = text.search(/[^ ]/);
    const body = indent < 0 ? "" : text.slice(indent).trimEnd();
    if (body.startsWith("\t") || BLOCK_SCALAR.test(body.replace(/\s+#.*$/, ""))) {
      return undefined;
    }
    if (body !== "" && !body.startsWith("#")) {
      lines.push({ number: line + i, indent, body });
    }
  }
  return lines;
}
