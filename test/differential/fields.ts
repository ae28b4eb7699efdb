/**
 * Which fields of a rule are in use: a tiny rule with the field is compiled for both targets, and a field that either
 * refuses is not generated. So the test grows with the compiler, and says what it leaves out.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import type { HttpRoute } from "../../compiler/front/resources/types.ts";
import { compile, files } from "../../compiler/index.ts";
import { TARGETS } from "../harness/targets.ts";

const TO = { destination: { host: "a" } };

const PROBES = {
  rewrite: { route: [TO], rewrite: { uri: "/a" } },
  redirect: { redirect: { uri: "/a" } },
  headers: { route: [TO], headers: { request: { set: { a: "b" } }, response: { remove: ["a"] } } },
  variables: { route: [TO], headers: { request: { set: { a: "%PROTOCOL%" } } } },
  cors: { route: [TO], corsPolicy: { allowOrigins: [{ exact: "a" }] } },
  mirror: { route: [TO], mirror: TO.destination },
  delegate: { delegate: { name: "b" } },
} satisfies Record<string, HttpRoute>;

export type Field = keyof typeof PROBES;

export async function fieldsInUse(): Promise<{
  readonly used: ReadonlySet<Field>;
  readonly refused: readonly Field[];
}> {
  const fields = Object.keys(PROBES) as Field[];
  const accepted = await Promise.all(fields.map((field) => isAccepted(PROBES[field])));
  return {
    used: new Set(fields.filter((_, i) => accepted[i])),
    refused: fields.filter((_, i) => !accepted[i]),
  };
}

async function isAccepted(rule: HttpRoute): Promise<boolean> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-test-"));
  try {
    const file = path.join(folder, "rule.yaml");
    const documents = [
      { name: "a", spec: { hosts: ["a"], http: [rule] } },
      { name: "b", spec: { http: [{ route: [TO] }] } },
    ].map(({ name, spec }) =>
      stringify({ apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: { name }, spec }),
    );
    await writeFile(file, documents.join("---\n"));
    for (const target of TARGETS) {
      const { compilation } = await compile({ source: files([file]), proxy: { target } });
      if (compilation === undefined) {
        return false;
      }
    }
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
