/** Files that Envoy reads keys and authorities from, which somebody else writes. */

import type { Config } from "./ir.ts";

export function secretFilesOf({ secrets = [] }: Config): string[] {
  return secrets
    .filter(({ inFiles }) => inFiles)
    .flatMap(({ content }) =>
      content.kind === "certificate"
        ? [content.chain, content.key.reveal()]
        : [content.trusted, ...(content.revoked === undefined ? [] : [content.revoked])],
    );
}
