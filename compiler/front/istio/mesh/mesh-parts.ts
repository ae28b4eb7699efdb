/**
 * Which listeners of the mesh are told what. All are told the same but where a Sidecar has listeners for ports of their own, each with
 * its own hosts (istiod's `IstioEgressListenerWrapper`): then every part is lowered as if its hosts were all that there is.
 */

import type { PortProtocol } from "../../services/service.ts";
import { unixSocketPath } from "../../services/unix-sockets.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { EgressListener } from "../context/sidecar-scope.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { ALL_PORTS, type PortRange } from "./port-range.ts";

export interface MeshPart {
  readonly virtualServices: readonly VirtualService[];
  /** With those services that its listeners serve. */
  readonly context: LoweringContext;
  /** What its listeners bind: `unix:` and a path for a socket. */
  readonly address: string;
}

/** Listeners `mesh_<port>`, as far as they are wanted, and what the explicit proxy says on these ports. */
export interface PortsPart extends MeshPart {
  readonly ports: PortRange;
  readonly isBound: boolean;
  /** What connections were meant for is not what they come to: nothing else says an address to bind. */
  readonly isRedirected: boolean;
}

/** An explicit proxy of a Sidecar's own. */
export interface ProxyPart extends MeshPart {
  readonly name: string;
  /** The Sidecar's; 0 for a socket. */
  readonly port: number;
}

/** Where nothing redirects connections, whoever says no address means this machine's own. */
const THIS_MACHINE = "127.0.0.1";

export function meshParts(
  virtualServices: readonly VirtualService[],
  context: LoweringContext,
): { readonly ofPorts: readonly PortsPart[]; readonly proxies: readonly ProxyPart[] } {
  const { meshListeners, listenAddress } = context.options;
  const listeners = context.sidecar?.listeners ?? [];
  if (listeners.every(isPlain)) {
    const whole = {
      virtualServices,
      context,
      address: listenAddress,
      ports: ALL_PORTS,
      isBound: meshListeners,
      isRedirected: true,
    };
    return { ofPorts: [whole], proxies: [] };
  }
  const except = new Set(listeners.flatMap(({ port }) => port || []));
  const ofPorts: PortsPart[] = [];
  const proxies: ProxyPart[] = [];
  for (const listener of listeners) {
    const { port, protocol, isProxy, isAskedItself } = listener;
    const part = {
      virtualServices: virtualServices.filter(({ resource, hosts }) =>
        listener.importsRules(resource.namespace, hosts),
      ),
      context: contextOf(listener, context),
      address: addressOf(listener, listenAddress),
    };
    if (isProxy) {
      proxies.push({ ...part, name: `mesh_${port || encodeURIComponent(part.address)}`, port: port ?? 0 });
    } else {
      const ports = port === undefined ? { except } : { only: port, ...spoken(protocol) };
      const isRedirected = listener.bind === undefined && !isAskedItself;
      ofPorts.push({ ...part, ports, isBound: meshListeners || isAskedItself, isRedirected });
    }
  }
  return { ofPorts, proxies };
}

/** For all ports, as mesh listeners are in any case. */
function isPlain({ port, bind, isAskedItself }: EgressListener): boolean {
  return port === undefined && bind === undefined && !isAskedItself;
}

function spoken(protocol: PortProtocol | undefined): Pick<PortRange, "protocol"> {
  return protocol === undefined ? {} : { protocol };
}

function addressOf({ bind, isAskedItself }: EgressListener, listenAddress: string): string {
  const socket = unixSocketPath(bind);
  return socket === undefined ? (bind ?? (isAskedItself ? THIS_MACHINE : listenAddress)) : `unix:${socket}`;
}

/** Rules may lead to whatever all listeners together know. */
function contextOf({ imports }: EgressListener, context: LoweringContext): LoweringContext {
  const { cache, services, options } = context;
  const seen = services.servicesSeenFrom(options.proxyNamespace, "sidecar", imports);
  const registry = cache.shared.registryOf(seen, context.registry.known);
  const environment = { ...context.environment, registry };
  return { ...context, ...environment, environment };
}
