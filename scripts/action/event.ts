/** What GitHub says about the event that started the workflow, as far as it matters here. */

import { readFile } from "node:fs/promises";
import { ActionError } from "./failure.ts";

export interface PullRequest {
  readonly number: number;
  readonly headSha: string;
  readonly baseSha: string;
  /** From another repository: the token of the workflow may only read then. */
  readonly isFork: boolean;
}

/** `undefined`: the event is not about a pull request. */
export async function readPullRequest(env = process.env): Promise<PullRequest | undefined> {
  const file = env.GITHUB_EVENT_PATH;
  if (!file) {
    return undefined;
  }
  let event: unknown;
  try {
    event = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new ActionError(`the event in GITHUB_EVENT_PATH cannot be read: ${(error as Error).message}`);
  }
  const number = at(event, "pull_request", "number");
  const headSha = at(event, "pull_request", "head", "sha");
  const baseSha = at(event, "pull_request", "base", "sha");
  if (typeof number !== "number" || !isCommit(headSha) || !isCommit(baseSha)) {
    return undefined;
  }
  const [from, to] = ["head", "base"].map((side) => at(event, "pull_request", side, "repo", "id"));
  return { number, headSha, baseSha, isFork: from !== to };
}

function at(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

function isCommit(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(value);
}
