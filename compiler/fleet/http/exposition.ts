/**
 * The text in which Prometheus reads metrics.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function exposition(families: readonly (Family | Histogram)[]): string {
  return families
    .map((family) => (family instanceof Histogram ? family.text() : familyText(family)))
    .join("");
}

/** How often a value was at most so large. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    this.#counts[bucket < 0 ? this.#bounds.length : bucket]!++;
    this.#sum += value;
  }

  text(): string {
    let total = 0;
    const buckets = this.#counts.map((count, i) => {
      total += count;
      const bound = this.#bounds[i];
      return line(`${this.#name}_bucket`, {
        labels: { le: bound === undefined ? "+Inf" : String(bound) },
        value: total,
      });
    });
    return [
      ...head(this.#name, this.#help, "histogram"),
      ...buckets,
      line(`${this.#name}_sum`, { value: this.#sum }),
      line(`${this.#name}_count`, { value: total }),
    ].join("");
  }
}

/** Counts, by labels. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #samples = new Map<string, { readonly labels: Labels; value: number }>();

  /** What is counted by labels is there from the start where they are named, so that a rate can be taken of the first. */
  constructor(name: string, help: string, known: readonly Labels[] = [{}]) {
    this.#name = name;
    this.#help = help;
    for (const labels of known) {
      this.add(0, labels);
    }
  }

  add(value: number, labels: Labels = {}): void {
    const key = JSON.stringify(labels);
    const sample = this.#samples.get(key);
    if (sample === undefined) {
      this.#samples.set(key, { labels, value });
    } else {
      sample.value += value;
    }
  }

  get family(): Family {
    return { name: this.#name, help: this.#help, type: "counter", samples: [...this.#samples.values()] };
  }
}

function familyText({ name, help, type, samples }: Family): string {
  return [...head(name, help, type), ...samples.map((sample) => line(name, sample))].join("");
}

function head(name: string, help: string, type: string): string[] {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return [`# HELP ${name} ${escaped}\n`, `# TYPE ${name} ${type}\n`];
}

function line(name: string, { labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapedLabel(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
}

function escapedLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
