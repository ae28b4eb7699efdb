/** The options of `npm run fuzz`. */

import { statSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { SUBJECTS } from "./subjects/index.ts";

export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
  readonly from: number;
  readonly only: readonly string[];
  readonly limitMs: number;
  readonly corpus?: string;
  readonly findings: string;
}

const NAMES = SUBJECTS.map(({ name }) => name);

export function readOptions(args: readonly string[]): FuzzOptions {
  const program = new Command("npm run fuzz --")
    .description(
      "Gives hostile input to the parts of the command line, and says what crashes, hangs or contradicts itself.\n" +
        "Each finding is written into a folder with the input, and with the call that makes it again.",
    )
    .option("--count <n>", "inputs to try", number, 10_000)
    .option("--seed <n>", "another seed, other inputs", number, 1)
    .option("--from <n>", "number of the first input", number, 0)
    .addOption(
      new Option("--only <names>", `of ${NAMES.join(", ")}; with commas between`)
        .argParser(subjects)
        .default(NAMES, "all"),
    )
    .option("--limit-ms <n>", "CPU time that one input may take", number, 10_000)
    .option("--corpus <folder>", "more rules to start from", directory)
    .option("--findings <folder>", "where findings are written", "fuzz-findings");
  return program.parse(args, { from: "user" }).opts<FuzzOptions>();
}

function number(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError("Expected a number.");
  }
  return Number(text);
}

function directory(name: string): string {
  if (!statSync(name, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError("Expected a folder.");
  }
  return name;
}

function subjects(text: string): readonly string[] {
  const names = text.split(",");
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`No such subject: ${unknown.join(", ")}.`);
  }
  return names;
}
