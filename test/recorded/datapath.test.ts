/**
 * Rules, requests, and what came of them when istiod's configuration ran on Envoy. A rule that is not supported must be
 * refused by name; those are counted and listed, so that none is passed in silence.
 */

import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { sameProportion } from "../../compiler/binomial.ts";
import { Connection } from "../harness/client.ts";
import { type Answer, answerOf, differences, type Expectation } from "../harness/expect.ts";
import { type Applied, Mesh } from "../harness/mesh.ts";
import { PROXIES, withRecordedCases } from "../harness/recorded.ts";
import { Tally } from "../harness/tally.ts";
import { TARGETS } from "../harness/targets.ts";

interface DatapathCase {
  readonly id: string;
  readonly name: string;
  readonly proxy: "sidecar" | "gateway";
  readonly resources: readonly object[];
  readonly envoy_rejects_config?: boolean;
  readonly checks?: readonly DatapathCheck[];
}

interface DatapathCheck {
  readonly request: {
    readonly method?: string;
    readonly path: string;
    readonly host: string;
    readonly headers?: Record<string, string | string[]>;
    readonly port?: number;
    readonly count?: number;
  };
  readonly observed: {
    readonly status?: number;
    readonly cluster?: string;
    readonly upstream_path?: string;
    readonly upstream_host?: string;
    readonly upstream_headers?: Record<string, string>;
    readonly response_headers?: Record<string, string | string[]>;
    readonly body?: string;
    readonly elapsed_ms_about?: number;
    readonly attempt_count?: number;
    readonly status_counts?: Record<string, number>;
    readonly cluster_counts?: Record<string, number>;
    readonly all_upstream_requests?: readonly { cluster: string; path: string; host: string }[];
  };
  readonly nondeterministic?: boolean;
}

/** On the busiest machine. */
const COPIES_TIMEOUT_MS = 30_000;

withRecordedCases<DatapathCase>("datapath.yaml", (cases, base) => {
  describe.each(TARGETS)("target %s", (target) => {
    let mesh: Mesh;
    const tally = new Tally(`datapath.yaml (${target})`);

    beforeAll(async () => {
      mesh = await Mesh.create({ target });
    });

    afterAll(async () => {
      await mesh?.close();
      tally.print();
    });

    test.each(cases.map((one) => [one.id, one.name, one] as const))("%s %s", async (id, _name, one) => {
      // There is a stub for each cluster, of which those of the mesh's own network are known.
      const rules = one.resources
        .map((resource) => stringify(resource))
        .join("---\n")
        .replaceAll("127.0.0.1", "127.20.0.198");
      const applied = await mesh.apply([base, rules], { proxy: PROXIES[one.proxy], answerDnsNames: true });
      if (one.envoy_rejects_config === true) {
        expect(applied.compilation, "Envoy refused this configuration, so it has to be refused here").toBe(
          undefined,
        );
        if (applied.diagnostics.some(({ code, level }) => level === "error" && !code.startsWith("SL03"))) {
          tally.held();
        } else {
          tally.isPending(id, applied.diagnostics);
        }
        return;
      }
      if (tally.isPending(id, applied.diagnostics)) {
        return;
      }
      const lines: string[] = [];
      for (const [i, check] of (one.checks ?? []).entries()) {
        const found = await runCheck(mesh, applied, one, check).catch((error: Error) => [error.message]);
        lines.push(...found.map((line) => `check ${i + 1}, ${JSON.stringify(check.request)}: ${line}`));
      }
      expect(lines.length, lines.join("\n")).toBe(0);
      tally.held();
    });
  });
});

async function runCheck(
  mesh: Mesh,
  applied: Applied,
  one: DatapathCase,
  check: DatapathCheck,
): Promise<string[]> {
  const { request, observed } = check;
  const listener = `${one.proxy === "gateway" ? "gateway" : "mesh"}_${request.port ?? 80}`;
  const port = applied.ports.get(listener);
  if (port === undefined) {
    return [`no listener ${listener}; there are ${[...applied.ports.keys()].join(", ")}`];
  }
  const seenBefore = mesh.upstream.requests.length;
  const answers: Answer[] = [];
  const connection = await Connection.open(port);
  try {
    for (let i = 0; i < (request.count ?? 1); i++) {
      const response = await connection.request(request);
      answers.push(answerOf(response, (endpoint) => mesh.clustersOf(endpoint)));
    }
  } finally {
    connection.close();
  }
  const lines = answers.flatMap((answer) => differences(answer, expectationOf(observed, answer)));
  if (observed.attempt_count !== undefined) {
    // What the proxy has given up may be answered before the upstream has read it.
    await expect
      .poll(() => mesh.upstream.requests.length - seenBefore)
      .toBeGreaterThanOrEqual(observed.attempt_count);
    const tries = mesh.upstream.requests.length - seenBefore;
    if (tries !== observed.attempt_count) {
      lines.push(`tries: expected ${observed.attempt_count}, got ${tries}`);
    }
  }
  const matches =
    check.nondeterministic === true ? sameProportion : (_n: number, a: number, b: number) => a === b;
  lines.push(
    ...countLines(
      "status",
      answers,
      observed.status_counts,
      matches,
      ({ response }, status) => String(response.status) === status,
    ),
    ...countLines("cluster", answers, observed.cluster_counts, matches, ({ clusters }, name) =>
      clusters.includes(name),
    ),
    ...(await copiesMissing(mesh, seenBefore, observed.all_upstream_requests ?? [])),
  );
  return [...new Set(lines)];
}

function expectationOf(observed: DatapathCheck["observed"], { response }: Answer): Expectation {
  const about = observed.elapsed_ms_about;
  // A body of JSON was read and written again when it was recorded.
  const body = isSameJson(observed.body, response.body) ? response.body : observed.body;
  return {
    ...(observed.status !== undefined && { status: observed.status }),
    ...(observed.cluster !== undefined && { cluster: observed.cluster }),
    ...(observed.upstream_path !== undefined && { path: observed.upstream_path }),
    ...(observed.upstream_host !== undefined && { host: observed.upstream_host }),
    ...(observed.upstream_headers && { headers: observed.upstream_headers }),
    ...(observed.response_headers && { responseHeaders: observed.response_headers }),
    ...(body !== undefined && { body }),
    ...(about !== undefined && { elapsedMs: { least: about * 0.7 } }),
  };
}

function isSameJson(recorded: string | undefined, got: string): boolean {
  try {
    return recorded?.startsWith("{") === true && isDeepStrictEqual(JSON.parse(recorded), JSON.parse(got));
  } catch {
    return false;
  }
}

function countLines(
  what: string,
  answers: readonly Answer[],
  counts: Readonly<Record<string, number>> | undefined,
  matches: (n: number, a: number, b: number) => boolean,
  is: (answer: Answer, value: string) => boolean,
): string[] {
  return Object.entries(counts ?? {}).flatMap(([value, recorded]) => {
    const got = answers.filter((answer) => is(answer, value)).length;
    return matches(answers.length, got, recorded)
      ? []
      : [`${what} ${value}: recorded ${recorded} of ${answers.length}, got ${got}`];
  });
}

/** Mirrored requests arrive when they like. */
async function copiesMissing(
  mesh: Mesh,
  seenBefore: number,
  wanted: readonly { cluster: string; path: string; host: string }[],
): Promise<string[]> {
  const deadline = performance.now() + COPIES_TIMEOUT_MS;
  for (;;) {
    const seen = mesh.upstream.requests.slice(seenBefore);
    const missing = wanted.filter(
      ({ cluster, path, host }) =>
        !seen.some(
          (request) =>
            mesh.clustersOf(request.endpoint).includes(cluster) &&
            request.path === path &&
            request.host === host,
        ),
    );
    if (missing.length === 0 || performance.now() > deadline) {
      return missing.map(({ cluster }) => `no copy of the request at ${cluster}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
