/**
 * The headers by which the filter tells Envoy what it decided are nobody else's. Whatever a rule combines, neither an
 * upstream nor a mirror, a later try or a client sees them, and a client that sends them is not heard.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WORLD } from "../conformance/format.ts";
import { ask, askHttp2, type ClientResponse } from "../harness/client.ts";
import { leakedHeaders } from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import type { UpstreamRequest } from "../harness/upstream.ts";

/** Parts of a rule that have an effect on what is written, each as the lines of a field. */
const FEATURES = {
  delay: "fault: { delay: { fixedDelay: 20ms, percentage: { value: 100 } } }",
  abort: "fault: { abort: { httpStatus: 418, percentage: { value: 50 } } }",
  both: `fault: { delay: { fixedDelay: 20ms, percentage: { value: 50 } }, abort: { httpStatus: 418, percentage: { value: 50 } } }`,
  retries: "retries: { attempts: 3, retryOn: '5xx,404', perTryTimeout: 3s, backoff: 10ms }",
  timeout: "timeout: 8s",
  mirrors: `mirrors:
      - { destination: { host: ratings } }
      - { destination: { host: details } }`,
  // What a variable would show, if it could.
  variables: 'headers: { request: { set: { x-seen: "%REQ(x-sluice-cluster)%%REQ(x-sluice-class)%" } } }',
  rewrite: `rewrite: { uriRegexRewrite: { match: "^/([a-z]+)", rewrite: "/new/\\\\1" }, authority: other }`,
} as const;

type Feature = keyof typeof FEATURES;

/** In the answer too, which a rule that aborts may not have. */
const TOLD = FEATURES.variables.replace(
  / }$/,
  ', response: { set: { x-told: "%REQ(x-sluice-cluster)%%REQ(x-sluice-class)%" } } }',
);

const FAULTS: readonly (Feature | undefined)[] = [undefined, "delay", "abort", "both"];
const OTHERS: readonly Feature[] = ["retries", "timeout", "mirrors", "variables", "rewrite"];

/** Every combination of them, with one fault at most. */
const COMBINATIONS: readonly (readonly Feature[])[] = FAULTS.flatMap((fault) =>
  Array.from({ length: 1 << OTHERS.length }, (_, bits) => [
    ...(fault === undefined ? [] : [fault]),
    ...OTHERS.filter((_, i) => bits & (1 << i)),
  ]),
);

const ANNOTATIONS = {
  plain: "",
  sticky: 'sluice.dev/sticky: "header:x-user"',
  scoped: "sluice.dev/fault-scope: upstream",
};

const DESTINATIONS = [
  "route: [{ destination: { host: reviews, subset: v1 } }]",
  `route:
      - { destination: { host: reviews, subset: v1 }, weight: 50 }
      - { destination: { host: reviews, subset: v2 }, weight: 50, headers: { request: { add: { x-canary: "1" } } } }`,
  // By consistent hashing.
  "route: [{ destination: { host: hashed } }]",
];

function linesOf(feature: Feature, all: readonly Feature[]): string {
  const mayTell = feature === "variables" && !all.includes("abort") && !all.includes("both");
  return mayTell ? TOLD : FEATURES[feature];
}

const rule = (name: string, features: readonly Feature[], destination: string) => `
    - name: ${name}
      match: [{ uri: { prefix: /${name}/ } }]
      ${features.map((feature) => linesOf(feature, features)).join("\n      ")}
      ${destination.replaceAll("\n", "\n  ")}`;

const virtualService = (host: string, annotation: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${host}, namespace: shop, annotations: { ${annotation} } }
spec:
    hosts: [${host}]
    http:${COMBINATIONS.map((features, i) => rule(`r${letters(i)}`, features, DESTINATIONS[i % 3]!)).join("")}
`;

const HASHED = `
apiVersion: v1
kind: Service
metadata: { name: hashed, namespace: shop }
spec:
  clusterIP: 10.96.1.77
  selector: { app: hashed }
  ports: [{ name: http, port: 80, targetPort: 18080 }]
---
apiVersion: v1
kind: Endpoints
metadata: { name: hashed, namespace: shop }
subsets:
- addresses: [{ ip: 127.20.0.61 }, { ip: 127.20.0.62 }]
  ports: [{ name: http, port: 18080 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hashed, namespace: shop }
spec:
  host: hashed
  trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user } } }
`;

const SENT = {
  "x-user": "jason",
  "x-sluice-cluster": "outbound|80||ratings.shop.svc.cluster.local",
  "x-sluice-class": "retry",
  "X-Sluice-Other": "1",
};
const MIRRORS = ["ratings", "details"];

/** Without digits, as the rewrite wants it. */
function letters(number: number): string {
  return [...number.toString(16)]
    .map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)))
    .join("");
}

describe.each(Object.keys(ANNOTATIONS) as (keyof typeof ANNOTATIONS)[])("rules that are %s", (kind) => {
  let mesh: Mesh;
  let port: number;

  beforeAll(async () => {
    mesh = await Mesh.create({ target: "wasm" });
    const rules = virtualService(`${kind}.example`, ANNOTATIONS[kind]);
    const { ports, diagnostics } = await mesh.apply([WORLD, HASHED, rules], {
      proxy: { proxyNamespace: "shop" },
    });
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    port = ports.get("mesh")!;
  });

  afterAll(async () => {
    await mesh?.close();
  });

  test.each([
    ["HTTP/1.1", ask],
    ["HTTP/2", askHttp2],
  ])("keep what they decided to themselves: %s", async (_, send) => {
    mesh.upstream.reset();
    const answers = new Map<string, ClientResponse>();
    const queue = COMBINATIONS.map((_, i) => i);
    const work = async () => {
      for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
        const id = letters(i);
        // Two tries fail, so that a third is made where a rule says so.
        const headers = { ...SENT, "x-echo-key": id, "x-echo-status": "503", "x-echo-fail-times": "2" };
        answers.set(id, await send(port, { path: `/r${id}/path`, host: `${kind}.example`, headers }));
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    const isCopy = (request: UpstreamRequest) =>
      mesh.clustersOf(request.endpoint).some((name) => MIRRORS.includes(name.split(/[|.]/)[3]!));
    /** One copy for each mirror, however many tries; none of what never got as far as the router. */
    const copiesWanted = (features: readonly Feature[], { status }: ClientResponse) =>
      features.includes("mirrors") && (status !== 418 || kind === "scoped") ? MIRRORS.length : 0;
    const all = COMBINATIONS.reduce(
      (sum, features, i) => sum + copiesWanted(features, answers.get(letters(i))!),
      0,
    );
    await expect.poll(() => mesh.upstream.requests.filter(isCopy).length).toBeGreaterThanOrEqual(all);
    // Whatever is too much would be there by now.
    await sleep(200);

    const requests = mesh.upstream.requests;
    const seen = [...requests, ...answers.values()].map(({ headers }) => headers);
    expect(leakedHeaders(seen)).toEqual([]);
    const byId = new Map<string, UpstreamRequest[]>();
    for (const request of requests) {
      const id = request.headers["x-echo-key"]!;
      byId.set(id, [...(byId.get(id) ?? []), request]);
    }
    const total = { asked: 0, tries: 0, copies: 0, aborted: 0 };
    for (const [i, features] of COMBINATIONS.entries()) {
      const id = letters(i);
      const answer = answers.get(id)!;
      const all = byId.get(id) ?? [];
      const copies = all.filter(isCopy);
      const tries = all.filter((request) => !isCopy(request));
      const isAborted = answer.status === 418;
      const where = `${id}, ${features.join(" ")}, answered ${answer.status}, ${tries.length} tries`;
      // Nothing of the decision in other words either.
      for (const request of all) {
        const told = Object.values(request.headers).filter((value) => /outbound\||^retry$/.test(value));
        expect(told, where).toEqual([]);
      }
      expect((answer.headers["x-told"] ?? []).join(), where).not.toMatch(/outbound|retry/);
      expect(copies.length, where).toBe(copiesWanted(features, answer));
      if (features.includes("rewrite")) {
        for (const { path, host } of all) {
          expect([path, host], where).toEqual([`/new/r${id}/path`, "other"]);
        }
      }
      total.asked += tries.length > 0 ? 1 : 0;
      total.tries += tries.length;
      total.copies += copies.length;
      total.aborted += isAborted ? 1 : 0;
    }
    // Had nothing been tried again, copied or aborted, the above would say little.
    expect(total.tries).toBeGreaterThan(total.asked);
    expect(total.copies).toBeGreaterThan(60);
    expect(total.aborted).toBeGreaterThan(5);
  });
});
