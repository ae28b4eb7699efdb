/** What the program of a whole mesh weighs on its way to a proxy, and how long a worker needs until it decides by it. */

import { createWorkspace, inspect, texts } from "../../../compiler/index.ts";
import { readyMs } from "../ready.ts";
import type { Figures, Row } from "./row.ts";

const SERVICES = 10_000;
/** What the program of so many services weighed when it travelled as it is in memory (format version 5). */
const BYTES_BEFORE_PACKING = 4_675_032;

/** A service that no rule is about: it has the names that a mesh has for it. */
const service = (i: number) => `apiVersion: v1
kind: Service
metadata: { name: svc-${i}, namespace: shop }
spec:
  selector: { app: svc-${i} }
  ports: [{ name: http, port: 8080 }]
`;

async function measure(services: number): Promise<Figures> {
  const mesh = Array.from({ length: services }, (_, i) => service(i)).join("---\n");
  const workspace = createWorkspace({ source: texts({ "mesh.yaml": mesh }) });
  const { findings, compilation } = await workspace.compile();
  const blob = compilation?.blobs.get("mesh");
  if (blob === undefined) {
    throw new Error(`the mesh does not compile: ${JSON.stringify(findings.summary)}`);
  }
  return { bytes: blob.length, unpackedBytes: inspect(blob).unpackedSize, readyMs: readyMs(blob) };
}

const MB = (bytes = 0) => `${(bytes / 1e6).toFixed(2)} MB`;

export const PROGRAM_ROWS: readonly Row[] = [
  {
    name: "program",
    title: () => `program of ${SERVICES.toLocaleString("en")} services, packed; verified and ready`,
    limits: `a third of ${MB(BYTES_BEFORE_PACKING)}, 40 ms`,
    measure: ({ quick }) => measure(quick ? SERVICES / 10 : SERVICES),
    render: ({ bytes, unpackedBytes, readyMs }) =>
      `${MB(bytes)} (${MB(unpackedBytes)} in memory), CPU ${readyMs?.toFixed(0)} ms`,
  },
];
