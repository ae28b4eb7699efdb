/** Versions: digests of contents, so that what is equal has one version, wherever and whenever it was made. */

import { createHash } from "node:crypto";
import { printJson } from "./json.ts";
import type { TypedConfig } from "./protobuf.ts";

/** Of messages that are delivered together, in their order. */
export function versionOf(messages: readonly TypedConfig[]): string {
  return createHash("sha256").update(printJson(messages)).digest("hex").slice(0, 16);
}
