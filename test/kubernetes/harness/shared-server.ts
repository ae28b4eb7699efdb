/** The one API server that all test files of this suite share. Each test has namespaces of its own in it. */

import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import type { Programs } from "../programs/programs.ts";
import { ApiClient, type Credentials } from "./api-client.ts";

declare module "vitest" {
  interface ProvidedContext {
    kubernetes: { readonly admin: Credentials; readonly programs: Programs };
  }
}

/** A client of the shared API server that may do everything. */
export function admin(): ApiClient {
  return new ApiClient(inject("kubernetes").admin);
}

/** The programs, for a test that starts an API server of its own, or asks with kubectl. */
export function programs(): Programs {
  return inject("kubernetes").programs;
}

/** A namespace that nobody else has. */
export async function createNamespace(api: ApiClient, purpose: string): Promise<string> {
  const name = `${purpose}-${randomBytes(3).toString("hex")}`;
  await api.create("/api/v1/namespaces", { metadata: { name } });
  return name;
}
