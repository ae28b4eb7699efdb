/** Who decides what is traced: nobody outside of an edge, whoever began the trace in the mesh; and what a collector that is gone costs. */

import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { binomialInterval } from "../../compiler/binomial.ts";
import { Twin } from "../differential/twin.ts";
import { ask, Connection } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { type OtlpCollector, startOtlpCollector } from "../harness/otlp-collector.ts";
import { freePort } from "../harness/ports.ts";
import { SERVICES } from "./log-rules.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shop }
spec:
  hosts: [shop.example]
  gateways: [edge, mesh]
  http: [{ name: all, route: [{ destination: { host: shop.example } }] }]
`;

/** Every way in which a client could ask to be traced. */
function demands(): Record<string, string> {
  const trace = randomBytes(16).toString("hex");
  return {
    traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    tracestate: "forged=1",
    "x-client-trace-id": "1",
    "x-envoy-force-trace": "1",
    "x-request-id": "0f3a8b1c-1111-a111-8111-111111111111",
    b3: "1",
    "x-b3-sampled": "1",
  };
}

interface Both {
  readonly mesh: Mesh;
  /** By listener: `gateway_80`, `mesh`, of the filter and of Envoy's own routes. */
  readonly ports: readonly { readonly edge: number; readonly mesh: number }[];
}

async function open(traceTo: string, traceSampling: number): Promise<Both> {
  const twin = new Twin();
  const mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
  const proxy = { proxyNamespace: "shop", traceTo, traceSampling };
  const { ports } = await mesh.apply([SERVICES, RULES], { proxy });
  return {
    mesh,
    ports: [
      { edge: ports.get("gateway_80")!, mesh: ports.get("mesh")! },
      { edge: twin.nativePort("gateway_80"), mesh: twin.nativePort("mesh") },
    ],
  };
}

async function withCollector(
  sampling: number,
  body: (both: Both, collector: OtlpCollector) => Promise<void>,
) {
  const collector = await startOtlpCollector("127.63.2.2");
  const both = await open(collector.url, sampling);
  try {
    await body(both, collector);
  } finally {
    await both.mesh.close();
    await collector.close();
  }
}

const get = (port: number, headers: Record<string, string>) =>
  ask(port, { path: "/", host: "shop.example", headers });

test("at an edge a trace begins anew, whatever a client says; in the mesh its flag is obeyed", () =>
  withCollector(0, async ({ ports }, collector) => {
    for (const { edge, mesh } of ports) {
      const headers = demands();
      const { body } = await get(edge, headers);
      const seen = JSON.parse(body).headers as Record<string, string>;
      expect(seen.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      expect(seen.traceparent).not.toContain(headers.traceparent!.slice(3, 35));
      expect(seen.tracestate ?? "").toBe("");
      // Not sampled, and so not sent, however often it is asked for.
      await get(mesh, { traceparent: headers.traceparent!.replace(/1$/, "0") });
      const sampled = demands();
      await get(mesh, { traceparent: sampled.traceparent! });
      const own = sampled.traceparent!.slice(3, 35);
      await collector.until((spans) => spans.filter(({ traceId }) => traceId === own).length === 2);
    }
    // What came before the last that was sent would have been sent before it, or with it.
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(ports.length);
    expect(collector.spans.map(({ name }) => name)).toContain("shop/shop#all");
  }));

test("a share of the traces that begin here is sent", () =>
  withCollector(20, async ({ mesh, ports }, collector) => {
    const requests = 300;
    for (const { edge } of ports) {
      const connection = await Connection.open(edge);
      for (let i = 0; i < requests; i++) {
        await connection.request({ path: "/", host: "shop.example", headers: demands() });
      }
      connection.close();
    }
    const sent = async () =>
      (await mesh.envoy.admin.stats("^tracing.opentelemetry.spans_sent$")).get(
        "tracing.opentelemetry.spans_sent",
      ) ?? 0;
    const { low, high } = binomialInterval(ports.length * requests, 0.2);
    await collector.until((spans) => spans.filter(({ parentId }) => parentId === "").length >= low);
    expect(await sent()).toBeLessThanOrEqual(2 * high);
  }));

test("a collector that is gone costs nothing but the spans", async () => {
  const { mesh, ports } = await open(`http://127.0.0.1:${await freePort()}`, 100);
  const named = await open("http://no-such-name.invalid:4318", 100);
  try {
    for (const { edge } of [...ports, ...named.ports]) {
      for (let i = 0; i < 20; i++) {
        const { status, elapsedMs } = await get(edge, {});
        expect(status).toBe(200);
        expect(elapsedMs).toBeLessThan(5000);
      }
    }
  } finally {
    await mesh.close();
    await named.mesh.close();
  }
});
