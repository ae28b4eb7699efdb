/**
 * Makes the programs that the tests with a real Kubernetes API server run. Ends with code 3, and one line that says why, on a
 * machine that such tests cannot run on.
 */

import { programs } from "./programs.ts";
import { whyNotHere } from "./requirements.ts";

const problem = await whyNotHere();
if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 3;
} else {
  await programs((line) => console.log(`kubernetes: ${line}`));
}
