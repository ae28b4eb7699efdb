/** What options mean together: each by itself is right when this is asked. */

import type { ServerAddress } from "../../run/delivery/ads/bootstrap.ts";
import type { FleetBootstrapOptions } from "./options.ts";
import { AddressError, parseServerAddress, staysHere } from "./server-address.ts";

/** What is wrong, if anything is; `nameOf` says how the caller knows an option: `tlsCa` or `--tls-ca`. */
export function joinProblem(
  { server, plainText, tlsCa, tlsCert, tlsKey, tlsServerName }: FleetBootstrapOptions,
  nameOf: (option: string) => string,
): string | undefined {
  const needs = (one: string, other: string) => `${nameOf(one)} needs ${nameOf(other)}`;
  if (tlsCert !== undefined && tlsKey === undefined) {
    return needs("tlsCert", "tlsKey");
  }
  if (tlsKey !== undefined && tlsCert === undefined) {
    return needs("tlsKey", "tlsCert");
  }
  if (tlsCa === undefined && (tlsCert ?? tlsServerName) !== undefined) {
    return needs(tlsCert === undefined ? "tlsServerName" : "tlsCert", "tlsCa");
  }
  if (plainText === true && tlsCa !== undefined) {
    return `${nameOf("plainText")} and ${nameOf("tlsCa")} exclude each other`;
  }
  const written = typeof server === "string" ? [server] : server;
  if (written.length === 0) {
    return `${nameOf("server")}: no address; use one such as 10.0.0.1:18000`;
  }
  try {
    const servers = written.map(parseServerAddress);
    const isSocket = ({ address }: ServerAddress) => address.startsWith("unix:");
    if (servers.some(isSocket) && servers.length > 1) {
      return `${nameOf("server")}: a Unix socket is the only server of whom it is one`;
    }
    if (servers.some(isSocket) && tlsCa !== undefined) {
      return `${nameOf("tlsCa")}: a server on a Unix socket does not speak TLS`;
    }
    const far = servers.findIndex((address) => !staysHere(address));
    if (far !== -1 && tlsCa === undefined && plainText !== true) {
      return `${nameOf("server")}: ${written[far]} is not on this machine, and what it says may hold keys; use ${nameOf("tlsCa")}, or ${nameOf("plainText")} where the network itself encrypts`;
    }
  } catch (error) {
    if (error instanceof AddressError) {
      return `${nameOf("server")}: ${error.message}`;
    }
    throw error;
  }
  return undefined;
}
