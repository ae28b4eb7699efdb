/** Files as kustomize makes ConfigMaps of them, and Secrets of those with keys. */

import { bytesOf, isForOwnerOnly, type OutputFiles } from "../../run/delivery/output-files.ts";
import { TooLargeError } from "../too-large.ts";

/** A ConfigMap or a Secret, and which of its keys is which file. */
export interface FileMap extends FileMapOptions {
  readonly entries: readonly FileEntry[];
}

export interface FileMapOptions {
  readonly name: string;
  readonly secret: boolean;
  /** Of the export: where the files lie. */
  readonly folder: string;
  /** Changed files are seen by the Pods that run. Otherwise the name has a digest, and they make new Pods. */
  readonly inPlace: boolean;
}

interface FileEntry {
  readonly key: string;
  readonly path: string;
}

/** What an API server takes of a ConfigMap's or Secret's values. */
export const LARGEST_CONFIG_MAP = 1024 * 1024;

/** Throws a `TooLargeError`; `wayOut` says what to do instead. */
export function fileMap(options: FileMapOptions, files: OutputFiles, wayOut: string): FileMap {
  const bytes = [...files.values()].reduce((sum, contents) => sum + bytesOf(contents).byteLength, 0);
  if (bytes > LARGEST_CONFIG_MAP) {
    throw new TooLargeError(
      `the rules have ${bytes} bytes, but a ConfigMap can hold only ${LARGEST_CONFIG_MAP}; ${wayOut}`,
    );
  }
  return { ...options, entries: entriesOf([...files.keys()].sort()) };
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

/** The members of a kustomization that make them, in a namespace where one is named. */
export function generators(maps: readonly FileMap[], namespace: string | undefined): object {
  const of = (secret: boolean) =>
    maps
      .filter((map) => map.secret === secret)
      .map(({ name, folder, inPlace, entries }) => ({
        name,
        ...(namespace !== undefined && { namespace }),
        files: entries.map(({ key, path }) => `${key}=${folder}/${path}`),
        ...(inPlace && { options: { disableNameSuffixHash: true } }),
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
