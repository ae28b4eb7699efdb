/**
 * Where the keys of tokens are. istiod fetches those of a `jwksUri` itself and gives them to Envoy; here no control plane runs
 * when a request comes, so Envoy fetches them, and needs a cluster for that.
 */

import { isIP } from "node:net";
import type { Span } from "../../../diagnostics/span.ts";
import type { Cluster } from "../../../ir/ir.ts";
import { SYSTEM_ROOTS } from "../../../ir/system-roots.ts";
import { clusterUse } from "../../services/cluster-uses.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import { lowerConnectionPool } from "./connection-pool.ts";
import { lowerLoadBalancer } from "./load-balancer.ts";

export interface JwksUri {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** istiod's `ParseJwksURI`; a text says what is wrong. */
export function parseJwksUri(uri: string): JwksUri | string {
  const parsed = URL.parse(uri);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    return "not a valid URL; use http://host/path or https://host/path";
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return "a URL with a user or a password";
  }
  const secure = parsed.protocol === "https:";
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port), secure };
}

/** The keys of a JSON Web Key Set (RFC 7517), as far as Envoy tells them; a text says what is wrong. */
export function keysIn(jwks: string): readonly Readonly<Record<string, unknown>>[] | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(jwks);
  } catch {
    return "not valid JSON";
  }
  const keys = (parsed as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) {
    return "`keys` is missing or not a list";
  }
  const wrong = keys.findIndex((key) => typeof key?.kty !== "string");
  return wrong < 0 ? keys : `key ${wrong + 1} has no \`kty\``;
}

/**
 * The name of the cluster that keys are fetched from: that of a registered service, which is noted as used; else one of its own,
 * added to `clusters`, whose host is looked up, with TLS where the address says `https`.
 */
export function keyCluster(
  { host, port, secure }: JwksUri,
  span: Span,
  clusters: Map<string, Cluster>,
  lowering: GatheringContext,
): string {
  const service = lowering.registry.get(host);
  if (service?.ports.some(({ number }) => number === port)) {
    const { tls } = lowering.destinationRules.policyOf(service, "", port);
    if (!secure || (tls?.mode !== undefined && tls.mode !== "DISABLE")) {
      const use = clusterUse(service, port, "", { span });
      lowering.effects.uses.push(use);
      return use.name;
    }
  }
  const name = `keys|${port}||${host}`;
  if (!clusters.has(name)) {
    clusters.set(name, newCluster(name, { host, port, secure }, span, lowering));
  }
  return name;
}

function newCluster(
  name: string,
  { host, port, secure }: JwksUri,
  span: Span,
  { cache, credentials, effects }: GatheringContext,
): Cluster {
  const authority = secure
    ? effects.credential(credentials.authorityFile(SYSTEM_ROOTS, undefined, span))
    : undefined;
  const isAddress = isIP(host) !== 0;
  return {
    name,
    discovery: {
      kind: isAddress ? "eds" : "strictDns",
      endpoints: [{ address: host, port, weight: 1 }],
    },
    protocol: "http1",
    ...lowerConnectionPool({}, cache.shared.settings.written),
    loadBalancer: lowerLoadBalancer(undefined),
    ...(secure && {
      tls: {
        subjectAltNames: [host],
        ...(authority !== undefined && { authority }),
        ...(!isAddress && { sni: host }),
      },
    }),
  };
}
