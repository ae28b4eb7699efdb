/**
 * A strict reader of Prometheus' text format, 0.0.4: what the format forbids or only tolerates is an error with its line, so that
 * a test fails before somebody's Prometheus does.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export type MetricType = "counter" | "gauge" | "histogram" | "summary" | "untyped";

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Of a histogram with its ending: `…_bucket`, `…_sum`, `…_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/;
const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\]|\\[\\n])*$/;
/** Go's `ParseFloat`, without what nobody writes. */
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/;

/** Families by their names. Throws an `Error` that names the line. */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith("\n")) {
    throw new Error("the last line has no end");
  }
  const families = new Map<string, { name: string; type: MetricType; samples: Sample[] }>();
  const series = new Set<string>();
  let open: string | undefined;
  for (const [index, line] of text.slice(0, -1).split("\n").entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line.slice(0, 200)}`);
    };
    if (line === "" || /^#(?! (?:TYPE|HELP) )/.test(line)) {
      continue;
    }
    if (line.startsWith("# HELP ")) {
      if (!HELP.test(line)) {
        fail("HELP is not well-formed");
      }
      continue;
    }
    if (line.startsWith("# ")) {
      const [, name, type] = TYPE.exec(line) ?? fail("TYPE is not well-formed");
      if (families.has(name!)) {
        fail("a second TYPE, or one after samples");
      }
      open = name!;
      families.set(open, { name: open, type: type as MetricType, samples: [] });
      continue;
    }
    const sample = readSample(line, fail);
    const family = families.get(open ?? "");
    if (family === undefined || !belongs(sample, family)) {
      fail("a sample outside of its family, or without a TYPE");
    }
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (series.has(key)) {
      fail("the series is there already");
    }
    series.add(key);
    if (family!.type === "counter" && !(sample.value >= 0)) {
      fail("a counter below zero");
    }
    family!.samples.push(sample);
  }
  for (const family of families.values()) {
    checkFamily(family);
  }
  return families;
}

function readSample(line: string, fail: (why: string) => never): Sample {
  const name = NAME.exec(line)?.[0] ?? fail("not a name of a metric");
  let at = name.length;
  const labels: Record<string, string> = Object.create(null);
  if (line[at] === "{") {
    at++;
    while (line[at] !== "}") {
      const label = LABEL.exec(line.slice(at))?.[0] ?? fail("not a name of a label");
      at += label.length;
      if (!line.startsWith('="', at)) {
        fail('a label has no ="…"');
      }
      at += 2;
      let value = "";
      for (; line[at] !== '"'; at++) {
        if (at >= line.length) {
          fail("a label has no end");
        }
        if (line[at] === "\\") {
          at++;
          value += { "\\": "\\", '"': '"', n: "\n" }[line[at] ?? ""] ?? fail("an escape that there is not");
        } else {
          value += line[at];
        }
      }
      at++;
      if (label in labels) {
        fail("a label twice");
      }
      if (label.startsWith("__")) {
        fail("a label of Prometheus' own");
      }
      labels[label] = value;
      if (line[at] === "," && line[at + 1] !== "}") {
        at++;
      } else if (line[at] !== "}") {
        fail("labels are not separated");
      }
    }
    at++;
  }
  const [, value, ...more] = line.slice(at).split(" ");
  if (line[at] !== " " || value === undefined || !VALUE.test(value) || more.length > 1) {
    fail("not a value");
  }
  if (more.length === 1 && !/^-?\d+$/.test(more[0]!)) {
    fail("not a time");
  }
  return { name, labels, value: Number(value!.replace("Inf", "Infinity")) };
}

function belongs({ name, labels }: Sample, family: Pick<Family, "name" | "type">): boolean {
  const ending = name.startsWith(family.name) ? name.slice(family.name.length) : undefined;
  switch (family.type) {
    case "histogram":
      return ending === "_bucket" ? "le" in labels : ending === "_sum" || ending === "_count";
    case "summary":
      return ending === "" ? "quantile" in labels : ending === "_sum" || ending === "_count";
    default:
      return ending === "";
  }
}

/** A histogram has all of its buckets for each of its series, in order, never falling, the last one equal to its count. */
function checkFamily({ name, type, samples }: Family): void {
  if (type !== "histogram") {
    return;
  }
  const bySeries = new Map<
    string,
    { buckets: [le: number, value: number][]; sum?: number; count?: number }
  >();
  for (const { name: own, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    const one = bySeries.get(key) ?? { buckets: [] };
    bySeries.set(key, one);
    if (own.endsWith("_bucket")) {
      one.buckets.push([Number(le!.replace("Inf", "Infinity")), value]);
    } else {
      one[own.endsWith("_sum") ? "sum" : "count"] = value;
    }
  }
  for (const [labels, { buckets, sum, count }] of bySeries) {
    const fail = (why: string) => {
      throw new Error(`histogram ${name}${labels}: ${why}`);
    };
    if (sum === undefined || count === undefined) {
      fail("no sum, or no count");
    }
    if (buckets.at(-1)?.[0] !== Number.POSITIVE_INFINITY || buckets.at(-1)?.[1] !== count) {
      fail("the last bucket is not +Inf, or has another count");
    }
    for (const [i, [le, value]] of buckets.entries()) {
      const [before, fewer] = buckets[i - 1] ?? [Number.NEGATIVE_INFINITY, 0];
      if (!(le > before) || value < fewer) {
        fail("buckets are not in order");
      }
    }
  }
}

/** Samples of a metric whose labels include these. */
export function samplesOf(
  families: ReadonlyMap<string, Family>,
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  return (families.get(metric)?.samples ?? []).filter(({ labels: own }) =>
    Object.entries(labels).every(([name, value]) => own[name] === value),
  );
}
