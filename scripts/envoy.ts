/**
 * Gets the Envoys that tests run against before any test's clock runs: the one that `findEnvoy` picks, and the
 * wheels of the versions named as arguments.
 */

import { EnvironmentError, findEnvoy } from "../compiler/runtime/index.ts";

const log = (line: string) => console.log(`setup: ${line}`);

try {
  await findEnvoy({ log });
  for (const version of process.argv.slice(2)) {
    await findEnvoy({ log, version });
  }
} catch (error) {
  if (!(error instanceof EnvironmentError)) {
    throw error;
  }
  console.error([error.message, ...error.details].join("\n  "));
  process.exitCode = 3;
}
