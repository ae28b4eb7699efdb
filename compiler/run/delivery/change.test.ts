import { expect, test } from "vitest";
import type { ResourceSet } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import { testCluster, testListener, testOptions } from "../../back/xds/testing.ts";
import { changeTo } from "./change.ts";
import type { Answer, Delivery } from "./delivery.ts";
import type { Step, StepName } from "./steps.ts";

const set = (cluster: string, rules: number): ResourceSet =>
  emitResources(
    { listeners: [testListener()], clusters: [testCluster({ name: cluster })] },
    testOptions({ blobs: new Map([["mesh", Uint8Array.of(rules)]]) }),
  );
const [OLD, NEW] = [set("a", 1), set("b", 2)];

/** An Envoy that rejects one step, or none. */
class Fake implements Delivery {
  readonly taken: Step[] = [];
  readonly #bad: StepName | undefined;

  constructor(bad?: StepName) {
    this.#bad = bad;
  }

  async take(step: Step): Promise<Answer> {
    this.taken.push(step);
    return step.name === this.#bad && step.to !== OLD
      ? { accepted: false, words: ["no"] }
      : { accepted: true };
  }
}

const namesOf = ({ taken }: Fake) => taken.map(({ name }) => name);

test("one step after another; the new rules are announced before anything is removed", async () => {
  const delivery = new Fake();
  const served: StepName[][] = [];
  const result = await changeTo(delivery, OLD, NEW, {
    drainMs: 0,
    onServing: () => served.push(namesOf(delivery)),
  });
  expect(namesOf(delivery)).toEqual(["clusters", "rules", "removal", "removal"]);
  expect(served).toEqual([["clusters", "rules"]]);
  expect(result).toEqual({ kind: "reloaded", resources: delivery.taken.at(-1)?.to, removed: true });
});

test("nothing to change, nothing to take", async () => {
  const delivery = new Fake();
  expect(await changeTo(delivery, OLD, set("a", 1))).toEqual({ kind: "unchanged" });
  expect(delivery.taken).toEqual([]);
});

test("a step that is rejected ends the change, and the old set is put back", async () => {
  const delivery = new Fake("rules");
  const result = await changeTo(delivery, OLD, NEW, {
    onServing: () => expect.unreachable("the new rules do not serve"),
  });
  expect(result).toEqual({ kind: "rejected", step: "rules", words: ["no"] });
  expect(namesOf(delivery)).toEqual(["clusters", "rules", "rules"]);
  const [, rejected, undone] = delivery.taken;
  expect(undone?.from).toBe(rejected?.to);
  expect(undone?.to).toBe(OLD);
});

test("newer rules that wait leave the removal to their own change", async () => {
  const delivery = new Fake();
  const hurry = new AbortController();
  const result = await changeTo(delivery, OLD, NEW, {
    drainMs: 60_000,
    hurry: hurry.signal,
    onServing: () => hurry.abort(),
  });
  expect(result).toMatchObject({ kind: "reloaded", removed: false });
  const left = result.kind === "reloaded" ? result.resources : OLD;
  expect([...left.cluster.keys()].sort()).toEqual(["a", "b"]);
  expect(await changeTo(delivery, left, NEW, { drainMs: 0 })).toMatchObject({ removed: true });
  expect([...delivery.taken.at(-1)!.to.cluster.keys()]).toEqual(["b"]);
});

test("who gives up while old requests drain is not told that all is well", async () => {
  const stop = new AbortController();
  const options = { drainMs: 60_000, signal: stop.signal, onServing: () => stop.abort() };
  await expect(changeTo(new Fake(), OLD, NEW, options)).rejects.toThrow("aborted");
});
