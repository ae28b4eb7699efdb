/**
 * What a client has that nobody here has made: it comes from a server that did not leave what it knew. It may be in use, so it
 * can stay for a while, and then go or become something else; it cannot be sent.
 */

import { Resource, type ResourceSet, type ResourceType } from "../../back/xds/resource-set.ts";

/** A name and a version that a client has told. */
export class ForeignResource<Type extends ResourceType = ResourceType> extends Resource<Type> {
  readonly #version: string;

  constructor(type: Type, name: string, version: string) {
    // Whoever wants to send it is told apart before that.
    super({ type, name, message: { "@type": "" } as Resource<Type>["message"] });
    this.#version = version;
  }

  override get version(): string {
    return this.#version;
  }
}

type Spared = Readonly<Record<ResourceType, ReadonlySet<string>>>;

interface Parts {
  readonly own: ResourceSet;
  /** Names of what may stay where a client has it. */
  readonly spared: Spared;
}

const NONE: ReadonlySet<string> = new Set();
const NOTHING_SPARED: Spared = {
  cluster: NONE,
  endpoints: NONE,
  listener: NONE,
  routes: NONE,
  extension: NONE,
  secret: NONE,
};
const known = new WeakMap<ResourceSet, Parts>();

/** What of a set can be sent, which nearly always is the set itself, and what a client may keep beside. */
export function withoutForeign(set: ResourceSet): Parts {
  let parts = known.get(set);
  if (parts === undefined) {
    parts = divide(set);
    known.set(set, parts);
  }
  return parts;
}

function divide(set: ResourceSet): Parts {
  const types = Object.keys(NOTHING_SPARED) as ResourceType[];
  const foreign = types.map(
    (type) => [type, [...set[type].values()].filter((one) => one instanceof ForeignResource)] as const,
  );
  if (foreign.every(([, all]) => all.length === 0)) {
    return { own: set, spared: NOTHING_SPARED };
  }
  const own = types.map((type) => [
    type,
    new Map(
      [...set[type].values()].flatMap((one) => (one instanceof ForeignResource ? [] : [[one.name, one]])),
    ),
  ]);
  const spared = foreign.map(([type, all]) => [type, new Set(all.map(({ name }) => name))]);
  return {
    own: Object.fromEntries(own) as unknown as ResourceSet,
    spared: Object.fromEntries(spared) as unknown as Spared,
  };
}
