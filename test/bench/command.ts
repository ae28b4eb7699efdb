/** What all benchmarks that print a table have in common as commands: their flags are read, and their results printed, alike. */

import os from "node:os";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { EnvironmentError } from "../../compiler/platform/error.ts";

type Flags = NonNullable<ParseArgsConfig["options"]>;

const COMMON = {
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Values<Own extends Flags> = ReturnType<
  typeof parseArgs<{ readonly args: string[]; readonly options: Own & typeof COMMON }>
>["values"];

export interface BenchCommand<Own extends Flags> {
  readonly help: string;
  /** Beside `--json` and `--help`. */
  readonly flags: Own;
  /** The processor, to be said before the table. */
  readonly title: (processor: string) => string;
  /** Values that mean nothing. */
  readonly problems: (values: Values<Own>) => readonly string[];
  /** Measures, and tells each line of the table by `say`; what it resolves with is printed as JSON beside the machine. */
  readonly measure: (
    values: Values<Own>,
    say: (line: string) => void,
  ) => Promise<{ readonly failed?: boolean; readonly report: object }>;
}

/** Resolves with the exit code. */
export async function runBench<const Own extends Flags>(
  { help, flags, title, problems, measure }: BenchCommand<Own>,
  args: readonly string[],
): Promise<number> {
  const refuse = (why: string) => {
    console.error(`bench: ${why}\n\n${help}`);
    return 2;
  };
  let values: Values<Own>;
  try {
    ({ values } = parseArgs({ args: [...args], options: { ...flags, ...COMMON } }) as {
      values: Values<Own>;
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
  const { json, help: asksForHelp } = values as { readonly json?: boolean; readonly help?: boolean };
  if (asksForHelp === true) {
    console.log(help);
    return 0;
  }
  const wrong = problems(values);
  if (wrong.length > 0) {
    return refuse(`"${wrong.join('", "')}" is not valid`);
  }
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  const [processor] = os.cpus();
  say(`${title(`${processor?.model ?? "unknown processor"}, ${os.cpus().length} cores`)}\n`);
  let measured: Awaited<ReturnType<typeof measure>>;
  try {
    measured = await measure(values, say);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) {
      throw error;
    }
    console.error(`bench: ${[error.message, ...error.details].join("\n  ")}`);
    return 3;
  }
  const { failed = false, report } = measured;
  if (json) {
    const machine = { processor: processor?.model, cores: os.cpus().length, node: process.version };
    console.log(JSON.stringify({ machine, ...report }, null, 2));
  }
  return failed ? 1 : 0;
}

/** Those of the texts that are no whole numbers from 1 to `digits` digits. */
export function notCounts(texts: readonly string[], digits = 7): readonly string[] {
  return texts.filter((text) => !/^[1-9]\d*$/.test(text) || text.length > digits);
}
