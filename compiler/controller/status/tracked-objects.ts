/**
 * Which objects there are, what was found about each, and with which revision its text came: what conditions are made of. It is told
 * of readings of the rules, one after the other, and asks nobody.
 */

import type { JsonDiagnostic } from "../../diagnostics/render/json.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { HeldObject } from "../../held-object.ts";

/** One state of the rules. */
export interface Reading {
  readonly revision: string;
  /** What holds. */
  readonly sources: readonly SourceFile[];
  readonly held: readonly HeldObject[];
  readonly findings: readonly JsonDiagnostic[];
}

export interface TrackedObject {
  readonly file: SourceFile;
  /** With which its text came; absent: before this server knew it. */
  readonly origin?: string;
  readonly findings: readonly JsonDiagnostic[];
  readonly held?: HeldObject["holds"];
}

export class TrackedObjects {
  #objects = new Map<string, TrackedObject>();
  #revision: string | undefined;

  /** By the paths of their documents. */
  get all(): ReadonlyMap<string, TrackedObject> {
    return this.#objects;
  }

  /** From where this server goes on: what was said of them holds, until they change. */
  goOn(sources: readonly SourceFile[]): void {
    this.#revision = undefined;
    this.#objects = new Map(sources.map((file) => [file.path, { file, findings: [] }]));
  }

  /** The rules were read; of one revision also several times, for proxies that they mean something else for. */
  read({ revision, sources, held, findings }: Reading): void {
    const isSame = revision === this.#revision;
    this.#revision = revision;
    const about = byFile(findings);
    const before = this.#objects;
    this.#objects = new Map();
    const put = (file: SourceFile, holds?: HeldObject["holds"]) => {
      const last = before.get(file.path);
      const isSameText = last?.file.text === file.text;
      const origin = isSameText ? last.origin : revision;
      const found = about.get(file.path) ?? [];
      this.#objects.set(file.path, {
        file,
        findings: isSame && isSameText ? merged(last.findings, found) : found,
        ...(origin !== undefined && { origin }),
        ...(holds !== undefined && { held: holds }),
      });
    };
    for (const file of sources) {
      put(file);
    }
    for (const { file, holds } of held) {
      put(file, holds);
    }
  }
}

function byFile(findings: readonly JsonDiagnostic[]): Map<string, JsonDiagnostic[]> {
  const files = new Map<string, JsonDiagnostic[]>();
  for (const finding of findings) {
    if (finding.file !== undefined) {
      const of = files.get(finding.file);
      if (of === undefined) {
        files.set(finding.file, [finding]);
      } else {
        of.push(finding);
      }
    }
  }
  return files;
}

/** Most proxies find the same. */
function merged(
  before: readonly JsonDiagnostic[],
  now: readonly JsonDiagnostic[],
): readonly JsonDiagnostic[] {
  const key = ({ code, message, line, column }: JsonDiagnostic) =>
    JSON.stringify([code, message, line, column]);
  return [...new Map([...before, ...now].map((finding) => [key(finding), finding])).values()];
}
