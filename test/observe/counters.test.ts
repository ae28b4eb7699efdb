/**
 * What Envoy's statistics say of rules after some 500 requests of every kind over two workers, while rules change: each request
 * is there exactly once, and as many went to each cluster as that has seen.
 */

import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseStatName, RULE_STATS, type StatLabels } from "../../compiler/back/stat-names.ts";
import { ask } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";

const SERVICES = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [reviews.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints:
  - { address: 127.20.0.1, ports: { http: 18080 }, labels: { version: v1 } }
  - { address: 127.20.0.2, ports: { http: 18080 }, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: shop }
spec:
  host: reviews.example
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["reviews.example"] }]
`;

const to = (subset: string, weight = 100) =>
  `{ destination: { host: reviews.example, subset: ${subset} }, weight: ${weight} }`;
const percentage = (value: number) => `percentage: { value: ${value} }`;

const rules = ({ weights, name }: { readonly weights: readonly [string, string]; readonly name: string }) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop, annotations: { sluice.dev/rate-limit: "limited: 1/h burst 5" } }
spec:
  hosts: [reviews.example]
  gateways: [edge]
  http:
  - name: split
    match: [{ uri: { prefix: /split } }, { uri: { prefix: /parted }, name: parted }]
    route: [${weights.join(", ")}]
  - name: ${name}
    match: [{ uri: { prefix: /renamed } }]
    route: [${to("v1")}]
  - name: retried
    match: [{ uri: { prefix: /retried } }]
    retries: { attempts: 2, retryOn: 5xx }
    route: [${to("v2")}]
  - name: faulty
    match: [{ uri: { prefix: /faulty } }]
    fault: { delay: { fixedDelay: 30ms, ${percentage(50)} }, abort: { httpStatus: 418, ${percentage(50)} } }
    route: [${to("v1", 30)}, ${to("v2", 70)}]
  - name: slow
    match: [{ uri: { prefix: /slow } }]
    fault: { delay: { fixedDelay: 300ms, ${percentage(100)} } }
    route: [${to("v1")}]
  - name: for-ever
    match: [{ uri: { prefix: /for-ever } }]
    fault: { delay: { fixedDelay: 1h, ${percentage(100)} } }
    route: [${to("v1")}]
  - name: limited
    match: [{ uri: { prefix: /limited } }]
    route: [${to("v1")}]
  - { name: there, match: [{ uri: { prefix: /there } }], redirect: { uri: /here } }
  - { name: here, match: [{ uri: { prefix: /here } }], directResponse: { status: 200, body: { string: hi } } }
  - 'name': "of \\"any\\" text; .=. \\u202E\\u2764"
    match: [{ uri: { prefix: /hostile } }]
    route: [${to("v1")}]
`;

const BEFORE = rules({ weights: [to("v1", 80), to("v2", 20)], name: "before" });
// The destinations come in another order, and one rule has another name.
const AFTER = rules({ weights: [to("v2", 70), to("v1", 30)], name: "after" });

let mesh: Mesh;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm", concurrency: 2 });
});

afterAll(() => mesh.close());

interface Statistic {
  readonly metric: string;
  readonly labels: StatLabels;
  readonly value: number;
}

async function statistics(): Promise<readonly Statistic[]> {
  const all = await mesh.envoy.admin.stats("^wasmcustom");
  return [...all].flatMap(([name, value]) => {
    const parsed = parseStatName(name);
    return parsed === undefined ? [] : [{ ...parsed, value }];
  });
}

const sum = (all: readonly Statistic[], metric: string, labels: StatLabels = {}) =>
  all
    .filter((one) => one.metric === metric)
    .filter((one) =>
      Object.entries(labels).every(([label, value]) => one.labels[label as keyof StatLabels] === value),
    )
    .reduce((total, { value }) => total + value, 0);

/** All requests, by where they ended. */
const ended = (all: readonly Statistic[]) =>
  sum(all, RULE_STATS.requests) +
  sum(all, RULE_STATS.answers) +
  sum(all, RULE_STATS.faults, { fault: "abort" }) +
  sum(all, RULE_STATS.left) +
  sum(all, RULE_STATS.limited) +
  sum(all, RULE_STATS.unmatched);

const KINDS = [
  ...["/split/a", "/split/b", "/parted", "/renamed", "/retried", "/faulty", "/faulty", "/slow"],
  ...["/there", "/here", "/limited", "/hostile", "/none", "/other-host"],
];

/** Sends so many of every kind, each path another. */
async function send(port: number, times: number): Promise<number> {
  const one = async (path: string, i: number) => {
    const host = path === "/other-host" ? "other.example" : "reviews.example";
    const headers =
      path === "/retried" ? { "x-echo-status": "503", "x-echo-fail-times": "1", "x-echo-key": `${i}` } : {};
    await ask(port, { path: `${path}/${i}`, host, headers });
  };
  for (let i = 0; i < times; i++) {
    await Promise.all(KINDS.map((path) => one(path, i + Date.now())));
  }
  return times * KINDS.length;
}

/** Clients that come, wait and leave. */
async function leave(port: number, count: number): Promise<number> {
  const active = async () =>
    (await mesh.envoy.admin.stats("^http\\.gateway_80\\.downstream_rq_active$")).values().next().value;
  const sockets = Array.from({ length: count }, () => net.connect(port, "127.0.0.1"));
  for (const socket of sockets) {
    socket.on("error", () => {});
    socket.write("GET /for-ever HTTP/1.1\r\nhost: reviews.example\r\n\r\n");
  }
  await expect.poll(active).toBe(count);
  for (const socket of sockets) {
    socket.destroy();
  }
  await expect.poll(active).toBe(0);
  return count;
}

test("each request is counted once, whatever became of it, and while rules change", async () => {
  const { ports } = await mesh.apply([SERVICES, BEFORE]);
  const port = ports.get("gateway_80")!;
  let sent = await send(port, 20);
  sent += await leave(port, 6);
  await expect.poll(async () => ended(await statistics())).toBe(sent);

  // Requests wait under the old rules while the new ones come.
  const waiting = Promise.all(
    Array.from({ length: 10 }, () => ask(port, { path: "/slow", host: "reviews.example" })),
  );
  sent += 10;
  await mesh.apply([SERVICES, AFTER]);
  sent += await send(port, 20);
  await waiting;
  sent += await leave(port, 6);
  await expect.poll(async () => ended(await statistics())).toBe(sent);

  const all = await statistics();
  const of = (metric: string, labels: StatLabels) => sum(all, metric, { listener: "gateway_80", ...labels });
  expect({
    split: of(RULE_STATS.requests, { rule: "shop/reviews#split", match: "1" }),
    parted: of(RULE_STATS.requests, { rule: "shop/reviews#split", match: "parted" }),
    // What was removed does not move.
    before: of(RULE_STATS.requests, { rule: "shop/reviews#before" }),
    after: of(RULE_STATS.requests, { rule: "shop/reviews#after" }),
    retried: of(RULE_STATS.requests, { rule: "shop/reviews#retried" }),
    slow: of(RULE_STATS.requests, { rule: "shop/reviews#slow" }),
    delayed: of(RULE_STATS.faults, { rule: "shop/reviews#slow", fault: "delay" }),
    left: of(RULE_STATS.left, { rule: "shop/reviews#for-ever" }),
    // Of one bucket, whichever worker is asked and whichever rules serve.
    withinLimit: of(RULE_STATS.requests, { rule: "shop/reviews#limited" }),
    limited: of(RULE_STATS.limited, { rule: "shop/reviews#limited" }),
    redirects: of(RULE_STATS.answers, { kind: "redirect" }),
    direct: of(RULE_STATS.answers, { kind: "direct" }),
    host: of(RULE_STATS.unmatched, { why: "host" }),
    rule: of(RULE_STATS.unmatched, { why: "rule" }),
    hostile: of(RULE_STATS.requests, {
      rule: "shop/reviews#of%20%22any%22%20text%3B%20.%3D.%20%E2%80%AE%E2%9D%A4",
    }),
  }).toEqual({
    split: 80,
    parted: 40,
    before: 20,
    after: 20,
    retried: 40,
    slow: 50,
    delayed: 50,
    left: 12,
    withinLimit: 5,
    limited: 35,
    redirects: 40,
    direct: 40,
    host: 40,
    rule: 40,
    hostile: 40,
  });

  // As many as each cluster has seen, less its retries.
  const clusters = await mesh.envoy.admin.stats("^cluster\\.outbound.*upstream_rq_(total|retry)$");
  for (const version of ["v1", "v2"]) {
    const cluster = `outbound|80|${version}|reviews.example`;
    const [total = 0, retries = 0] = ["total", "retry"].map((what) =>
      [...clusters]
        .filter(([name]) => name.startsWith(`cluster.${cluster}`) && name.endsWith(`_${what}`))
        .reduce((all, [, value]) => all + value, 0),
    );
    expect(of(RULE_STATS.requests, { cluster }), cluster).toBe(total - retries);
    expect(retries).toBe(version === "v2" ? 40 : 0);
  }

  // Weights are those of now, whatever the order; those of other matches, too.
  const weight = (version: string) =>
    of(RULE_STATS.weight, {
      rule: "shop/reviews#split",
      match: "parted",
      cluster: `outbound|80|${version}|reviews.example`,
    });
  expect([weight("v1"), weight("v2")]).toEqual([30, 70]);

  // No path became a label.
  expect(all.length).toBeLessThan(40);
  const workers = await mesh.envoy.admin.stats("^listener\\.gateway_80\\.worker_.*downstream_cx_total$");
  expect(workers.size).toBe(2);
  expect(Math.min(...workers.values())).toBeGreaterThan(0);
}, 60_000);
