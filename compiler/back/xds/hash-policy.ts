/** What of a request is hashed, for clusters that pick an endpoint by it. */

import type { HashKey } from "../../ir/ir.ts";
import { duration } from "./protobuf.ts";

/** `envoy.config.route.v3.RouteAction.HashPolicy` */
export type HashPolicy =
  | { readonly header: { readonly header_name: string } }
  | {
      readonly cookie: {
        readonly name: string;
        readonly ttl?: string;
        readonly path?: string;
        readonly attributes?: readonly { readonly name: string; readonly value: string }[];
      };
    }
  | { readonly connection_properties: { readonly source_ip: true } }
  | { readonly query_parameter: { readonly name: string } };

export function emitHashPolicy(keys: readonly HashKey[] = []): {
  readonly hash_policy?: readonly HashPolicy[];
} {
  return keys.length === 0 ? {} : { hash_policy: keys.map(emitKey) };
}

function emitKey(key: HashKey): HashPolicy {
  switch (key.kind) {
    case "header":
      return { header: { header_name: key.name } };
    case "cookie":
      return {
        cookie: {
          name: key.name,
          ...(key.ttlMs !== undefined && { ttl: duration(key.ttlMs) }),
          ...(key.path !== undefined && { path: key.path }),
          ...(key.attributes && { attributes: key.attributes }),
        },
      };
    case "sourceIp":
      return { connection_properties: { source_ip: true } };
    case "queryParam":
      return { query_parameter: { name: key.name } };
  }
}
