/** Generated rules and requests, asked of both targets in one Envoy. README.md says what is compared. */

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { conformanceCase } from "./case.ts";
import { Court, type Finding, type Verdict } from "./court.ts";
import { fieldsInUse } from "./fields.ts";
import { recipes } from "./requests.ts";
import { scenarios } from "./rules.ts";
import { Kept, type Pair, shrink } from "./shrink.ts";

const PAIRS = numberOf("SLUICE_PAIRS", 1_000);
/** The same for everybody who runs the tests; other seeds find other differences. */
const SEED = numberOf("SLUICE_SEED", 1);
/** In one Envoy at once, and requests of each. */
const SCENARIOS = 50;
const REQUESTS = 8;
/** Made small and printed; the rest is counted. */
const MOST_SHRUNK = 4;
/** A generator that makes rules which nobody accepts tests nothing. */
const MOST_REFUSED = 0.1;
/** On the busiest machine; as a rule it is a tenth. */
const MS_PER_PAIR = 300;
const MS_TO_SHRINK = 90_000;

let court: Court;

beforeAll(async () => {
  court = await Court.open(SCENARIOS);
});

afterAll(async () => {
  await court?.close();
});

test(`${PAIRS} pairs, seed ${SEED}`, { timeout: PAIRS * MS_PER_PAIR + MS_TO_SHRINK }, async () => {
  const { used, refused } = await fieldsInUse();
  const arbitraries = { placed: scenarios(used), recipe: recipes };
  const suit = fc.record({
    placed: new Kept(arbitraries.placed),
    recipes: fc.array(new Kept(arbitraries.recipe), { minLength: REQUESTS, maxLength: REQUESTS }),
  });
  const total = { pairs: 0, scenarios: 0, refused: 0, passing: 0 };
  const ways = new Map<string, number>();
  const found: { readonly pair: Pair; readonly finding: Finding }[] = [];
  const batches = Math.ceil(PAIRS / (SCENARIOS * REQUESTS * (1 - MOST_REFUSED)));
  for (const [batch, suits] of fc
    .sample(fc.array(suit, { minLength: SCENARIOS, maxLength: SCENARIOS }), { seed: SEED, numRuns: batches })
    .entries()) {
    if (total.pairs >= PAIRS) {
      break;
    }
    const verdict = await court.judge(
      suits.map(({ placed, recipes: asked }) => ({
        placed: placed.value,
        recipes: asked.map(({ value }) => value),
      })),
    );
    total.pairs += verdict.pairs;
    total.scenarios += suits.length;
    total.refused += verdict.refused.size;
    total.passing += verdict.passing;
    addWays(ways, verdict);
    for (const finding of firstOfEach(verdict.findings)) {
      const { placed, recipes: asked } = suits[finding.suit]!;
      found.push({ pair: { placed, recipe: asked[finding.recipe]! }, finding });
    }
    if (found.length >= MOST_SHRUNK) {
      console.log(`stopped after batch ${batch + 1}: ${found.length} scenarios differ`);
      break;
    }
  }
  console.log(
    [
      `${total.pairs} pairs of ${total.scenarios} scenarios, seed ${SEED}`,
      `fields in use: ${[...used].join(", ")}; not yet: ${refused.join(", ") || "none"}`,
      [...ways]
        .sort(([, a], [, b]) => b - a)
        .map(([way, count]) => `${count} ${way}`)
        .join(", "),
      `${total.refused} scenarios refused by the compiler, ${total.passing} differences that did not last`,
    ].join("\n"),
  );
  const cases: string[] = [];
  const until = performance.now() + MS_TO_SHRINK / 2;
  for (const start of found.slice(0, MOST_SHRUNK)) {
    const { pair, finding } = await shrink(court, start, arbitraries, until);
    cases.push(`${finding.lines.join("\n")}\n\n${conformanceCase(court, pair.placed.value, finding)}`);
  }
  expect(cases.length, `seed ${SEED}\n\n${cases.join("\n---\n")}`).toBe(0);
  expect(total.refused / total.scenarios).toBeLessThan(MOST_REFUSED);
  expect(total.pairs).toBeGreaterThanOrEqual(PAIRS);
});

/** The other requests of a scenario mostly show the same again. */
function firstOfEach(findings: readonly Finding[]): Finding[] {
  return [...new Map([...findings].reverse().map((finding) => [finding.suit, finding])).values()];
}

function addWays(ways: Map<string, number>, verdict: Verdict): void {
  for (const [way, count] of verdict.ways) {
    ways.set(way, (ways.get(way) ?? 0) + count);
  }
}

function numberOf(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") {
    return otherwise;
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${name}: expected a whole number above 0, got ${JSON.stringify(text)}`);
  }
  return value;
}
