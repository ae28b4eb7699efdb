/**
 * Between what Sluice has and what goes over the wire: resources in protobuf's JSON form, and protobuf. Which fields a message
 * has is known from descriptors of Envoy's own API (`scripts/descriptors.mjs`), and nothing of it by us.
 *
 * The libraries are loaded when the first stream needs them: no other command has to wait for them.
 */

import type { DescField, DescMessage, JsonObject, Message } from "@bufbuild/protobuf";
import { typeUrl } from "../../back/xds/protobuf.ts";
import type { Resource, ResourceType } from "../../back/xds/resource-set.ts";
import type { Update } from "./changes.ts";
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
  /** The same bytes for equal responses, which nobody may change. Throws for a resource that Envoy's API does not have: a mistake in Sluice. */
  encode(response: DeltaResponse): Uint8Array;
  /** Bytes of the resources of an update. Throws as `encode` does. */
  sizeOf(update: Update): number;
}

/** An update as somebody was told it last. */
interface EncodedMessage {
  readonly nonce: string;
  readonly bytes: Uint8Array;
  /** Where the nonce begins. */
  readonly bodyLength: number;
}

let loaded: Promise<AdsCodec> | undefined;

export function adsCodec(): Promise<AdsCodec> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<AdsCodec> {
  const [{ create, fromBinary, fromJson, toBinary }, { BinaryWriter, WireType }, wkt, registry] =
    await Promise.all([
      import("@bufbuild/protobuf"),
      import("@bufbuild/protobuf/wire"),
      import("@bufbuild/protobuf/wkt"),
      messageRegistry(),
    ]);
  const schema = (name: string) => messageOf(registry, name);
  const request = schema(`${DISCOVERY}.DeltaDiscoveryRequest`);
  const response = schema(`${DISCOVERY}.DeltaDiscoveryResponse`);
  const resources = fieldOf(response, "resources");
  const nonces = fieldOf(response, "nonce");
  const types = new Map(Object.entries(TYPE_URLS).map(([type, url]) => [url, type as ResourceType]));
  const envelope = schema(`${DISCOVERY}.Resource`);
  /** What goes to many clients, and to one again and again, is encoded once. */
  const encoded = new WeakMap<Resource, Uint8Array>();
  const latest = new WeakMap<Update, EncodedMessage>();
  const sizes = new WeakMap<Update, number>();

  const encodeResource = (resource: Resource): Uint8Array => {
    let bytes = encoded.get(resource);
    if (bytes === undefined) {
      // Plain JSON: what is `undefined` in it is left out.
      const json = JSON.parse(JSON.stringify(resource.message));
      const { name, version } = resource;
      const any = fromJson(wkt.AnySchema, json, { registry });
      bytes = toBinary(
        envelope,
        create(envelope, { name, version, resource: any } as Record<string, unknown>),
      );
      encoded.set(resource, bytes);
    }
    return bytes;
  };

  /** All of a response but its nonce. */
  const bodyOf = (type: ResourceType, update: Update): Uint8Array => {
    const writer = new BinaryWriter();
    for (const resource of update.resources) {
      writer.tag(resources.number, WireType.LengthDelimited).bytes(encodeResource(resource));
    }
    const rest = { typeUrl: TYPE_URLS[type], removedResources: [...update.removed] };
    writer.raw(toBinary(response, create(response, rest as Record<string, unknown>)));
    return writer.finish();
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
    encode({ type, nonce, update }) {
      const known = latest.get(update);
      // Clients that have been told as often as each other are told by the very same bytes.
      if (known?.nonce === nonce) {
        return known.bytes;
      }
      const body = known === undefined ? bodyOf(type, update) : known.bytes.subarray(0, known.bodyLength);
      // The fields of a message may come in any order.
      const last = new BinaryWriter().tag(nonces.number, WireType.LengthDelimited).string(nonce).finish();
      const bytes = Buffer.concat([body, last]);
      latest.set(update, { nonce, bytes, bodyLength: body.length });
      return bytes;
    },
    sizeOf(update) {
      let size = sizes.get(update);
      if (size === undefined) {
        size = update.resources.reduce((sum, resource) => sum + encodeResource(resource).length, 0);
        sizes.set(update, size);
      }
      return size;
    },
  };
}

function fieldOf(message: DescMessage, name: string): DescField {
  return message.fields.find((field) => field.name === name)!;
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
