/**
 * What a proxy says of itself when it joins: the `Node` of its first request, as far as anything depends on it. All of it is a
 * claim; whether it may be made is for `identity/` to say.
 *
 * The names in the metadata are those of Istio's own bootstraps (`NAMESPACE`, `LABELS`).
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/base.proto#config-core-v3-node
 */

import type { RequestNode } from "../../run/ads/node.ts";

/** Where a proxy runs. */
export interface ProxyLocality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export interface ProxyNode {
  /** One for each running Envoy of the fleet. */
  readonly id: string;
  readonly cluster: string;
  /** Absent: the one that the server's own options name. */
  readonly namespace?: string;
  /** Absent: those that the server's own options have. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: ProxyLocality;
  /** Everything else that it says, such as `PORT_MAP`. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Of its Envoy, such as `1.40.0`. */
  readonly version?: string;
}

/** Ids are kept, logged and listed. Istio's have the names of a Pod and of two namespaces in them. */
const LONGEST_ID = 512;
/** Characters of JSON. All that is read of it is a namespace, labels and ports. */
const LARGEST_METADATA = 256 * 1024;

/** Reads what a proxy says of itself. Throws a `NodeError` for a node that nobody can be served by. */
export function readNode({ id, cluster, locality, metadata, version }: RequestNode): ProxyNode {
  if (id === "") {
    throw new NodeError("the node has no id");
  }
  if (id.length > LONGEST_ID || cluster.length > LONGEST_ID) {
    throw new NodeError(`the node's id or cluster is longer than ${LONGEST_ID} characters`);
  }
  const size = JSON.stringify(metadata).length;
  if (size > LARGEST_METADATA) {
    throw new NodeError(`the node's metadata takes ${size} characters; ${LARGEST_METADATA} are allowed`);
  }
  const { NAMESPACE: namespace, LABELS: labels, ...rest } = metadata;
  if (namespace !== undefined && typeof namespace !== "string") {
    throw new NodeError("NAMESPACE in the node's metadata is not a string");
  }
  if (labels !== undefined && !isLabels(labels)) {
    throw new NodeError("LABELS in the node's metadata is not a map of strings");
  }
  return {
    id,
    cluster,
    ...(namespace !== undefined && namespace !== "" && { namespace }),
    ...(labels !== undefined && { labels }),
    ...(locality !== undefined && locality.region !== "" && { locality }),
    metadata: rest,
    ...(version !== undefined && { version }),
  };
}

/** A node that cannot be served; the message says why. */
export class NodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NodeError";
  }
}

function isLabels(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => typeof one === "string")
  );
}
