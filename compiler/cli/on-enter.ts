/** Enter in a terminal, for a command that goes on meanwhile. */

import { createInterface } from "node:readline";

/** Calls `told` at each line of standard input, until the function that it gives is called. An input that ends is no reason to end. */
export function onEnter(told: () => void): () => void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", told);
  return () => {
    lines.close();
    // Else it would be waited for.
    process.stdin.unref?.();
  };
}
