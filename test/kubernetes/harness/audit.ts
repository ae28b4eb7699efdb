/** What an API server was asked for, by its own record: who has listed which resource, and what became of it. */

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived", "ResponseStarted"],
  rules: [{ level: "Metadata", verbs: ["list"] }, { level: "None" }],
};

export interface AuditedList {
  readonly user: string;
  readonly resource: string;
  /** With the query. */
  readonly uri: string;
  readonly status: number;
}

interface AuditEvent {
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string };
  readonly responseStatus?: { readonly code?: number };
}

export class Audit {
  readonly flags: readonly string[];
  readonly #log: string;

  private constructor(policy: string, log: string) {
    this.#log = log;
    this.flags = [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`];
  }

  static async in(folder: string): Promise<Audit> {
    const policy = path.join(folder, "audit-policy.json");
    await writeFile(policy, JSON.stringify(POLICY));
    return new Audit(policy, path.join(folder, "audit.log"));
  }

  /** Every page of a list is one, oldest first; also of before a restart. */
  async lists(): Promise<AuditedList[]> {
    const text = await readFile(this.#log, "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as AuditEvent)
      .map(({ user, objectRef, requestURI, responseStatus }) => ({
        user: user.username,
        resource: objectRef?.resource ?? "",
        uri: requestURI,
        status: responseStatus?.code ?? 0,
      }));
  }
}
