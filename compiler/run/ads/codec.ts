/**
 * Between what Sluice has and what goes over the wire: resources in protobuf's JSON form, and protobuf. Which fields a message
 * has is known from descriptors of Envoy's own API (`scripts/descriptors.mjs`), and nothing of it by us.
 *
 * The libraries are loaded when the first stream needs them: no other command has to wait for them.
 */

import type { JsonObject, Message } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { typeUrl } from "../../back/xds/protobuf.ts";
import type { Resource, ResourceType } from "../../back/xds/resource-set.ts";
import { messageOf, messageRegistry } from "./messages.ts";
import type { RequestNode } from "./node.ts";
import type { DeltaRequest, DeltaResponse } from "./session.ts";

const DISCOVERY = "envoy.service.discovery.v3";

const TYPE_URLS: Readonly<Record<ResourceType, string>> = {
  cluster: typeUrl("envoy.config.cluster.v3.Cluster"),
  endpoints: typeUrl("envoy.config.endpoint.v3.ClusterLoadAssignment"),
  listener: typeUrl("envoy.config.listener.v3.Listener"),
  routes: typeUrl("envoy.config.route.v3.RouteConfiguration"),
  extension: typeUrl("envoy.config.core.v3.TypedExtensionConfig"),
  secret: typeUrl("envoy.extensions.transport_sockets.tls.v3.Secret"),
};

/** What of a request is read. */
interface RequestMessage extends Message {
  readonly node?: NodeMessage;
  readonly typeUrl: string;
  readonly resourceNamesSubscribe: readonly string[];
  readonly resourceNamesUnsubscribe: readonly string[];
  readonly initialResourceVersions: Readonly<Record<string, string>>;
  readonly responseNonce: string;
  readonly errorDetail?: { readonly message: string };
}

interface NodeMessage {
  readonly id: string;
  readonly cluster: string;
  readonly metadata?: JsonObject;
  readonly locality?: RequestNode["locality"];
  readonly userAgentVersionType: {
    readonly value?:
      | string
      | { readonly version?: Readonly<Record<"majorNumber" | "minorNumber" | "patch", number>> };
  };
}

/** What one message says. */
export interface Decoded {
  readonly typeUrl: string;
  /** `undefined` for a type that Sluice has nothing of. */
  readonly request: DeltaRequest | undefined;
  /** In the first message of a stream; clients may repeat it. */
  readonly node: RequestNode | undefined;
}

export interface AdsCodec {
  /** Throws for what is not a request. */
  decode(bytes: Uint8Array): Decoded;
  /** Throws for a resource that Envoy's API does not have: a mistake in Sluice. */
  encode(response: DeltaResponse): Uint8Array;
}

let loaded: Promise<AdsCodec> | undefined;

export function adsCodec(): Promise<AdsCodec> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<AdsCodec> {
  const [{ create, fromBinary, fromJson, toBinary }, wkt, registry] = await Promise.all([
    import("@bufbuild/protobuf"),
    import("@bufbuild/protobuf/wkt"),
    messageRegistry(),
  ]);
  const schema = (name: string) => messageOf(registry, name);
  const request = schema(`${DISCOVERY}.DeltaDiscoveryRequest`);
  const response = schema(`${DISCOVERY}.DeltaDiscoveryResponse`);
  const types = new Map(Object.entries(TYPE_URLS).map(([type, url]) => [url, type as ResourceType]));
  /** The same resource goes to many clients, and to one again and again. */
  const packed = new WeakMap<Resource, Any>();

  const pack = (resource: Resource): Any => {
    const known = packed.get(resource);
    if (known !== undefined) {
      return known;
    }
    // Plain JSON: what is `undefined` in it is left out.
    const json = JSON.parse(JSON.stringify(resource.message));
    const any = fromJson(wkt.AnySchema, json, { registry });
    packed.set(resource, any);
    return any;
  };

  return {
    decode(bytes) {
      const message = fromBinary(request, bytes, { readUnknownFields: false }) as RequestMessage;
      const type = types.get(message.typeUrl);
      return {
        typeUrl: message.typeUrl,
        node: message.node && nodeOf(message.node),
        request: type && {
          type,
          subscribe: message.resourceNamesSubscribe,
          unsubscribe: message.resourceNamesUnsubscribe,
          initialVersions: new Map(Object.entries(message.initialResourceVersions)),
          nonce: message.responseNonce,
          ...(message.errorDetail && { refusal: message.errorDetail.message }),
        },
      };
    },
    encode({ type, nonce, resources, removed }) {
      const message = create(response, {
        typeUrl: TYPE_URLS[type],
        nonce,
        removedResources: [...removed],
        resources: resources.map((resource) => ({
          name: resource.name,
          version: resource.version,
          resource: pack(resource),
        })),
      } as Record<string, unknown>);
      return toBinary(response, message);
    },
  };
}

function nodeOf({ id, cluster, metadata = {}, locality, userAgentVersionType }: NodeMessage): RequestNode {
  const version = versionOf(userAgentVersionType.value);
  return {
    id,
    cluster,
    metadata,
    ...(locality && {
      locality: { region: locality.region, zone: locality.zone, subZone: locality.subZone },
    }),
    ...(version !== undefined && { version }),
  };
}

function versionOf(agent: NodeMessage["userAgentVersionType"]["value"]): string | undefined {
  if (typeof agent !== "object") {
    return agent;
  }
  const { majorNumber, minorNumber, patch } = agent.version ?? { majorNumber: 0, minorNumber: 0, patch: 0 };
  return `${majorNumber}.${minorNumber}.${patch}`;
}
