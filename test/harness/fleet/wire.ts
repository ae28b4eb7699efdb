/** Messages of delta ADS as a client reads and writes them. What a resource needs is found once, for all clients of a process. */

import type { DescMessage } from "@bufbuild/protobuf";
import { PROXY_ATTRIBUTE } from "../../../compiler/fleet/signal/stats-sink.ts";
import { messageOf, messageRegistry } from "../../../compiler/run/ads/messages.ts";

/** `AGGREGATION_TEMPORALITY_CUMULATIVE`. */
const CUMULATIVE = 2;
const PREFIX = "type.googleapis.com/";
const DISCOVERY = "envoy.service.discovery.v3";
const ENDPOINTS = "envoy.config.endpoint.v3.ClusterLoadAssignment";
const ROUTES = "envoy.config.route.v3.RouteConfiguration";
const EXTENSION = "envoy.config.core.v3.TypedExtensionConfig";
const SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret";

export interface ReceivedResource {
  readonly name: string;
  readonly version: string;
  /** Names of what it is not complete without, by type. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

export interface ReceivedResponse {
  /** Without the prefix of type URLs. */
  readonly type: string;
  readonly nonce: string;
  readonly resources: readonly ReceivedResource[];
  readonly removed: readonly string[];
}

export interface Wire {
  typeUrl(type: string): string;
  /** In protobuf's JSON form. */
  writeRequest(message: object): Buffer;
  readResponse(bytes: Uint8Array): ReceivedResponse;
  /** `ScopeMetrics`, the same for many reports: each statistic has this value. */
  writeStatistics(names: readonly string[], value: number, at: number): Uint8Array;
  /** `ExportMetricsServiceRequest` of one proxy. */
  writeReport(id: string, statistics: Uint8Array): Buffer;
}

interface ResponseMessage {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly removedResources: readonly string[];
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    readonly resource?: { readonly typeUrl: string; readonly value: Uint8Array };
  }[];
}

const NOTHING: ReadonlyMap<string, readonly string[]> = new Map();

export async function createWire(): Promise<Wire> {
  const [{ create, fromBinary, toBinary, toJson }, { BinaryWriter, WireType }, registry] = await Promise.all([
    import("@bufbuild/protobuf"),
    import("@bufbuild/protobuf/wire"),
    messageRegistry(),
  ]);
  const scopeMetrics = messageOf(registry, "opentelemetry.proto.metrics.v1.ScopeMetrics");
  const resource = messageOf(registry, "opentelemetry.proto.resource.v1.Resource");
  const request = messageOf(registry, `${DISCOVERY}.DeltaDiscoveryRequest`);
  const response = messageOf(registry, `${DISCOVERY}.DeltaDiscoveryResponse`);
  const known = new Map<string, ReadonlyMap<string, readonly string[]>>();

  const needsOf = (key: string, schema: DescMessage, value: Uint8Array) => {
    let needs = known.get(key);
    if (needs === undefined) {
      needs = findNeeds(toJson(schema, fromBinary(schema, value), { registry }));
      known.set(key, needs);
    }
    return needs;
  };

  return {
    typeUrl: (type) => PREFIX + type,
    writeRequest: (message) =>
      Buffer.from(toBinary(request, create(request, message as Record<string, unknown>))),
    writeStatistics(names, value, at) {
      const time = BigInt(at) * 1_000_000n;
      const point = {
        startTimeUnixNano: time,
        timeUnixNano: time,
        value: { case: "asInt", value: BigInt(value) },
      };
      const sum = { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints: [point] };
      const metrics = names.map((name) => ({ name, data: { case: "sum", value: sum } }));
      return toBinary(scopeMetrics, create(scopeMetrics, { metrics } as Record<string, unknown>));
    },
    writeReport(id, statistics) {
      const attributes = [{ key: PROXY_ATTRIBUTE, value: { value: { case: "stringValue", value: id } } }];
      const writer = new BinaryWriter();
      writer.tag(1, WireType.LengthDelimited).fork();
      writer
        .tag(1, WireType.LengthDelimited)
        .bytes(toBinary(resource, create(resource, { attributes } as Record<string, unknown>)));
      writer.tag(2, WireType.LengthDelimited).bytes(statistics);
      return Buffer.from(writer.join().finish());
    },
    readResponse(bytes) {
      const message = fromBinary(response, bytes) as unknown as ResponseMessage;
      const type = message.typeUrl.slice(PREFIX.length);
      const isOwner = type.endsWith(".Cluster") || type.endsWith(".Listener");
      const schema = messageOf(registry, type);
      return {
        type,
        nonce: message.nonce,
        removed: message.removedResources,
        resources: message.resources.map(({ name, version, resource }) => ({
          name,
          version,
          needs:
            isOwner && resource !== undefined
              ? needsOf(`${type} ${name} ${version}`, schema, resource.value)
              : NOTHING,
        })),
      };
    },
  };
}

/** Whatever a cluster or a listener asks for by name, wherever it stands in it. */
function findNeeds(message: unknown): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, string[]>();
  const add = (type: string, name: unknown) => {
    const names = needs.get(type) ?? [];
    needs.set(type, names);
    if (typeof name === "string" && !names.includes(name)) {
      names.push(name);
    }
  };
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) {
      return;
    }
    const fields = value as Readonly<Record<string, unknown>>;
    if (fields.edsClusterConfig !== undefined) {
      const { serviceName } = fields.edsClusterConfig as { readonly serviceName?: string };
      add(ENDPOINTS, serviceName ?? fields.name);
    }
    if (fields.routeConfigName !== undefined) {
      add(ROUTES, fields.routeConfigName);
    }
    if (fields.configDiscovery !== undefined) {
      add(EXTENSION, fields.name);
    }
    if (fields.sdsConfig !== undefined) {
      add(SECRET, fields.name);
    }
    Object.values(fields).forEach(visit);
  };
  visit(message);
  return needs;
}
