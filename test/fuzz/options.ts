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
      "Runs the parts of the command line on hostile input, and reports what crashes, hangs or contradicts itself.\n" +
        "Each finding gets a folder with the input and the command that reproduces it.",
    )
    .option("--count <n>", "number of inputs", number, 10_000)
    .option("--seed <n>", "seed of the inputs", number, 1)
    .option("--from <n>", "number of the first input", number, 0)
    .addOption(
      new Option("--only <names>", `subjects to test, separated by commas: ${NAMES.join(", ")}`)
        .argParser(subjects)
        .default(NAMES, "all"),
    )
    .option("--limit-ms <n>", "CPU time limit for one input, in milliseconds", number, 10_000)
    .option("--corpus <folder>", "folder with more rules to start from", directory)
    .option("--findings <folder>", "folder to write findings to", "fuzz-findings");
  return program.parse(args, { from: "user" }).opts<FuzzOptions>();
}

function number(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError("Use a whole number.");
  }
  return Number(text);
}

function directory(name: string): string {
  if (!statSync(name, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError("This folder does not exist.");
  }
  return name;
}

function subjects(text: string): readonly string[] {
  const names = text.split(",");
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`Unknown subject: ${unknown.join(", ")}.`);
  }
  return names;
}
