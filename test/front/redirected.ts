/**
 * Connections as if they were redirected, for which a test would need a network of its own: a client says in front of each whom
 * it is for (PROXY protocol), and Envoy is told to believe it in the place of the kernel.
 */

import net from "node:net";
import type { EnvoyListener } from "../../compiler/back/xds/listener.ts";
import { Resource, type ResourceSet } from "../../compiler/back/xds/resource-set.ts";
import type { Emit } from "../harness/mesh.ts";

export const believingProxyProtocol: Emit = async (builder, compilation, options) => {
  const build = await builder.build(compilation, options);
  return { ...build, resources: believing(build.resources) };
};

const PROXY_PROTOCOL = {
  name: "envoy.filters.listener.proxy_protocol",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
  },
};

/** Listeners that ask the kernel whom a connection is for. */
function believing(resources: ResourceSet): ResourceSet {
  const listener = [...resources.listener].map(([name, one]) => {
    const { listener_filters: before } = one.message as Partial<EnvoyListener>;
    const filters = before?.map((filter) =>
      filter.name === "envoy.filters.listener.original_dst" ? PROXY_PROTOCOL : filter,
    );
    const message = { ...one.message, ...(filters && { listener_filters: filters }) };
    return [name, new Resource({ ...one, message })] as const;
  });
  return { ...resources, listener: new Map(listener) };
}

/** `address`, where the listener asks for it, and `meant`: whom the connection is for. */
export interface Door {
  readonly port: number;
  readonly address?: string;
  readonly meant?: number;
}

/** The bytes with which a client begins that means this address and port. */
export function meantFor(address: string, port: number): string {
  return `PROXY TCP4 127.0.0.1 ${address} 1234 ${port}\r\n`;
}

/** What comes back for these bytes; empty when the connection is closed. */
export function sayTo({ port, address, meant = 9000 }: Door, bytes: string): Promise<string> {
  const head = address === undefined ? "" : meantFor(address, meant);
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(`${head}${bytes}`));
    socket.once("data", (data) => {
      done(String(data));
      socket.destroy();
    });
    socket.on("close", () => done(""));
    socket.on("error", () => {});
  });
}
