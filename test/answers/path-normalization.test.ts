/** What offline evaluation makes of a path, held against Envoy with generated ones, for each of Istio's modes. */

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { normalizePath } from "../../compiler/answers/evaluate/normalize-path.ts";
import { NEWEST_ENVOY, type PathNormalization } from "../../compiler/index.ts";
import { PATH_STEPS } from "../../compiler/ir/path-normalization.ts";
import { WORLD } from "../conformance/format.ts";
import { Connection } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";

const MODES: readonly PathNormalization[] = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"];
const PATHS = Number(process.env.SLUICE_PATHS ?? 400);

const DOTS_WITH_PARAMETERS = /(?:%2f|[/\\])\.\.?;/i;

let mesh: Mesh;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
});

afterAll(async () => {
  await mesh?.close();
});

const hex = fc.nat(0xff).map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("/", "/", ".", "..", "\\", "a", "B", ";", "/..;a/", "/./", "/../", "//"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("%2e", "%2E", "%2f", "%2F", "%5c", "%5C", "%", "%4", "%zz", "%25"),
  },
  { weight: 2, arbitrary: hex },
  { weight: 1, arbitrary: hex.map((text) => text.toUpperCase()) },
  { weight: 2, arbitrary: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) },
);
const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`);

test.each(MODES)("%s", async (mode) => {
  const { ports } = await mesh.apply([WORLD], { proxy: { proxyNamespace: "shop", pathNormalization: mode } });
  const lines: string[] = [];
  let connection = await Connection.open(ports.get("mesh")!);
  for (const sent of fc.sample(path, { numRuns: PATHS, seed: 1 })) {
    const { status, body, headers } = await connection.request({ host: "reviews", path: sent });
    if (headers.connection?.includes("close")) {
      connection.close();
      connection = await Connection.open(ports.get("mesh")!);
    }
    // Older ones leave parameters of dots alone; what is said offline is said of the newest.
    if (DOTS_WITH_PARAMETERS.test(sent) && mesh.envoy.version !== NEWEST_ENVOY) {
      continue;
    }
    const got = status === 200 ? JSON.parse(body).path : status;
    const answer = normalizePath(sent, PATH_STEPS[mode]);
    const said = answer.kind === "path" ? answer.path : 400;
    if (got !== said) {
      lines.push(`${sent}: Envoy ${got}, offline ${said}`);
    }
  }
  connection.close();
  expect(lines.length, lines.join("\n")).toBe(0);
});
