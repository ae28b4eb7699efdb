/** Paths as sent and as received, recorded from Istio for each of its modes. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PathNormalization } from "../../compiler/index.ts";
import { ask } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { PROXIES, withRecordedCases } from "../harness/recorded.ts";
import { Tally } from "../harness/tally.ts";
import { TARGETS } from "../harness/targets.ts";

interface RecordedPath {
  readonly mode: PathNormalization;
  readonly path: string;
  readonly expect_upstream_path?: string;
  readonly expect_status?: number;
  /** Where Envoy does otherwise than the test of Istio that it was taken from. */
  readonly observed?: string;
}

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: b, namespace: echo }
spec:
  hosts: [b]
  http:
  - route: [{ destination: { host: b } }]
`;

withRecordedCases<RecordedPath>("normalization.yaml", (paths, base) => {
  const modes = [...new Set(paths.map(({ mode }) => mode))];
  describe.each(TARGETS)("target %s", (target) => {
    const tally = new Tally(`normalization.yaml (${target})`);
    let mesh: Mesh;

    beforeAll(async () => {
      mesh = await Mesh.create({ target });
    });

    afterAll(async () => {
      await mesh?.close();
      tally.print();
    });

    test.each(modes)("%s", async (mode) => {
      const proxy = { ...PROXIES.sidecar, pathNormalization: mode };
      const { ports } = await mesh.apply([base, RULES], { proxy });
      const lines: string[] = [];
      for (const one of paths.filter((candidate) => candidate.mode === mode)) {
        const answer = await ask(ports.get("mesh_80")!, { path: one.path, host: "b" });
        const wanted = one.expect_status ?? one.observed ?? one.expect_upstream_path;
        const got = answer.status === 200 ? JSON.parse(answer.body).path : answer.status;
        if (got !== wanted) {
          lines.push(`${one.path}: expected ${wanted}, got ${got}`);
        } else {
          tally.held();
        }
      }
      expect(lines.length, lines.join("\n")).toBe(0);
    });
  });
});
