/** Asks an Envoy what it has counted: three questions, each by type and for used statistics alone, which costs it milliseconds. */

import { EnvironmentError } from "../platform/error.ts";
import type { AdminClient } from "../run/envoy/admin.ts";
import { ASKED, type EnvoyStats, type Reading, readingOf } from "./reading.ts";

/** What is asked of Envoy's admin interface. */
export type AskedAdmin = Pick<AdminClient, "get">;

/** Throws an `EnvironmentError` for an Envoy that does not answer, or not with statistics. */
export async function scrape(admin: AskedAdmin, now: () => number = Date.now): Promise<Reading> {
  const answers: EnvoyStats[] = [];
  for (const [type, filter] of Object.entries(ASKED)) {
    const buckets = type === "Histograms" ? "&histogram_buckets=cumulative" : "";
    const query = `type=${type}&usedonly&filter=${encodeURIComponent(filter)}&format=json${buckets}`;
    answers.push(await ask(admin, `/stats?${query}`));
  }
  return readingOf(now(), answers);
}

async function ask(admin: AskedAdmin, path: string): Promise<EnvoyStats> {
  let answer: Awaited<ReturnType<AskedAdmin["get"]>>;
  try {
    answer = await admin.get(path);
  } catch (error) {
    throw new EnvironmentError(`Envoy does not answer: ${(error as Error).message}`, [], { cause: error });
  }
  try {
    const stats = JSON.parse(answer.body) as EnvoyStats;
    if (answer.status === 200 && Array.isArray(stats.stats)) {
      return stats;
    }
  } catch {
    // Said below.
  }
  throw new EnvironmentError(`what answers is not Envoy's admin interface (HTTP ${answer.status})`);
}
