/** A review that looks at little must say what one says that looks at everything. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { loadResources, type Resource, type ResourceSet } from "../../front/resources/model.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { changeFindings, fileOfObject, type ObjectChange } from "./change-findings.ts";
import { type ClusterObject, cluster } from "./meshes.fixture.ts";
import { Surroundings } from "./surroundings.ts";
import type { ObjectFinding } from "./wording.ts";

const RUNS = Number(process.env.SLUICE_RUNS ?? 60);

const of = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const namespace = of("default", "team");
const name = of("a", "b", "c");
const host = of("a", "b", "a.team.svc.cluster.local", "c.example.com", "*.example.com", "d.example.com");
const subset = of("v1", "v2", undefined);
const labels = of({ app: "a" }, { app: "b" }, { app: "a", version: "v1" }, { app: "b", version: "v2" });

const destination = fc.record({ host, subset, port: of({ number: 80 }, { number: 81 }, undefined) });
const claim = (field: string) =>
  fc.record({
    match: fc.constant([{ [field]: { "@request.auth.claims.sub": { exact: "a" } } }]),
    route: fc.tuple(fc.record({ destination })),
  });
const rule = fc.oneof(
  { weight: 1, arbitrary: claim("headers") },
  { weight: 4, arbitrary: fc.record({ route: fc.tuple(fc.record({ destination })) }) },
  { weight: 1, arbitrary: fc.record({ delegate: fc.record({ name, namespace }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ timeout: of("soon", "1s"), route: fc.tuple(fc.record({ destination })) }),
  },
);

function object(apiVersion: string, kind: string, fields: fc.Arbitrary<object>): fc.Arbitrary<ClusterObject> {
  return fc.record({ name, namespace, labels, fields }).map(({ fields: own, ...metadata }) => ({
    apiVersion,
    kind,
    metadata,
    ...JSON.parse(JSON.stringify(own)),
  }));
}

const ISTIO = "networking.istio.io/v1";
const spec = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) =>
  fc.record({ spec: fc.record(fields) });
const ports = of(
  [{ name: "http", number: 80, protocol: "HTTP" }],
  [{ name: "tcp", number: 81, protocol: "TCP" }],
);

const ofGroup: fc.Arbitrary<ClusterObject> = fc
  .record({ name, namespace, group: name, address: of("10.0.0.3", "10.0.0.4") })
  .map(({ group, address, ...metadata }) => ({
    apiVersion: ISTIO,
    kind: "WorkloadEntry",
    metadata: { ...metadata, annotations: { "istio.io/autoRegistrationGroup": group } },
    spec: { address },
  }));

const requestAuthentication = object(
  "security.istio.io/v1",
  "RequestAuthentication",
  spec({
    selector: of({ matchLabels: { istio: "ingressgateway" } }, { matchLabels: { app: "a" } }, undefined),
    jwtRules: of(
      [{ issuer: "i", jwksUri: "http://c.example.com/keys" }],
      [{ issuer: "i", jwksUri: "ftp://a" }],
      [{ issuer: "i", jwks: '{"keys":[]}', outputPayloadToHeader: "x" }],
    ),
  }),
);

const rules = fc.oneof(
  object(
    ISTIO,
    "VirtualService",
    spec({
      hosts: of(["a"], ["b", "c.example.com"], ["*"], ["*.example.com"], undefined),
      gateways: of(["a"], ["team/b", "mesh"], undefined),
      http: fc.array(rule, { minLength: 1, maxLength: 2 }),
    }),
  ),
  object(
    ISTIO,
    "DestinationRule",
    spec({
      host,
      subsets: fc
        .uniqueArray(of("v1", "v2"))
        .map((all) => all.map((v) => ({ name: v, labels: { version: v } }))),
    }),
  ),
  object(
    ISTIO,
    "ServiceEntry",
    spec({
      hosts: of(["c.example.com"], ["*.example.com"], ["a.team.svc.cluster.local", "d.example.com"]),
      ports,
      resolution: of("STATIC", "DNS", "NONE"),
      workloadSelector: of({ labels: { app: "a" } }, undefined),
    }),
  ),
  object(
    ISTIO,
    "Gateway",
    spec({
      selector: of({ istio: "ingressgateway" }, { app: "a" }),
      servers: of(
        [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
        [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["c.example.com"] }],
      ),
    }),
  ),
  object(ISTIO, "WorkloadEntry", spec({ address: of("10.0.0.1", "10.0.0.2"), labels })),
  ofGroup,
  object(
    ISTIO,
    "Sidecar",
    spec({ egress: of([{ hosts: ["./*"] }], [{ hosts: ["team/*", "*/c.example.com"] }]) }),
  ),
  object(
    "v1",
    "Service",
    spec({
      selector: of({ app: "a" }, { app: "b" }),
      ports: of([{ name: "http", port: 80 }], [{ name: "tcp", port: 81 }]),
    }),
  ),
  requestAuthentication,
  object(ISTIO, "WorkloadGroup", spec({ template: fc.record({ labels }) })),
  object(
    "networking.istio.io/v1beta1",
    "ProxyConfig",
    spec({
      concurrency: of(1, 2, undefined),
      environmentVariables: of({ ISTIO_META_DNS_CAPTURE: "true" }, { ISTIO_META_CLUSTER_ID: "x" }, undefined),
    }),
  ),
);
const others = object(
  "v1",
  "Pod",
  fc.constant({ spec: {}, status: { podIP: "10.1.0.1", phase: "Running" } }),
);

const identity = ({ kind, metadata }: ClusterObject) => `${kind} ${metadata.namespace}/${metadata.name}`;
const mesh = fc.uniqueArray(fc.oneof({ weight: 5, arbitrary: rules }, { weight: 1, arbitrary: others }), {
  maxLength: 12,
  selector: identity,
});

const PROXIES: readonly ProxyOptions[] = [
  DEFAULT_PROXY_OPTIONS,
  { ...DEFAULT_PROXY_OPTIONS, proxyLabels: { istio: "ingressgateway" }, meshPort: 0 },
];

test("a review of what is near says what one of everything says", () => {
  fc.assert(
    fc.property(mesh, rules, fc.boolean(), of(...PROXIES), (objects, object, isDeletion, proxy) => {
      const resources = cluster(objects);
      const near = new Surroundings(resources, proxy.domainSuffix);
      const { kind, metadata } = object;
      const old = near.find({ kind, name: metadata.name, namespace: metadata.namespace! });
      const now = isDeletion ? undefined : fileOfObject(object);
      const change: ObjectChange = { ...(old && { old }), ...(now && { now }) };
      const accepted = now === undefined ? [] : listed(loadResources([now], { report() {} }), false);
      const all = new Set(listed(resources, true));
      const said = (surrounding: Parameters<typeof changeFindings>[1]) =>
        told(changeFindings(change, surrounding, proxy));
      expect(said(near.of([...(old ? [old] : []), ...accepted]))).toEqual(
        said({ concerned: new Set([...all].filter((one) => mayConcern(kind, one.kind))), resources: all }),
      );
    }),
    { numRuns: RUNS },
  );
});

/** That a proxy has a first Gateway, or none any more, is not told of all that is for gateways only. */
function mayConcern(changed: string, other: string): boolean {
  const isForGateways = other === "ProxyConfig" || other === "RequestAuthentication";
  return other !== "Sidecar" && !(changed === "Gateway" && isForGateways);
}

/** What somebody would see. */
function told(findings: readonly ObjectFinding[]): string[] {
  return (
    findings
      .filter(({ level }) => level !== "info")
      // Of two names that are as near, either may have been meant.
      .map(({ object, field, brief }) => `${object ?? "it"}, ${field}: ${brief}`)
      .sort()
  );
}

function listed(resources: ResourceSet, withRefused: boolean): Resource<unknown>[] {
  const { ignored: _, unreadable: __, refused, ...lists } = resources;
  return [...Object.values(lists).flat(), ...(withRefused ? refused : [])];
}
