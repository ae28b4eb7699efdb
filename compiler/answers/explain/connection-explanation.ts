/**
 * What `sluice explain` has to say of a connection, as data: the one thing that both formats are made from. Fields are added, never
 * changed or removed.
 */

import { positionAt } from "../../diagnostics/position.ts";
import { isLookedUp } from "../../ir/discovery.ts";
import {
  type ChainMatch,
  type FilterChain,
  hasRanges,
  listenerName,
  readsHttp,
  type Sharing,
} from "../../ir/filter-chains.ts";
import { healthCheckText } from "../../ir/health-check-text.ts";
import type {
  ClientTls,
  Cluster,
  ConnectionOrigin,
  Discovery,
  Endpoint,
  Role,
  TcpChain,
} from "../../ir/ir.ts";
import {
  type ArrivedConnection,
  type ChainTrial,
  type ChosenChain,
  type Compared,
  connectionOutcome,
  whyUnreachable,
} from "../evaluate/connection.ts";
import { type AskedConnection, connectionUrl } from "../request/asked-connection.ts";

/** What becomes of a connection, and why. Fields are added, never changed or removed. */
export interface ConnectionExplanation {
  readonly asked: Pick<AskedConnection, "host" | "port" | "tls" | "from"> & { readonly url: string };
  /** What the connection is for where it reaches the proxy. */
  readonly destination: {
    /** Absent: the rules do not say what the name is resolved to. */
    readonly address?: string;
    /** Who says the address: the question, or the service of the name. */
    readonly by?: "question" | "service";
    /** The service that the name leads to. */
    readonly service?: { readonly host: string; readonly ports: readonly number[] };
    /** The name that is most like one that nobody has. */
    readonly nearest?: string;
  };
  /** Absent: no listener takes connections to the port. */
  readonly listener?: {
    readonly name: string;
    readonly role: Role;
    readonly address: string;
    /** That is bound, after `--port-map`. */
    readonly port: number;
    /** It is there with `--mesh-listeners`, which this proxy lacks. */
    readonly isUnbound?: true;
    /** Its chains are told apart by the address that a connection is for. */
    readonly goesByAddress?: true;
    /** Connections begin with a header of the PROXY protocol. */
    readonly proxyProtocol?: true;
    /** Others that take connections to the port, for `--at`. */
    readonly others: readonly string[];
  };
  /** Where no listener takes the connection: what clients can connect to. */
  readonly open?: readonly { readonly listener: string; readonly port: number }[];
  /** The filter chains of the listener. Envoy compares all of them, so their order means nothing. */
  readonly tried: readonly TriedChain[];
  readonly chain?: ChainDetails;
  readonly decision: {
    /**
     * `forward`: to one of the destinations. `http`: its requests are decided one by one. `closed`: Envoy takes the connection and
     * ends it. `refused`: nobody listens.
     */
    readonly outcome: "forward" | "http" | "closed" | "refused";
    readonly why?: string;
  };
}

/** Which rule of a VirtualService, in which list of its, and where that stands. Counts from 1. */
export interface ConnectionRulePlace {
  /** `namespace/name`; absent where no rule says where connections go. */
  readonly resource?: string;
  readonly list?: "tcp" | "tls";
  readonly rule?: number;
  readonly match?: number;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** A filter chain, and why it did or did not take the connection. */
export interface TriedChain extends ConnectionRulePlace {
  readonly name: string;
  readonly reads: "http" | "tcp";
  readonly matched: boolean;
  /** What a connection must have; none takes every connection. */
  readonly conditions: readonly string[];
  readonly failed?: {
    readonly condition: string;
    /** What the connection has. Absent: nothing. */
    readonly seen?: string;
    /** The condition is met, and another chain names the connection more exactly. */
    readonly isOutranked?: true;
  };
}

/** The chain that took the connection, and what it does. */
export interface ChainDetails extends ConnectionRulePlace {
  readonly name: string;
  readonly reads: "http" | "tcp";
  /** TLS ends here. */
  readonly tls?: { readonly clientCertificate: "none" | "optional" | "required" };
  readonly split?: readonly ConnectionSplitPart[];
  /** Connections of one client stay with one endpoint. */
  readonly hashesSource?: true;
  /** The server name is looked up, and asked on this port. */
  readonly lookupPort?: number;
  readonly tunnel?: TcpChain["tunnel"];
  readonly idleTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
}

export interface ConnectionSplitPart {
  readonly cluster: string;
  readonly weight: number;
  /** A part of 1. */
  readonly share: number;
  readonly endpoints: readonly Endpoint[];
  /** In place of endpoints: the connection says where it goes. */
  readonly lookedUp?: Discovery["kind"];
  /** How Envoy asks the endpoints whether they are well, in words. */
  readonly healthCheck?: string;
  /** TLS that begins here. Absent: what the client sends goes on as it is. */
  readonly tls?: {
    /** What the endpoint is asked for; absent: no name. */
    readonly sni?: string;
    /** The proxy shows a certificate of its own. */
    readonly isMutual: boolean;
    /** One of them has to be in the endpoint's certificate. Empty: any will do. */
    readonly subjectAltNames: readonly string[];
    /** The endpoint's certificate is verified at all. */
    readonly isVerified: boolean;
  };
  readonly proxyProtocol?: Cluster["proxyProtocol"];
  /** Why connections that are sent here are closed. */
  readonly why?: string;
}

export interface ConnectionExplanationInput {
  readonly asked: AskedConnection;
  readonly destination: ConnectionExplanation["destination"];
  readonly arrived: ArrivedConnection;
  /** Absent: nobody listens. */
  readonly taken?: {
    readonly sharing: Sharing;
    readonly others: readonly string[];
    readonly choice: ChosenChain;
  };
  readonly open: NonNullable<ConnectionExplanation["open"]>;
  readonly clusterOf: (name: string) => Cluster | undefined;
}

export function makeConnectionExplanation({
  asked,
  destination,
  arrived,
  taken,
  open,
  clusterOf,
}: ConnectionExplanationInput): ConnectionExplanation {
  const { host, port, tls, from } = asked;
  const common = {
    asked: {
      url: connectionUrl(asked),
      host,
      port,
      ...(tls && { tls }),
      ...(from !== undefined && { from }),
    },
    destination,
  };
  if (taken === undefined) {
    const why = `no listener of these rules takes connections to port ${port}`;
    return { ...common, open, tried: [], decision: { outcome: "refused", why } };
  }
  const { sharing, others, choice } = taken;
  const [first] = sharing as [FilterChain];
  const outcome = connectionOutcome(choice.chain, arrived, clusterOf);
  return {
    ...common,
    listener: {
      name: listenerName(sharing),
      role: first.role,
      address: first.address,
      port: first.port,
      ...(sharing.every((chain) => "isUnbound" in chain) && { isUnbound: true as const }),
      ...(hasRanges(sharing) && { goesByAddress: true as const }),
      ...(sharing.some(({ proxyProtocol }) => proxyProtocol) && { proxyProtocol: true as const }),
      others,
    },
    tried: choice.trials.map((trial) => triedChain(trial, arrived)),
    ...(choice.chain && { chain: chainDetails(choice.chain, clusterOf) }),
    decision: { outcome: outcome.kind, ...(outcome.kind === "closed" && { why: outcome.why }) },
  };
}

function triedChain({ chain, match, failed }: ChainTrial, arrived: ArrivedConnection): TriedChain {
  const seen = failed && seenOf(failed.compared, arrived);
  return {
    ...placeOf(chain),
    name: chain.name,
    reads: readsHttp(chain) ? "http" : "tcp",
    matched: failed === undefined,
    conditions: (["address", "serverName", "applicationProtocol"] as const).flatMap(
      (compared) => condition(compared, match, chain) ?? [],
    ),
    ...(failed && {
      failed: {
        condition: condition(failed.compared, match, chain) ?? ANY[failed.compared],
        ...(seen !== undefined && { seen }),
        ...(failed.isOutranked && { isOutranked: true as const }),
      },
    }),
  };
}

const ANY: Readonly<Record<Compared, string>> = {
  address: "any address",
  serverName: "any server name",
  applicationProtocol: "any protocol",
};

/** Absent where it makes no difference. */
function condition(compared: Compared, match: ChainMatch, chain: FilterChain): string | undefined {
  const { ranges = [], serverNames, applicationProtocols = [] } = match;
  switch (compared) {
    case "address":
      return ranges.length === 0 || ranges.some((range) => range.endsWith("/0"))
        ? undefined
        : `an address in ${ranges.join(" or ")}`;
    case "serverName":
      return serverNames.length === 0 ? undefined : `the server name ${serverNames.join(" or ")}`;
    case "applicationProtocol":
      if (applicationProtocols.length === 0) {
        return undefined;
      }
      return readsHttp(chain)
        ? "bytes that begin like HTTP"
        : `the protocol ${applicationProtocols.join(" or ")}`;
  }
}

function seenOf(compared: Compared, { address, tls }: ArrivedConnection): string | undefined {
  switch (compared) {
    case "address":
      return address;
    case "serverName":
      return tls?.serverName;
    case "applicationProtocol":
      return tls?.applicationProtocols.join(", ") || undefined;
  }
}

function placeOf(chain: FilterChain): ConnectionRulePlace {
  return readsHttp(chain) || chain.origin === undefined ? {} : placeOfOrigin(chain.origin);
}

function placeOfOrigin({ resource, list, rule, match, span }: ConnectionOrigin): ConnectionRulePlace {
  const { line, column } = positionAt(span.file, span.start);
  return {
    resource,
    list,
    rule: rule + 1,
    ...(match !== undefined && { match: match + 1 }),
    file: span.file.path,
    line,
    column,
  };
}

function chainDetails(chain: FilterChain, clusterOf: ConnectionExplanationInput["clusterOf"]): ChainDetails {
  const common = {
    ...placeOf(chain),
    name: chain.name,
    ...(chain.tls && { tls: { clientCertificate: chain.tls.clientCertificate } }),
  };
  if (readsHttp(chain)) {
    return { ...common, reads: "http" };
  }
  const { destinations, hashesSource, lookupPort, tunnel, idleTimeoutMs, maxConnectionDurationMs } = chain;
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
  return {
    ...common,
    reads: "tcp",
    split: destinations.map(({ cluster, weight }) => ({
      cluster,
      weight,
      share: weight / total,
      ...clusterDetails(cluster, clusterOf(cluster)),
    })),
    ...(hashesSource && { hashesSource }),
    ...(lookupPort !== undefined && { lookupPort }),
    ...(tunnel && { tunnel }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    ...(maxConnectionDurationMs !== undefined && { maxConnectionDurationMs }),
  };
}

function clusterDetails(
  name: string,
  cluster: Cluster | undefined,
): Omit<ConnectionSplitPart, "cluster" | "weight" | "share"> {
  const why = whyUnreachable(name, cluster);
  const { discovery, healthCheck, tls, proxyProtocol } = cluster ?? {};
  return {
    endpoints: discovery?.endpoints ?? [],
    ...(discovery && isLookedUp(discovery.kind) && { lookedUp: discovery.kind }),
    ...(healthCheck && discovery && { healthCheck: healthCheckText(healthCheck, discovery.endpoints) }),
    ...(tls && { tls: tlsDetails(tls) }),
    ...(proxyProtocol && { proxyProtocol }),
    ...(why !== undefined && { why }),
  };
}

function tlsDetails({
  sni,
  certificate,
  subjectAltNames,
  authority,
}: ClientTls): NonNullable<ConnectionSplitPart["tls"]> {
  return {
    ...(sni && { sni }),
    isMutual: certificate !== undefined,
    subjectAltNames,
    isVerified: authority !== undefined,
  };
}
