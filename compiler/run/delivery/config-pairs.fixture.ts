/** Generated configurations of few names, so that two of them have much in common; and where their Envoys read them. */

import fc from "fast-check";
import type { Places } from "../../back/xds/places.ts";
import { type ResourceSet, resourcesOf } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import { APART, testCluster, testListener, testOptions, testRoute } from "../../back/xds/testing.ts";
import { Confidential } from "../../ir/confidential.ts";
import type { Cluster, Config, CorsPolicy, Forward, Listener, Route, Secret } from "../../ir/ir.ts";
import type { Target } from "../../options.ts";

export const CLUSTERS = ["cluster-a", "cluster-b", "cluster-c", "cluster-d"] as const;
const LISTENERS = ["one", "two", "three"] as const;

const CORS: CorsPolicy = {
  allowOrigins: [],
  allowMethods: "",
  allowHeaders: "",
  exposeHeaders: "",
  allowCredentials: false,
  forwardUnmatchedPreflights: true,
};

const cluster = (name: string): fc.Arbitrary<Cluster> =>
  fc
    .record({
      kind: fc.constantFrom("eds", "eds", "strictDns"),
      port: fc.integer({ min: 1, max: 2 }),
      connectTimeoutMs: fc.constantFrom(1, 2),
    })
    .map(({ kind, port, connectTimeoutMs }) =>
      testCluster({
        name,
        connectTimeoutMs,
        discovery: { kind: kind as "eds", endpoints: [{ address: "a.example", port, weight: 1 }] },
      }),
    );

/** A stat prefix or a policy makes a route class of its own; a policy also takes a filter of its own. */
const route = (clusters: readonly string[]): fc.Arbitrary<Route> =>
  fc
    .record({
      cluster: fc.constantFrom(...clusters),
      statPrefix: fc.constantFrom(undefined, "x", "y", "z"),
      cors: fc.boolean(),
    })
    .map(({ cluster, statPrefix, cors }) =>
      testRoute({
        action: { ...(testRoute().action as Forward), destinations: [{ cluster, weight: 1 }] },
        ...(statPrefix && { statPrefix }),
        ...(cors && { cors: CORS }),
      }),
    );

const listener = (name: string, clusters: readonly string[]): fc.Arbitrary<Listener> =>
  fc
    .record({ routes: fc.array(route(clusters), { maxLength: 3 }), isSecure: fc.boolean() })
    .map(({ routes, isSecure }) =>
      testListener(routes, {
        name,
        ...(isSecure && {
          tls: {
            serverNames: [],
            certificates: [`key of ${name}`],
            clientCertificate: "none",
            subjectAltNames: [],
            spkiHashes: [],
            certificateHashes: [],
            cipherSuites: [],
            curves: [],
          },
        }),
      }),
    );

const config: fc.Arbitrary<Config> = fc
  .subarray([...CLUSTERS], { minLength: 1 })
  .chain((names) =>
    fc.record({
      clusters: fc.tuple(...names.map(cluster)),
      listeners: fc
        .subarray([...LISTENERS])
        .chain((listeners) => fc.tuple(...listeners.map((name) => listener(name, names)))),
      version: fc.constantFrom("1", "2"),
    }),
  )
  .map(({ clusters, listeners, version }) => ({
    clusters,
    listeners,
    secrets: listeners
      .flatMap(({ tls }) => tls?.certificates ?? [])
      .map((name): Secret => {
        const key = new Confidential(version);
        return { name, inFiles: false, content: { kind: "certificate", chain: "", key } };
      }),
  }));

/** Some kinds of resources stand where they are used, as in a folder with too many files. */
const places: fc.Arbitrary<Places> = fc
  .record({ endpoints: fc.boolean(), listeners: fc.boolean(), secrets: fc.boolean() })
  .map(({ endpoints, listeners, secrets }) => ({
    ...APART,
    sourceOf(type, name) {
      const isApart = type === "endpoints" ? endpoints : type === "secret" ? secrets : listeners;
      return isApart ? APART.sourceOf(type, name) : undefined;
    },
  }));

function resources(target: Target, config: Config, places: Places): ResourceSet {
  const programs = config.listeners.map(
    ({ name, routes }) => [name, Buffer.from(JSON.stringify(routes))] as const,
  );
  // With `auto`, a listener goes from one to the other as its rules change: here by their length, which is as good as any.
  const isFiltered = { wasm: () => true, native: () => false, auto: (size: number) => size % 2 === 0 }[
    target
  ];
  const blobs = new Map(programs.filter(([, program]) => isFiltered(program.length)));
  return emitResources(config, testOptions({ target, places, blobs }));
}

/** What one Envoy is told, one after another. */
export function resourceSets(count: number): fc.Arbitrary<readonly ResourceSet[]> {
  const one = fc.oneof({ weight: 3, arbitrary: fc.constant(APART) }, { weight: 1, arbitrary: places });
  return fc
    .tuple(
      fc.constantFrom<Target>("wasm", "native", "auto"),
      fc.array(fc.tuple(config, one), { minLength: count, maxLength: count }),
    )
    .map(([target, all]) => all.map(([config, places]) => resources(target, config, places)));
}

/** As text: what is there, in which version. */
export function contentsOf(set: ResourceSet): string[] {
  return resourcesOf(set)
    .map(({ type, name, version }) => `${type} ${name} ${version}`)
    .sort();
}
