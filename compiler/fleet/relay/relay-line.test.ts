import { beforeEach, expect, test } from "vitest";
import type { AcceptedSet } from "./accepted.ts";
import type { DeltaRequest, DeltaResponse } from "./delta-messages.ts";
import { type Outgoing, RelayLine } from "./relay-line.ts";

const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
const LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener";

const request = (typeUrl: string, more: Partial<DeltaRequest> = {}): DeltaRequest => ({
  typeUrl,
  resourceNamesSubscribe: [],
  resourceNamesUnsubscribe: [],
  initialResourceVersions: {},
  responseNonce: "",
  ...more,
});

const response = (
  typeUrl: string,
  nonce: string,
  names: readonly string[],
  version = "1",
): DeltaResponse => ({
  typeUrl,
  nonce,
  resources: names.map((name) => ({
    name,
    version,
    resource: { typeUrl, value: Buffer.from(`${name} ${version}`) },
  })),
  removedResources: [],
});

const ask = (names: readonly string[]) => request(ENDPOINTS, { resourceNamesSubscribe: names });
/** The Envoy's answer to the last thing that it was told. */
const acknowledge = (outgoing: readonly Outgoing[], more: Partial<DeltaRequest> = {}): DeltaRequest => {
  const last = outgoing.at(-1);
  if (last?.to !== "envoy") {
    throw new Error("the Envoy was told nothing");
  }
  return request(last.response.typeUrl, { responseNonce: last.response.nonce, ...more });
};

let kept: AcceptedSet[];
beforeEach(() => {
  kept = [];
});

const line = (remembered: AcceptedSet = new Map()) =>
  new RelayLine({ remembered, onAccepted: (accepted) => kept.push(accepted) });

/** An Envoy that has had one cluster and one listener from its server. */
function started(): RelayLine {
  const relay = line();
  relay.fromEnvoy(request(CLUSTERS));
  relay.serverUp();
  const clusters = relay.fromServer(response(CLUSTERS, "a", ["c"]));
  relay.fromEnvoy(ask(["c"]));
  const endpoints = relay.fromServer(response(ENDPOINTS, "b", ["c"]));
  relay.fromEnvoy(acknowledge(endpoints));
  relay.fromEnvoy(acknowledge(clusters));
  relay.fromEnvoy(request(LISTENERS));
  relay.fromEnvoy(acknowledge(relay.fromServer(response(LISTENERS, "c", ["l"]))));
  return relay;
}

const told = (outgoing: readonly Outgoing[]) =>
  outgoing.map((one) =>
    one.to === "server"
      ? `server ${one.request.responseNonce}`
      : `envoy ${one.response.resources.map(({ name, version }) => `${name} ${version}`).join(",")}`,
  );

test("the server hears what the Envoy acknowledges, by its own nonces", () => {
  const relay = line();
  expect(relay.fromEnvoy(request(CLUSTERS))).toEqual([]);
  expect(told(relay.serverUp())).toEqual(["server "]);
  const first = relay.fromServer(response(CLUSTERS, "x", ["c"]));
  expect(told(first)).toEqual(["envoy c 1"]);
  expect(told(relay.fromEnvoy(acknowledge(first)))).toEqual(["server x"]);
});

test("a state is remembered when it is whole, and an Envoy starts from it", () => {
  started();
  expect(kept).toHaveLength(1);
  const relay = line(kept[0]);
  relay.fromEnvoy(request(CLUSTERS));
  const clusters = relay.serverDown();
  expect(told(clusters)).toEqual(["envoy c 1"]);
  expect(told(relay.fromEnvoy(ask(["c", "unknown"])))).toEqual(["envoy c 1"]);
  relay.fromEnvoy(acknowledge(clusters));
  const listeners = relay.fromEnvoy(request(LISTENERS));
  expect(told(listeners)).toEqual(["envoy l 1"]);
  // Nothing twice.
  expect(relay.fromEnvoy(acknowledge(listeners))).toEqual([]);
});

test("half a change replaces nothing", () => {
  const relay = started();
  const clusters = relay.fromServer(response(CLUSTERS, "d", ["new"]));
  relay.fromEnvoy(ask(["new"]));
  relay.fromEnvoy(acknowledge(clusters));
  expect(kept).toHaveLength(1);
  relay.fromEnvoy(acknowledge(relay.fromServer(response(ENDPOINTS, "e", ["new"]))));
  expect(kept).toHaveLength(2);
  expect([...kept[1]!.get(CLUSTERS)!.keys()]).toEqual(["c", "new"]);
});

test("what an Envoy refuses is not remembered, and the server hears its words", () => {
  const relay = started();
  const refusal = { $typeName: "google.rpc.Status" } as unknown as NonNullable<DeltaRequest["errorDetail"]>;
  const [heard] = relay.fromEnvoy(
    acknowledge(relay.fromServer(response(LISTENERS, "d", ["l"], "2")), { errorDetail: refusal }),
  );
  expect(heard).toMatchObject({ to: "server", request: { responseNonce: "d", errorDetail: refusal } });
  expect(kept).toHaveLength(1);
});

test("a server that comes back is told what the Envoy has, and not what it said to another stream", () => {
  const relay = started();
  const late = relay.fromServer(response(LISTENERS, "d", ["l"], "2"));
  relay.serverDown();
  // It keeps what it has: nothing is told it again.
  expect(relay.fromEnvoy(acknowledge(late))).toEqual([]);
  const requests = relay.serverUp().map((one) => (one.to === "server" ? one.request : undefined));
  expect(requests).toMatchObject([
    { typeUrl: CLUSTERS, initialResourceVersions: { c: "1" }, resourceNamesSubscribe: [] },
    { typeUrl: ENDPOINTS, initialResourceVersions: { c: "1" }, resourceNamesSubscribe: ["c"] },
    { typeUrl: LISTENERS, initialResourceVersions: { l: "2" } },
  ]);
});

test("a server that dies while an Envoy starts is replaced by what goes together", () => {
  started();
  const relay = line(kept[0]);
  relay.fromEnvoy(request(CLUSTERS));
  relay.serverUp();
  relay.fromEnvoy(acknowledge(relay.fromServer(response(CLUSTERS, "x", ["other"], "2"))));
  const [again] = relay.serverDown();
  expect(told([again!])).toEqual(["envoy c 1"]);
});
