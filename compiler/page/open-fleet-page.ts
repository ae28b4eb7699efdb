/** Shows a fleet in a browser. */

import type { FleetEvent } from "../fleet/model/event.ts";
import { readAssets } from "./assets.ts";
import { FleetPage, type FleetPageOptions } from "./fleet-page.ts";
import { readPageListen } from "./page-listen.ts";
import { PageServer } from "./page-server.ts";

export interface OpenFleetPageOptions extends FleetPageOptions {
  /** As that of `openPage`. */
  readonly listen?: string;
  /** Told, in a line, of what is a mistake of ours. */
  readonly onProblem: (line: string) => void;
}

export interface OpenFleetPage {
  /** With the token that lets a browser in; it holds for as long as the page is served. */
  readonly url: string;
  /** For `onEvent` of the fleet. */
  tell(event: FleetEvent): void;
  close(): Promise<void>;
}

/** Throws as `openPage` does. It is closed by whoever opened it. */
export async function openFleetPage({
  listen,
  onProblem,
  ...options
}: OpenFleetPageOptions): Promise<OpenFleetPage> {
  const source = new FleetPage(options);
  const server = await PageServer.open({
    source,
    listen: readPageListen(listen),
    assets: readAssets(),
    onProblem,
  });
  return {
    url: server.url,
    tell: (event) => source.tell(event),
    async close() {
      source.close();
      await server.close();
    },
  };
}
