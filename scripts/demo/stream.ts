/** A small stream of requests through the gateway, as readers would make, and a line that says how it goes. */

import type { Clients } from "./client.ts";

export interface Stream {
  stop(): Promise<void>;
}

const EVERY_MS = 250;
const COUNTED = 100;

/** `onLine` is given the last hundred in a line after each answer. */
export function startStream(clients: Clients, port: number, onLine: (line: string) => void): Stream {
  const seen: string[] = [];
  let stopped = false;
  const waiting = new Set<Promise<void>>();
  const ask = async () => {
    const request = { host: `127.0.0.1:${port}`, path: "/api/v1/products/0/reviews" };
    const what = await clients.send(port, request, 1, 1).then(
      ([answer]) => nameAnswer(answer?.status ?? 0, answer?.body ?? ""),
      () => "no answer",
    );
    seen.push(what);
    if (seen.length > COUNTED) {
      seen.shift();
    }
    if (!stopped) {
      onLine(summary(seen));
    }
  };
  const timer = setInterval(() => {
    const asking = ask().finally(() => waiting.delete(asking));
    waiting.add(asking);
  }, EVERY_MS);
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await Promise.all(waiting);
    },
  };
}

export function nameAnswer(status: number, body: string): string {
  if (status !== 200) {
    return `status ${status}`;
  }
  try {
    const { servedBy, ratingsError } = JSON.parse(body) as { servedBy?: string; ratingsError?: string };
    return `${servedBy}${ratingsError === undefined ? "" : " without ratings"}`;
  } catch {
    return "no JSON";
  }
}

export function summary(seen: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const what of [...seen].sort()) {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const parts = [...counts].map(([what, count]) => `${what} ${count}`);
  return `the last ${seen.length} through the gateway: ${parts.join(" · ")}`;
}
