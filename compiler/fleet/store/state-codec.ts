/**
 * Between a fleet's state and the objects of a journal. Each resource is an object of its own, and so is each long text (the
 * filter's module, a program, a certificate): what two scopes or two revisions have in common is written once. Lists are
 * cut where the names in them say, so that a resource that comes or goes changes the piece that it stands in and no other.
 *
 * A resource is known by its version, which is a digest of its message: what was written under that is not encoded again.
 */

import { crc32 } from "node:zlib";
import { Resource, type ResourceSet, type ResourceType } from "../../back/xds/resource-set.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import type { Payload } from "./frames.ts";
import type { Batch } from "./journal.ts";
import type { FleetState, StoredBuild, StoredRevision } from "./state.ts";

/** Characters from which a text is an object of its own. */
const LONG = 1_024;
/** Begins a text that stands for another object, by its index, and one that happens to begin so. */
const MARK = "\u0000";
/** How many entries a piece of a list has on average. */
const PIECE = 32;

const TYPES: readonly ResourceType[] = ["cluster", "endpoints", "listener", "routes", "extension", "secret"];

/** A state in the form of a commit. */
interface Head {
  readonly serving?: string;
  readonly newest?: string;
  readonly rollout?: object;
  /** The object of each is named at the same place in `refs`; builds come after revisions. */
  readonly revisions: readonly Omit<StoredRevision, "sources">[];
  readonly builds: readonly Omit<StoredBuild, "build">[];
}

interface StoredResource {
  readonly type: ResourceType;
  readonly name: string;
  readonly message: unknown;
  readonly needs?: Resource["needs"];
  readonly isKey?: true;
  readonly classes?: readonly (readonly [string, unknown])[];
}

/** Encodes states one after another; it knows what it has encoded before. */
export class StateEncoder {
  readonly #known = new WeakMap<object, string>();
  /** The name of a resource's object, by type, name and version. */
  readonly #byVersion = new Map<string, string>();

  /** The commit for a state; what it names and the journal lacks is put into the batch. */
  encode({ revisions, builds, ...rest }: FleetState, batch: Batch): Payload {
    const refs = [
      ...revisions.map(({ sources }) => this.#once(sources, batch, () => this.#sources(sources, batch))),
      ...builds.map(({ build }) => this.#once(build, batch, () => this.#build(build, batch))),
    ];
    const head: Head = {
      ...rest,
      revisions: revisions.map(({ sources: _, ...revision }) => revision),
      builds: builds.map(({ revision, scope }) => ({ revision, scope })),
    };
    return { refs, json: JSON.stringify(head) };
  }

  /** Forgets what a journal does not have any more. */
  prune(journal: Pick<Batch, "has">): void {
    for (const [version, key] of this.#byVersion) {
      if (!journal.has(key)) {
        this.#byVersion.delete(version);
      }
    }
  }

  #sources(sources: readonly SourceFile[], batch: Batch): string {
    const entries = sources.map((file) => ({
      name: file.path,
      key: this.#once(file, batch, () => put(file, batch)),
    }));
    return putList(entries, batch);
  }

  #build({ drain, filtered, bootstrap, resources }: LiveBuild, batch: Batch): string {
    const lists = TYPES.map((type) =>
      putList(
        [...resources[type].values()].map((resource) => ({
          name: resource.name,
          key: this.#once(resource, batch, () => this.#resource(resource, batch)),
        })),
        batch,
      ),
    );
    const facts = this.#once(drain, batch, () =>
      put(
        {
          requestsMs: drain.requestsMs,
          clusters: [...drain.clusters].map(([name, clusters]) => [name, [...clusters]]),
        },
        batch,
      ),
    );
    const start = this.#once(bootstrap, batch, () => put(bootstrap, batch));
    return batch.put({ refs: [...lists, facts, start], json: JSON.stringify({ filtered: [...filtered] }) });
  }

  #resource(resource: Resource, batch: Batch): string {
    const id = `${resource.type} ${resource.name} ${resource.version}`;
    const known = this.#byVersion.get(id);
    if (known !== undefined && batch.has(known)) {
      return known;
    }
    const key = put(storedResource(resource), batch);
    this.#byVersion.set(id, key);
    return key;
  }

  /** Values that never change are encoded once, as long as the journal has them. */
  #once(value: object, batch: Batch, encode: () => string): string {
    const known = this.#known.get(value);
    if (known !== undefined && batch.has(known)) {
      return known;
    }
    const key = encode();
    this.#known.set(value, key);
    return key;
  }
}

function storedResource({ type, name, message, needs, isKey, classes }: Resource): StoredResource {
  return {
    type,
    name,
    message,
    ...(needs.length > 0 && { needs }),
    ...(isKey && { isKey }),
    ...(classes !== undefined && { classes: [...classes] }),
  };
}

/** A value, and its long texts beside it. */
function put(value: unknown, batch: Batch): string {
  const refs: string[] = [];
  const plain = JSON.stringify(value);
  const isPlain = plain.length < LONG && !plain.includes("\\u0000");
  const json = isPlain
    ? plain
    : JSON.stringify(value, (_, member: unknown) => {
        if (typeof member !== "string") {
          return member;
        }
        const text = member.startsWith(MARK) ? MARK + member : member;
        if (text.length < LONG) {
          return text;
        }
        refs.push(batch.put({ refs: [], json: JSON.stringify(text) }));
        return `${MARK}${refs.length - 1}`;
      });
  return batch.put({ refs, json });
}

interface Entry {
  readonly name: string;
  /** Of its object. */
  readonly key: string;
}

function putList(entries: readonly Entry[], batch: Batch): string {
  const pieces: string[] = [];
  let piece: string[] = [];
  const close = () => {
    if (piece.length > 0) {
      pieces.push(batch.put({ refs: piece, json: "" }));
      piece = [];
    }
  };
  for (const { name, key } of entries) {
    piece.push(key);
    if (endsPiece(name)) {
      close();
    }
  }
  close();
  return batch.put({ refs: pieces, json: "" });
}

/** By its name alone, whatever stands beside it. */
function endsPiece(name: string): boolean {
  return crc32(name) % PIECE === 0;
}

/** Gives an object by its name. */
export type ReadObject = (key: string) => Payload;

/** Decodes states one after another; what is the same object in two of them is the same value, too. */
export class StateDecoder {
  /** As long as somebody has them. */
  readonly #values = new Map<string, WeakRef<object>>();

  /** Throws for a commit that is not of a state. */
  decode({ refs, json }: Payload, read: ReadObject): FleetState {
    const values = new Values(read, this.#values);
    const { revisions, builds, ...rest } = JSON.parse(json) as Head;
    const state: FleetState = {
      ...rest,
      revisions: revisions.map((revision, index) => ({
        ...revision,
        sources: values.list(refs[index]!, (key) => values.plain<SourceFile>(key)),
      })),
      builds: builds.map(({ revision, scope }, index) => ({
        revision,
        scope,
        build: values.build(refs[revisions.length + index]!),
      })),
    };
    for (const [key, value] of this.#values) {
      if (value.deref() === undefined) {
        this.#values.delete(key);
      }
    }
    return state;
  }
}

class Values {
  readonly #read: ReadObject;
  readonly #known: Map<string, WeakRef<object>>;

  constructor(read: ReadObject, known: Map<string, WeakRef<object>>) {
    this.#read = read;
    this.#known = known;
  }

  build(key: string): LiveBuild {
    return this.#once(key, ({ refs, json }) => {
      const { filtered } = JSON.parse(json) as { readonly filtered: readonly string[] };
      const sets = TYPES.map((type, index) => {
        const resources = this.list(refs[index]!, (one) => this.#resource(one));
        return [type, new Map(resources.map((resource) => [resource.name, resource]))];
      });
      return {
        drain: this.#drain(refs[TYPES.length]!),
        filtered: new Set(filtered),
        bootstrap: this.plain<object>(refs[TYPES.length + 1]!),
        resources: Object.fromEntries(sets) as ResourceSet,
      };
    });
  }

  list<Value>(key: string, read: (key: string) => Value): readonly Value[] {
    return this.#once(key, ({ refs }) =>
      refs.flatMap((piece) => this.#once(piece, (entries) => entries.refs.map(read))),
    );
  }

  plain<Value extends object>(key: string): Value {
    return this.#once(key, (payload) => this.#parse(payload) as Value);
  }

  #text(key: string): string {
    return this.#parse(this.#read(key)) as string;
  }

  #drain(key: string): LiveBuild["drain"] {
    return this.#once(key, (payload) => {
      const { requestsMs, clusters } = this.#parse(payload) as {
        readonly requestsMs: number;
        readonly clusters: readonly (readonly [string, readonly string[]])[];
      };
      return { requestsMs, clusters: new Map(clusters.map(([name, used]) => [name, new Set(used)])) };
    });
  }

  #resource(key: string): Resource {
    return this.#once(key, (payload) => {
      const { type, name, message, needs, isKey, classes } = this.#parse(payload) as StoredResource;
      return new Resource({
        type,
        name,
        message: message as Resource["message"],
        ...(needs !== undefined && { needs }),
        ...(isKey !== undefined && { isKey }),
        ...(classes !== undefined && { classes: new Map(classes) as Resource["classes"] }),
      });
    });
  }

  #parse({ refs, json }: Payload): unknown {
    if (refs.length === 0 && !json.includes("\\u0000")) {
      return JSON.parse(json);
    }
    return JSON.parse(json, (_, member: unknown) => {
      if (typeof member !== "string" || !member.startsWith(MARK)) {
        return member;
      }
      return member.startsWith(MARK + MARK)
        ? member.slice(MARK.length)
        : this.#text(refs[Number(member.slice(MARK.length))]!);
    });
  }

  #once<Value extends object>(key: string, decode: (payload: Payload) => Value): Value {
    const known = this.#known.get(key)?.deref();
    if (known !== undefined) {
      return known as Value;
    }
    const value = decode(this.#read(key));
    this.#known.set(key, new WeakRef(value));
    return value;
  }
}
