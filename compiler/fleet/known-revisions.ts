/** The revisions of a fleet that can be asked about, and gone back to. */

import type { Places } from "../back/xds/places.ts";
import type { KeptFleet } from "./keeper.ts";
import type { FleetRules, RuleSnapshot } from "./model/rules.ts";
import { Revision } from "./revisions/revision.ts";
import type { VerifiedPrograms } from "./revisions/verified-programs.ts";

export interface KnownRevisionsOptions {
  readonly rules: FleetRules;
  readonly places: Places;
  readonly programs: VerifiedPrograms;
  /** Whether endpoints are kept for a while that vanish too many at once. */
  readonly guardsEndpoints: boolean;
  /** What was kept of one may have to be told with other endpoints. */
  readonly onLearned: () => void;
}

/** How many are remembered. */
const REMEMBERED = 20;

export class KnownRevisions {
  readonly #options: KnownRevisionsOptions;
  #all: readonly Revision[] = [];
  #newest: Revision | undefined;

  constructor(options: KnownRevisionsOptions) {
    this.#options = options;
  }

  /** The newest last. */
  get all(): readonly Revision[] {
    return this.#all;
  }

  /** What the sources had when they were right last; `undefined` before they ever were. */
  get newest(): Revision | undefined {
    return this.#newest;
  }

  find(id: string | undefined): Revision | undefined {
    return this.#all.find((revision) => revision.id === id);
  }

  /** That of a reading. `before`: what proxies have when it is a new one, of whose endpoints not all vanish at once. */
  of(snapshot: RuleSnapshot, before: Revision | undefined): Revision {
    const known = this.#all.find((one) => one.snapshot.revision === snapshot.revision);
    if (known !== undefined) {
      return known;
    }
    const { places, programs, guardsEndpoints } = this.#options;
    return new Revision({ snapshot, places, programs, guardsEndpoints, before });
  }

  /** It is about to be rolled out. */
  remember(revision: Revision): void {
    this.#all = [...this.#all.filter((one) => one !== revision), revision].slice(-REMEMBERED);
  }

  /** It is what the sources have. */
  markNewest(revision: Revision): void {
    this.#newest = revision;
  }

  /** Those that another server has left, or has published. One that is known stays the same. */
  adopt({ revisions, builds, newest }: KeptFleet): void {
    const { rules, places, programs, guardsEndpoints, onLearned } = this.#options;
    this.#all = revisions.map(
      (kept) =>
        this.find(kept.id) ??
        new Revision({
          snapshot: () => rules.readAgain(kept.sources),
          places,
          programs,
          guardsEndpoints,
          onLearned,
          kept: {
            ...kept,
            builds: new Map(
              builds
                .filter(({ revision }) => revision === kept.id)
                .map(({ scope, build }) => [scope, build] as const),
            ),
          },
        }),
    );
    this.#newest = this.find(newest);
    rules.remember?.(this.#newest?.sources ?? []);
  }
}
