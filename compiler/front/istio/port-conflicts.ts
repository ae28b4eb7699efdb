/**
 * SL0410: two listeners on one port. Envoy would start and then say that an address is in use, without saying which rule
 * wanted it. Where nothing is bound, it is no more than worth knowing.
 */

import type { Listener, TcpChain } from "../../ir/ir.ts";
import { meantPort } from "../../options/port-map.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Report } from "../services/report.ts";

/** Addresses that stand for all of a machine. */
const ALL_ADDRESSES = new Set(["0.0.0.0", "::"]);

interface Owner {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Those with TLS are told apart by what clients ask for, but for chains of a listener that has others, too. */
  readonly byName: boolean;
  /** Chains of one listener share what it binds. */
  readonly own: string;
  /** The option that moves it. */
  readonly move: string;
}

export function reportPortConflicts(
  listeners: readonly (Listener | TcpChain)[],
  options: ProxyOptions,
  report: Report,
): void {
  const owners: Owner[] = [];
  const own = (flag: string, address: string, port: number): Owner => ({
    name: flag,
    address,
    port,
    byName: false,
    own: flag,
    move: `${flag} PORT`,
  });
  const wanted = [
    own("--admin-port", "127.0.0.1", options.adminPort),
    own("--ready-port", options.listenAddress, options.readyPort),
    own("--metrics-port", options.listenAddress, options.metricsPort),
    ...listeners.map(
      (listener): Owner => ({
        name: `listener ${listener.name}`,
        address: listener.address,
        port: listener.port,
        byName: !("listener" in listener) && (listener.tls !== undefined || "readsServerName" in listener),
        own: "listener" in listener ? listener.listener : listener.name,
        move: moveOf(listener, options),
      }),
    ),
  ];
  for (const one of wanted) {
    const other = owners.find((owner) => one.port !== 0 && areAtOdds(one, owner));
    if (other !== undefined) {
      const message = `${one.name} and ${other.name} would both bind to port ${one.port}`;
      report("SL0410", message, undefined, () => ({ help: helpFor(one, other) }));
    }
    owners.push(one);
  }
}

function areAtOdds(one: Owner, other: Owner): boolean {
  return (
    other.port === one.port &&
    (other.address === one.address || ALL_ADDRESSES.has(other.address) || ALL_ADDRESSES.has(one.address)) &&
    !(other.byName && one.byName && other.address === one.address) &&
    other.own !== one.own
  );
}

function moveOf(
  { name, role, port, ...listener }: Listener | TcpChain,
  { meshPort, portMap }: ProxyOptions,
): string {
  const { servicePort } = listener;
  const isExplicitProxy = role === "mesh" && "routes" in listener && servicePort === undefined;
  return isExplicitProxy && port === meshPort
    ? "--mesh-port PORT"
    : `--port-map ${role}:${servicePort ?? meantPort(portMap, role, port)}=PORT`;
}

/** What moves both at once is no help. */
function helpFor(one: Owner, other: Owner): string {
  return one.move === other.move
    ? "Pass --listen-address with a single address, or give one of the servers another port."
    : `Move one of them: ${other.move} or ${one.move}.`;
}
