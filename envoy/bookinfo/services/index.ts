/** All services of the demo, in one process, each on a port of its own. */

import { startDetails } from "./details.ts";
import { meshClient } from "./mesh-client.ts";
import { startProductpage } from "./productpage.ts";
import { startQuotes } from "./quotes.ts";
import { startRatings } from "./ratings.ts";
import { startReviews } from "./reviews.ts";
import type { Service } from "./service.ts";

export { type Answer, type MeshClient, meshClient } from "./mesh-client.ts";
export type { Service } from "./service.ts";

export interface Bookinfo {
  /** Those that are part of the mesh. */
  readonly services: readonly Service[];
  /** The one outside of it. */
  readonly quotes: Service;
  close(): Promise<void>;
}

/** `meshPort` is where the proxy will listen; nothing is asked there before a request comes in. */
export async function startBookinfo(meshPort: number): Promise<Bookinfo> {
  const mesh = meshClient(meshPort);
  const services = await Promise.all([
    startProductpage(mesh),
    startDetails(),
    startReviews("v1", mesh),
    startReviews("v2", mesh),
    startReviews("v3", mesh),
    startRatings(),
  ]);
  const quotes = await startQuotes();
  return {
    services,
    quotes,
    close: async () => {
      mesh.close();
      await Promise.all([...services, quotes].map((service) => service.close()));
    },
  };
}
