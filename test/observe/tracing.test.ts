/** Spans of both targets, as a collector gets them: named after rules, one in another, and in the traces of whoever asks. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { type OtlpCollector, type Span, startOtlpCollector } from "../harness/otlp-collector.ts";
import { REQUESTS, RULES } from "./log-rules.ts";
import { LoggedMesh, SIDES, type Side } from "./logged-mesh.ts";

let collector: OtlpCollector;
let mesh: LoggedMesh;

beforeAll(async () => {
  collector = await startOtlpCollector();
  mesh = await LoggedMesh.open(RULES, { traceTo: collector.url, traceSampling: 100, traceService: "edge" });
  for (const [index, request] of REQUESTS.entries()) {
    await Promise.all(
      SIDES.map((side) =>
        mesh.send(side, { ...request, headers: { ...request.headers, traceparent: parentOf(side, index) } }),
      ),
    );
  }
  // A request's own span, and those of its tries, which may come by another connection.
  await collector.until((spans) =>
    SIDES.every((side) =>
      REQUESTS.every(({ expect: { attempts = 0 } }, index) => {
        const own = spans.filter(({ traceId }) => traceId === traceOf(side, index));
        return own.some(isOfRequest) && own.length > attempts;
      }),
    ),
  );
}, 60_000);

afterAll(async () => {
  await mesh?.close();
  await collector?.close();
});

/** A trace of its own for each request, begun by the client. */
function traceOf(side: Side, index: number): string {
  return `${side === "wasm" ? "a" : "b"}${String(index).padStart(31, "0")}`;
}
const CLIENT_SPAN = "00f067aa0ba902b7";
function parentOf(side: Side, index: number): string {
  return `00-${traceOf(side, index)}-${CLIENT_SPAN}-01`;
}
const isOfRequest = ({ parentId }: Span) => parentId === CLIENT_SPAN;

describe.each(SIDES)("target %s", (side) => {
  test.each(REQUESTS.map((request, index) => ({ ...request, index })))("$id", ({ index, expect: wanted }) => {
    const { rule, match, fault, status, cluster, attempts, details } = wanted;
    const own = collector.spans.filter(({ traceId }) => traceId === traceOf(side, index));
    const [span, ...others] = own.filter(isOfRequest);
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      name: rule ?? details,
      service: "edge",
      tags: {
        "sluice.listener": side === "wasm" ? "mesh" : "native_mesh",
        "http.status_code": String(status),
      },
    });
    // What there is nothing to say of is no tag.
    expect(span!.tags).toEqual(
      expect.objectContaining({
        ...(rule !== null && { "sluice.rule": rule }),
        ...(match && { "sluice.match": match }),
        ...(fault && { "sluice.fault": fault }),
        ...(cluster && { "sluice.cluster": cluster }),
      }),
    );
    for (const [tag, value] of Object.entries({ rule, match, fault })) {
      expect(Object.hasOwn(span!.tags, `sluice.${tag}`)).toBe(value !== undefined && value !== null);
    }
    const tries = own.filter((one) => !isOfRequest(one));
    expect(tries.map(({ parentId }) => parentId)).toEqual(tries.map(() => span!.spanId));
    if (attempts !== undefined) {
      expect(tries.map(({ name }) => name)).toEqual(Array(attempts).fill(cluster));
    }
  });
});

test("what the upstream gets is the trace of the client, and the span of the try", async () => {
  for (const side of SIDES) {
    const index = 900 + SIDES.indexOf(side);
    const headers = { traceparent: parentOf(side, index), tracestate: "vendor=1" };
    const { body } = await ask(mesh.ports[side], { path: "/plain", host: "shop.example", headers });
    const echoed = JSON.parse(body).headers as Record<string, string>;
    const spans = await collector.until(
      (all) => all.filter(({ traceId }) => traceId === traceOf(side, index)).length === 2,
    );
    const last = spans.find((span) => span.traceId === traceOf(side, index) && !isOfRequest(span))!;
    expect(echoed.traceparent).toBe(`00-${traceOf(side, index)}-${last.spanId}-01`);
    expect(echoed.tracestate).toBe("vendor=1");
  }
});

test("spans go where the protocol has them", () => {
  expect([...collector.paths]).toEqual(["/v1/traces"]);
});
