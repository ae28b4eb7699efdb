/**
 * Makes a finding small. fast-check says what is simpler than a rule or a request; as many of those as the court has
 * places are judged at once, and the first that still differs goes on.
 */

import fc from "fast-check";
import type { Court, Finding } from "./court.ts";
import type { Recipe } from "./requests.ts";
import type { PlacedScenario } from "./rules.ts";

/** Values together with what their arbitrary needs to shrink them. */
export class Kept<T> extends fc.Arbitrary<fc.Value<T>> {
  readonly #inner: fc.Arbitrary<T>;

  constructor(inner: fc.Arbitrary<T>) {
    super();
    this.#inner = inner;
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<fc.Value<T>> {
    return new fc.Value(this.#inner.generate(random, bias), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is fc.Value<T> {
    return value instanceof fc.Value;
  }

  override shrink(): fc.Stream<fc.Value<fc.Value<T>>> {
    return fc.Stream.nil();
  }
}

export interface Pair {
  readonly placed: fc.Value<PlacedScenario>;
  readonly recipe: fc.Value<Recipe>;
}

export interface Smallest {
  readonly pair: Pair;
  readonly finding: Finding;
}

/** Ends at `until` (of `performance.now()`) with the smallest so far. */
export async function shrink(
  court: Court,
  start: Smallest,
  arbitraries: { readonly placed: fc.Arbitrary<PlacedScenario>; readonly recipe: fc.Arbitrary<Recipe> },
  until: number,
): Promise<Smallest> {
  let best = start;
  const simpler = function* ({ placed, recipe }: Pair): Generator<Pair> {
    for (const one of arbitraries.placed.shrink(placed.value, placed.context)) {
      yield { placed: one, recipe };
    }
    for (const one of arbitraries.recipe.shrink(recipe.value, recipe.context)) {
      yield { placed, recipe: one };
    }
  };
  search: for (;;) {
    let candidates: Pair[] = [];
    const judge = async () => {
      const { findings } = await court.judge(
        candidates.map(({ placed, recipe }) => ({ placed: placed.value, recipes: [recipe.value] })),
      );
      const [finding] = [...findings].sort((a, b) => a.suit - b.suit);
      return finding && { pair: candidates[finding.suit]!, finding };
    };
    for (const candidate of simpler(best.pair)) {
      candidates.push(candidate);
      if (candidates.length < court.places) {
        continue;
      }
      const found = await judge();
      if (performance.now() >= until) {
        return found ?? best;
      }
      if (found !== undefined) {
        best = found;
        continue search;
      }
      candidates = [];
    }
    const found = candidates.length > 0 ? await judge() : undefined;
    if (found === undefined || performance.now() >= until) {
      return found ?? best;
    }
    best = found;
  }
}
