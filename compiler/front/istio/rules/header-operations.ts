/** `headers` of a rule and of a destination, as istiod puts them in order. */

import type { Destination, HeaderMutation, HeaderWrite } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import type { HeaderOperations, Headers, HttpRoute } from "../../resources/model.ts";

export interface LoweredHeaders {
  readonly request?: HeaderMutation;
  readonly response?: HeaderMutation;
  /** What the operations on a request make of its host; `set` before `add`. */
  readonly host?: string;
}

const NOTHING: LoweredHeaders = {};

export function lowerHeaders(headers: Headers | undefined): LoweredHeaders {
  // Nearly all rules, and destinations, of which there are many.
  if (headers === undefined) {
    return NOTHING;
  }
  const request = lowerOperations(headers?.request);
  const response = lowerOperations(headers?.response);
  const host = authority(headers?.request?.set) ?? authority(headers?.request?.add);
  return { ...(request && { request }), ...(response && { response }), ...(host && { host }) };
}

/**
 * The operations of a rule, and with them those of its destination where only one is written: istiod then has both in
 * one list, the destination's last.
 */
export function lowerRuleHeaders({ headers, route: split = [] }: HttpRoute): LoweredHeaders {
  const rule = lowerHeaders(headers);
  if (split.length !== 1 || split[0]!.headers === undefined) {
    return rule;
  }
  const own = lowerHeaders(split[0]!.headers);
  const request = joined(rule.request, own.request);
  const response = joined(rule.response, own.response);
  const host = rule.host ?? own.host;
  return { ...(request && { request }), ...(response && { response }), ...(host && { host }) };
}

/** As parts of a destination of a split. */
export function lowerDestinationHeaders(
  headers: Headers | undefined,
): Pick<Destination, "requestHeaders" | "responseHeaders" | "hostRewrite"> {
  if (headers === undefined) {
    return {};
  }
  const { request, response, host } = lowerHeaders(headers);
  return {
    ...(request && { requestHeaders: request }),
    ...(response && { responseHeaders: response }),
    ...(host && { hostRewrite: host }),
  };
}

/** One list of both, the second behind the first: how a single destination's operations stand behind its rule's. */
export function joined(
  first: HeaderMutation | undefined,
  second: HeaderMutation | undefined,
): HeaderMutation | undefined {
  return first === undefined || second === undefined
    ? (first ?? second)
    : { remove: [...first.remove, ...second.remove], write: [...first.write, ...second.write] };
}

/** `undefined`: nothing is done. What is removed goes first, then comes what is set, then what is added. */
function lowerOperations(operations: HeaderOperations | undefined): HeaderMutation | undefined {
  const remove = (operations?.remove ?? []).filter(isPlain).map((name) => name.toLowerCase());
  const write = [...writes(operations?.set, false), ...writes(operations?.add, true)];
  return remove.length === 0 && write.length === 0 ? undefined : { remove, write };
}

function writes(values: Readonly<Record<string, string>> | undefined, append: boolean): HeaderWrite[] {
  return Object.entries(values ?? {})
    .filter(([name]) => isPlain(name))
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([name, value]) => ({ name: name.toLowerCase(), value, append }));
}

/** istiod passes over pseudo headers and the host, which have their own ways of being changed. */
function isPlain(name: string): boolean {
  return !name.startsWith(":") && name.toLowerCase() !== "host";
}

function authority(values: Readonly<Record<string, string>> | undefined): string | undefined {
  return Object.entries(values ?? {}).find(([name]) => /^(:authority|host)$/i.test(name))?.[1];
}
