/**
 * The value of `sluice.dev/error-page`: a mapping in YAML, of statuses to `json`, to a text, or to an object of which JSON
 * is made. Only the answer's status can be put into a body: everything else may have been chosen by a client.
 */

import type { BodyPart, ErrorPage, StatusRange } from "../../ir/error-page.ts";
import { parsePlain } from "../../source/yaml.ts";
import { isObject } from "./is-object.ts";

/** Of the whole annotation: each listener of the Gateway has a copy. */
const MAX_LENGTH = 64 * 1024;

/** What is wrong with a value, in words, or what it means. */
export type ParsedErrorPages = { readonly pages: readonly ErrorPage[] } | { readonly wrong: string };

/** RFC 9457. */
const PROBLEM: Pick<ErrorPage, "contentType" | "body"> = {
  contentType: "application/problem+json",
  body: ['{"status":', { variable: "status" }, ',"title":"', { variable: "reason" }, '"}'],
};

export function parseErrorPages(value: string): ParsedErrorPages {
  if (value.length > MAX_LENGTH) {
    return { wrong: `the pages have more than ${MAX_LENGTH / 1024} KiB` };
  }
  const parsed = parsePlain(value)?.value;
  if (parsed === undefined || Object.keys(parsed).length === 0) {
    return { wrong: "the value is not a mapping of status codes to answers" };
  }
  const pages: ErrorPage[] = [];
  const taken = new Set<string>();
  for (const [key, answer] of Object.entries(parsed)) {
    const statuses = key.split(",").map((one) => parseStatuses(one.trim()));
    if (!statuses.every((one) => one !== undefined)) {
      return { wrong: `"${key}" does not name statuses from 400 to 599` };
    }
    for (const { least, most } of statuses) {
      const known = `${least}-${most}`;
      if (taken.has(known)) {
        return { wrong: `there are two answers for ${least === most ? least : known}` };
      }
      taken.add(known);
    }
    const page = parseAnswer(answer);
    if ("wrong" in page) {
      return { wrong: `the answer for ${key} ${page.wrong}` };
    }
    // One range each, so that what is said of fewer statuses can go before what is said of more.
    pages.push(...statuses.map((range) => ({ statuses: [range], ...page })));
  }
  return { pages: pages.sort((a, b) => widthOf(a) - widthOf(b)) };
}

function widthOf({ statuses: [range] }: ErrorPage): number {
  return range!.most - range!.least;
}

/** `503`, `4xx` or `500-504`. */
function parseStatuses(text: string): StatusRange | undefined {
  const match = /^(?:([45])xx|([45]\d\d)(?:\s*-\s*([45]\d\d))?)$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, hundreds, first, last = first] = match;
  const range =
    hundreds === undefined
      ? { least: Number(first), most: Number(last) }
      : { least: Number(hundreds) * 100, most: Number(hundreds) * 100 + 99 };
  return range.least <= range.most ? range : undefined;
}

type Answer = Pick<ErrorPage, "contentType" | "body"> | { readonly wrong: string };

function parseAnswer(answer: unknown): Answer {
  if (answer === "json") {
    return PROBLEM;
  }
  if (typeof answer === "string" && answer.trim() !== "") {
    const body = partsOf(answer);
    return "wrong" in body ? body : { contentType: typeOf(answer), body: body.parts };
  }
  if (isObject(answer)) {
    const body = jsonParts(answer);
    return "wrong" in body ? body : { contentType: "application/json", body: joined(body.parts) };
  }
  return { wrong: "is neither json, nor a text, nor an object" };
}

function typeOf(text: string): string {
  return `text/${text.trimStart().startsWith("<") ? "html" : "plain"}; charset=utf-8`;
}

type Parts = { readonly parts: readonly BodyPart[] } | { readonly wrong: string };

/** `%%` is a percent sign. */
function partsOf(text: string): Parts {
  const parts: BodyPart[] = [];
  for (const piece of text.split(/(%[A-Z_]+(?:\([^%]*\))?(?::\d+)?%|%%)/)) {
    const isOperator = piece.length > 1 && piece.startsWith("%") && piece.endsWith("%");
    if (piece === "%%") {
      parts.push("%");
    } else if (piece === "%RESPONSE_CODE%") {
      parts.push({ variable: "status" });
    } else if (piece === "%REASON%") {
      parts.push({ variable: "reason" });
    } else if (isOperator) {
      return { wrong: `has ${piece}; only %RESPONSE_CODE% and %REASON% say nothing that a client chose` };
    } else {
      parts.push(piece);
    }
  }
  return { parts: joined(parts) };
}

/** As `JSON.stringify` writes it. A value that is the status and nothing else is a number. */
function jsonParts(value: unknown): Parts {
  if (typeof value === "string") {
    if (value === "%RESPONSE_CODE%") {
      return { parts: [{ variable: "status" }] };
    }
    const text = partsOf(value);
    return "wrong" in text
      ? text
      : { parts: ['"', ...text.parts.map((part) => (typeof part === "string" ? escaped(part) : part)), '"'] };
  }
  if (!isObject(value) && !Array.isArray(value)) {
    return { parts: [JSON.stringify(value)] };
  }
  const parts: BodyPart[] = [Array.isArray(value) ? "[" : "{"];
  for (const [index, [key, member]] of Object.entries(value).entries()) {
    const inside = jsonParts(member);
    if ("wrong" in inside) {
      return inside;
    }
    parts.push(index > 0 ? "," : "", ...(Array.isArray(value) ? [] : [`${JSON.stringify(key)}:`]));
    parts.push(...inside.parts);
  }
  return { parts: [...parts, Array.isArray(value) ? "]" : "}"] };
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Texts that stand beside one another are one, and there are no empty ones: equal pages are equal values. */
function joined(parts: readonly BodyPart[]): BodyPart[] {
  const all: BodyPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (typeof part === "string" && typeof last === "string") {
      all[all.length - 1] = last + part;
    } else if (part !== "") {
      all.push(part);
    }
  }
  return all;
}
