/**
 * Readers of reviews, who never stop asking. Each request has a connection of its own: all Envoys listen on one port, and the
 * kernel gives each new connection to one of them.
 */

import http from "node:http";

export interface Readers {
  /** What came back since it was asked for the last time: `reviews-v1` → how many. */
  counts(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const EVERY_MS = 5;
const TIMEOUT_MS = 5_000;
/** Who waits for an answer of the last ones. */
const MOST_AT_ONCE = 200;

export function startReaders(meshPort: number): Readers {
  let seen = new Map<string, number>();
  const waiting = new Set<Promise<void>>();
  const timer = setInterval(() => {
    if (waiting.size < MOST_AT_ONCE) {
      const asking = ask(meshPort)
        .then((what) => void seen.set(what, (seen.get(what) ?? 0) + 1))
        .finally(() => waiting.delete(asking));
      waiting.add(asking);
    }
  }, EVERY_MS);
  return {
    counts() {
      const counts = seen;
      seen = new Map();
      return counts;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(waiting);
    },
  };
}

/** Who answered, or the status of an error, or why there was no answer. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    http
      .get(
        {
          host: "127.0.0.1",
          port,
          path: "/reviews/0",
          headers: { host: "reviews:9080" },
          agent: false,
          timeout: TIMEOUT_MS,
        },
        (response) => {
          response.resume().on("end", () => {
            const { statusCode = 0, headers } = response;
            resolve(statusCode === 200 ? String(headers["x-served-by"]) : `status ${statusCode}`);
          });
          response.on("error", () => resolve("no answer"));
        },
      )
      .on("timeout", function (this: http.ClientRequest) {
        this.destroy();
      })
      .on("error", () => resolve("no answer"));
  });
}
