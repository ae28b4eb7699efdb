/**
 * How much is tried where more is better and nothing else: generated inputs, users of a split, sizes of a text. The
 * suite has to end in time; `SLUICE_THOROUGH=10` tries ten times as much. Whoever changes what such a test is about runs
 * it so.
 */
const FACTOR = Number(process.env.SLUICE_THOROUGH ?? 1);

export function thoroughly(count: number): number {
  return Math.max(1, Math.round(count * FACTOR));
}
