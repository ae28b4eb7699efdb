/** What a browser sends in a body or a query, as what it means. Whatever else it is, it is refused in words. */

import {
  type AskedRequest,
  makeRequest,
  parseHeader,
  parseRequestLine,
  parseUrl,
  RequestError,
  readMethod,
} from "../answers/request/asked.ts";
import { parseClaims } from "../answers/request/claims.ts";
import { parseCurl } from "../answers/request/curl.ts";
import { HttpError } from "../http/http-error.ts";
import type { AskingClient, ExplainQuestion, FleetChange, TapQuestion } from "./api.ts";

/** Of a `curl` line, a URL or a header. */
const LONGEST_TEXT = 16 * 1024;
const MOST_HEADERS = 200;

/** Throws an `HttpError` for what is not a question. */
export function readExplainQuestion(body: unknown): ExplainQuestion {
  const { text, request, client } = objectIn(body);
  const asking = client === undefined ? {} : { client: readClient(client) };
  if (text !== undefined && request === undefined) {
    return { text: textIn("text", text), ...asking };
  }
  if (request === undefined || text !== undefined) {
    throw new HttpError(400, "send either text or request");
  }
  const { method, url, headers = [], listener } = objectIn(request);
  if (!Array.isArray(headers) || headers.length > MOST_HEADERS) {
    throw new HttpError(400, `headers must be a list of at most ${MOST_HEADERS}`);
  }
  return {
    request: {
      method: textIn("method", method),
      url: textIn("url", url),
      headers: headers.map((one: unknown) => {
        const [name, value] = Array.isArray(one) && one.length === 2 ? one : [];
        return [textIn("a header's name", name), textIn("a header's value", value)];
      }),
      ...(listener !== undefined && { listener: textIn("listener", listener) }),
    },
    ...asking,
  };
}

function readClient(body: unknown): AskingClient {
  const { from, jwt, claims } = objectIn(body);
  return {
    ...(from !== undefined && { from: textIn("from", from) }),
    ...(jwt !== undefined && { jwt: textIn("jwt", jwt) }),
    ...(claims !== undefined && { claims: textIn("claims", claims) }),
  };
}

export interface Asked {
  readonly request: AskedRequest;
  readonly at?: string;
}

/** Throws a `RequestError` for what is not a request. */
export function askedBy({ text, request, client = {} }: ExplainQuestion): Asked {
  const more = askingClient(client);
  if (request !== undefined) {
    const { method, url, headers, listener } = request;
    const line = { method: readMethod(method.trim() || "GET"), ...parseUrl(url.trim()) };
    const lines = headers.map(([name, value]) => parseHeader(`${name}: ${value}`));
    return { request: makeRequest(line, lines, more), ...(listener !== undefined && { at: listener }) };
  }
  const line = (text ?? "").trim();
  if (line === "") {
    throw new RequestError('nothing was asked; write a curl command, or "GET http://host/path"');
  }
  if (!/^curl\s/.test(line)) {
    return { request: makeRequest(parseRequestLine(line), [], more) };
  }
  const { headers, protocol, body, ...curl } = parseCurl(line);
  return { request: makeRequest(curl, headers, { protocol, ...(body !== undefined && { body }), ...more }) };
}

function askingClient({ from, jwt, claims: text }: AskingClient) {
  const claims = text === undefined ? undefined : parseClaims(text);
  if (text !== undefined && claims === undefined) {
    throw new RequestError('the claims are not a JSON object; write {"sub": "ada"}');
  }
  return {
    ...(from !== undefined && { from: from.trim() }),
    ...(jwt !== undefined && { jwt }),
    ...(claims !== undefined && { claims }),
  };
}

/** Throws an `HttpError`. */
export function readTapQuestion(body: unknown): TapQuestion {
  const { percent, rule, status } = objectIn(body);
  if (typeof percent !== "number" || !(percent >= 0 && percent <= 100)) {
    throw new HttpError(400, "percent must be a number from 0 to 100");
  }
  if (status !== undefined && !/^[1-5](?:\d\d|xx)$/.test(textIn("status", status))) {
    throw new HttpError(400, "status must be like 503 or 5xx");
  }
  return {
    percent,
    ...(rule !== undefined && { rule: textIn("rule", rule) }),
    ...(status !== undefined && { status: textIn("status", status) }),
  };
}

/** Throws an `HttpError`. */
export function readFleetChange(body: unknown): FleetChange {
  const { action, token, why } = objectIn(body);
  if (action !== "promote" && action !== "abort") {
    throw new HttpError(400, "action must be promote or abort");
  }
  return {
    action,
    token: textIn("token", token),
    ...(why !== undefined && { why: textIn("why", why) }),
  };
}

/** A number of a query. Throws an `HttpError`. */
export function numberIn(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  if (!/^\d{1,9}$/.test(text)) {
    throw new HttpError(400, `the parameter ${name} must be a number that is not negative`);
  }
  return Number(text);
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpError(400, "the body is not valid: an object is expected");
  }
  return value as Readonly<Record<string, unknown>>;
}

function textIn(what: string, value: unknown): string {
  if (typeof value !== "string" || value.length > LONGEST_TEXT) {
    throw new HttpError(400, `${what} must be a text of at most ${LONGEST_TEXT} characters`);
  }
  return value;
}
