/** `envoy.config.core.v3.Address` of a TCP socket. */
export interface SocketAddress {
  readonly socket_address: { readonly address: string; readonly port_value: number };
}

export function socketAddress(address: string, port: number): SocketAddress {
  return { socket_address: { address, port_value: port } };
}
