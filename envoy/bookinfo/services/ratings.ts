/** How many stars each reviewer gave. Only the newer versions of reviews ask for them. */

import { type Place, type Service, startService } from "./service.ts";

export interface Ratings {
  readonly ratings: Readonly<Record<string, number>>;
}

export function startRatings(at?: Place): Promise<Service> {
  const body: Ratings = { ratings: { "Reviewer 1": 5, "Reviewer 2": 4 } };
  return startService({ app: "ratings", version: "v1", at }, (url) =>
    /^\/ratings\/\d+$/.test(url.pathname) ? { body } : undefined,
  );
}
