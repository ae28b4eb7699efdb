import { expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../../options.ts";
import type { LoadBalancerSettings, LocalityLbSetting, ZoneAwareLbSetting } from "../../resources/types.ts";
import { parseLocality, withTopology } from "../../services/locality.ts";
import { placeEndpoints } from "./locality.ts";

const HERE: Partial<ProxyOptions> = { proxyLocality: "eu/eu-1/a" };

/** `place`, or `place=label value` for the label `tier`. */
function endpoint(text: string, index: number) {
  const [place = "", tier] = text.split("=");
  const locality = parseLocality(place);
  return {
    address: `10.0.0.${index}`,
    port: 80,
    weight: 1,
    labels: withTopology(tier === undefined ? {} : { tier }, locality),
    ...(locality && { locality }),
  };
}

/** What each place got: `priority` or `priority/weight of its locality`. */
function place(
  places: readonly string[],
  localityLbSetting: LoadBalancerSettings["localityLbSetting"],
  { outlier = true, proxy = HERE }: { outlier?: boolean; proxy?: Partial<ProxyOptions> } = {},
) {
  const placed = placeEndpoints(
    places.map(endpoint),
    {
      ...(localityLbSetting && { loadBalancer: { localityLbSetting } }),
      ...(outlier && { outlierDetection: {} }),
    },
    { ...DEFAULT_PROXY_OPTIONS, ...proxy },
  );
  return {
    weighted: placed.byLocalityWeight ?? false,
    places: Object.fromEntries(
      placed.endpoints.map(({ address, priority = 0, localityWeight }) => [
        places[Number(address.split(".")[3])],
        localityWeight === undefined ? `${priority}` : `${priority}/${localityWeight}`,
      ]),
    ),
  };
}

const PLACES = ["eu/eu-1/a", "eu/eu-1/b", "eu/eu-2/a", "us/us-1/a", "asia"];

test("outlier detection alone: the nearer, the earlier", () => {
  expect(place(PLACES, undefined)).toEqual({
    weighted: false,
    places: { "eu/eu-1/a": "0", "eu/eu-1/b": "1", "eu/eu-2/a": "2", "us/us-1/a": "3", asia: "3" },
  });
});

test("no gap where nobody is as near as that", () => {
  expect(place(["eu/eu-2", "us"], undefined).places).toEqual({ "eu/eu-2": "0", us: "1" });
});

test.each([
  ["without outlier detection", { failover: [{ from: "eu", to: "us" }] }, false],
  ["switched off", { enabled: false, failover: [{ from: "eu", to: "us" }] }, true],
])("%s nothing fails over", (_name, setting, outlier) => {
  expect(place(PLACES, setting, { outlier })).toEqual({
    weighted: false,
    places: Object.fromEntries(PLACES.map((name) => [name, "0"])),
  });
});

test("a named region comes before the other regions", () => {
  const setting = {
    failover: [
      { from: "us", to: "eu" },
      { from: "eu", to: "asia" },
    ],
  };
  expect(place(PLACES, setting)).toEqual({
    weighted: true,
    places: { "eu/eu-1/a": "0", "eu/eu-1/b": "1", "eu/eu-2/a": "2", "us/us-1/a": "4", asia: "3" },
  });
});

test("priorities by labels: those in common, in their order", () => {
  const setting = { failoverPriority: ["topology.kubernetes.io/region", "tier=gold"] };
  const places = ["eu/eu-9=gold", "eu/eu-1=iron", "us=gold", "us"];
  expect(place(places, setting)).toEqual({
    weighted: true,
    places: { "eu/eu-9=gold": "0", "eu/eu-1=iron": "1", "us=gold": "2", us: "2" },
  });
});

test("priorities by a label that nobody has, and that is wanted empty", () => {
  const setting = { failoverPriority: ["constructor=", "tier=gold"] };
  expect(place(["us", "eu=gold"], setting).places).toEqual({ "eu=gold": "0", us: "1" });
});

test("priorities by labels, and by region within", () => {
  const setting = { failoverPriority: ["tier=gold"], failover: [{ from: "eu", to: "asia" }] };
  const places = ["us=gold", "asia=gold", "eu/eu-1/a"];
  expect(place(places, setting).places).toEqual({ "asia=gold": "0", "us=gold": "1", "eu/eu-1/a": "2" });
});

test("distribution: of the first entry that has this place; what is not named gets nothing", () => {
  const setting = {
    distribute: [
      { from: "us/*", to: { "us/*": 100 } },
      { from: "eu/eu-1/*", to: { "eu/*": 70, "us/us-1": 30 } },
      { from: "eu/*", to: { "eu/*": 100 } },
    ],
  };
  expect(place(PLACES, setting, { outlier: false })).toEqual({
    weighted: true,
    // Three localities share 70, rounded up.
    places: { "eu/eu-1/a": "0/24", "eu/eu-1/b": "0/24", "eu/eu-2/a": "0/24", "us/us-1/a": "0/30" },
  });
});

test("distribution from elsewhere changes nothing", () => {
  const setting = { distribute: [{ from: "us", to: { us: 100 } }] };
  expect(place(["eu", "us"], setting).places).toEqual({ eu: "0", us: "0" });
});

test.each<[string, Partial<ProxyOptions>]>([
  [
    "topology labels",
    {
      proxyLabels: { "topology.kubernetes.io/region": "eu", "topology.kubernetes.io/zone": "eu-2" },
    },
  ],
  ["Istio's label", { proxyLabels: { "topology.istio.io/locality": "eu.eu-2" } }],
  ["Istio's older label", { proxyLabels: { "istio-locality": "eu/eu-2" } }],
  ["the option, before labels", { proxyLocality: "eu/eu-2", proxyLabels: { "istio-locality": "us" } }],
])("where the proxy is: %s", (_name, proxy) => {
  expect(place(["eu/eu-2", "eu/eu-1", "us"], undefined, { proxy }).places).toEqual({
    "eu/eu-2": "0",
    "eu/eu-1": "1",
    us: "2",
  });
});

test.each([
  ["zone", { "eu/eu-1/b": "0", "eu/eu-1/a": "0", "eu/eu-2/a": "1", us: "2" }],
  ["node", { "eu/eu-1/a": "0", "eu/eu-1/b": "1", "eu/eu-2/a": "2", us: "3" }],
] as const)("a service that prefers who is in its %s needs no outlier detection", (prefers, places) => {
  const names = Object.keys(places);
  const placed = placeEndpoints(names.map(endpoint), {}, { ...DEFAULT_PROXY_OPTIONS, ...HERE }, { prefers });
  expect(
    Object.fromEntries(placed.endpoints.map(({ priority = 0 }, i) => [names[i], `${priority}`])),
  ).toEqual(places);
});

function placeByRegion(zoneAwareLbSetting: ZoneAwareLbSetting, more: Partial<ProxyOptions> = {}) {
  const names = ["eu/eu-1/a", "eu/eu-2/a=gold", "us/us-1", "asia"];
  // What stands beside it does not count.
  const localityLbSetting = { distribute: [{ from: "eu", to: { us: 100 } }] };
  const { endpoints, ...rest } = placeEndpoints(
    names.map(endpoint),
    { loadBalancer: { zoneAwareLbSetting, localityLbSetting } },
    { ...DEFAULT_PROXY_OPTIONS, ...HERE, ...more },
    { prefers: "zone" },
  );
  return { ...rest, priorities: endpoints.map(({ priority = 0 }) => priority) };
}

test.each<[string, ZoneAwareLbSetting, number[]]>([
  ["the own region comes first, and its zones are alike", {}, [0, 0, 1, 1]],
  ["a failover is the next", { failover: [{ from: "eu", to: "us" }] }, [0, 0, 1, 2]],
  ["a failover of another region says nothing", { failover: [{ from: "asia", to: "us" }] }, [0, 0, 1, 1]],
  ["labels come before regions", { failoverPriority: ["tier=gold"] }, [1, 0, 2, 2]],
  ["off, nothing is placed", { enabled: false }, [0, 0, 0, 0]],
])("zoneAwareLbSetting: %s", (_what, setting, priorities) => {
  expect(placeByRegion(setting)).toEqual({
    priorities,
    zoneAware: { enabled: setting.enabled !== false },
  });
});

test("zoneAwareLbSetting as a proxy elsewhere has it", () => {
  expect(placeByRegion({ minClusterSize: 3 }, { proxyLocality: "us" })).toEqual({
    priorities: [1, 1, 0, 1],
    zoneAware: { enabled: true, minClusterSize: 3 },
  });
});

test("the mesh's zoneAwareLbSetting holds where neither the rule nor the service says anything", () => {
  const ofMesh = { zoneAwareLbSetting: {}, localityLbSetting: { enabled: false } };
  const names = ["eu/eu-1", "us"].map(endpoint);
  const proxy = { ...DEFAULT_PROXY_OPTIONS, ...HERE };
  expect(placeEndpoints(names, {}, proxy, { ofMesh })).toMatchObject({ zoneAware: { enabled: true } });
  const own = { loadBalancer: { localityLbSetting: {} } };
  expect(placeEndpoints(names, own, proxy, { ofMesh })).not.toHaveProperty("zoneAware");
  expect(placeEndpoints(names, {}, proxy, { ofMesh, prefers: "node" })).not.toHaveProperty("zoneAware");
});

test("a failover that is written needs no outlier detection where endpoints are checked", () => {
  const priorities = (localityLbSetting: LocalityLbSetting, isChecked: boolean) =>
    placeEndpoints(
      ["eu/eu-1/a", "us"].map(endpoint),
      { loadBalancer: { localityLbSetting } },
      { ...DEFAULT_PROXY_OPTIONS, ...HERE },
      { isChecked },
    ).endpoints.map(({ priority = 0 }) => priority);
  const failover = [{ from: "eu", to: "us" }];
  expect(priorities({ failover }, true)).toEqual([0, 1]);
  expect(priorities({ failover }, false)).toEqual([0, 0]);
  expect(priorities({}, true)).toEqual([0, 0]);
});

test("a rule that speaks of localities comes before what the service prefers", () => {
  const { endpoints } = placeEndpoints(
    ["eu/eu-1", "us"].map(endpoint),
    { loadBalancer: { localityLbSetting: { enabled: false } } },
    { ...DEFAULT_PROXY_OPTIONS, ...HERE },
    { prefers: "zone" },
  );
  expect(endpoints.map(({ priority }) => priority)).toEqual([undefined, undefined]);
});
