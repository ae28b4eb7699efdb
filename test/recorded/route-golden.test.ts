/**
 * A field's value, and the Envoy fields that istiod makes of it, held against what the native target writes. Left out
 * of the comparison is only what says the same in another way, see `plain`.
 */

import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { emitNativeRoutes } from "../../compiler/back/xds/native-routes.ts";
import type { EnvoyRoute } from "../../compiler/back/xds/route-configuration.ts";
import { lower } from "../../compiler/front/istio/testing.ts";
import type {
  CorsPolicy,
  HttpFault,
  HttpRetry,
  HttpRoute,
  Percent,
  StringMatch,
  VirtualServiceSpec,
} from "../../compiler/front/resources/model.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../compiler/options.ts";
import { withRecordedCases } from "../harness/recorded.ts";
import { Tally } from "../harness/tally.ts";

type GoldenCase = { readonly test: string } & (
  | {
      readonly kind: "BuildHTTPRoutesForVirtualService";
      /** What istiod makes of the Kubernetes APIs, which users cannot write. */
      readonly internal_semantics: boolean;
      readonly proxy: { readonly labels: Readonly<Record<string, string>> | null; readonly ns: string };
      readonly listener_port: number;
      readonly virtual_service: {
        readonly metadata: { readonly name: string };
        readonly spec: VirtualServiceSpec;
      };
      readonly envoy_routes: readonly object[] | null;
    }
  | {
      readonly kind: "translateMetadataMatch";
      /** The name in `headers`, and its condition. */
      readonly in: readonly [string, StringMatch | null];
      readonly envoy: unknown;
    }
  | {
      readonly kind: "ConvertPolicy";
      /** The policy, and whether the destination has a consistent hash. */
      readonly in: readonly [HttpRetry | null, boolean];
      readonly envoy: unknown;
    }
  | { readonly kind: "MirrorPercent"; readonly in: HttpRoute; readonly envoy: unknown }
  | { readonly kind: "MirrorPercentByPolicy"; readonly in: { percentage?: Percent }; readonly envoy: unknown }
  | { readonly kind: "TranslateFault"; readonly in: HttpFault; readonly envoy: unknown }
  | { readonly kind: "TranslateCORSPolicy"; readonly in: CorsPolicy; readonly envoy: unknown }
);

function whyLeft(one: GoldenCase): string | undefined {
  if (one.kind !== "BuildHTTPRoutesForVirtualService") {
    return undefined;
  }
  const recorded = JSON.stringify(one.envoy_routes);
  return one.internal_semantics
    ? "about rules that istiod makes of other APIs"
    : recorded.includes('"hash_policy"')
      ? "with DestinationRules that the case does not tell"
      : recorded.includes('"alt-svc"')
        ? "about HTTP/3"
        : undefined;
}

const HOST = "golden.example.com";
const TO = { destination: { host: "a.example.com", port: { number: 80 } } };
const HASHED = [
  {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "a" },
    spec: {
      hosts: ["a.example.com"],
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
      resolution: "STATIC",
    },
  },
  {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "a" },
    spec: {
      host: "a.example.com",
      trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } },
    },
  },
];

/** The routes that the native target has for these rules at a gateway. */
function routesOf(
  spec: VirtualServiceSpec,
  {
    port = 8080,
    namespace = "default",
    labels = {} as Readonly<Record<string, string>>,
    more = [] as readonly object[],
  } = {},
) {
  const documents = [
    ...more,
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name: "some-gateway" },
      spec: { servers: [{ port: { number: port, name: "http", protocol: "HTTP" }, hosts: ["*"] }] },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "acme" },
      spec: { ...spec, hosts: spec.hosts ?? [HOST], gateways: ["some-gateway"] },
    },
  ];
  const lowered = lower(documents.map((document) => stringify(document)).join("---\n"), {
    meshPort: 0,
    proxyNamespace: namespace,
    proxyLabels: labels,
  });
  const listener = lowered.config.listeners.find(({ name }) => name === `gateway_${port}`)!;
  const emitted =
    emitNativeRoutes(listener, listener.name, { ...DEFAULT_PROXY_OPTIONS, log: undefined }).virtual_hosts[0]
      ?.routes ?? [];
  return {
    ...lowered,
    // istiod calls a route by the rule's own name; ours has the id of the rule, as its statistics have.
    routes: emitted.map(({ name: _label, ...route }, i) => {
      const { name } = listener.routes.virtualHosts[0]!.routes[i]!;
      return name === "" ? route : { ...route, name };
    }),
  };
}

/** What the recorded function makes of its input, and the part of our route that has the same. */
function askFor(one: GoldenCase): {
  readonly asked: ReturnType<typeof routesOf>;
  readonly ours: (routes: readonly EnvoyRoute[]) => unknown;
  readonly theirs: unknown;
} {
  const oneRule = (rule: HttpRoute, more: readonly object[] = []) =>
    routesOf({ http: [{ route: [TO], ...rule }] }, { more });
  const perFilter = (name: string) => (routes: readonly EnvoyRoute[]) =>
    routes[0]?.typed_per_filter_config?.[`envoy.filters.http.${name}`];
  switch (one.kind) {
    case "BuildHTTPRoutesForVirtualService": {
      const { proxy, listener_port: port, virtual_service, envoy_routes } = one;
      const asked = routesOf(virtual_service.spec, {
        port,
        namespace: proxy.ns,
        labels: proxy.labels ?? {},
      });
      return { asked, ours: (routes) => routes, theirs: envoy_routes ?? [] };
    }
    case "ConvertPolicy": {
      const [retries, hashed] = one.in;
      const asked = oneRule(retries === null ? {} : { retries }, hashed ? HASHED : []);
      return { asked, ours: (routes) => routes[0]?.route?.retry_policy ?? null, theirs: one.envoy };
    }
    case "MirrorPercent":
    case "MirrorPercentByPolicy": {
      const rule =
        one.kind === "MirrorPercent"
          ? { ...one.in, mirror: TO.destination }
          : { mirrors: [{ ...one.in, destination: TO.destination }] };
      return {
        asked: oneRule(rule),
        ours: (routes) => routes[0]?.route?.request_mirror_policies?.[0]?.runtime_fraction ?? null,
        theirs: one.envoy,
      };
    }
    case "TranslateFault":
      return { asked: oneRule({ fault: one.in }), ours: perFilter("fault"), theirs: one.envoy };
    case "TranslateCORSPolicy":
      return { asked: oneRule({ corsPolicy: one.in }), ours: perFilter("cors"), theirs: one.envoy };
    case "translateMetadataMatch": {
      const [name, condition] = one.in;
      return {
        asked: oneRule({ match: [{ headers: { [name]: condition ?? {} } }] }),
        ours: (routes) => routes[0]?.match.dynamic_metadata?.[0] ?? null,
        theirs: one.envoy,
      };
    }
  }
}

function hasNoAction(routes: unknown): boolean {
  return (
    Array.isArray(routes) &&
    routes.some((route) => !("route" in route || "redirect" in route || "direct_response" in route))
  );
}

/** What Envoy takes when a field is not there. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  case_sensitive: true,
  append_action: "APPEND_IF_EXISTS_OR_ADD",
  response_code: "MOVED_PERMANENTLY",
  weight: 0,
  allow_credentials: false,
};
/** Istio's own bookkeeping. */
const BOOKKEEPING = new Set([
  "@type",
  "metadata",
  "decorator",
  // Ours: statistics are not named by what clients say of themselves.
  "disable_downstream_cluster_stats",
  // istiod says "always" here, which is what Envoy does when nothing is said.
  "filter_enabled",
]);
const PER_DENOMINATOR: Readonly<Record<string, number>> = {
  HUNDRED: 10_000,
  TEN_THOUSAND: 100,
  MILLION: 1,
};

/** Envoy compares and writes names of headers in lower case. */
function isHeaderName(parent: string, name: string): boolean {
  return (parent === "header" && name === "key") || (parent === "headers" && name === "name");
}

/** One spelling for what protobuf's JSON admits several for. */
function plain(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => plain(item, key));
  }
  if (typeof value !== "object" || value === null) {
    const isNumber = typeof value === "string" && /^\d+$/.test(value) && key.endsWith("attempts");
    return isNumber ? Number(value) : value;
  }
  if ("numerator" in value || "denominator" in value) {
    const { numerator = 0, denominator = "HUNDRED" } = value as { numerator?: number; denominator?: string };
    return { perMillion: numerator * PER_DENOMINATOR[denominator]! };
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => !BOOKKEEPING.has(name) && DEFAULTS[name] !== field)
      .map(([name, field]) => [
        name,
        isHeaderName(key, name) ? String(field).toLowerCase() : plain(field, name),
      ]),
  );
}

withRecordedCases<GoldenCase>("route_golden.yaml", (cases) => {
  const tally = new Tally("route_golden.yaml");
  afterAll(() => tally.print());

  const labelled = cases.map((one, index) => [index + 1, `${one.kind} ${one.test}`, one] as const);
  for (const [index, name, one] of labelled) {
    const why = whyLeft(one);
    if (why !== undefined) {
      tally.left(`${index}`, why);
      continue;
    }
    test(`${index} ${name}`, () => {
      const { asked, ours, theirs } = askFor(one);
      if (hasNoAction(theirs) && asked.diagnostics.some(({ code }) => !code.startsWith("SL03"))) {
        // Envoy would refuse what istiod made; it is refused here, with a reason.
        expect(asked.diagnostics.map(({ level }) => level)).toContain("error");
        tally.held();
        return;
      }
      if (tally.isPending(name, asked.diagnostics)) {
        return;
      }
      expect(plain(ours(asked.routes))).toEqual(plain(theirs));
      tally.held();
    });
  }
});
