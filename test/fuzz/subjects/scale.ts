/**
 * Many of the same: a part of some rules a thousand times, and four times as often. What takes much more than four times as
 * long for it would take hours for a file that is only a little longer.
 */

import { check, formatDiagnostics, texts } from "../../../compiler/index.ts";
import { expectSound, type Subject } from "../subject.ts";

const FEW = 1000;
const TIMES = 4;
/** Quicker ones are not judged: noise would be most of it. */
const NOTICED_MS = 1500;
/** Between the 4 of what is linear and the 16 of what is quadratic. */
const STEEPEST = 9;

export const scale: Subject = {
  name: "scale",
  share: 0.02,
  prepare({ corpus }) {
    return (dice) => {
      const resources = dice.several(corpus.resources, 2);
      const [many, ...others] = resources;
      // The same part is repeated in both, by the same throws.
      const seed = dice.below(1_000_000);
      const text = (count: number) =>
        [repeated(many, seeded(seed), count), ...others].map((one) => JSON.stringify(one)).join("\n---\n");
      const [few, more] = [text(FEW), text(FEW * TIMES)];
      return {
        input: { "few.yaml": few, "more.yaml": more },
        async run() {
          const before = await cpuMsOf(few);
          const after = await cpuMsOf(more);
          if (after > NOTICED_MS && after > STEEPEST * before) {
            throw new Error(`${TIMES} times as much takes ${after} ms instead of ${before} ms`);
          }
          return true;
        },
      };
    };
  },
};

async function cpuMsOf(text: string): Promise<number> {
  const start = process.cpuUsage();
  const input = { "rules.yaml": text };
  const findings = await check({ source: texts(input) });
  formatDiagnostics(findings);
  const { user, system } = process.cpuUsage(start);
  expectSound(findings, input);
  return Math.round((user + system) / 1000);
}

type Choose = (limit: number) => number;

function seeded(seed: number): Choose {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A copy in which one list, or one mapping, has so many entries, alike but for a number in their names. */
function repeated(value: unknown, choose: Choose, count: number): unknown {
  if (Array.isArray(value) && value.length > 0 && (choose(3) === 0 || !value.some(isContainer))) {
    const item: unknown = value[choose(value.length)];
    const alike = choose(2) === 0;
    return Array.from({ length: count }, (_, i) => (alike ? item : numbered(item, i)));
  }
  if (!isContainer(value)) {
    return value;
  }
  const entries = Object.entries(value);
  const inner = entries.filter(([, one]) => isContainer(one));
  if (!Array.isArray(value) && entries.length > 0 && (inner.length === 0 || choose(6) === 0)) {
    const [name, one] = entries[choose(entries.length)]!;
    return { ...value, ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, one])) };
  }
  if (inner.length === 0) {
    return value;
  }
  const [name, one] = inner[choose(inner.length)]!;
  const changed = repeated(one, choose, count);
  if (Array.isArray(value)) {
    return value.map((item, i) => (String(i) === name ? changed : item));
  }
  return { ...value, [name]: changed };
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** With a number in each of its texts, and in none of its words that mean something. */
function numbered(value: unknown, number: number): unknown {
  if (typeof value === "string") {
    return /^[a-z/][a-z0-9./-]*$/.test(value) ? `${value}${number}` : value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => numbered(item, number));
  }
  if (!isContainer(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, numbered(one, number)]));
}
