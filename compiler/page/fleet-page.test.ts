/** What a page of a fleet tells and takes. With real Envoys: `test/fleet/live.test.ts`. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { FAILED, FakeFleet, NEW, proxy } from "../fleet/http/fleet.fixture.ts";
import type { ServedScope } from "../fleet/model/served-scope.ts";
import type { StreamedEvent } from "../http/event-streams.ts";
import { texts } from "../source/texts.ts";
import { Workspace } from "../workspace.ts";
import type { FleetView } from "./api.ts";
import { FleetPage, type ShownFleet } from "./fleet-page.ts";
import { fleetView } from "./fleet-view.ts";

const TOKEN = "operators-0123456789";
const RULES = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop, namespace: shop }
spec: { hosts: [shop.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [shop.example]
  http: [{ name: split, route: [{ destination: { host: shop.example } }] }]
`;

class ServingFleet extends FakeFleet implements ShownFleet {
  scope: ServedScope | undefined;
  served = async () => this.scope;
}

let fleet: ServingFleet;
let page: FleetPage;
let tokens: string[] | undefined;
const told: StreamedEvent[] = [];
const dataOf = (kind: string) => told.filter((one) => one.kind === kind).map(({ data }) => JSON.parse(data));

beforeEach(async () => {
  fleet = new ServingFleet();
  tokens = [TOKEN];
  told.length = 0;
  page = new FleetPage({
    fleet,
    mayChange: (token) => tokens && token !== undefined && tokens.includes(token),
  });
  const workspace = new Workspace({ source: texts({ "rules.yaml": RULES }) });
  const snapshot = await workspace.snapshot();
  const options = workspace.options();
  const { findings, compilation } = await snapshot.compile(options);
  fleet.scope = {
    scope: "shop",
    revision: NEW,
    seen: 1_800_000_000_000,
    options,
    compilation: compilation!,
    resources: snapshot.resources,
    findings,
    explain: (request, at) => snapshot.explain(options, request, at),
  };
});

afterEach(() => page.close());

test("the rules are those of the scope, with their lines", async () => {
  const view = await page.rules();
  expect(view).toMatchObject({ generation: 1, scope: "shop", title: "scope shop" });
  expect(view.rules.map(({ id, line }) => [id, line])).toEqual([["shop/reviews#split", 11]]);
  expect(page.lines(0, 11, 11).lines).toHaveLength(1);
  expect(() => page.lines(1, 1, 1)).toThrow("there is no file 1");
  expect(await page.explain({ text: "GET http://shop.example/" })).toHaveProperty("explanation");
  expect(await page.explain({ text: "GET http://" })).toHaveProperty("problem");
});

test("before there are rules, it says so", async () => {
  fleet.scope = undefined;
  expect(await page.rules()).toMatchObject({ generation: 0, rules: [], scope: "*" });
  expect(await page.explain({ text: "GET http://shop.example/" })).toEqual({
    problem: "no rules are served yet",
  });
});

test("whoever listens is told the fleet, what rules do, and what happens", async () => {
  const stop = page.listen((event) => told.push(event), undefined);
  await expect.poll(() => dataOf("report")).not.toHaveLength(0);
  expect(dataOf("fleet")[0]).toMatchObject({ status: { revision: NEW }, canChange: true });
  await expect.poll(() => dataOf("rules").at(-1)).toEqual({ generation: 1 });
  page.tell({ kind: "stopped", revision: NEW, report: FAILED, proxies: [] });
  page.tell({ kind: "joined", proxy: "p3", scope: "shop" });
  expect(dataOf("event").map(({ text }) => text)).toEqual([
    [
      `${NEW} is stopped in wave 1 at p2 (refusal)`,
      "cluster reviews: ring size is too large",
      "changed rule: shop/reviews (rules/reviews.yaml:12)",
    ].join("\n"),
  ]);
  fleet.scope = { ...fleet.scope!, revision: "another" };
  await expect.poll(() => dataOf("rules").at(-1)).toEqual({ generation: 2 });
  stop();
  const { length } = told;
  page.tell({ kind: "lost", proxy: "p3" });
  expect(told).toHaveLength(length);
});

test("only an operator's token changes anything", () => {
  const change = (token: string) => () => page.fleet.change({ action: "abort", token, why: "slow" });
  expect(change("")).toThrow("the token is not known");
  expect(change("operators-")).toThrow("the token is not known");
  expect(fleet.done).toEqual([]);
  change(TOKEN)();
  expect(fleet.done).toEqual(["abort", "slow"]);
  expect(change(TOKEN)).toThrow("no roll-out is under way");
  tokens = undefined;
  expect(change(TOKEN)).toThrow("without tokens");
  expect(page.fleet.view().canChange).toBe(false);
});

test("of a thousand proxies, those that need attention are shown first, and the others counted", () => {
  fleet.proxiesNow = Array.from({ length: 1_000 }, (_, i) =>
    proxy(`p${i}`, i === 777 ? { state: "refused", words: ["no"] } : { scope: `s${i % 2}` }),
  );
  const view: FleetView = fleetView(fleet, false, 0);
  expect(view.proxies).toHaveLength(200);
  expect(view.proxies[0]).toMatchObject({ id: "p777", words: ["no"] });
  expect(view.moreProxies).toBe(800);
  expect(view.states.reduce((sum, { counts }) => sum + counts.current + counts.refused, 0)).toBe(1_000);
});
