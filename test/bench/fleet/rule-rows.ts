/** How soon a real Envoy decides by a file that was saved, and what a compilation of many rules takes. */

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { Fleet } from "../../../compiler/fleet/fleet.ts";
import { atOnce, DEFAULT_PLAN } from "../../../compiler/fleet/rollout/plan.ts";
import { createWorkspace, files, fleetRules, serveFleet } from "../../../compiler/index.ts";
import { packageRoot } from "../../../compiler/platform/package-root.ts";
import { joinEnvoy } from "../../fleet/joined-envoy.ts";
import { freePort } from "../../harness/ports.ts";
import { median } from "../measure.ts";
import { writeRuleFiles } from "../rule-files.ts";
import { used } from "../used.ts";
import type { Effort, Figures, Row } from "./row.ts";

const HOST = "127.60.4.1";
const LONGEST_MS = 60_000;
const ALL = 10_000;
const QUICK_ALL = 200;

const gateway = (port: number) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: ${port}, name: http, protocol: HTTP}, hosts: ["*"]}]
`;

/** Answered by Envoy itself: nobody stands behind it. */
const rule = (i: number, answer: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: rule-${i}}
spec:
  hosts: [host-${i}.example]
  gateways: [edge]
  http:
    - match: [{uri: {prefix: /api/v1/service-${i}/}}]
      directResponse: {status: 200, body: {string: "${answer}"}}
`;

async function saveToAnswer(rules: number, rounds: number): Promise<Figures> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const directory = path.join(folder, "rules");
  const port = await freePort();
  const put = async (name: string, text: string) => {
    const temporary = path.join(folder, "saved");
    await writeFile(temporary, text);
    await rename(temporary, path.join(directory, name));
  };
  await mkdir(directory);
  await put("gateway.yaml", gateway(port));
  for (let i = 0; i < rules; i++) {
    await put(`rule-${i}.yaml`, rule(i, "first"));
  }
  const workspace = createWorkspace({
    source: files([directory]),
    proxies: { edge: { meshPort: 0, listenAddress: HOST } },
  });
  const fleet = await Fleet.create({
    rules: fleetRules(workspace),
    plan: atOnce(DEFAULT_PLAN),
    onEvent(event) {
      if (event.kind === "failed") {
        console.error(event.error);
      }
    },
  });
  await fleet.start();
  const server = await serveFleet({ fleet, listen: `${HOST}:0`, onProblem: (line) => console.error(line) });
  const agent = new http.Agent({ keepAlive: true });
  try {
    const envoy = await joinEnvoy(folder, {
      id: "edge",
      server: [`${HOST}:${server.port}`],
      listenAddress: HOST,
    });
    try {
      await answered(agent, port, "first");
      const waits: number[] = [];
      const before = process.cpuUsage();
      for (let i = 0; i < rounds; i++) {
        const start = performance.now();
        await put("rule-0.yaml", rule(0, `answer-${i}`));
        await answered(agent, port, `answer-${i}`);
        waits.push(performance.now() - start);
      }
      const { user, system } = process.cpuUsage(before);
      return { ms: median(waits), cpuMs: (user + system) / 1000 / rounds };
    } finally {
      await envoy.stop(0);
    }
  } finally {
    agent.destroy();
    server.close();
    await fleet.close();
    await workspace.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Asks until the answer is this one. */
async function answered(agent: http.Agent, port: number, wanted: string): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  while ((await ask(agent, port)) !== wanted) {
    if (performance.now() > end) {
      throw new Error(`no answer "${wanted}" within ${LONGEST_MS / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function ask(agent: http.Agent, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { host: "host-0.example" };
    const request = http.get({ host: HOST, port, agent, path: "/api/v1/service-0/", headers }, (response) => {
      let text = "";
      response.on("data", (data) => {
        text += data;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", () => resolve(undefined));
  });
}

async function cold({ quick, rounds }: Effort): Promise<Figures> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  try {
    const size = quick ? QUICK_ALL : ALL;
    const { directory } = await writeRuleFiles("file-each", size, path.join(folder, "rules"));
    const sluice = path.join(packageRoot().directory, "dist", "sluice.js");
    const builds = [];
    for (let i = 0; i < rounds; i++) {
      builds.push(await used([sluice, "build", directory, "--out", path.join(folder, `out-${i}`)]));
    }
    return { ms: median(builds.map(({ ms }) => ms)), cpuMs: median(builds.map(({ cpuMs }) => cpuMs)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const seconds = (ms: number | undefined) => `${((ms ?? Number.NaN) / 1000).toFixed(2)} s`;
const render = ({ ms, cpuMs }: Figures) => `${seconds(ms)}, CPU ${seconds(cpuMs)}`;

const saved = (rules: number, limit: string, what: string): Row => ({
  name: `saved-${rules}`,
  title: () => what,
  limits: limit,
  measure: ({ quick, rounds }) => saveToAnswer(quick ? Math.min(rules, QUICK_ALL) : rules, rounds),
  render,
});

export const RULE_ROWS: readonly Row[] = [
  saved(1_000, "0.15 s", "one real Envoy, file saved → first request decided anew, 1,000 routes"),
  saved(5_000, "0.4 s", "the same, 5,000 routes"),
  saved(ALL, "0.2 s", "10,000 VirtualServices in files, one changed → an Envoy answers by it"),
  {
    name: "cold",
    title: () => "the same, cold, from YAML to all configuration",
    limits: "2 s",
    measure: cold,
    render,
  },
];
