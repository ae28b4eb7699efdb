/**
 * What one client has of one type of resources, as far as the messages of its stream tell: what it asked for, what was sent to
 * it, what of that it has acknowledged, and what nobody can know until it says more. A part of `session.ts`.
 *
 * Thousands of clients have thousands of resources each, nearly all of them the same. So what a client has is told by a map that it
 * shares with the others, its base, and by what differs from it; and a change costs what it changes, whatever there is.
 */

import type { Resource } from "../../back/xds/resource-set.ts";
import { AskedNames } from "./asked-names.ts";
import { changesOf, NO_RESOURCES, type Resources, type Update } from "./changes.ts";

/** What is known of one name. */
interface Known {
  /** Of what was sent last; `undefined`: its removal. */
  readonly version: string | undefined;
  /** Of the response that it was part of. */
  readonly nonce: string;
  /** `refused`: the client may have taken it all the same. */
  readonly state: "sent" | "acknowledged" | "refused";
}

/** What is known of all names of a response that was just sent, which is the same for all clients that were sent the same. */
interface Sent {
  readonly resources: readonly Known[];
  readonly removed: Known;
}

/** Of an update, by the nonce of its response: few clients have another one than the others. */
const sentUpdates = new WeakMap<Update, { readonly nonce: string; readonly sent: Sent }>();

function sentOnce(update: Update, nonce: string): Sent {
  const before = sentUpdates.get(update);
  if (before?.nonce === nonce) {
    return before.sent;
  }
  const sent: Sent = {
    resources: update.resources.map(({ version }) => ({ version, nonce, state: "sent" })),
    removed: { version: undefined, nonce, state: "sent" },
  };
  sentUpdates.set(update, { nonce, sent });
  return sent;
}

/** By what was sent: the same for all clients, too. */
const acknowledgements = new WeakMap<Known, Known>();

function acknowledged(known: Known): Known {
  const same = acknowledgements.get(known) ?? { ...known, state: "acknowledged" };
  acknowledgements.set(known, same);
  return same;
}

/** The client does not have it. */
const NOTHING: Known = { version: undefined, nonce: "", state: "acknowledged" };

export class Subscription {
  readonly #tellsMissing: boolean;
  #hasBegun = false;
  #hasOffer = false;
  /** Whether the type is asked for as a whole: names that are gone are then told. */
  #asWhole = false;
  readonly #names = new AskedNames();
  /** Names that get an answer whatever the client has. */
  readonly #owed = new Set<string>();
  /** Whether the first request for the whole type waits for an answer, were it an empty one. */
  #owesWhole = false;
  /** The client has acknowledged all of these, but for what is known otherwise. */
  #base = NO_RESOURCES;
  readonly #apart = new Map<string, Known>();
  /** What the client shall be told, of whatever it asks for. */
  #offered = NO_RESOURCES;
  /** What of that it has to have. */
  #required = NO_RESOURCES;
  #spared: ReadonlySet<string> = new Set();
  /** Names of what it is not known to have, and of what it may have beside. */
  readonly #open = new Set<string>();
  /** Responses that the client has not answered, by nonce. */
  readonly #unanswered = new Map<string, Update>();

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
    this.#asWhole = asWhole;
    this.#owesWhole = asWhole;
    for (const [name, version] of versions) {
      this.#set(name, { version, nonce: "", state: "acknowledged" });
    }
  }

  /** `*` is all there is. */
  subscribe(names: readonly string[], isFirst: boolean): void {
    for (const name of names) {
      if (name === "*") {
        this.#asWhole = true;
        this.#owesWhole = true;
        continue;
      }
      // Not the client's own copy of the name, of which there are thousands.
      const shared = this.#offered.get(name)?.name ?? name;
      this.#names.add(shared);
      // Whoever asks again waits for an answer; only a client that comes back tells what it has.
      const { version, state } = this.#known(name);
      if (!isFirst || version === undefined || state !== "acknowledged") {
        this.#owed.add(shared);
      }
    }
    this.#settle();
  }

  unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      if (name === "*") {
        this.#asWhole = false;
        this.#owesWhole = false;
        for (const one of [...this.#base.keys(), ...this.#apart.keys()]) {
          if (!this.#names.has(one)) {
            this.#set(one, NOTHING);
          }
        }
        continue;
      }
      this.#names.delete(name);
      this.#owed.delete(name);
      if (!this.#asWhole) {
        this.#set(name, NOTHING);
      }
    }
    this.#settle();
  }

  /** The name is sent again although the client has it, as soon as it is asked for. */
  owe(name: string): void {
    this.#owed.add(name);
  }

  /** From now on the client shall have these, and has to have the `required` ones. `spared`: names that it may keep beside. */
  offer(offered: Resources, required: Resources, spared: ReadonlySet<string>): void {
    this.#hasOffer = true;
    this.#spared = spared;
    const before = this.#offered;
    const requiredBefore = this.#required;
    this.#offered = offered;
    this.#required = required;
    const names = new Set(this.#apart.keys());
    for (const { resources, removed } of [
      changesOf(before, offered).whole,
      changesOf(requiredBefore, required).whole,
    ]) {
      for (const { name } of resources) {
        names.add(name);
      }
      for (const name of removed) {
        names.add(name);
      }
    }
    for (const name of names) {
      this.#judge(name);
    }
    this.#settle();
  }

  /**
   * What to send so that the client has all that it asks for; `undefined` when it has, or will have once it has answered. What it has
   * refused is not sent again, unless to `retry`.
   */
  update(retry: boolean): Update | undefined {
    const { whole, named } = changesOf(this.#base, this.#offered);
    const changes = this.#asWhole ? whole : named;
    const update = this.#isPlain(changes) ? changes : this.#updateOf(changes, retry);
    return this.#owesWhole || update.resources.length + update.removed.length > 0 ? update : undefined;
  }

  note(nonce: string, update: Update): void {
    this.#owesWhole = false;
    this.#unanswered.set(nonce, update);
    const sent = sentOnce(update, nonce);
    for (const name of update.removed) {
      this.#owed.delete(name);
      this.#set(name, sent.removed);
    }
    for (const [i, { name }] of update.resources.entries()) {
      this.#owed.delete(name);
      this.#set(name, sent.resources[i]!);
    }
  }

  acknowledge(nonce: string): void {
    for (const name of this.#take(nonce)) {
      this.#set(name, acknowledged(this.#known(name)));
    }
    this.#settle();
  }

  /**
   * What was refused may be there or not: only the next answer tells. False when nothing of it is what the client shall have:
   * newer responses have replaced it.
   */
  refuse(nonce: string): boolean {
    const names = this.#take(nonce);
    for (const name of names) {
      this.#set(name, { version: this.#known(name).version, nonce, state: "refused" });
    }
    return names.length > 0;
  }

  /** Whether the client has acknowledged what it has to have, and all else that it was sent. */
  get isSettled(): boolean {
    return this.#open.size === 0 && this.#unanswered.size === 0;
  }

  /** Names of what it has not, or not yet, or what it may have beside. */
  get open(): ReadonlySet<string> {
    const open = new Set(this.#open);
    for (const { resources, removed } of this.#unanswered.values()) {
      for (const name of [...resources.map((resource) => resource.name), ...removed]) {
        open.add(name);
      }
    }
    return open;
  }

  /** Whether the client gets just what all others get that had the same. */
  #isPlain({ resources }: Update): boolean {
    if (this.#apart.size > 0) {
      return false;
    }
    if (this.#asWhole) {
      return this.#owed.size === 0;
    }
    // A client that begins asks for each name once.
    return (
      (this.#owed.size === 0 || this.#owed.size === resources.length) &&
      resources.every(({ name }) => this.#names.has(name) && (this.#owed.size === 0 || this.#owed.has(name)))
    );
  }

  #updateOf(changes: Update, retry: boolean): Update {
    const resources = new Map<string, Resource>();
    const removed = new Set<string>();
    const consider = (name: string) => {
      const resource = this.#offered.get(name);
      if (resource !== undefined && this.#wants(name)) {
        if (this.#owed.has(name) || this.#lacks(name, resource.version, retry)) {
          resources.set(name, resource);
        }
      } else if (resource === undefined && this.#isToGo(name, retry)) {
        removed.add(name);
      }
    };
    for (const { name } of changes.resources) {
      consider(name);
    }
    for (const names of [changes.removed, this.#apart.keys(), this.#owed]) {
      for (const name of names) {
        consider(name);
      }
    }
    return { resources: [...resources.values()], removed: [...removed] };
  }

  #lacks(name: string, version: string, retry: boolean): boolean {
    const known = this.#known(name);
    return known.version !== version || (retry && known.state === "refused");
  }

  /** Of a name that is not offered: whether the client has to be told. */
  #isToGo(name: string, retry: boolean): boolean {
    const { version, state } = this.#known(name);
    const isRefused = retry && state === "refused";
    if (this.#asWhole) {
      return !this.#spared.has(name) && (version !== undefined || isRefused);
    }
    return this.#tellsMissing && this.#names.has(name) && (this.#owed.has(name) || isRefused);
  }

  #known(name: string): Known {
    const known = this.#apart.get(name);
    if (known !== undefined) {
      return known;
    }
    const version = this.#base.get(name)?.version;
    return version === undefined ? NOTHING : { version, nonce: "", state: "acknowledged" };
  }

  #set(name: string, known: Known): void {
    if (known === NOTHING && !this.#base.has(name)) {
      this.#apart.delete(name);
    } else {
      this.#apart.set(name, known);
    }
    this.#judge(name);
  }

  #judge(name: string): void {
    const { version, state } = this.#known(name);
    const required = this.#required.get(name);
    const isOpen =
      required === undefined
        ? this.#asWhole &&
          !this.#offered.has(name) &&
          !this.#spared.has(name) &&
          (version !== undefined || state !== "acknowledged")
        : version !== required.version || state !== "acknowledged";
    if (isOpen) {
      this.#open.add(name);
    } else {
      this.#open.delete(name);
    }
  }

  /** A client that has what is offered has it in common with the others. */
  #settle(): void {
    // Before there is an offer, there is only what the client says that it has.
    if (!this.#hasOffer || !this.isSettled || (this.#base === this.#offered && this.#apart.size === 0)) {
      return;
    }
    const kept = [
      ...(this.#required === this.#offered ? [] : this.#unneeded()),
      ...[...this.#apart].filter(([name]) => this.#isMissed(name) || this.#spared.has(name)),
    ];
    this.#base = this.#offered;
    this.#names.share(this.#offered);
    this.#apart.clear();
    for (const [name, known] of kept) {
      this.#apart.set(name, known);
    }
  }

  /** The client has refused it, may wait for it all the same, and is not offered it any more. */
  #isMissed(name: string): boolean {
    return (
      this.#tellsMissing &&
      this.#names.has(name) &&
      !this.#offered.has(name) &&
      this.#known(name).state === "refused"
    );
  }

  /** What is offered and nobody needs the client may have all the same, or not. */
  #unneeded(): (readonly [name: string, known: Known])[] {
    return [...this.#offered.values()].flatMap(({ name, version }) => {
      const known = this.#known(name);
      const has = known.version === version && known.state === "acknowledged";
      return has || this.#required.has(name) ? [] : [[name, known] as const];
    });
  }

  /** Names of a response that no newer one has told of; none when the nonce is of another stream, or answered. */
  #take(nonce: string): string[] {
    const update = this.#unanswered.get(nonce);
    this.#unanswered.delete(nonce);
    const names = [...(update?.resources ?? []).map(({ name }) => name), ...(update?.removed ?? [])];
    return names.filter((name) => this.#apart.get(name)?.nonce === nonce);
  }

  #wants(name: string): boolean {
    return this.#asWhole || this.#names.has(name);
  }
}
