/** Where the other servers of a fleet reach one. */

import { ListenError, parseListen } from "../../fleet/identity/listening.ts";
import { AddressError, parseServerAddress } from "../../fleet/join/server-address.ts";

const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/**
 * `advertise`, or else `listen` where that is an address that somebody else can reach. Throws a `ListenError` that says what to write
 * instead.
 */
export function advertisedAddress(listen: string, advertise: string | undefined): string {
  if (advertise !== undefined) {
    try {
      const { address, port } = parseServerAddress(advertise);
      if (port === 0 || WILDCARDS.has(address)) {
        throw new AddressError(
          `no other server reaches this one at "${advertise}"; use an address of its own`,
        );
      }
      return advertise;
    } catch (error) {
      throw error instanceof AddressError ? new ListenError(`--advertise: ${error.message}`) : error;
    }
  }
  const { host, port = 0 } = parseListen(listen) ?? { host: "" };
  if (port === 0 || WILDCARDS.has(host)) {
    throw new ListenError(
      `--lease: no other server reaches this one at ${listen}; use --advertise with an address of its own, such as $(POD_IP):15010`,
    );
  }
  return listen;
}
