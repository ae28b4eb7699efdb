/** Starts the API server that all test files share, and ends it after the last of them. */

import type { TestProject } from "vitest/node";
import { programs } from "../programs/programs.ts";
import { whyNotHere } from "../programs/requirements.ts";
import { ApiServer } from "./api-server.ts";
import type {} from "./shared-server.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const problem = await whyNotHere();
  if (problem !== undefined) {
    throw new Error(`these tests cannot run here: ${problem}`);
  }
  const made = await programs(console.log);
  const server = await ApiServer.start(made);
  project.provide("kubernetes", { admin: server.admin.credentials, programs: made });
  return () => server.stop();
}
