/**
 * A stream to the server that decides. Both ends are servers of one fleet when each has a certificate of the authority that signs
 * those of clients, with a name that the other has too; where nobody has to prove anything both are on one machine.
 */

import type { Identity } from "../identity/identity.ts";
import { parseServerAddress } from "../join/server-address.ts";
import { Upstream } from "../relay/upstream.ts";
import { type OpenLeader, REPLICA_METHOD } from "./replicas.ts";

/** Certificates are those of the moment at which a stream is opened. */
export function leaderStreams(identity: Identity): OpenLeader {
  return async (address, { onMessage, onEnd }) => {
    const own = identity.certificate;
    const upstream = await Upstream.create({
      server: parseServerAddress(address),
      method: REPLICA_METHOD,
      ...(own?.clientCa && {
        tls: {
          ca: own.clientCa,
          certificate: own.certificate,
          key: own.key,
          serverName: identity.serverNames,
        },
      }),
    });
    const stream = upstream.open(undefined, {
      onMessage,
      onEnd(why) {
        upstream.close();
        onEnd(why);
      },
    });
    return {
      send: (bytes) => stream.send(bytes),
      end() {
        stream.end();
        upstream.close();
      },
    };
  };
}
