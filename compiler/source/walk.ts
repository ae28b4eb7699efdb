/** The files of a folder and of the folders in it, as far as they can be read. */

import { type Dirent, readdirSync } from "node:fs";
import path from "node:path";
import { TooManyError } from "./bounded.ts";

/** Entries; a whole file system was hardly meant, and would take minutes. */
const MAX_ENTRIES = 1_000_000;

export interface Search {
  /** By the file's own name. */
  readonly isWanted: (name: string) => boolean;
  /** Of a file or folder, by its path and how the folder that is searched sees it, with slashes. */
  readonly isLeftOut?: (name: string, inFolder: string) => boolean;
  readonly onUnreadable: (name: string, error: unknown) => void;
  readonly most?: number;
}

export interface SearchResult {
  /** In the order in which `kubectl apply --recursive` takes them. */
  readonly files: readonly string[];
  /** Itself included. */
  readonly folders: readonly string[];
  /** Those of the files that are symbolic links. */
  readonly links: readonly string[];
}

/**
 * Links to folders are not followed. Folders whose name begins with a dot are left out, as most tools do: the generations of a mounted
 * ConfigMap, `.git`, `.github`; and so is `node_modules`. The folder itself may be called as it likes.
 */
export function searchFolder(folder: string, search: Search): SearchResult {
  const { isWanted, isLeftOut = () => false, onUnreadable, most = MAX_ENTRIES } = search;
  const files: string[] = [];
  const folders: string[] = [];
  const links: string[] = [];
  const open = [{ path: folder, inFolder: "" }];
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    folders.push(next.path);
    let entries: Dirent[] = [];
    try {
      entries = readdirSync(next.path, { withFileTypes: true });
    } catch (error) {
      onUnreadable(next.path, error);
    }
    seen += entries.length;
    if (seen > most) {
      throw new TooManyError(most);
    }
    for (const entry of entries) {
      const isFolder = entry.isDirectory();
      if (isFolder ? isHidden(entry.name) : !isWanted(entry.name) || isEditorsLock(entry.name)) {
        continue;
      }
      const name = path.join(next.path, entry.name);
      const inFolder = next.inFolder === "" ? entry.name : `${next.inFolder}/${entry.name}`;
      if (isLeftOut(name, inFolder)) {
        continue;
      }
      if (isFolder) {
        open.push({ path: name, inFolder });
        continue;
      }
      files.push(name);
      if (entry.isSymbolicLink()) {
        links.push(name);
      }
    }
  }
  return { files: inWalkOrder(files), folders: inWalkOrder(folders), links };
}

function isHidden(folder: string): boolean {
  return folder.startsWith(".") || folder === "node_modules";
}

/** Emacs marks a file that is being edited by a link that leads nowhere. */
function isEditorsLock(name: string): boolean {
  return name.startsWith(".#");
}

/** By the names on the way, one after another: `a/x` before `a.yaml` and `a-b/x`. */
function inWalkOrder(files: readonly string[]): string[] {
  return files
    .map((name) => ({ name, key: name.replaceAll(path.sep, "\0") }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ name }) => name);
}
