/** Sizes of memory as people write them: `512MiB`, and as Kubernetes does, `512Mi`. */

import type { OptionKind } from "./kinds.ts";

const MIB = 1024 ** 2;
const UNITS: Readonly<Record<string, number>> = { Mi: MIB, Gi: 1024 ** 3 };
const LONGEST = 9;
/** As much as a machine may ever have, and a number that is still exact. */
const MOST_BYTES = 1024 ** 5;

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= MIB && Number(value) <= MOST_BYTES;
}

/** In bytes, 0 for none. */
export const memory: OptionKind<number, "text"> = {
  form: "text",
  read(given, fail) {
    const [, number = "", unit = ""] = /^(\d+)([MG]i)B?$/.exec(given) ?? [];
    const bytes = number.length <= LONGEST ? Number(number) * UNITS[unit]! : Number.NaN;
    return given === "0"
      ? 0
      : isSize(bytes)
        ? bytes
        : fail(`"${given}" is not valid; use a whole number of MiB or GiB, such as 512MiB, or 0 for none`);
  },
  accepts: (value) => value === 0 || isSize(value),
  expected: `a number of bytes from ${MIB} to ${MOST_BYTES}, or 0`,
  show: (bytes) => (bytes === 0 ? "0" : bytes % MIB === 0 ? `${bytes / MIB}MiB` : String(bytes)),
  schema: { type: ["string", "integer"] },
};
