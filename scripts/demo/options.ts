/** The demo's own command line. */

import path from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../../compiler/cli/exit.ts";
import type { Target } from "../../compiler/index.ts";

export interface DemoOptions {
  readonly help: boolean;
  /** Ask each rule once, print the table, and end. */
  readonly once: boolean;
  readonly target: Target;
  /** The folder of the rules; the demo's own when absent. */
  readonly rules: string | undefined;
  /** How many Envoys `sluice serve` tells; absent: one Envoy, without a server. */
  readonly fleet: number | undefined;
}

/** Each Envoy has some 80 MB. */
const LARGEST_FLEET = 20;

export const HELP = `Runs the demo mesh: a small Bookinfo behind a real Envoy that follows Istio rules through Sluice.

  npm start -- [options]

  --once             send a fixed number of requests, print the result for each rule, and exit
                     with 0 if all results fit the rules, otherwise with 1
  --target <target>  how Envoy decides: wasm (Sluice's filter) or native (its own routes)
  --rules <dir>      use these rules instead of envoy/bookinfo/rules
  --fleet <n>        run a fleet of n Envoys that \`sluice serve\` tells; a good change of the rules is
                     rolled out, and a bad one stopped and taken back
  -h, --help         print this

Exit codes: 0 success, 1 invalid rules, or rules that were not followed, 2 wrong usage, 3 failure of the environment.
`;

export function readOptions(args: readonly string[]): DemoOptions {
  let values: { help?: boolean; once?: boolean; target?: string; rules?: string; fleet?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h" },
        once: { type: "boolean" },
        target: { type: "string" },
        rules: { type: "string" },
        fleet: { type: "string" },
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(". ")[0]}; --help lists the options`);
  }
  const target = values.target ?? "wasm";
  if (target !== "wasm" && target !== "native") {
    throw new UsageError(`--target: "${target}" is not valid; use wasm or native`);
  }
  const { fleet } = values;
  if (
    fleet !== undefined &&
    !(/^\d{1,2}$/.test(fleet) && Number(fleet) >= 2 && Number(fleet) <= LARGEST_FLEET)
  ) {
    throw new UsageError(`--fleet: "${fleet}" is not valid; use a number from 2 to ${LARGEST_FLEET}`);
  }
  if (fleet !== undefined && values.rules !== undefined) {
    throw new UsageError("--fleet changes the demo's own rules; remove --rules");
  }
  return {
    help: values.help ?? false,
    once: values.once ?? false,
    target,
    rules: values.rules === undefined ? undefined : path.resolve(values.rules),
    fleet: fleet === undefined ? undefined : Number(fleet),
  };
}
