/**
 * Lines of what Envoy writes to its standard output: its access log, with texts that clients chose. Only `\n` ends a line there;
 * Node's own reader would end one at other signs, too, and a request would become two.
 */

import type { Readable } from "node:stream";

const END = 0x0a;

/** Calls `onLine` for each line, without its end; what is no UTF-8 becomes U+FFFD. A last line may lack its end. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(END); end !== -1; end = chunk.indexOf(END, start)) {
      onLine(Buffer.concat([...rest, chunk.subarray(start, end)]).toString());
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
    }
  });
  stream.on("end", () => {
    if (rest.length > 0) {
      onLine(Buffer.concat(rest).toString());
      rest = [];
    }
  });
}
