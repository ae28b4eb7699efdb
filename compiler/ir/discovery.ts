/** What the ways to find endpoints have in common. */

import type { Discovery } from "./ir.ts";

type Kind = Discovery["kind"];

/** Whether there are no endpoints to find: each request says where it goes. */
export function isLookedUp(kind: Kind): kind is "byAuthority" | "originalDestination" {
  return kind === "byAuthority" || kind === "originalDestination";
}
