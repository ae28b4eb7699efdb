/** What becomes of a request, in a line for each thing; two of these side by side show what has changed. */

import type {
  Fault,
  Forward,
  HeaderMutation,
  PathRewrite,
  Redirect,
  RetryPolicy,
  Route,
} from "../../ir/ir.ts";
import { describeRateLimit, type RateLimit } from "../../ir/rate-limit.ts";
import { compareStrings } from "../../ir/text.ts";

/** Labels to texts, in a fixed order. What is not there is as Envoy has it anyway. */
export type Description = readonly (readonly [label: string, text: string])[];

export function describeRoute(route: Route | undefined): Description {
  if (route === undefined) {
    return [["answer", "404, no rule matches"]];
  }
  const { action, rateLimit, fault, cors, responseHeaders } = route;
  const lines: [string, string | undefined][] = [];
  if (action.kind === "forward") {
    lines.push(...forwardLines(action));
  } else if (action.kind === "redirect") {
    lines.push(["redirect", redirectText(action)]);
  } else {
    const bytes = action.body.length;
    lines.push(["answer", `${action.status}${bytes > 0 ? `, ${bytes} characters of body` : ""}`]);
    if (bytes > 0) {
      lines.push([
        "body",
        JSON.stringify(action.body.length > 60 ? `${action.body.slice(0, 60)}…` : action.body),
      ]);
    }
  }
  lines.push(
    ["rate limit", rateLimit && rateLimitText(rateLimit)],
    ["fault", faultText(fault)],
    ["response headers", mutationText(responseHeaders)],
    ["cors", cors && JSON.stringify(cors)],
  );
  return lines.flatMap(([label, text]) => (text === undefined ? [] : [[label, text] as const]));
}

function forwardLines(action: Forward): [string, string | undefined][] {
  const {
    destinations,
    timeoutMs,
    retry,
    rewrite,
    hostRewrite,
    appendsForwardedHost,
    requestHeaders,
    mirrors,
    sticky,
    hash,
  } = action;
  return [
    ["to", splitText(destinations)],
    ["timeout", timeoutMs > 0 ? milliseconds(timeoutMs) : undefined],
    ["retries", retryText(retry)],
    ["path", rewrite && rewriteText(rewrite)],
    [
      "host",
      hostRewrite && (appendsForwardedHost ? `${hostRewrite}, the former to x-forwarded-host` : hostRewrite),
    ],
    ["request headers", mutationText(requestHeaders)],
    ...destinations.flatMap(
      ({
        cluster,
        requestHeaders: own,
        responseHeaders,
        hostRewrite: host,
        fault,
      }): [string, string | undefined][] => {
        const name = clusterText(cluster);
        return [
          [`request headers for ${name}`, mutationText(own)],
          [`response headers of ${name}`, mutationText(responseHeaders)],
          [`host for ${name}`, host],
          [`fault instead of ${name}`, fault?.split("|")[1]],
        ];
      },
    ),
    [
      "copies",
      mirrors?.length
        ? mirrors
            .map(({ cluster, perMillion }) => `${perMillion / 10_000} % ${clusterText(cluster)}`)
            .join(", ")
        : undefined,
    ],
    ["sticky by", sticky && ("name" in sticky ? `${sticky.kind} ${sticky.name}` : "the client's address")],
    ["endpoint by", hash && JSON.stringify(hash)],
  ];
}

/** The largest share first. */
export function splitText(
  destinations: readonly { readonly cluster: string; readonly weight: number }[],
): string {
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
  return destinations
    .map(({ cluster, weight }) => ({ cluster, percent: (weight * 100) / total }))
    .sort((a, b) => b.percent - a.percent || compareStrings(a.cluster, b.cluster))
    .map(({ cluster, percent }) =>
      destinations.length === 1
        ? clusterText(cluster)
        : `${Number(percent.toPrecision(4))} % ${clusterText(cluster)}`,
    )
    .join(", ");
}

/** `outbound|80|v1|a.example` as people say it. */
export function clusterText(cluster: string): string {
  const [direction, port, subset, host] = cluster.split("|");
  if (direction !== "outbound" || host === undefined) {
    return cluster;
  }
  return `${host}:${port}${subset === "" ? "" : ` subset ${subset}`}`;
}

function retryText({
  attempts,
  perTryTimeoutMs,
  retryOn,
  retriableStatusCodes,
  ...more
}: RetryPolicy): string {
  if (attempts === 0) {
    return "none";
  }
  const parts = [
    `${attempts} on ${[...retryOn, ...retriableStatusCodes].join(",")}`,
    ...(perTryTimeoutMs > 0 ? [`each within ${milliseconds(perTryTimeoutMs)}`] : []),
    ...Object.entries(more).map(([key, value]) => `${key} ${value}`),
  ];
  return parts.join(", ");
}

function rewriteText(rewrite: PathRewrite): string {
  return rewrite.kind === "matched"
    ? `matched part becomes ${rewrite.value}`
    : `${rewrite.pattern} becomes ${rewrite.substitution}`;
}

function redirectText({ status, scheme, host, port, path }: Redirect): string {
  const target = [
    scheme === undefined ? "" : `scheme ${scheme}`,
    host === undefined ? "" : `host ${host}`,
    port === undefined ? "" : `port ${port}`,
    path === undefined ? "" : path.kind === "whole" ? `path ${path.value}` : `path: ${rewriteText(path)}`,
  ].filter((part) => part !== "");
  return [status, ...target].join(", ");
}

/** With whom it is shared, which tells limits of equal size apart. */
function rateLimitText(limit: RateLimit): string {
  return `${describeRateLimit(limit)} of ${limit.bucket}`;
}

function faultText(fault: Fault | undefined): string | undefined {
  if (fault === undefined) {
    return undefined;
  }
  const { delay, abort } = fault;
  const share = (perMillion: number) => `of ${perMillion / 10_000} %`;
  return [
    ...(delay ? [`delay ${milliseconds(delay.fixedMs)} ${share(delay.perMillion)}`] : []),
    ...(abort
      ? [`abort ${abort.kind === "grpc" ? "gRPC " : ""}${abort.status} ${share(abort.perMillion)}`]
      : []),
  ].join(", ");
}

function mutationText(mutation: HeaderMutation | undefined): string | undefined {
  if (mutation === undefined) {
    return undefined;
  }
  const parts = [
    ...mutation.remove.map((name) => `-${name}`),
    ...mutation.write.map(({ name, value, append }) => `${append ? "+" : ""}${name}: ${value}`),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

function milliseconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
