/** A request that two sets of rules decide differently, in words: the request, and what each side makes of it. */

import { type Description, describeRoute } from "../../answers/diff/describe.ts";
import type { AskedRequest } from "../../answers/request/asked.ts";
import { urlOf } from "../../answers/request/request-at.ts";
import { routeLabel } from "../../back/stat-names.ts";
import type { Route } from "../../ir/ir.ts";
import { masked } from "../tap/masked-headers.ts";

export interface ShownDecision {
  /** `GET http://reviews/ (end-user: jason)` */
  readonly request: string;
  /** `default/reviews#split: to v1 80 %, v2 20 %` */
  readonly before: string;
  readonly after: string;
}

/** Characters of a request: a path may be as long as a client likes. */
const LONGEST = 200;

/** Of both sides, what is not the same: where one forwards and the other answers, that says enough. */
export function shownDecision(
  asked: AskedRequest,
  before: Route | undefined,
  after: Route | undefined,
): ShownDecision {
  const [was, is] = [describeRoute(before), describeRoute(after)];
  const isOther = was[0]?.[0] !== is[0]?.[0];
  const [old, now] = [new Map(was), new Map(is)];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter(
    (what) => old.get(what) !== now.get(what),
  );
  const side = (route: Route | undefined, lines: Description) =>
    sideText(
      route,
      isOther
        ? lines.slice(0, 1)
        : changed.map((what) => lines.find(([label]) => label === what) ?? ["no", what]),
    );
  return { request: requestText(asked), before: side(before, was), after: side(after, is) };
}

function sideText(route: Route | undefined, lines: Description): string {
  const said = lines.map(([what, text]) => `${what} ${text}`).join("; ");
  const name = routeLabel(route?.origin);
  return [name, said].filter((part) => part !== "").join(": ");
}

function requestText(asked: AskedRequest): string {
  const headers = masked(asked.headers).map(([name, value]) => `${name}: ${value}`);
  const text = `${asked.method} ${urlOf(asked)}${headers.length === 0 ? "" : ` (${headers.join(", ")})`}`;
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
