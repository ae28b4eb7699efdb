/** What the ways to find endpoints have in common. */

import type { Discovery } from "./ir.ts";

type Kind = Discovery["kind"];

/** Whether there are no endpoints to find: each request, or its connection, says where it goes. */
export function isLookedUp(kind: Kind): kind is "byAuthority" | "originalDestination" | "originalAddress" {
  return kind === "byAuthority" || kind === "originalDestination" || kind === "originalAddress";
}
