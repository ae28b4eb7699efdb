/** A connection that is asked about: which socket it comes to, what it is for there, and what there is to say of it. */

import { isIP } from "node:net";
import { nearest } from "../../diagnostics/nearest.ts";
import { bySocket, type FilterChain, hasNames, listenerName, type Sharing } from "../../ir/filter-chains.ts";
import type { Config } from "../../ir/ir.ts";
import {
  type ArrivedConnection,
  type ChosenChain,
  chooseChain,
  connectionOutcome,
} from "../evaluate/connection.ts";
import type { AskedConnection } from "../request/asked-connection.ts";
import { type ConnectionExplanation, makeConnectionExplanation } from "./connection-explanation.ts";
import { ListenerError } from "./listener-error.ts";

/** What the clients of a proxy know of its services. */
export interface ClientNames {
  /** All hosts in full. */
  readonly hosts: readonly string[];
  /** The service that a name leads to, and what it is resolved to as far as the rules say it. */
  find(
    name: string,
  ):
    | { readonly host: string; readonly ports: readonly number[]; readonly addresses: readonly string[] }
    | undefined;
}

/** `at` is a listener; absent: one that takes connections to the port. Throws a `ListenerError` when there is none of that name. */
export function explainConnection(
  asked: AskedConnection,
  config: Config,
  names: ClientNames,
  at?: string,
): ConnectionExplanation {
  const sockets = bySocket([...config.listeners, ...(config.tcpChains ?? [])]);
  const clusters = new Map(config.clusters.map((cluster) => [cluster.name, cluster]));
  const clusterOf = (name: string) => clusters.get(name);
  const destination = destinationOf(asked, names, sockets);
  const arrived = {
    ...(destination.address !== undefined && { address: destination.address }),
    ...(asked.tls && { tls: asked.tls }),
  };
  const opens = ({ chain }: ChosenChain) => connectionOutcome(chain, arrived, clusterOf).kind !== "closed";
  const candidates = candidatesFor(asked.port, sockets, at)
    .map((sharing) => ({ sharing, choice: chooseChain(sharing, arrived) }))
    .sort((a, b) => preference(b) - preference(a));
  /** A socket of that very address goes before one that names the connection, and that before one that just takes it. */
  function preference({ sharing, choice }: { sharing: Sharing; choice: ChosenChain }): number {
    const [{ address, role }] = sharing as [FilterChain];
    const isMeant = role === (destination.service || isIP(asked.host) !== 0 ? "mesh" : "gateway");
    return (
      Number(address === arrived.address) * 8 +
      Number(namesIt(choice, arrived)) * 4 +
      Number(opens(choice)) * 2 +
      Number(isMeant)
    );
  }
  const [taken, ...more] = candidates;
  return makeConnectionExplanation({
    asked,
    destination,
    arrived,
    ...(taken && { taken: { ...taken, others: more.map(({ sharing }) => listenerName(sharing)) } }),
    open: sockets
      .flatMap((sharing) => {
        const port = meantPort(sharing);
        return port === undefined ? [] : [{ listener: listenerName(sharing), port }];
      })
      .sort((a, b) => a.port - b.port),
    clusterOf,
  });
}

function destinationOf(
  { host, to, tls }: AskedConnection,
  names: ClientNames,
  sockets: readonly Sharing[],
): ConnectionExplanation["destination"] {
  if (isIP(host) !== 0) {
    return { address: to ?? host, by: "question" };
  }
  const service = names.find(host);
  const [own] = service?.addresses ?? [];
  const address = to ?? own;
  const served = sockets.flat().flatMap((chain) => ("serverNames" in chain ? chain.serverNames : []));
  const near =
    service || (tls && served.includes(host))
      ? undefined
      : nearest(
          host,
          [...names.hosts, ...served].filter((name) => !name.startsWith("*")),
        );
  return {
    ...(address !== undefined && {
      address,
      by: to === undefined ? ("service" as const) : ("question" as const),
    }),
    ...(service && { service: { host: service.host, ports: service.ports } }),
    ...(near !== undefined && { nearest: near }),
  };
}

/** Those whose clients mean the port, or else those that bind it. */
function candidatesFor(
  port: number,
  sockets: readonly Sharing[],
  at: string | undefined,
): readonly Sharing[] {
  if (at === undefined) {
    const meant = sockets.filter((sharing) => meantPort(sharing) === port);
    return meant.length > 0 ? meant : sockets.filter(([first]) => first!.port === port);
  }
  const found = sockets.filter(
    (sharing) => listenerName(sharing) === at || sharing.some(({ name }) => name === at),
  );
  if (found.length === 0) {
    const listeners = [...new Set(sockets.map(listenerName))];
    throw new ListenerError(
      `explainConnection: at must be ${listeners.join(" or ") || "left out, since there are no listeners"}, got "${at}"`,
      { reason: "unknown", listeners },
    );
  }
  return found;
}

/** Undefined for a unix socket. */
function meantPort([first]: Sharing): number | undefined {
  const { address, port, servicePort = port } = first!;
  return address.startsWith("unix:") ? undefined : servicePort;
}

/** Whether the chain that was chosen names the connection rather than taking whatever comes. */
function namesIt({ chain, trials }: ChosenChain, { tls }: ArrivedConnection): boolean {
  const match = trials.find((trial) => trial.chain === chain)?.match;
  if (chain === undefined || match === undefined) {
    return false;
  }
  const { ranges = [], serverNames } = match;
  const byName = tls !== undefined && hasNames(chain) && serverNames.length > 0;
  return byName || (ranges.length > 0 && !ranges.some((range) => range.endsWith("/0")));
}
