import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { emitResources } from "../../back/xds/resources.ts";
import { testCluster, testListener, testOptions } from "../../back/xds/testing.ts";
import type { Config } from "../../ir/ir.ts";
import type { Answer, Delivery } from "./delivery.ts";
import { drainFactsOf } from "./drain-facts.ts";
import { type ChangeResult, type LiveBuild, LiveConfiguration } from "./live-configuration.ts";
import type { RetirementTimes } from "./retirement.ts";
import type { Step, StepName } from "./steps.ts";

const build = (cluster: string, rules: number, bootstrap = 1): LiveBuild => {
  const config: Config = { listeners: [testListener()], clusters: [testCluster({ name: cluster })] };
  const blobs = new Map([["mesh", Uint8Array.of(rules)]]);
  return {
    drain: drainFactsOf(config),
    filtered: new Set(["mesh"]),
    bootstrap: { bootstrap },
    resources: emitResources(config, testOptions({ blobs })),
  };
};
const [OLD, NEW] = [build("a", 1), build("b", 2)];
const TIMES: RetirementTimes = { rules: () => 1_000, connections: 5_000 };

/** An Envoy that takes each step as the test says, and everything else. */
class Fake implements Delivery {
  readonly taken: Step[] = [];
  answer: (step: Step) => Answer | undefined = () => undefined;

  onTake: (step: Step, signal?: AbortSignal) => void = () => {};

  async take(step: Step, signal?: AbortSignal): Promise<Answer> {
    this.onTake(step, signal);
    this.taken.push(step);
    return this.answer(step) ?? { kind: "accepted" };
  }

  get names(): StepName[] {
    return this.taken.map(({ name }) => name);
  }

  get clusters(): string {
    return [...(this.taken.at(-1)?.to.cluster.keys() ?? [])].sort().join(" ");
  }
}

let envoy: Fake;
let live: LiveConfiguration;

beforeEach(() => {
  vi.useFakeTimers();
  envoy = new Fake();
  live = new LiveConfiguration({ delivery: envoy, build: OLD, times: TIMES });
});

afterEach(async () => {
  await live.close();
  vi.useRealTimers();
});

test("one step after another; the new rules are announced before anything goes", async () => {
  const announced = vi.fn(() => expect(envoy.names).toEqual(["clusters", "rules"]));
  expect(await live.changeTo(NEW, { onServing: announced })).toEqual({ kind: "reloaded" });
  expect(announced).toHaveBeenCalledOnce();
  expect(envoy.names).toEqual(["clusters", "rules"]);
  expect(envoy.clusters).toBe("a b");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(envoy.names).toEqual(["clusters", "rules", "removal"]);
  expect(envoy.clusters).toBe("b");
});

test("nothing to change, nothing to take; what takes a new start is told", async () => {
  expect(await live.changeTo(build("a", 1))).toEqual({ kind: "unchanged" });
  expect(await live.changeTo(build("b", 2, 2))).toEqual({ kind: "restartNeeded" });
  expect(envoy.taken).toEqual([]);
});

test("what is old goes by its own age, however fast changes come", async () => {
  for (let i = 0; i < 20; i++) {
    await live.changeTo(build(`c${i}`, i + 2));
    await vi.advanceTimersByTimeAsync(300);
  }
  expect(envoy.clusters).toBe("c16 c17 c18 c19");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(envoy.clusters).toBe("c19");
});

test("what comes back stays", async () => {
  await live.changeTo(NEW);
  await live.changeTo(OLD);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(envoy.clusters).toBe("a");
});

test("a port that is closed is closed at once; what its connections can be sent to stays until they are closed", async () => {
  const edge = testListener(undefined, { name: "edge", port: 1 });
  const resourcesOf = (config: Config): LiveBuild => {
    const blobs = new Map(config.listeners.map(({ name }) => [name, Uint8Array.of(1)]));
    return {
      drain: drainFactsOf(config),
      filtered: new Set(blobs.keys()),
      bootstrap: {},
      resources: emitResources(config, testOptions({ blobs })),
    };
  };
  const a = testCluster();
  const before = resourcesOf({ listeners: [testListener([]), edge], clusters: [a] });
  live = new LiveConfiguration({ delivery: envoy, build: before, times: TIMES });
  await live.changeTo(resourcesOf({ listeners: [testListener([])], clusters: [a] }));
  expect([...envoy.taken.at(-1)!.to.listener.keys()]).toEqual(["mesh"]);
  // A later change removes its cluster, too.
  await live.changeTo(resourcesOf({ listeners: [testListener([])], clusters: [] }));
  await vi.advanceTimersByTimeAsync(4_000);
  expect(envoy.clusters).toBe(a.name);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(envoy.clusters).toBe("");
});

test("a step that is rejected ends the change, and the old set is put back", async () => {
  envoy.answer = ({ name, to }) =>
    name === "rules" && to !== OLD.resources ? { kind: "rejected", words: ["no"] } : undefined;
  const onServing = () => expect.unreachable("the new rules do not serve");
  expect(await live.changeTo(NEW, { onServing })).toEqual({
    kind: "rejected",
    step: "rules",
    words: ["no"],
    silent: false,
  });
  expect(envoy.names).toEqual(["clusters", "rules", "rules"]);
  expect(envoy.taken.at(-1)?.to).toBe(OLD.resources);
  // And that is what it is: nothing is to be done to go back.
  expect(await live.changeTo(OLD)).toEqual({ kind: "unchanged" });
});

test("an Envoy that does not answer is said to be unknown, and asked before anything else is done", async () => {
  const SILENT: Answer = { kind: "silent", words: ["nothing"] };
  let isStopped = true;
  envoy.answer = ({ name }) => (isStopped && name === "rules" ? SILENT : undefined);
  const said: string[] = [];
  const onSilence = (words: readonly string[]) => void said.push(...words);
  expect(await live.changeTo(NEW, { onSilence })).toMatchObject({ kind: "unknown" });
  expect(said).toEqual(["nothing"]);
  // The old rules again are not "unchanged" before Envoy has said that it has them.
  expect(await live.changeTo(OLD)).toMatchObject({ kind: "unknown" });
  isStopped = false;
  expect(await live.changeTo(OLD)).toEqual({ kind: "unchanged" });
  expect(envoy.taken.at(-1)?.to).toBe(OLD.resources);
  expect(await live.changeTo(NEW)).toEqual({ kind: "reloaded" });
});

test("an Envoy that takes a step back that it was silent on has the old rules", async () => {
  envoy.answer = ({ name, to }) =>
    name === "clusters" && to !== OLD.resources ? { kind: "silent", words: ["nothing"] } : undefined;
  expect(await live.changeTo(NEW)).toEqual({
    kind: "rejected",
    step: "clusters",
    words: ["nothing"],
    silent: true,
  });
});

test("a mistake of ours in the middle leaves nothing for granted", async () => {
  envoy.answer = () => {
    throw new TypeError("undefined is not a function");
  };
  await expect(live.changeTo(NEW)).rejects.toThrow(TypeError);
  envoy.answer = () => undefined;
  expect(await live.changeTo(OLD)).toEqual({ kind: "unchanged" });
  expect(envoy.taken.at(-1)?.to).toBe(OLD.resources);
});

test("changes are taken one after another", async () => {
  const results: ChangeResult[] = await Promise.all([NEW, OLD, NEW].map((one) => live.changeTo(one)));
  expect(results.map(({ kind }) => kind)).toEqual(["reloaded", "reloaded", "reloaded"]);
  for (const [i, { from }] of envoy.taken.entries()) {
    expect(from).toBe(i === 0 ? OLD.resources : envoy.taken[i - 1]?.to);
  }
});

describe("a change that is given up while a step waits", () => {
  /** Gives up the change to `NEW` while that step waits. */
  const giveUpAt = async (step: StepName): Promise<void> => {
    const giveUp = new AbortController();
    const take = envoy.take.bind(envoy);
    envoy.take = async (one) => {
      if (one.name === step && !giveUp.signal.aborted) {
        envoy.taken.push(one);
        giveUp.abort();
        giveUp.signal.throwIfAborted();
      }
      return take(one);
    };
    await expect(live.changeTo(NEW, { signal: giveUp.signal })).rejects.toThrow();
    envoy.taken.length = 0;
  };

  test("is overtaken by the next one, which begins with what Envoy has acknowledged", async () => {
    await giveUpAt("clusters");
    expect(await live.changeTo(build("c", 3))).toEqual({ kind: "reloaded" });
    expect(envoy.names).toEqual(["clusters", "rules"]);
    expect(envoy.clusters).toBe("a c");
  });

  test("ends first where its rules are switched, so that no request meets the older ones again", async () => {
    const overtake = new AbortController();
    envoy.onTake = (step, signal) => {
      if (step.name === "rules") {
        overtake.abort();
      }
      signal?.throwIfAborted();
    };
    expect(await live.changeTo(NEW, { overtaken: overtake.signal })).toEqual({ kind: "reloaded" });
    envoy.taken.length = 0;
    expect(await live.changeTo(build("c", 3))).toEqual({ kind: "reloaded" });
    expect(envoy.names).toEqual(["clusters", "rules"]);
  });

  test("is put back when the next one is what was before", async () => {
    await giveUpAt("clusters");
    expect(await live.changeTo(OLD)).toEqual({ kind: "unchanged" });
    expect(envoy.taken.map(({ to }) => to)).toEqual([OLD.resources]);
  });

  test("is put back first where its rules may serve already", async () => {
    await giveUpAt("rules");
    expect(await live.changeTo(build("c", 3))).toEqual({ kind: "reloaded" });
    expect(envoy.names).toEqual(["rules", "clusters", "rules"]);
    expect(envoy.clusters).toBe("a b c");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(envoy.clusters).toBe("c");
  });
});
