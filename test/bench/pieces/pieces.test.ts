/** That what `npm run bench -- pieces` measures can be made, and what it says of calls: no Envoy takes part. */

import { describe, expect, test } from "vitest";
import { compileEdge, programOf } from "./edge-rules.ts";
import { hostCalls } from "./host-calls.ts";
import { PIECES } from "./pieces.ts";

const PLACE = { port: 8080, upstreamPort: 8081, folder: "/tmp" };

/** Calls for a request without the piece and with it. */
const CALLS: Readonly<Record<string, readonly [number, number]>> = {
  limit: [2, 5],
  "limit-by-address": [2, 6],
  "limit-by-header": [2, 5],
  claim: [2, 3],
  "limit-by-claim": [2, 6],
  "access-log": [2, 3],
};

describe.each(PIECES)("$name", (piece) => {
  test.each(["wasm", "native"] as const)("%s takes the rules", async (target) => {
    for (const edge of [piece.without, piece.with]) {
      await expect(compileEdge(edge, { ...PLACE, target })).resolves.toHaveProperty("compilation");
    }
  });

  test("the filter calls its host for nothing else, and not at all where the piece is elsewhere", async () => {
    const made = await Promise.all(
      [piece.without, piece.with].map(async (edge) => {
        const { compilation } = await compileEdge(edge, { ...PLACE, target: "wasm" });
        return hostCalls(edge, programOf(compilation)!);
      }),
    );
    expect(made).toEqual(CALLS[piece.name] ?? [2, 2]);
  });
});
