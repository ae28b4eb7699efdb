/** Files that can't import a version name the same Envoys as `compiler/platform/envoy-versions.json`. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../compiler/platform/version.ts";

const ROOT = packageRoot().directory;
const WRITTEN = ["*.md", "*.mjs", "*.yaml", "*.yml", "*Dockerfile"];
/** `envoyproxy/envoy:v1.40.0` */
const IMAGE = /envoyproxy\/envoy:v(\d+\.\d+\.\d+)/g;
/** `1.36.2 to 1.40`, with or without a patch at its end */
const RANGE = /\b(1\.\d+\.\d+) to (1\.\d+)(?:\.\w+)?\b/g;

const files = execFileSync("git", ["ls-files", "-z", "--", ...WRITTEN], { cwd: ROOT, encoding: "utf8" })
  .split("\0")
  .filter((file) => file !== "");

function found(pattern: RegExp): [file: string, versions: string][] {
  return files.flatMap((file) =>
    [...readFileSync(path.join(ROOT, file), "utf8").matchAll(pattern)].map((match): [string, string] => [
      file,
      match.slice(1).join(" to "),
    ]),
  );
}

test("images are of the newest Envoy", () => {
  const images = found(IMAGE);
  expect(images.map(([file]) => file)).toEqual(
    expect.arrayContaining(["envoy/Dockerfile", "envoy/compose.yaml", "test/docker/compose.yaml"]),
  );
  expect(images.filter(([, version]) => version !== NEWEST_ENVOY)).toEqual([]);
});

test("documents name the range that is supported", () => {
  const range = `${OLDEST_ENVOY} to ${NEWEST_ENVOY.replace(/\.\d+$/, "")}`;
  const ranges = found(RANGE);
  expect(ranges).not.toEqual([]);
  expect(ranges.filter(([, said]) => said !== range)).toEqual([]);
});
