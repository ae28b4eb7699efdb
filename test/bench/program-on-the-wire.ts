/** What the program of a whole mesh weighs on its way to a proxy, and how long a worker needs until it decides by it. */

import { createWorkspace, inspect, texts } from "../../compiler/index.ts";
import { readyMs } from "./ready.ts";

/** What a program of 10,000 such services weighed when it travelled as it is in memory (format version 5). */
export const BYTES_BEFORE_PACKING = 4_675_032;

export interface ProgramOnTheWire {
  /** Bytes that are sent. */
  readonly bytes: number;
  /** Bytes that a worker has of it. */
  readonly unpackedBytes: number;
  /** Milliseconds of processor time from the bytes to a program that is verified and decides. */
  readonly readyMs: number;
}

/** The program of so many services, which no rule is about: each has the names that a mesh has for it. */
export async function measureProgram(services = 10_000): Promise<ProgramOnTheWire> {
  const mesh = Array.from({ length: services }, (_, i) => service(i)).join("---\n");
  const { findings, compilation } = await createWorkspace({
    source: texts({ "mesh.yaml": mesh }),
  }).compile();
  const blob = compilation?.blobs.get("mesh");
  if (blob === undefined) {
    throw new Error(`the mesh does not compile: ${JSON.stringify(findings.summary)}`);
  }
  return { bytes: blob.length, unpackedBytes: inspect(blob).unpackedSize, readyMs: readyMs(blob) };
}

const service = (i: number) => `apiVersion: v1
kind: Service
metadata: {name: svc-${i}, namespace: shop}
spec:
  selector: {app: svc-${i}}
  ports: [{name: http, port: 8080}]
`;
