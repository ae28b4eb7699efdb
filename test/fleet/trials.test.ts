/** What a revision is asked before any proxy gets it, and which rules a failure points at. */

import { describe, expect, test } from "vitest";
import { loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { Revision } from "../../compiler/fleet/revisions/revision.ts";
import { VerifiedPrograms } from "../../compiler/fleet/revisions/verified-programs.ts";
import { createWorkspace, fleetRules, RevisionTrials, texts } from "../../compiler/index.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../compiler/options.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { adsPlaces } from "../../compiler/run/delivery/ads/places.ts";

const SERVICES = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints:
  - { address: 192.0.2.1, labels: { version: v1 } }
  - { address: 192.0.2.2, labels: { version: v2 } }
`;

const rule = (subset: string, team = "") => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
  - match:
    - uri: { prefix: /cart }
${team === "" ? "" : `      sourceLabels: { team: ${team} }\n`}    route: [{ destination: { host: shop.example, subset: ${subset} } }]
  - route: [{ destination: { host: shop.example, subset: v1 } }]
`;

const subsets = (ring = "") => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec:
  host: shop.example
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
${ring}`;

const cases = (subset: string) => `name: carts
checks:
- ask: GET http://shop.example/cart
  expect: { cluster: outbound|80|${subset}|shop.example }
`;

const claims = [{ team: "a" }, { team: "b" }].map((proxyLabels) => ({
  ...DEFAULT_PROXY_OPTIONS,
  proxyLabels,
}));

async function revision(files: Readonly<Record<string, string>>): Promise<Revision> {
  const workspace = createWorkspace({ source: texts({ "services.yaml": SERVICES, ...files }) });
  const rules = fleetRules(workspace);
  const made = new Revision({
    snapshot: await rules.read(),
    places: adsPlaces(new Uint8Array()),
    programs: new VerifiedPrograms(loadFilter(filterModulePath())),
    guardsEndpoints: false,
  });
  for (const claimed of claims) {
    const { build } = await made.buildFor(made.scopeOf(claimed));
    expect(build).toBeDefined();
  }
  return made;
}

const trials = (text?: string) =>
  new RevisionTrials({
    shadow: false,
    log: () => {},
    ...(text !== undefined && { cases: texts({ "cases.yaml": text }) }),
  });

describe("questions", () => {
  test("a change that the cases expect passes, and its witnesses are decided as the rules say", async () => {
    const from = await revision({ "rules.yaml": rule("v1"), "subsets.yaml": subsets() });
    const to = await revision({ "rules.yaml": rule("v2"), "subsets.yaml": subsets() });
    expect(await trials(cases("v2")).ask(from, to, claims)).toEqual({ kind: "passed" });
    expect(await trials().ask(from, to, claims)).toEqual({ kind: "passed" });
  });

  test("a change that a case does not expect fails, by the rule that took the request", async () => {
    const from = await revision({ "rules.yaml": rule("v1"), "subsets.yaml": subsets() });
    const to = await revision({ "rules.yaml": rule("v2"), "subsets.yaml": subsets() });
    const answer = await trials(cases("v1")).ask(from, to, claims);
    expect(answer).toMatchObject({ kind: "failed", gate: "cases", rules: [{ file: "rules.yaml", line: 8 }] });
    expect(JSON.stringify(answer)).toContain("cases.yaml:3");
  });

  test("a case is for the proxies that answered it, and fails when they do not any more", async () => {
    const from = await revision({ "rules.yaml": rule("v2", "a"), "subsets.yaml": subsets() });
    const to = await revision({ "rules.yaml": rule("v2", "b"), "subsets.yaml": subsets() });
    expect(await trials(cases("v2")).ask(from, from, claims)).toEqual({ kind: "passed" });
    // Others answer it now, but not those that did.
    expect(await trials(cases("v2")).ask(from, to, claims)).toMatchObject({ kind: "failed", gate: "cases" });
  });

  test("cases that cannot be read hold a change back", async () => {
    const from = await revision({ "rules.yaml": rule("v1"), "subsets.yaml": subsets() });
    expect(await trials("name: carts\nchecks: 3\n").ask(from, from, claims)).toMatchObject({
      kind: "failed",
      gate: "cases",
    });
  });
});

describe("blame", () => {
  const ring = "  trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } }\n";

  test("names what the revision changed, with file and line", async () => {
    const from = await revision({ "rules.yaml": rule("v1"), "subsets.yaml": subsets() });
    const to = await revision({ "rules.yaml": `${rule("v1")}---\n${subsets(ring)}` });
    expect(trials().blame(from, to, ["ring hash: too large"])).toEqual([
      { name: "DestinationRule default/shop", file: "rules.yaml", line: 14 },
    ]);
  });

  test("names first what the words point at", async () => {
    const other = (prefix: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: other }
spec:
  hosts: [other.example]
  http: [{ match: [{ uri: { prefix: ${prefix} } }], directResponse: { status: 200 } }]
`;
    const from = await revision({ "a.yaml": rule("v1"), "b.yaml": other("/a"), "subsets.yaml": subsets() });
    const to = await revision({ "a.yaml": rule("v2"), "b.yaml": other("/b"), "subsets.yaml": subsets() });
    const names = (words: string) =>
      trials()
        .blame(from, to, [words])
        .map(({ name }) => name);
    expect(names("cluster outbound|80|v2|shop.example: no")).toEqual(["VirtualService default/shop"]);
    expect(names("something else")).toEqual(["VirtualService default/shop", "VirtualService default/other"]);
  });
});
