/** A sampled request as one line for people. */

import { printableData, type TapLine, type TappedRequest } from "../index.ts";
import type { Colors } from "./terminal.ts";

/** Envoy's flags that people ask about, in words. */
const FLAGS: Readonly<Record<string, string>> = {
  DC: "client left",
  DF: "DNS failed",
  DPE: "not a request",
  LR: "reset by Envoy",
  NC: "no such cluster",
  NR: "no route",
  UC: "upstream closed",
  UF: "upstream refused",
  UH: "no healthy endpoint",
  UO: "circuit breaker open",
  UPE: "upstream broke its protocol",
  UR: "upstream reset",
  URX: "retries used up",
  UT: "upstream too slow",
};
/** Said by the fault. */
const OF_FAULTS = new Set(["DI", "FI"]);
const WIDTH_OF_MS = 6;
const WIDTH_OF_METHOD = 4;

/** `12:05:01.300  200     4 ms  GET shop.example/a  → web/shop#two (rules.yaml:24) → outbound|80||shop.example` */
export function tappedLine(line: Extract<TapLine, { kind: "request" }>, colors: Colors): string {
  // Whatever is in it, a client may have written.
  const { request, place } = printableData(line);
  const { at, status, durationMs, method, authority, path } = request;
  const parts = [
    colors.dim(timeOf(at)),
    statusColor(status, colors)(status === 0 ? "  -" : String(status)),
    `${String(durationMs).padStart(WIDTH_OF_MS)} ms`,
    `${method.padEnd(WIDTH_OF_METHOD)} ${authority}${path}`,
    `→ ${ruleOf(request, place, colors)}`,
    ...(request.cluster === undefined ? [] : [`→ ${request.cluster}`]),
  ];
  const remarks = [
    ...(request.fault === undefined ? [] : [`fault: ${request.fault.replace(",", ", ")}`]),
    ...(request.attempts > 1 ? [`${request.attempts} tries`] : []),
    ...flagsOf(request),
  ];
  return [...parts, ...(remarks.length > 0 ? [colors.yellow(`[${remarks.join("; ")}]`)] : [])].join("  ");
}

function ruleOf({ rule, match }: TappedRequest, place: string | undefined, colors: Colors): string {
  if (rule === undefined) {
    return colors.dim("no rule");
  }
  const name = colors.bold(match === undefined ? rule : `${rule}.${match}`);
  return place === undefined ? name : `${name} ${colors.dim(`(${place})`)}`;
}

function flagsOf({ flags }: TappedRequest): string[] {
  return flags
    .split(",")
    .filter((flag) => flag !== "" && !OF_FAULTS.has(flag))
    .map((flag) => (FLAGS[flag] === undefined ? flag : FLAGS[flag]));
}

function statusColor(status: number, colors: Colors): (text: string) => string {
  if (status >= 500 || status === 0) {
    return colors.red;
  }
  return status >= 400 ? colors.yellow : colors.green;
}

function timeOf(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
