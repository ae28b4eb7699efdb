/**
 * Who looks at references. One proxy follows those of the rules that it obeys, and finds what its namespace sees;
 * everyone together follows those of all rules, each from the namespaces that the rule is for. What is said of a reference
 * that leads nowhere is the same for both.
 */

import type { Span } from "../../../diagnostics/span.ts";
import type {
  DestinationRuleSpec,
  GatewaySpec,
  Resource,
  VirtualServiceSpec,
} from "../../resources/model.ts";
import type { Labels } from "../../services/labels.ts";
import type { DanglingDestination } from "../context/dangling-destination.ts";
import { ServerHosts } from "../edge/server-hosts.ts";

export interface Viewer {
  readonly kind: "proxy" | "everyone";
  /** Those that it looks at, in the order in which they are heard. */
  readonly virtualServices: readonly Resource<VirtualServiceSpec>[];
  readonly destinationRules: readonly Resource<DestinationRuleSpec>[];
  /** By `namespace/name`; a Gateway that is there and not here is for others. */
  readonly gateways: ReadonlyMap<string, GatewayInView>;
  danglingDestinations(): Iterable<DanglingDestination>;
  emptySubsets(): Iterable<EmptySubset>;
  /** Some service has this host, or a wildcard of which one covers the other. */
  knowsHost(host: string, namespace: string): boolean;
  /** Of the services that it knows, for suggestions. */
  hosts(): readonly string[];
  /** Those that are defined for a destination's service. */
  subsetNames(destination: DanglingDestination): readonly string[];
}

export interface GatewayInView {
  readonly hosts: ServerHosts;
  /** Of its list of servers. */
  readonly span: Span;
}

/** A Gateway as its VirtualServices see it. */
export function serversInView(gateway: Resource<GatewaySpec>): GatewayInView {
  const hosts = (gateway.spec.servers ?? []).flatMap((server) => server.hosts);
  return {
    hosts: new ServerHosts(hosts, gateway.namespace),
    get span() {
      return gateway.spanOf(["spec", "servers"]);
    },
  };
}

/** A subset whose labels no endpoint has. */
export interface EmptySubset {
  /** Of the service. */
  readonly host: string;
  readonly name: string;
  readonly labels: Labels;
  /** Whether the input tells of any Pod or endpoint of the service; else they are in a cluster, and may have the labels. */
  readonly isKnown: boolean;
  /** Some Pod would have the labels, and no endpoint is known to be of such a one. */
  readonly isUnsure?: true;
  /** Where it is asked for, or defined. */
  readonly span: Span | undefined;
}
