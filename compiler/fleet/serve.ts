/**
 * Opens what a fleet is reached by, and hands over whoever comes: what a proxy says of itself is read here, once, at its first
 * message.
 */

import { adsCodec } from "../run/ads/codec.ts";
import { greet } from "../run/ads/greeting.ts";
import { type AdsServer, type AdsServerOptions, startAdsServer } from "../run/ads/server.ts";
import type { Fleet } from "./fleet.ts";
import { NodeError, readNode } from "./model/node.ts";

export interface ServeFleetOptions extends Omit<AdsServerOptions, "onStream"> {
  readonly fleet: Fleet;
  /** Told, in a line, of whoever was not served. */
  readonly onProblem: (line: string) => void;
}

/** Serves a fleet until it is closed. Throws an `EnvironmentError` when the address cannot be listened on. */
export async function serveFleet({ fleet, onProblem, ...server }: ServeFleetOptions): Promise<AdsServer> {
  const codec = await adsCodec();
  return startAdsServer({
    ...server,
    onProblem,
    onStream: (opened) =>
      greet({
        stream: opened,
        codec,
        onProblem,
        onGreeting({ stream, node, first }) {
          try {
            fleet.join(readNode(node), stream, first);
          } catch (error) {
            if (!(error instanceof NodeError)) {
              throw error;
            }
            onProblem(`${stream.peer.address} was let go: ${error.message}`);
            stream.end("INVALID_ARGUMENT", error.message);
          }
        },
      }),
  });
}
