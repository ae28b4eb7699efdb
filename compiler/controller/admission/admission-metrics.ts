/** What a webhook counts, for Prometheus. */

import { Counter, exposition, Histogram } from "../../fleet/http/exposition.ts";
import type { AdmissionResponse } from "./admission-review.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export class AdmissionMetrics {
  readonly #reviews = new Counter(
    "sluice_admission_reviews_total",
    "Objects that were reviewed, by what came of it.",
    ["allowed", "warned", "refused"].map((verdict) => ({ verdict })),
  );
  readonly #failures = new Counter(
    "sluice_admission_failures_total",
    "Questions of an API server that could not be answered, for which its failurePolicy decides.",
  );
  readonly #seconds = new Histogram(
    "sluice_admission_seconds",
    "Time from a question of an API server to its answer.",
    SECONDS,
  );

  answered({ allowed, warnings }: AdmissionResponse, ms: number): void {
    this.#reviews.add(1, { verdict: allowed ? (warnings === undefined ? "allowed" : "warned") : "refused" });
    this.#seconds.observe(ms / 1000);
  }

  failed(): void {
    this.#failures.add(1);
  }

  text(): string {
    return exposition([this.#reviews.family, this.#failures.family, this.#seconds]);
  }
}
