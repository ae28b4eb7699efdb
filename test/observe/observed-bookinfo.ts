/**
 * Bookinfo behind a `sluice run`, with rules beside its own that do what its own do not, and traffic of each kind that there is:
 * what its statistics are after that.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { expect, vi } from "vitest";
import { RULE_STATS } from "../../compiler/back/stat-names.ts";
import type { Target } from "../../compiler/index.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { adminClient } from "../../compiler/run/envoy/admin.ts";
import { registryYaml } from "../../envoy/bookinfo/registry.ts";
import { startBookinfo } from "../../envoy/bookinfo/services/index.ts";
import { ask, formatRequest } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { type Family, parsePrometheus, samplesOf } from "../harness/prometheus.ts";
import { type RunEvent, SluiceRun } from "../harness/sluice.ts";

const RULES = path.join(packageRoot().directory, "envoy", "bookinfo", "rules");

/** What a rule should not be called, and may be. */
export const HOSTILE_NAME = 'to "elsewhere"; {le="1"} \\ # a.b\n</script>';

/** Names as no administrator would give them, and one rule of each kind. */
const MORE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: kinds, namespace: default }
spec:
  hosts: [kinds.example]
  http:
  - name: ${JSON.stringify(HOSTILE_NAME)}
    match: [{ uri: { exact: /redirect } }]
    redirect: { uri: /there }
  - name: direct
    match: [{ uri: { exact: /direct }, name: 'one;.;two' }, { uri: { exact: /answer } }]
    directResponse: { status: 204 }
  - name: held
    match: [{ uri: { exact: /held } }]
    fault: { delay: { fixedDelay: 60s, percentage: { value: 100 } } }
    route: [{ destination: { host: details, port: { number: 9080 } } }]
  - name: refused
    match: [{ uri: { exact: /refused } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: details, port: { number: 9080 } } }]
  - name: forwarded
    match: [{ uri: { prefix: /details } }, { uri: { exact: /health } }]
    route: [{ destination: { host: details, port: { number: 9080 } } }]
`;

/** Milliseconds; what takes longer hangs. */
const SOON = { timeout: 30_000, interval: 100 };
const ACTIVE = "http.mesh.downstream_rq_active";

export interface Observed {
  readonly text: string;
  readonly families: ReadonlyMap<string, Family>;
  /** Names of clusters, as Envoy has them. */
  readonly clusters: readonly string[];
}

export async function observeBookinfo(target: Target): Promise<Observed> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-observed-"));
  const [mesh, gateway, metrics] = [await freePort(), await freePort(), await freePort()];
  const bookinfo = await startBookinfo(mesh);
  let run: SluiceRun | undefined;
  try {
    await writeFile(path.join(folder, "registry.yaml"), registryYaml(bookinfo));
    await writeFile(path.join(folder, "kinds.yaml"), MORE);
    run = new SluiceRun(
      [
        ...[RULES, "registry.yaml", "kinds.yaml", "--target", target, "--rule-counters", "on"],
        ...["--mesh-port", String(mesh), "--port-map", `8080=${gateway}`, "--metrics-port", String(metrics)],
        ...["--concurrency", "2"],
      ],
      folder,
    );
    const { admin } = (await run.event("serving")) as RunEvent & { readonly admin: string };
    const { clusters, stats } = adminClient(admin.replace(/^unix:/, ""));
    await sendAll(mesh, gateway, async () => (await stats(`^${ACTIVE}$`)).get(ACTIVE) ?? 0);
    let text = "";
    const families = async () => {
      text = (await ask(metrics, { host: "127.0.0.1", path: "/metrics" })).body;
      return parsePrometheus(text);
    };
    // What the filter counted, and what histograms merge, comes with Envoy's next flush.
    await vi.waitFor(async () => expect(isAllThere(await families(), target)).toBe(true), SOON);
    const { cluster_statuses } = (await clusters()) as { cluster_statuses: { name: string }[] };
    return {
      text,
      families: parsePrometheus(text),
      clusters: cluster_statuses.map(({ name }) => name),
    };
  } finally {
    await run?.stop();
    await bookinfo.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function isAllThere(families: Observed["families"], target: Target): boolean {
  const count = (metric: string, labels = {}) =>
    samplesOf(families, metric, labels).reduce((sum, { value }) => sum + value, 0);
  if (!families.has("envoy_cluster_upstream_rq_time")) {
    return false;
  }
  if (target === "native") {
    return families.has("envoy_vhost_route_upstream_rq_time");
  }
  // Each worker's filter tells of its own.
  const ended = [RULE_STATS.requests, RULE_STATS.answers, RULE_STATS.left, RULE_STATS.unmatched].map(
    (metric) => count(metric),
  );
  const asked = ["mesh", "gateway_8080"].map((listener) =>
    count("envoy_http_downstream_rq_total", { envoy_http_conn_manager_prefix: listener }),
  );
  return sum(ended) + count(RULE_STATS.faults, { fault: "abort" }) === sum(asked);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** `active`: how many requests Envoy has at the mesh's listener. */
async function sendAll(mesh: number, gateway: number, active: () => Promise<number>): Promise<void> {
  const get = (host: string, path: string, headers: Record<string, string> = {}) =>
    ask(mesh, { host, path, headers });
  const many = (count: number, host: string, path: string) =>
    Promise.all(Array.from({ length: count }, () => get(host, path)));
  await ask(gateway, { host: "bookinfo", path: "/productpage" });
  await many(100, "reviews:9080", "/reviews/0");
  await many(60, "ratings:9080", "/ratings/0");
  await get("details:9080", "/flaky");
  // A client that gives itself a name makes no statistics of it.
  await get("ratings:9080", "/ratings/0", { "x-envoy-downstream-service-cluster": "made-up-by-a-client" });
  for (const path of ["/redirect", "/direct", "/answer", "/refused", "/details/0", "/health"]) {
    await get("kinds.example", path);
  }
  await leave(mesh, { host: "kinds.example", path: "/held" }, active);
  await get("kinds.example", "/nothing");
  await ask(gateway, { host: "unknown.example", path: "/" });
  // More than its pool takes; then errors until its endpoint is ejected, and one that finds nobody.
  await many(12, "quotes.example.com", "/quote?ms=300");
  for (let i = 0; i < 5; i++) {
    await get("quotes.example.com", "/status/503");
  }
}

/** A client that is gone before it is answered. */
async function leave(
  port: number,
  request: { host: string; path: string },
  active: () => Promise<number>,
): Promise<void> {
  const socket = net.connect(port, "127.0.0.1").on("error", () => {});
  socket.write(formatRequest(request));
  await vi.waitFor(async () => expect(await active()).toBe(1), SOON);
  socket.destroy();
  await vi.waitFor(async () => expect(await active()).toBe(0), SOON);
}
