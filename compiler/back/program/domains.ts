/**
 * The names by which the filter finds the routes of a virtual host. They are most of the program of a mesh: a service has
 * eight and more of them, and one begins with the other.
 */

import * as layout from "../../../filter/layout.ts";
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
    const pooled = this.#writer.group(domains.map(withoutStar));
    for (const [i, domain] of domains.entries()) {
      if (domain === "*") {
        this.#defaultNode = root;
      } else if (domain.startsWith("*")) {
        this.#suffixes.add(pooled[i]!, root);
        this.#flags |= domain.startsWith("*.") ? 0 : layout.FLAG_UNALIGNED_SUFFIXES;
      } else {
        this.#exact.add(pooled[i]!, root);
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

function withoutStar(domain: string): string {
  return domain.startsWith("*") ? domain.slice(1) : domain;
}
