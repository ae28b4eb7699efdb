/**
 * What a build says about itself: which inputs it was made from, what it consists of, which Envoys run it. It holds
 * nothing that changes without the rules changing (no time, no machine), so equal inputs give equal bytes.
 */

import { createHash } from "node:crypto";
import { compareStrings } from "../../../ir/text.ts";
import type { Target } from "../../../options.ts";
import { bytesOf, type FileContents, type OutputFiles } from "../output-files.ts";

/** What `manifest.json` of a build holds. */
export interface Manifest {
  readonly format: 1;
  readonly sluice: string;
  readonly target: Target;
  readonly envoy: { readonly oldest: string; readonly newest: string };
  readonly listeners: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  readonly inputs: readonly ({ readonly path: string } & FileSummary)[];
  /** Everything in the directory except the manifest. */
  readonly files: Readonly<Record<string, FileSummary>>;
}

/** A file by its size and its digest. */
export interface FileSummary {
  readonly bytes: number;
  readonly sha256: string;
}

export interface ManifestParts {
  readonly sluice: string;
  readonly target: Target;
  readonly envoy: Manifest["envoy"];
  readonly listeners: Manifest["listeners"];
  readonly inputs: readonly { readonly path: string; readonly text: string }[];
  readonly files: OutputFiles;
}

export function makeManifest(parts: ManifestParts): Manifest {
  const files: Record<string, FileSummary> = {};
  for (const [name, contents] of [...parts.files].sort(([a], [b]) => compareStrings(a, b))) {
    files[name] = summarize(contents);
  }
  return {
    format: 1,
    sluice: parts.sluice,
    target: parts.target,
    envoy: parts.envoy,
    listeners: parts.listeners.map(({ name, address, port }) => ({ name, address, port })),
    inputs: parts.inputs.map((input) => ({ path: input.path, ...summarizeInput(input) })),
    files,
  };
}

/** Of inputs, which are the same objects for as long as their files are the same. */
const known = new WeakMap<object, FileSummary>();

function summarizeInput(input: ManifestParts["inputs"][number]): FileSummary {
  const summary = known.get(input) ?? summarize(input.text);
  known.set(input, summary);
  return summary;
}

function summarize(contents: FileContents): FileSummary {
  const bytes = bytesOf(contents);
  return { bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}
