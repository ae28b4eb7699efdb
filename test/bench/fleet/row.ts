/** A line of the table of `npm run bench -- fleet`. */

export interface Effort {
  readonly clients: number;
  /** Changes for each median. */
  readonly rounds: number;
  /** Small enough to see whether it works at all. */
  readonly quick: boolean;
}

export type Figures = Readonly<Record<string, number>>;

export interface Row {
  /** For `--row`. */
  readonly name: string;
  title(clients: number): string;
  /** What it shall stay below. */
  readonly limits: string;
  measure(effort: Effort): Promise<Figures>;
  render(figures: Figures): string;
}
