/**
 * The messages of delta xDS as a relay passes them on: it reads who wants and has what under which name and version, and never
 * what is in a resource. So it serves whatever its server does, of whatever version that is.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/discovery/v3/discovery.proto
 */

import type { Message } from "@bufbuild/protobuf";
import { messageOf, messageRegistry } from "../../run/ads/messages.ts";

const DISCOVERY = "envoy.service.discovery.v3";

/** What an Envoy says. */
export interface DeltaRequest {
  /** In the first message of a stream: passed on as it is. */
  readonly node?: Message;
  readonly typeUrl: string;
  readonly resourceNamesSubscribe: readonly string[];
  readonly resourceNamesUnsubscribe: readonly string[];
  readonly initialResourceVersions: Readonly<Record<string, string>>;
  readonly responseNonce: string;
  /** Why it refuses the response: passed on as it is. */
  readonly errorDetail?: Message;
}

/** What a server says. */
export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly RelayedResource[];
  readonly removedResources: readonly string[];
}

/** `envoy.service.discovery.v3.Resource`, of which nobody looks into `resource`. */
export interface RelayedResource {
  readonly name: string;
  readonly version: string;
  readonly resource?: { readonly typeUrl: string; readonly value: Uint8Array };
}

export interface DeltaMessages {
  /** The readers throw for what is not such a message. */
  readRequest(bytes: Uint8Array): DeltaRequest;
  readResponse(bytes: Uint8Array): DeltaResponse;
  writeRequest(request: DeltaRequest): Uint8Array;
  writeResponse(response: DeltaResponse): Uint8Array;
}

export async function deltaMessages(): Promise<DeltaMessages> {
  const [{ create, fromBinary, toBinary }, registry] = await Promise.all([
    import("@bufbuild/protobuf"),
    messageRegistry(),
  ]);
  const request = messageOf(registry, `${DISCOVERY}.DeltaDiscoveryRequest`);
  const response = messageOf(registry, `${DISCOVERY}.DeltaDiscoveryResponse`);
  return {
    readRequest: (bytes) => fromBinary(request, bytes) as Message & DeltaRequest,
    readResponse: (bytes) => fromBinary(response, bytes) as Message & DeltaResponse,
    writeRequest: (message) => toBinary(request, create(request, fieldsOf(message))),
    writeResponse: (message) => toBinary(response, create(response, fieldsOf(message))),
  };
}

/** What was read is written without the marks of the message that it was read from. */
function fieldsOf(message: object): Record<string, unknown> {
  const { $typeName: _, $unknown: __, ...fields } = message as Record<string, unknown>;
  return fields;
}
