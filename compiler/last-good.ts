/**
 * The last good version of each object, for sources whose texts stand alone: one that is wrong stays as it was when it was right, or
 * is left out where it never was, and everything else moves on.
 *
 * Whether objects are right is for a judge to say, who looks at all of them together: what is wrong may be wrong only beside others.
 * Changes are let in as they come, and one that brings an error stays out: so whoever changes last what two objects
 * contradict each other in is the one who is told. An error that was there before any change is blamed on none. A deletion is a
 * change like others: where what is left would be wrong without an object, the object stays until
 * that is mended.
 *
 * It knows nothing of rules, proxies or clusters.
 */

import { isForUsersToDecide } from "./diagnostics/codes.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import type { SourceFile } from "./diagnostics/span.ts";

/** An object whose newest version is not in effect. */
export interface HeldVersion {
  readonly path: string;
  /** The newest version; absent: it was deleted, and others are wrong without it. */
  readonly file?: SourceFile;
  /** What is in effect instead; absent: nothing. */
  readonly instead?: SourceFile;
  /** What would be wrong with it. */
  readonly why: readonly Diagnostic[];
}

export interface Judge {
  /** All that is wrong with these texts together. */
  errorsIn(files: readonly SourceFile[]): Promise<readonly Diagnostic[]>;
  /** What is wrong with one by itself, whatever stands beside it. */
  errorsOf(file: SourceFile): readonly Diagnostic[];
}

/** Texts by their paths. */
type State = ReadonlyMap<string, SourceFile>;

interface Held extends HeldVersion {
  /** Nothing but another version of it can mend it. */
  readonly isByItself: boolean;
}

/** Changes that are let in one by one; of more, as at a start, those that errors point at are left out first. */
const FEW = 32;
/** Leaving out what errors point at shows others, at most so often. */
const ROUNDS = 100;

export class LastGood {
  readonly #standsAlone: (file: SourceFile) => boolean;
  /** What was right together, as it was given. */
  #good: readonly SourceFile[] = [];
  #goodByPath: State | undefined;
  #held: ReadonlyMap<string, Held> = new Map();

  /** `standsAlone`: whether a text may be replaced or left out. */
  constructor(standsAlone: (file: SourceFile) => boolean) {
    this.#standsAlone = standsAlone;
  }

  /** By path. */
  get held(): readonly HeldVersion[] {
    return [...this.#held.values()]
      .map(({ isByItself: _, ...held }) => held)
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** These texts were right together. */
  accept(files: readonly SourceFile[]): void {
    this.#good = files;
    this.#goodByPath = undefined;
  }

  /** What was right once, where nothing is known yet. */
  remember(files: readonly SourceFile[]): void {
    if (this.#good.length === 0) {
      this.accept(files.filter(this.#standsAlone));
    }
  }

  /** `files`, with what is known to be wrong replaced; the same list where nothing is. */
  without(files: readonly SourceFile[]): readonly SourceFile[] {
    return this.#held.size === 0 ? files : this.#listOf(this.#known(byPath(files)), files);
  }

  /** `files`, with all that is wrong replaced. What cannot be blamed on one of them stays wrong. */
  async settle(files: readonly SourceFile[], judge: Judge): Promise<readonly SourceFile[]> {
    const current = byPath(files);
    const trial = new Trial(current, judge, (state) => this.#listOf(state, files), this.#standsAlone);
    for (const held of this.#held.values()) {
      if (held.isByItself && held.file !== undefined && current.get(held.path) === held.file) {
        trial.refused.set(held.path, held);
      }
    }
    const good = this.#byPath;
    const changes = [
      // What has just come is not kept back by what has waited.
      ...differing(good, current, (path) => !this.#isHeld(path, current)),
      ...differing(good, current, (path) => this.#isHeld(path, current)),
    ].filter((path) => !trial.refused.has(path));
    const state = await trial.run(good, changes);
    const held = new Map<string, Held>();
    for (const [path, refused] of trial.refused) {
      const instead = state.get(path);
      if (instead !== current.get(path)) {
        held.set(path, { ...refused, ...(instead !== undefined && { instead }) });
      }
    }
    this.#held = held;
    const settled = this.#listOf(state, files);
    this.accept(settled);
    return settled;
  }

  get #byPath(): State {
    this.#goodByPath ??= byPath(this.#good);
    return this.#goodByPath;
  }

  #isHeld(path: string, current: State): boolean {
    const held = this.#held.get(path);
    return held !== undefined && held.file === current.get(path);
  }

  #known(current: State): State {
    const state = new Map(current);
    for (const { path, file, instead } of this.#held.values()) {
      if (current.get(path) === file) {
        set(state, path, instead);
      }
    }
    return state;
  }

  /** In the order of `files`; what is in it no more comes last. */
  #listOf(state: State, files: readonly SourceFile[]): readonly SourceFile[] {
    if (state.size === files.length && files.every((file) => state.get(file.path) === file)) {
      return files;
    }
    const paths = new Set(files.map(({ path }) => path));
    const gone = [...state.keys()].filter((path) => !paths.has(path)).sort();
    return [...paths, ...gone].flatMap((path) => state.get(path) ?? []);
  }
}

/** One look at what has changed. */
class Trial {
  readonly refused = new Map<string, Held>();
  /** What was wrong before any change, for a proxy that came later, or since a file is gone: no change has brought it. */
  #known: ReadonlySet<string> = new Set();
  readonly #current: State;
  readonly #judge: Judge;
  readonly #listOf: (state: State) => readonly SourceFile[];
  readonly #standsAlone: (file: SourceFile) => boolean;

  constructor(
    current: State,
    judge: Judge,
    listOf: (state: State) => readonly SourceFile[],
    standsAlone: (file: SourceFile) => boolean,
  ) {
    this.#current = current;
    this.#judge = judge;
    this.#listOf = listOf;
    this.#standsAlone = standsAlone;
  }

  async run(before: State, changes: readonly string[]): Promise<State> {
    const all = this.#with(before, changes);
    const errors = await this.#errorsIn(all);
    if (errors.length === 0) {
      return all;
    }
    const known = await this.#errorsIn(before);
    this.#known = new Set(known.map(keyOf));
    if (errors.every((error) => this.#known.has(keyOf(error)))) {
      return all;
    }
    const rest = this.#refuseByThemselves(changes, errors);
    // What does not stand alone is there in any case, right or wrong.
    const given = rest.filter((path) => !this.#mayRefuse(path));
    const open = rest.filter((path) => this.#mayRefuse(path));
    const base = this.#with(before, given);
    const left = open.length > FEW ? await this.#refuseByPlace(base, open) : open;
    let state = await this.#letIn(base, left);
    for (let size = -1; size !== this.refused.size; ) {
      size = this.refused.size;
      const again = [...this.refused.values()].filter(({ isByItself }) => !isByItself);
      if (again.length > FEW) {
        break;
      }
      state = await this.#letIn(
        state,
        again.map(({ path }) => path),
      );
    }
    return state;
  }

  #refuseByThemselves(changes: readonly string[], errors: readonly Diagnostic[]): readonly string[] {
    const suspected = new Set(placesOf(errors));
    return changes.filter((path) => {
      const file = this.#current.get(path);
      if (file === undefined || !suspected.has(path) || !this.#mayRefuse(path)) {
        return true;
      }
      const own = this.#judge.errorsOf(file);
      if (own.length === 0) {
        return true;
      }
      this.refused.set(path, { path, file, why: own, isByItself: true });
      return false;
    });
  }

  async #refuseByPlace(base: State, changes: readonly string[]): Promise<readonly string[]> {
    let rest = changes;
    for (let round = 0; round < ROUNDS; round++) {
      const errors = await this.#errorsIn(this.#with(base, rest));
      const places = new Set(placesOf(errors));
      const blamed = rest.filter((path) => places.has(path));
      if (blamed.length === 0) {
        break;
      }
      for (const path of blamed) {
        this.#refuse(path, errorsAt(errors, path));
      }
      rest = rest.filter((path) => !places.has(path));
    }
    return rest;
  }

  /** All of them where that is right, else each half by itself, the older one first. */
  async #letIn(state: State, changes: readonly string[]): Promise<State> {
    if (changes.length === 0) {
      return state;
    }
    const next = this.#with(state, changes);
    const errors = await this.#errorsIn(next);
    const [only] = changes;
    if (errors.length === 0) {
      for (const path of changes) {
        this.refused.delete(path);
      }
      return next;
    }
    if (changes.length === 1) {
      this.#refuse(only!, errors);
      return state;
    }
    const half = Math.ceil(changes.length / 2);
    return this.#letIn(await this.#letIn(state, changes.slice(0, half)), changes.slice(half));
  }

  #refuse(path: string, why: readonly Diagnostic[]): void {
    const file = this.#current.get(path);
    this.refused.set(path, { path, ...(file !== undefined && { file }), why, isByItself: false });
  }

  #mayRefuse(path: string): boolean {
    const file = this.#current.get(path);
    return file === undefined || this.#standsAlone(file);
  }

  #with(state: State, changes: readonly string[]): State {
    const next = new Map(state);
    for (const path of changes) {
      set(next, path, this.#current.get(path));
    }
    return next;
  }

  /** Those that would be none without some object. */
  async #errorsIn(state: State): Promise<readonly Diagnostic[]> {
    const errors = await this.#judge.errorsIn(this.#listOf(state));
    return errors
      .filter(({ code, span }) => {
        const file = span && state.get(span.file.path);
        return file !== undefined && this.#standsAlone(file) && !isForUsersToDecide(code);
      })
      .filter((error) => !this.#known.has(keyOf(error)));
  }
}

function byPath(files: readonly SourceFile[]): State {
  return new Map(files.map((file) => [file.path, file]));
}

function set(state: Map<string, SourceFile>, path: string, file: SourceFile | undefined): void {
  if (file === undefined) {
    state.delete(path);
  } else {
    state.set(path, file);
  }
}

/** Paths at which both differ. */
function differing(before: State, after: State, isWanted: (path: string) => boolean): string[] {
  return [
    ...[...after].filter(([path, file]) => before.get(path) !== file).map(([path]) => path),
    ...[...before.keys()].filter((path) => !after.has(path)),
  ].filter(isWanted);
}

/** What errors point at. */
function placesOf(errors: readonly Diagnostic[]): string[] {
  return [...new Set(errors.flatMap(({ span }) => (span === undefined ? [] : [span.file.path])))];
}

function keyOf({ code, message, span }: Diagnostic): string {
  return JSON.stringify([code, message, span?.file.path]);
}

function errorsAt(errors: readonly Diagnostic[], path: string): readonly Diagnostic[] {
  return errors.filter(({ span }) => span?.file.path === path);
}
