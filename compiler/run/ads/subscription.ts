/**
 * What one client has of one type of resources, as far as the messages of its stream tell: what it asked for, what was sent to
 * it, what of that it has acknowledged, and what nobody can know until it says more. A part of `session.ts`.
 */

import type { Resource } from "../../back/xds/resource-set.ts";

type Resources = ReadonlyMap<string, Resource>;

/** What one response tells the client of a type. */
export interface Update {
  readonly resources: readonly Resource[];
  /** Names of those that are not there any more. */
  readonly removed: readonly string[];
}

/** What was sent last under a name. */
interface Sent {
  /** `undefined`: its removal. */
  readonly version: string | undefined;
  /** The client refused the response that it was part of, and may have taken it all the same. */
  refused: boolean;
}

export class Subscription {
  readonly #tellsMissing: boolean;
  #hasBegun = false;
  /** Whether the type is asked for as a whole: names that are gone are then told. */
  #asWhole = false;
  readonly #names = new Set<string>();
  /** Names that get an answer whatever the client has. */
  readonly #owed = new Set<string>();
  /** Whether the first request for the whole type waits for an answer, were it an empty one. */
  #owesWhole = false;
  readonly #sent = new Map<string, Sent>();
  readonly #acknowledged = new Map<string, string>();
  /** Responses that the client has not answered, by nonce: name → version. */
  readonly #unanswered = new Map<string, ReadonlyMap<string, string | undefined>>();

  /** `tellsMissing`: who asks for something that is not there is told so, and does not wait for it. */
  constructor(tellsMissing: boolean) {
    this.#tellsMissing = tellsMissing;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The first request of a stream: a client that had another one says what it has from there. */
  begin(versions: ReadonlyMap<string, string>, asWhole: boolean): void {
    this.#hasBegun = true;
    for (const [name, version] of versions) {
      this.#sent.set(name, { version, refused: false });
      this.#acknowledged.set(name, version);
    }
    this.#asWhole = asWhole;
    this.#owesWhole = asWhole;
  }

  /** `*` is all there is. */
  subscribe(names: readonly string[], isFirst: boolean): void {
    for (const name of names) {
      if (name === "*") {
        this.#asWhole = true;
        this.#owesWhole = true;
        continue;
      }
      this.#names.add(name);
      // Whoever asks again waits for an answer; only a client that comes back tells what it has.
      if (!isFirst || !this.#acknowledged.has(name)) {
        this.#owed.add(name);
      }
    }
  }

  unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      if (name === "*") {
        this.#asWhole = false;
        this.#owesWhole = false;
        continue;
      }
      this.#names.delete(name);
      this.#owed.delete(name);
      if (!this.#asWhole) {
        this.#sent.delete(name);
        this.#acknowledged.delete(name);
      }
    }
  }

  /** The name is sent again although the client has it, as soon as it is asked for. */
  owe(name: string): void {
    this.#owed.add(name);
  }

  /** What to send so that the client has all of these; `undefined` when it has, or will have once it has answered. */
  updateTo(offered: Resources, retry: boolean): Update | undefined {
    const resources = [...offered.values()].filter(
      (resource) =>
        this.#wants(resource.name) && (this.#owed.has(resource.name) || this.#lacks(resource, retry)),
    );
    const removed = [...this.#sent].flatMap(([name, { version, refused }]) => {
      const isGone = version === undefined && !(refused && retry);
      return !this.#asWhole || offered.has(name) || isGone ? [] : name;
    });
    return this.#worthSending({ resources, removed: [...removed, ...this.#missing(offered)] });
  }

  /** What to answer those who wait for it. */
  answer(offered: Resources): Update | undefined {
    const resources = [...this.#owed].flatMap((name) => (this.#wants(name) ? (offered.get(name) ?? []) : []));
    return this.#worthSending({ resources, removed: this.#missing(offered) });
  }

  note(nonce: string, { resources, removed }: Update): void {
    const versions = new Map<string, string | undefined>([
      ...removed.map((name) => [name, undefined] as const),
      ...resources.map(({ name, version }) => [name, version] as const),
    ]);
    for (const [name, version] of versions) {
      this.#sent.set(name, { version, refused: false });
      this.#owed.delete(name);
    }
    this.#owesWhole = false;
    this.#unanswered.set(nonce, versions);
  }

  acknowledge(nonce: string): void {
    for (const [name, version] of this.#take(nonce) ?? []) {
      if (version === undefined) {
        this.#acknowledged.delete(name);
        if (this.#sent.get(name)?.version === undefined) {
          this.#sent.delete(name);
        }
      } else if (this.#wants(name)) {
        this.#acknowledged.set(name, version);
      }
    }
  }

  /**
   * What was refused may be there or not: only the next answer tells. False when nothing of it is what the client shall have:
   * newer responses have replaced it.
   */
  refuse(nonce: string): boolean {
    let matters = false;
    for (const [name, version] of this.#take(nonce) ?? []) {
      this.#acknowledged.delete(name);
      const last = this.#sent.get(name);
      if (last !== undefined && last.version === version) {
        last.refused = true;
        matters = true;
      }
    }
    return matters;
  }

  has({ name, version }: Resource): boolean {
    return this.#acknowledged.get(name) === version && this.#sent.get(name)?.version === version;
  }

  /** Names in responses that were not answered yet. */
  get unanswered(): readonly string[] {
    return [...this.#unanswered.values()].flatMap((versions) => [...versions.keys()]);
  }

  /** Names that the client has, or may have, beside these. */
  beside(offered: Resources): readonly string[] {
    return [...this.#sent.keys()].filter((name) => !offered.has(name));
  }

  /** `undefined` when the nonce is none that waits: of another stream, or answered. */
  #take(nonce: string): ReadonlyMap<string, string | undefined> | undefined {
    const versions = this.#unanswered.get(nonce);
    this.#unanswered.delete(nonce);
    return versions;
  }

  #wants(name: string): boolean {
    return this.#asWhole || this.#names.has(name);
  }

  #lacks({ name, version }: Resource, retry: boolean): boolean {
    const sent = this.#sent.get(name);
    return sent?.version !== version || (retry && sent.refused);
  }

  #missing(offered: Resources): string[] {
    return this.#tellsMissing
      ? [...this.#owed].filter((name) => this.#names.has(name) && !offered.has(name))
      : [];
  }

  #worthSending(update: Update): Update | undefined {
    return this.#owesWhole || update.resources.length + update.removed.length > 0 ? update : undefined;
  }
}
