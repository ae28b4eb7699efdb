/** Stands for a service on the internet: it is no part of the mesh and asks nobody. */

import { type Place, type Service, startService } from "./service.ts";

export interface Quote {
  readonly quote: string;
  readonly source: string;
}

const QUOTE: Quote = {
  quote: "Better three hours too soon than a minute too late.",
  source: "The Merry Wives of Windsor, act II, scene 2",
};

export function startQuotes(at?: Place): Promise<Service> {
  return startService({ app: "quotes", version: "v1", at }, (url) =>
    url.pathname === "/quote" ? { body: QUOTE } : undefined,
  );
}
