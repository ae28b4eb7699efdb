/**
 * What rules do at three Envoys, as their server tells it: equal to what was sent, over a proxy that is killed and comes back, and one
 * that refuses a change; and the page that shows it.
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  createWorkspace,
  Fleet,
  FleetClient,
  FleetTelemetry,
  fleetRules,
  openFleetPage,
  type RuleSource,
  serveFleet,
} from "../../compiler/index.ts";
import type { LiveReport } from "../../compiler/observe/live-report.ts";
import type { FleetView, RulesView } from "../../compiler/page/api.ts";
import type { EnvoyProcess } from "../../compiler/run/envoy/start.ts";
import { startUpstream } from "../../compiler/run/stand-in/upstream.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { parsePrometheus } from "../harness/prometheus.ts";
import { joinEnvoy } from "./joined-envoy.ts";

const SERVER = "127.68.1.1";
const BACKEND = "127.68.1.5";
const proxyAddress = (i: number) => `127.68.1.${10 + i}`;
const IDS = ["edge-1", "edge-2", "edge-3"];
const WAIT_MS = 30_000;

const closing: (() => unknown)[] = [];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-live-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

const RULES = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  resolution: STATIC
  endpoints: [{ address: ${BACKEND} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
    - name: broken
      match: [{ uri: { prefix: /broken } }]
      fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
      route: [{ destination: { host: shop.example } }]
    - name: moved
      match: [{ uri: { prefix: /moved } }]
      redirect: { uri: / }
    - name: all
      route: [{ destination: { host: shop.example } }]
`;
/** Right for the compiler; Envoy has no port to bind on an address that is not the machine's. */
const REFUSED = `${RULES}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: far }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 8181, name: http, protocol: HTTP }, bind: 203.0.113.7, hosts: ["*"] }]
`;
const RULE = "default/shop#";
const CLUSTER = "outbound|80||shop.example";

test("the sums of three proxies are what was sent", { timeout: 120_000 }, async () => {
  const upstream = startUpstream();
  closing.push(() => upstream.close());
  await upstream.listen(BACKEND, 8080);
  let text = RULES;
  let changed = () => {};
  const source: RuleSource = {
    read: async () => [{ path: "rules.yaml", text }],
    watch: async (onChange) => {
      changed = onChange;
      return { close: async () => {} };
    },
  };
  const workspace = createWorkspace({ source, proxies: { fleet: {} } });
  closing.push(() => workspace.dispose());
  const telemetry = new FleetTelemetry();
  const fleet = await Fleet.create({
    rules: fleetRules(workspace),
    plan: { waves: ["1", "100%"], bakeMs: 1 },
    onEvent(event) {
      telemetry.tell(event);
      page.tell(event);
    },
  });
  const page = await openFleetPage({
    fleet,
    mayChange: () => undefined,
    listen: `${SERVER}:0`,
    onProblem: (line) => expect.fail(line),
  });
  closing.push(() => page.close());
  closing.push(() => fleet.close());
  await fleet.start();
  const server = await serveFleet({
    fleet,
    listen: `${SERVER}:0`,
    http: { listen: `${SERVER}:0`, telemetry },
    onProblem: () => {},
  });
  closing.push(() => server.close());
  const client = new FleetClient({ server: `http://${SERVER}:${server.httpPort}` });

  const meshPort = await freePort();
  const envoys = new Map<string, EnvoyProcess>();
  const join = async (i: number) => {
    const id = IDS[i]!;
    const options = { server: `${SERVER}:${server.port}`, id, meshPort, reportInterval: 1 };
    const envoy = await joinEnvoy(folder, { ...options, listenAddress: proxyAddress(i) });
    envoys.set(id, envoy);
    closing.push(() => envoy.stop(0));
  };
  await Promise.all(IDS.map((_, i) => join(i)));

  const sent = { all: 0, broken: 0, moved: 0, unruled: 0 };
  const ask = async (i: number, kind: keyof typeof sent, times: number) => {
    const connection = await Connection.open(meshPort, proxyAddress(i));
    for (let n = 0; n < times; n++) {
      const host = kind === "unruled" ? "nowhere.example" : "shop.example";
      await connection.request({ path: `/${kind}`, host });
    }
    connection.close();
    sent[kind] += times;
  };
  await Promise.all(IDS.map((_, i) => ask(i, "all", 10 + i)));
  await ask(0, "broken", 4);
  await ask(1, "moved", 3);
  // Passed on as it is, by no rule.
  await ask(2, "unruled", 2);

  const told = async () => {
    const report = await client.live();
    const ofRule = (name: string) => {
      const rules = report.rules.filter(({ rule }) => rule === `${RULE}${name}`);
      return rules.reduce((sum, { requests }) => sum + requests.total, 0);
    };
    const unruled = report.listeners.reduce((sum, { withoutRule }) => sum + withoutRule!.total, 0);
    return { all: ofRule("all"), broken: ofRule("broken"), moved: ofRule("moved"), unruled };
  };
  const isTold = () =>
    vi.waitFor(async () => expect(await told()).toEqual(sent), { timeout: WAIT_MS, interval: 500 });
  await isTold();

  // One is killed, and comes back as another process.
  await envoys.get("edge-2")!.stop(0);
  await join(1);
  await ask(1, "all", 5);
  await ask(0, "all", 2);
  await isTold();

  const { rules, clusters }: LiveReport = await client.live();
  const all = rules.find(({ rule, listener }) => rule === `${RULE}all` && listener.startsWith("mesh"))!;
  expect(all.destinations.map(({ cluster, requests }) => [cluster, requests.total])).toEqual([
    [CLUSTER, sent.all],
  ]);
  expect(rules.find(({ rule }) => rule === `${RULE}broken`)!.aborts.total).toBe(sent.broken);
  const shop = clusters.find(({ name }) => name === CLUSTER)!;
  expect([shop.answers["2xx"].total, shop.endpoints.total]).toEqual([sent.all, 1]);

  const metrics = await (await fetch(`http://${SERVER}:${server.httpPort}/metrics`)).text();
  const families = parsePrometheus(metrics);
  const sumOf = (name: string, labels: Readonly<Record<string, string>>) =>
    families
      .get(name)!
      .samples.filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  expect(sumOf("sluice_requests_total", { rule: `${RULE}all`, cluster: CLUSTER })).toBe(sent.all);
  expect(sumOf("sluice_faults_total", { rule: `${RULE}broken`, fault: "abort" })).toBe(sent.broken);
  expect(sumOf("sluice_answers_total", { rule: `${RULE}moved`, kind: "redirect" })).toBe(sent.moved);
  expect(sumOf("sluice_requests_total", {})).toBe(sent.all + sent.unruled);
  expect(sumOf("sluice_statistics_dropped_total", {})).toBe(0);

  // A change that a proxy refuses is shown, with its words, on the page as well.
  const [origin, query] = page.url.split("/?");
  const opened = await fetch(`${origin}/?${query}`, { redirect: "manual" });
  const headers = { cookie: opened.headers.get("set-cookie")!.split(";")[0]! };
  const read = async <T>(where: string) =>
    (await fetch(`${origin}${where}`, { headers })).json() as Promise<T>;
  const view = await read<RulesView>("/api/rules");
  expect(view.rules.map(({ id }) => id)).toEqual(["broken", "moved", "all"].map((name) => `${RULE}${name}`));
  text = REFUSED;
  changed();
  await vi.waitFor(
    async () => {
      const { rollouts, status, proxies } = await read<FleetView>("/api/fleet");
      expect(rollouts[0]).toMatchObject({ phase: "failed", failure: { gate: "refusal" } });
      expect(rollouts[0]!.failure!.words.join()).toContain("203.0.113.7");
      expect(IDS).toContain(rollouts[0]!.failure!.proxy);
      expect(status.revision).toBe(rollouts[0]!.from);
      expect(proxies.map(({ id }) => id).sort()).toEqual(IDS);
    },
    { timeout: WAIT_MS, interval: 500 },
  );
  const refused = await fetch(`${origin}/api/fleet`, {
    method: "POST",
    headers: { ...headers, origin: origin!, "content-type": "application/json" },
    body: JSON.stringify({ action: "promote", token: "" }),
  });
  expect(refused.status).toBe(403);
});
