/**
 * The names by which the filter finds the routes of a virtual host. They are most of the program of a mesh: a service has
 * eight and more of them, and one begins with the other.
 */

import * as layout from "../../../filter/layout.ts";
import { type StringGroup, stringGroup } from "./string-group.ts";
import { TableEntries } from "./table.ts";
import type { BlobWriter } from "./writer.ts";

/** Collects the domains of the virtual hosts of a listener, none of which is there twice. */
export class Domains {
  readonly #writer: BlobWriter;
  readonly #exact = new TableEntries();
  readonly #suffixes = new TableEntries();
  #defaultNode: number = layout.NODE_NONE;
  #flags = 0;

  constructor(writer: BlobWriter) {
    this.#writer = writer;
  }

  /** Adds those of one host, whose routes are found from the node `root`. */
  add(domains: readonly string[], root: number): void {
    const group = groupOf(domains);
    const start = this.#writer.group(group);
    for (let i = 0; i < domains.length; i++) {
      const domain = domains[i]!;
      const length = group.lengths[i]!;
      const offset = start + group.offsets[i]!;
      if (domain === "*") {
        this.#defaultNode = root;
      } else if (domain.startsWith("*")) {
        this.#suffixes.add(offset, length, root);
        this.#flags |= domain.startsWith("*.") ? 0 : layout.FLAG_UNALIGNED_SUFFIXES;
      } else {
        this.#exact.add(offset, length, root);
      }
    }
  }

  /** Writes the tables of all hosts. */
  write(): { readonly flags: number; readonly header: readonly (readonly [field: number, value: number])[] } {
    return {
      flags: this.#flags,
      header: [
        [layout.HEADER_DOMAINS, this.#exact.write(this.#writer, layout.KIND_NODE_TABLE)],
        [layout.HEADER_SUFFIXES, this.#suffixes.write(this.#writer, layout.KIND_NODE_TABLE)],
        [layout.HEADER_DEFAULT_NODE, this.#defaultNode],
      ],
    };
  }
}

/** Of lists, which never change: proxies of one mesh have nearly all of them in common. */
const groups = new WeakMap<readonly string[], StringGroup>();

function groupOf(domains: readonly string[]): StringGroup {
  const known = groups.get(domains) ?? stringGroup(domains.map(withoutStar));
  groups.set(domains, known);
  return known;
}

function withoutStar(domain: string): string {
  return domain.startsWith("*") ? domain.slice(1) : domain;
}
