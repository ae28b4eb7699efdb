/** A line of the table of `npm run bench -- kubernetes`. */

import type { ApiServer } from "../../kubernetes/harness/api-server.ts";

export interface Effort {
  /** Changes for each figure. */
  readonly rounds: number;
  /** Small enough to see whether it works at all. */
  readonly quick: boolean;
}

export type Figures = Readonly<Record<string, number>>;

export interface Row {
  /** For `--row`. */
  readonly name: string;
  readonly title: (effort: Effort) => string;
  /** What it shall stay below. */
  readonly limits: string;
  measure(server: ApiServer, effort: Effort): Promise<Figures>;
  render(figures: Figures): string;
}
