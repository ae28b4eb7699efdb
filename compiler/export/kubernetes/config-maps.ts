/** Files as kustomize makes ConfigMaps of them, and Secrets of those with keys. */

import { bytesOf, isForOwnerOnly, type OutputFiles } from "../../run/delivery/output-files.ts";
import { TooLargeError } from "../too-large.ts";

/** A ConfigMap or a Secret, and which of its keys is which file. */
export interface FileMap {
  readonly name: string;
  readonly secret: boolean;
  readonly entries: readonly FileEntry[];
}

interface FileEntry {
  readonly key: string;
  readonly path: string;
}

/** What an API server takes of a ConfigMap's or Secret's values. */
export const LARGEST_CONFIG_MAP = 1024 * 1024;

/** Throws a `TooLargeError`; `wayOut` says what to do instead. */
export function fileMap(
  { name, secret }: Pick<FileMap, "name" | "secret">,
  files: OutputFiles,
  wayOut: string,
): FileMap {
  const bytes = [...files.values()].reduce((sum, contents) => sum + bytesOf(contents).byteLength, 0);
  if (bytes > LARGEST_CONFIG_MAP) {
    throw new TooLargeError(
      `the rules have ${bytes} bytes, but a ConfigMap can hold only ${LARGEST_CONFIG_MAP}; ${wayOut}`,
    );
  }
  return { name, secret, entries: entriesOf([...files.keys()].sort()) };
}

/** Those without keys, and those with. */
export function bySecrecy(files: OutputFiles): { readonly open: OutputFiles; readonly secret: OutputFiles } {
  const which = (secret: boolean) =>
    new Map([...files].filter(([, contents]) => isForOwnerOnly(contents) === secret));
  return { open: which(false), secret: which(true) };
}

/** Keys are of letters, digits, `-`, `_` and `.` only, and two paths can come to the same. */
function entriesOf(paths: readonly string[]): FileEntry[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const plain = path.replace(/[^-._a-zA-Z0-9]/g, "_");
    let key = plain;
    for (let i = 2; taken.has(key); i++) {
      key = `${plain}.${i}`;
    }
    taken.add(key);
    return { key, path };
  });
}

/** The generators of a kustomization; the files lie below `folder`. */
export function generators(maps: readonly FileMap[], folder: string): object {
  const of = (secret: boolean) =>
    maps
      .filter((map) => map.secret === secret)
      .map(({ name, entries }) => ({
        name,
        files: entries.map(({ key, path }) => `${key}=${folder}/${path}`),
      }));
  return {
    ...(of(false).length > 0 && { configMapGenerator: of(false) }),
    ...(of(true).length > 0 && { secretGenerator: of(true) }),
  };
}

/** All of them as one folder, as a source of a volume. */
export function projected(maps: readonly FileMap[], mode: number): object {
  const sources = maps.map(({ name, secret, entries }) => ({
    [secret ? "secret" : "configMap"]: { name, items: entries },
  }));
  return { projected: { defaultMode: mode, sources } };
}
