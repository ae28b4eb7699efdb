/** What an Envoy has that nobody has told anything. */

import type { ResourceSet } from "../../back/xds/resource-set.ts";

export const NOTHING: ResourceSet = {
  cluster: new Map(),
  endpoints: new Map(),
  listener: new Map(),
  routes: new Map(),
  extension: new Map(),
  secret: new Map(),
};
