/** What Istio's proxy would deny, and an Envoy of ours would let in: told, and not served unless somebody says so. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

const EDGE = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: door, namespace: shops }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 8000, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shops }
spec:
  hosts: [shop.example]
  gateways: [door]
  http: [{ directResponse: { status: 203 } }]
---
`;
const POLICY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-clerks, namespace: istio-system }
spec:
  action: DENY
  rules: [{ to: [{ operation: { paths: [/clerks/*] } }] }]
`;
/** Of servers behind this proxy: their own sidecars enforce it. */
const BEHIND = POLICY.replace("istio-system", "shops").replace(
  "spec:",
  "spec:\n  selector: { matchLabels: { app: shop } }",
);
const ASKED = ["--request", "GET http://shop.example/clerks/7"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-unenforced-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sluice(command: string, rules: string, ...args: readonly string[]) {
  const file = path.join(folder, "rules.yaml");
  writeFileSync(file, rules);
  let [out, err] = ["", ""];
  const terminal = new Terminal(
    {
      write: (text) => {
        out += text;
      },
    },
    {
      write: (text) => {
        err += text;
      },
    },
  );
  const code = await runCommandLine([command, file, ...args], terminal);
  // A line may be folded to fit the terminal.
  return { code, out: out.replace(/\s+/g, " "), err };
}

const levels = async (rules: string, ...args: readonly string[]) => {
  const { code, out } = await sluice("check", rules, "--format", "json", ...args);
  const { diagnostics } = JSON.parse(out);
  const found = diagnostics.find((one: { code: string }) => one.code === "SL0112");
  return { code, level: found?.level, line: found?.line };
};

test("check fails at its line", async () => {
  expect(await levels(EDGE + POLICY)).toEqual({ code: 1, level: "error", line: 17 });
  expect((await levels(EDGE + POLICY, "--strict")).code).toBe(1);
  expect(await levels(EDGE + BEHIND, "--strict")).toEqual({ code: 0 });
  expect(await levels(EDGE + POLICY, "--strict", "--allow-unenforced")).toMatchObject({
    code: 0,
    level: "info",
  });
  const silenced = POLICY.replace("kind:", "# sluice: ignore SL0112 a firewall does\nkind:");
  expect(await levels(EDGE + silenced, "--strict")).toEqual({ code: 0 });
});

test("explain says it in a line, and in its data", async () => {
  const { code, out } = await sluice("explain", EDGE + POLICY, ...ASKED);
  expect(code).toBe(0);
  expect(out).toMatch(
    /AuthorizationPolicy istio-system\/no-clerks \(\S+rules\.yaml:17\) may deny this request/,
  );
  const { explanation } = JSON.parse(
    (await sluice("explain", EDGE + POLICY, ...ASKED, "--format", "json")).out,
  );
  expect(explanation.decision.status).toBe(203);
  expect(explanation.unread).toMatchObject([
    { kind: "AuthorizationPolicy", resource: "istio-system/no-clerks", line: 17, may: "deny" },
  ]);
  const elsewhere = ["--request", "GET http://shop.example/carts/7?of=/clerks/"];
  expect((await sluice("explain", EDGE + POLICY, ...elsewhere)).out).not.toContain("AuthorizationPolicy");
  // The outbound listener is nobody's server.
  const atMesh = await sluice("explain", EDGE + POLICY, ...ASKED, "--at", "mesh", "--format", "json");
  expect(JSON.parse(atMesh.out).explanation.unread).toEqual([]);
  expect((await sluice("explain", EDGE + BEHIND, ...ASKED)).out).not.toContain("AuthorizationPolicy");
});

test("diff says that a policy was not compared", async () => {
  const before = path.join(folder, "before.yaml");
  writeFileSync(before, EDGE);
  const sides = async (rules: string, ...args: readonly string[]) => {
    const after = await sluice("diff", rules, before, "--exit-code", ...args);
    return { ...after, report: args.length > 0 ? JSON.parse(after.out) : undefined };
  };
  const { code, report } = await sides(EDGE + POLICY, "--format", "json");
  expect(code).toBe(0);
  expect(report.differences).toEqual([]);
  expect(report.notCompared).toEqual([
    { kind: "AuthorizationPolicy", resource: "istio-system/no-clerks", change: "removed" },
  ]);
  const { out } = await sides(EDGE + POLICY);
  expect(out).toContain("not compared: AuthorizationPolicy istio-system/no-clerks is removed");
  writeFileSync(before, EDGE + POLICY);
  expect((await sides(EDGE + POLICY, "--format", "json")).report.notCompared).toEqual([]);
  const changed = EDGE + POLICY.replace("/clerks/*", "/keys/*");
  expect((await sides(changed, "--format", "json")).report.notCompared).toMatchObject([
    { change: "changed" },
  ]);
  expect((await sides(EDGE + BEHIND, "--format", "json")).report.notCompared).toMatchObject([
    { change: "added" },
  ]);
});

test.each<[string, readonly string[]]>([
  ["build", ["--out"]],
  ["export", ["--to", "kubernetes", "--output"]],
  [
    "export",
    [
      "--to",
      "envoy-gateway",
      "--image",
      "registry.example/a:1",
      "--gateway",
      "door",
      "--at",
      "gateway_8000",
      "--output",
    ],
  ],
])("%s %j makes none, unless it is told to", async (command, args) => {
  const to = path.join(folder, `${command}-${args[1]}`);
  const refused = await sluice(command, EDGE + POLICY, ...args, to);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("error[SL0112]");
  expect(existsSync(to)).toBe(false);
  const silenced = POLICY.replace("AuthorizationPolicy", "$& # sluice: ignore SL0112 a firewall does");
  for (const call of [
    [EDGE + POLICY, ...args, to, "--allow-unenforced"],
    [EDGE + silenced, ...args, to],
    [EDGE + BEHIND, ...args, to],
  ] as const) {
    const [rules, ...rest] = call;
    const { code, err } = await sluice(command, rules, ...rest);
    expect(code, err).toBe(0);
    rmSync(to, { recursive: true });
  }
});

test("a plugin in Istio's own proxy is behind its policies", async () => {
  const to = path.join(folder, "plugin");
  const args = ["--to", "istio", "--image", "registry.example/a:1", "--output", to];
  expect((await sluice("export", EDGE + POLICY, ...args)).code).toBe(0);
});
