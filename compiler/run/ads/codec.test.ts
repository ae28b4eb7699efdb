import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Resource, resourcesOf } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import { testCluster, testListener, testOptions } from "../../back/xds/testing.ts";
import { NEWEST_ENVOY } from "../../platform/version.ts";
import { adsPlaces } from "../delivery/ads/places.ts";
import { adsCodec } from "./codec.ts";
import descriptors from "./descriptors.json" with { type: "json" };

const MODULE = Uint8Array.of(0, 97, 115, 109);
const [cluster, ...others] = resourcesOf(
  emitResources(
    { listeners: [testListener()], clusters: [testCluster()] },
    testOptions({ places: adsPlaces(MODULE), blobs: new Map([["mesh", Uint8Array.of(1, 2, 3)]]) }),
  ),
).sort((a, b) => (a.type === "cluster" ? -1 : b.type === "cluster" ? 1 : 0)) as [Resource, ...Resource[]];

test("the descriptors are those of the newest Envoy that Sluice works with", () => {
  expect(descriptors.envoy).toBe(NEWEST_ENVOY);
});

test("each type of resource is said in protobuf, with its name and its version", async () => {
  const codec = await adsCodec();
  for (const resource of [cluster, ...others]) {
    const bytes = Buffer.from(
      codec.encode({
        type: resource.type,
        nonce: "a nonce",
        update: { removed: ["gone"], resources: [resource] },
      }),
    );
    for (const text of [resource.name, resource.version, "a nonce", "gone"]) {
      expect(bytes.includes(text), `${resource.type}: ${text}`).toBe(true);
    }
  }
  expect(others.map(({ type }) => type).sort()).toEqual(["endpoints", "extension", "listener", "routes"]);
});

test("the filter's module and the program are bytes, not their text", async () => {
  const codec = await adsCodec();
  const [extension] = others.filter(({ type }) => type === "extension");
  const bytes = Buffer.from(
    codec.encode({ type: "extension", nonce: "1", update: { removed: [], resources: [extension!] } }),
  );
  expect(bytes.includes(Buffer.from(MODULE))).toBe(true);
  expect(bytes.includes(Buffer.of(1, 2, 3))).toBe(true);
});

test("a request says what is asked for, and what an earlier stream has left", async () => {
  const codec = await adsCodec();
  // field 2: type URL; 3: subscribe; 5: initial versions; 6: nonce; 7: error (2: its words)
  const text = (field: number, value: string | Buffer) =>
    Buffer.concat([Buffer.of((field << 3) | 2, value.length), Buffer.from(value)]);
  const of = (type: string, ...fields: Buffer[]) =>
    codec.decode(Buffer.concat([text(2, `type.googleapis.com/${type}`), ...fields])).request;
  const versions = Buffer.concat([text(1, "a"), text(2, "v1")]);
  expect(of("envoy.config.cluster.v3.Cluster", text(3, "b"), text(5, versions), text(6, "7"))).toEqual({
    type: "cluster",
    subscribe: ["b"],
    unsubscribe: [],
    initialVersions: new Map([["a", "v1"]]),
    nonce: "7",
  });
  expect(of("envoy.config.listener.v3.Listener", text(7, text(2, "no")))).toMatchObject({ refusal: "no" });
  // What Sluice has nothing of.
  expect(of("envoy.config.route.v3.ScopedRouteConfiguration")).toBeUndefined();
});

test("a field that Envoy does not have is a mistake of ours, and thrown", async () => {
  const codec = await adsCodec();
  const wrong = new Resource({ ...cluster, message: { ...cluster.message, no_such_field: 1 } as never });
  expect(() =>
    codec.encode({ type: "cluster", nonce: "1", update: { removed: [], resources: [wrong] } }),
  ).toThrow(/no_such_field/);
});

/** A request as a client writes it, whole. */
async function written(message: object): Promise<Uint8Array> {
  const { createFileRegistry, fromBinary, fromJson, toBinary } = await import("@bufbuild/protobuf");
  const { FileDescriptorSetSchema } = await import("@bufbuild/protobuf/wkt");
  const files = fromBinary(FileDescriptorSetSchema, gunzipSync(Buffer.from(descriptors.gzip, "base64")));
  const registry = createFileRegistry(files);
  const schema = registry.getMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest")!;
  return toBinary(schema, fromJson(schema, message as never, { registry }));
}

test("the first request says who asks, whatever it asks for; its extensions are passed over", async () => {
  const codec = await adsCodec();
  const node = {
    id: "p7",
    cluster: "reviews",
    locality: { region: "eu", subZone: "rack" },
    metadata: { NAMESPACE: "shop", LABELS: { app: "reviews" } },
    userAgentName: "envoy",
    userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40, patch: 2 } },
    extensions: Array.from({ length: 500 }, (_, i) => ({ name: `extension ${i}`, category: "filters" })),
  };
  const bytes = await written({ node, typeUrl: "type.googleapis.com/example.Unknown" });
  expect(codec.decode(bytes)).toEqual({
    typeUrl: "type.googleapis.com/example.Unknown",
    request: undefined,
    node: {
      id: "p7",
      cluster: "reviews",
      locality: { region: "eu", zone: "", subZone: "rack" },
      metadata: { NAMESPACE: "shop", LABELS: { app: "reviews" } },
      version: "1.40.2",
    },
  });
  expect(codec.decode(await written({ node: { id: "p8" } })).node).toEqual({
    id: "p8",
    cluster: "",
    metadata: {},
  });
  expect(codec.decode(await written({})).node).toBeUndefined();
});

test("whoever is told the same is told by the same bytes, whatever was told in between", async () => {
  const codec = await adsCodec();
  const update = { removed: ["gone"], resources: others };
  const told = (nonce: string, what = update) => codec.encode({ type: "listener", nonce, update: what });
  const first = told("7");
  expect(told("7")).toBe(first);
  // As it would be told had nobody been told before.
  const fresh = () => ({ ...update });
  for (const nonce of ["8", "a longer one", "", "7"]) {
    expect(Buffer.from(told(nonce)).equals(told(nonce, fresh())), nonce).toBe(true);
  }
  expect(Buffer.from(first).equals(told("7", fresh()))).toBe(true);
});
