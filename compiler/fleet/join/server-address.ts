/** Addresses of servers, as people write them. */

import { isIP, isIPv4 } from "node:net";
import type { ServerAddress } from "../../run/delivery/ads/bootstrap.ts";
import { isLocal } from "../identity/listening.ts";

/** What is wrong with an address, to be put after what it was given for. */
export class AddressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AddressError";
  }
}

const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i;

/** `10.0.0.1:18000`, `[fd00::1]:18000`, `sluice.example:18000`, or `unix:` and the path of a socket. Throws an `AddressError`. */
export function parseServerAddress(text: string): ServerAddress {
  if (text.startsWith("unix:")) {
    if (!text.startsWith("unix:/")) {
      throw new AddressError(`"${text}" is not an absolute path; use one such as unix:/run/sluice/ads.sock`);
    }
    return { address: text, port: 0 };
  }
  const [, bracketed, bare, digits] = /^(?:\[([^\]]*)\]|([^[\]:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? bare ?? "";
  const port = Number(digits);
  const isHost = bracketed === undefined ? isHostName(address) : isIP(address) === 6;
  if (!isHost || !(port >= 1 && port <= 65_535)) {
    throw new AddressError(
      `"${text}" is not valid; use an address and a port, such as 10.0.0.1:18000, [fd00::1]:18000 or sluice.example:18000`,
    );
  }
  return { address, port };
}

/** Numbers alone are an address, and not a name. */
function isHostName(text: string): boolean {
  return /^[\d.]+$/.test(text) ? isIPv4(text) : HOST.test(text);
}

/** Whether what is said to this address stays on this machine. */
export function staysHere({ address }: ServerAddress): boolean {
  return isLocal({ host: address });
}
