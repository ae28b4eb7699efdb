/** `envoy.config.core.v3.Address` of a socket: of TCP, unless it says another protocol. */
export interface SocketAddress {
  readonly socket_address: {
    readonly protocol?: "UDP";
    readonly address: string;
    readonly port_value: number;
    readonly ipv4_compat?: boolean;
  };
}

/** The same of a unix socket. */
export interface PipeAddress {
  readonly pipe: { readonly path: string; readonly mode?: number };
}

export function socketAddress(address: string, port: number): SocketAddress {
  return { socket_address: { address, port_value: port } };
}

/** `unix:` and a path is a unix socket. */
export function endpointAddress(address: string, port: number): SocketAddress | PipeAddress {
  return address.startsWith("unix:")
    ? { pipe: { path: address.slice("unix:".length) } }
    : socketAddress(address, port);
}

/** An address to listen at. `::` stands for every address, those of IPv4 too. */
export function bindAddress(address: string, port: number): SocketAddress | PipeAddress {
  if (address !== "::") {
    return endpointAddress(address, port);
  }
  const { socket_address } = socketAddress(address, port);
  return { socket_address: { ...socket_address, ipv4_compat: true } };
}
