/**
 * The route classes of two builds at once. While a reload is under way, and while requests decided by the old rules
 * still wait, both sets of rules find the classes that they name. A class is named after its content, so a name that
 * both have means the same.
 */

import { createHash } from "node:crypto";

type Classes = Record<string, unknown>;

interface Response {
  readonly version_info: string;
  readonly resources: readonly {
    readonly virtual_hosts?: readonly {
      readonly matcher?: { readonly matcher_tree: { readonly exact_match_map: { map: Classes } } };
    }[];
  }[];
}

interface Listener {
  readonly name?: string;
  readonly filter_chains?: readonly {
    readonly filters?: readonly { typed_config?: { http_filters?: readonly { readonly name: string }[] } }[];
  }[];
}

/**
 * A listener with the HTTP filters of the old one where the new one does without some: rules that need them are still
 * served. `undefined`: the new one will do.
 */
export function withFiltersOf<T extends Listener>(older: T | undefined, newer: T): T | undefined {
  const before = older && managerOf(older)?.http_filters;
  const after = managerOf(newer)?.http_filters;
  const names = new Set(after?.map(({ name }) => name));
  const covers = before?.filter(({ name }) => names.has(name)).length === names.size;
  if (!covers || before === undefined || before.length === names.size) {
    return undefined;
  }
  const copy = structuredClone(newer);
  managerOf(copy)!.http_filters = before;
  return copy;
}

function managerOf(listener: Listener) {
  return listener.filter_chains?.[0]?.filters?.[0]?.typed_config;
}

/** The text of the new file with the old file's classes added to its own. */
export function unionOfClasses(oldText: string, newText: string): string {
  const merged = JSON.parse(newText) as Response;
  const classes = mapOf(merged);
  const before = mapOf(JSON.parse(oldText));
  const kept = Object.keys(before ?? {}).filter((name) => classes !== undefined && !(name in classes));
  if (classes === undefined || before === undefined || kept.length === 0) {
    return newText;
  }
  for (const name of kept) {
    classes[name] = before[name];
  }
  const { version_info: version, ...rest } = merged;
  const digest = createHash("sha256").update(kept.sort().join()).digest("hex").slice(0, 16);
  return `${JSON.stringify({ version_info: `${version}+${digest}`, ...rest })}\n`;
}

function mapOf(response: Response): Classes | undefined {
  return response.resources[0]?.virtual_hosts?.[0]?.matcher?.matcher_tree.exact_match_map.map;
}
