/**
 * The steps of action.yml: `rules` checks, tests and compares, `comment` writes what was found to the pull request. They
 * are apart so that whatever reads the rules never holds the token.
 */

import { error, setFailed } from "@actions/core";
import { commentStep } from "./comment-step.ts";
import { ActionError } from "./failure.ts";
import { rulesStep } from "./rules-step.ts";

const STEPS: Readonly<Record<string, () => Promise<void>>> = { rules: rulesStep, comment: commentStep };

const name = process.argv[2] ?? "";
const step = Object.hasOwn(STEPS, name) ? STEPS[name] : undefined;
if (step === undefined) {
  console.error(`action: unknown step "${name}"; known steps: ${Object.keys(STEPS).join(", ")}`);
  process.exitCode = 2;
} else {
  try {
    await step();
  } catch (failure) {
    if (failure instanceof ActionError) {
      setFailed(failure.message);
    } else {
      error("Sluice's action failed; this is a bug in Sluice");
      throw failure;
    }
  }
}
