import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { thoroughly } from "../../test/harness/thorough.ts";
import type { Compilation } from "../compile.ts";
import { Report } from "../diagnostics/render/report.ts";
import { DEFAULT_PROXY_OPTIONS } from "../options.ts";
import type { ChangeOptions, ChangeResult, LiveBuild } from "./delivery/live-configuration.ts";
import { Reloader } from "./reloader.ts";
import type { ReloadEvent } from "./session-event.ts";

const compilation = (name: string): Compilation => ({
  sources: [{ path: "rules.yaml", text: name }],
  config: { listeners: [], clusters: [] } as unknown as Compilation["config"],
  blobs: new Map(),
  clusterParts: [],
});

/** Rules that change when the test says so, and an Envoy that takes them as the test says. */
function reloading(
  compile: () => Compilation | undefined,
  take: (options: ChangeOptions) => Promise<ChangeResult>,
  obstacles: () => readonly string[] = () => [],
  hold = false,
) {
  const events: ReloadEvent[] = [];
  /** What Envoy was given, in its order. */
  const given: string[] = [];
  let change = () => {};
  let isCurrent = true;
  const close = vi.fn(async () => {});
  const reloader = new Reloader({
    rules: {
      proxy: DEFAULT_PROXY_OPTIONS,
      compile: async () => {
        const made = compile();
        return { findings: new Report(false), ...(made && { compilation: made }) };
      },
      isCurrent: async () => isCurrent,
      watch: async (onChange) => {
        change = onChange;
        return { close };
      },
    },
    hold,
    build: (made) => ({ made }) as unknown as LiveBuild,
    obstacles: async () => obstacles(),
    pause: { next: () => 10, reset() {} },
    live: {
      changeTo: async (build, options = {}) => {
        const { made } = build as unknown as { readonly made: Compilation };
        given.push(made.sources[0]!.text);
        const result = await take(options);
        if (result.kind === "reloaded") {
          options.onServing?.();
        }
        return result;
      },
    },
    compilation: compilation("first"),
    onEvent: (event) => events.push(event),
  });
  return {
    events,
    given,
    reloader,
    close,
    change: () => change(),
    outdate: () => {
      isCurrent = false;
    },
    kinds: () => events.map(({ kind }) => kind),
  };
}

const RELOADED: ChangeResult = { kind: "reloaded" };

test("what changed while Envoy was started is taken at once", async () => {
  const it = reloading(
    () => compilation("second"),
    async () => RELOADED,
  );
  it.outdate();
  await it.reloader.start();
  await expect.poll(() => it.kinds()).toEqual(["diagnostics", "reloaded"]);
  await it.reloader.close();
});

test("without a change nothing is compiled", async () => {
  const compile = vi.fn(() => compilation("second"));
  const it = reloading(compile, async () => RELOADED);
  await it.reloader.start();
  await it.reloader.close();
  expect(compile).not.toHaveBeenCalled();
  expect(it.close).toHaveBeenCalledOnce();
});

test("wrong rules are refused, and Envoy is not asked", async () => {
  const take = vi.fn(async () => RELOADED);
  const it = reloading(() => undefined, take);
  await it.reloader.start();
  it.change();
  await expect.poll(() => it.kinds()).toEqual(["diagnostics", "refused"]);
  expect(take).not.toHaveBeenCalled();
  await it.reloader.close();
});

test.each([{ kind: "unchanged" }, { kind: "restartNeeded" }] as const)(
  "what Envoy makes of a change is told: $kind",
  async (result) => {
    const it = reloading(
      () => compilation("second"),
      async () => result,
    );
    await it.reloader.start();
    it.change();
    await expect.poll(() => it.events.at(-1)).toEqual(result);
    await it.reloader.close();
  },
);

test("what Envoy rejects is told in its words, and waits for the next change", async () => {
  const take = vi.fn(
    async (): Promise<ChangeResult> => ({ kind: "rejected", step: "rules", words: ["no"], silent: false }),
  );
  const it = reloading(() => compilation("second"), take);
  await it.reloader.start();
  it.change();
  await vi.waitFor(
    () => expect(it.events.at(-1)).toEqual({ kind: "rejected", step: "rules", words: ["no"], again: false }),
    30_000,
  );
  await sleep(50);
  expect(take).toHaveBeenCalledOnce();
  await it.reloader.close();
});

test("what may come right is tried again, and told once", async () => {
  const silent: ChangeResult = { kind: "rejected", step: "clusters", words: ["late"], silent: true };
  const unknown: ChangeResult = { kind: "unknown", words: ["nothing"] };
  const take = vi.fn(async (): Promise<ChangeResult> => RELOADED);
  for (const result of [silent, silent, unknown, unknown]) {
    take.mockResolvedValueOnce(result);
  }
  const obstacles = vi.fn((): readonly string[] => []);
  obstacles.mockReturnValueOnce(["port 1"]).mockReturnValueOnce(["port 1"]);
  const it = reloading(() => compilation("second"), take, obstacles);
  await it.reloader.start();
  it.change();
  await expect.poll(() => it.kinds().at(-1)).toBe("reloaded");
  await it.reloader.close();
  expect(it.kinds()).toEqual(["diagnostics", "blocked", "rejected", "unknown", "reloaded"]);
  expect(take).toHaveBeenCalledTimes(5);
});

test("that Envoy is silent is told before the change is over", async () => {
  const it = reloading(
    () => compilation("second"),
    async ({ onSilence }) => {
      onSilence?.(["nothing"]);
      expect(it.events.at(-1)).toEqual({ kind: "unknown", words: ["nothing"] });
      return RELOADED;
    },
  );
  await it.reloader.start();
  it.change();
  await expect.poll(() => it.kinds()).toEqual(["diagnostics", "unknown", "reloaded"]);
  await it.reloader.close();
});

test("a mistake of ours is told with its error, and tried again", async () => {
  const mistake = new TypeError("undefined is not a function");
  const take = vi.fn(async () => RELOADED).mockRejectedValueOnce(mistake);
  const it = reloading(() => compilation("second"), take);
  await it.reloader.start();
  it.change();
  await expect.poll(() => it.kinds()).toEqual(["diagnostics", "failed", "reloaded"]);
  // Envoy may have been given something before.
  expect(it.events[1]).toEqual({ kind: "failed", error: mistake, untouched: false });
  await it.reloader.close();
});

test("rules that cannot be read leave Envoy as it is, and are tried again", async () => {
  const error = new Error("too many open files");
  const compile = vi
    .fn(() => compilation("second"))
    .mockImplementationOnce(() => {
      throw error;
    });
  const it = reloading(compile, async () => RELOADED);
  await it.reloader.start();
  it.change();
  await expect.poll(() => it.kinds()).toEqual(["failed", "diagnostics", "reloaded"]);
  expect(it.events[0]).toEqual({ kind: "failed", error, untouched: true });
  await it.reloader.close();
});

test("changes that come while one is taken are one change after it", async () => {
  let go = () => {};
  let first = true;
  const it = reloading(
    () => compilation("second"),
    async () => {
      if (first) {
        first = false;
        await new Promise<void>((resolve) => {
          go = resolve;
        });
      }
      return RELOADED;
    },
  );
  await it.reloader.start();
  it.change();
  await expect.poll(() => it.kinds()).toEqual(["diagnostics"]);
  it.change();
  it.change();
  go();
  await expect.poll(() => it.kinds().filter((kind) => kind === "reloaded")).toHaveLength(2);
  await it.reloader.close();
  expect(it.kinds()).toEqual(["diagnostics", "reloaded", "diagnostics", "reloaded"]);
});

test("closing gives up what is under way, waits for it, and that is no failure", async () => {
  let ended = false;
  const it = reloading(
    () => compilation("second"),
    async ({ signal }) => {
      await new Promise((resolve) => signal!.addEventListener("abort", resolve));
      ended = true;
      throw new Error("given up");
    },
  );
  await it.reloader.start();
  it.change();
  await expect.poll(() => it.kinds()).toEqual(["diagnostics"]);
  await it.reloader.close();
  expect(ended).toBe(true);
  expect(it.kinds()).toEqual(["diagnostics"]);
});

test("a file that the rules name is taken without their being compiled, and in silence when it is the same", async () => {
  const compile = vi.fn(() => compilation("second"));
  let result: ChangeResult = RELOADED;
  const it = reloading(compile, async () => result);
  await it.reloader.start();
  it.reloader.refresh();
  await expect.poll(() => it.kinds()).toEqual(["reloaded"]);
  expect(it.events[0]).toMatchObject({ compilation: { sources: [{ text: "first" }] } });
  result = { kind: "unchanged" };
  it.reloader.refresh();
  await sleep(30);
  expect(it.kinds()).toEqual(["reloaded"]);
  expect(compile).not.toHaveBeenCalled();

  // What serves by then are the rules that were taken last.
  result = RELOADED;
  it.change();
  await expect.poll(() => it.kinds()).toEqual(["reloaded", "diagnostics", "reloaded"]);
  it.reloader.refresh();
  await expect.poll(() => it.kinds()).toHaveLength(4);
  expect(it.events[3]).toMatchObject({ kind: "reloaded", compilation: { sources: [{ text: "second" }] } });
  await it.reloader.close();
});

test("files that cannot be used yet are tried again", async () => {
  let tries = 0;
  const it = reloading(
    () => undefined,
    async () => {
      tries += 1;
      if (tries < 3) {
        throw new Error("the key does not belong to the certificate");
      }
      return RELOADED;
    },
  );
  it.reloader.refresh();
  await expect.poll(() => it.kinds()).toEqual(["failed", "reloaded"]);
  await it.reloader.close();
});

describe("a change that is held", () => {
  /** Saves are rules by their names; `undefined` is wrong. */
  function holding(take: () => Promise<ChangeResult> = async () => RELOADED) {
    let saved: string | undefined = "first";
    const it = reloading(
      () => (saved === undefined ? undefined : compilation(saved)),
      take,
      () => [],
      true,
    );
    const heard = async (count: number) => expect.poll(() => it.events).toHaveLength(count);
    return {
      ...it,
      heard,
      save(name: string | undefined) {
        saved = name;
        it.change();
      },
    };
  }

  test("waits until it is applied, and the newest wins", async () => {
    const it = holding();
    await it.reloader.start();
    it.save("second");
    await it.heard(2);
    it.save("third");
    await it.heard(4);
    expect(it.kinds()).toEqual(["diagnostics", "held", "diagnostics", "held"]);
    expect([it.given, it.reloader.held?.sources[0]?.text]).toEqual([[], "third"]);
    expect(it.events[3]).toMatchObject({ kind: "held", files: ["rules.yaml"] });
    expect(it.reloader.apply()).toBe(true);
    await it.heard(5);
    expect([it.given, it.kinds().at(-1), it.reloader.held]).toEqual([["third"], "reloaded", undefined]);
    expect(it.reloader.apply()).toBe(false);
    await it.reloader.close();
  });

  test("is none any more once it is taken back, or a newer one is wrong", async () => {
    const it = holding();
    await it.reloader.start();
    it.save("second");
    await it.heard(2);
    it.save("first");
    await it.heard(4);
    expect([it.kinds().at(-1), it.reloader.held, it.reloader.apply()]).toEqual([
      "unchanged",
      undefined,
      false,
    ]);
    it.save("second");
    await it.heard(6);
    it.save(undefined);
    await it.heard(8);
    expect([it.kinds().at(-1), it.reloader.held, it.reloader.apply()]).toEqual(["refused", undefined, false]);
    await it.reloader.close();
    expect(it.given).toEqual([]);
  });

  test("renewed files are those of the rules that serve", async () => {
    const it = holding();
    await it.reloader.start();
    it.save("second");
    await it.heard(2);
    it.reloader.refresh();
    await it.heard(3);
    expect([it.given, it.reloader.held?.sources[0]?.text]).toEqual([["first"], "second"]);
    await it.reloader.close();
  });

  test("one that Envoy does not answer for stays held, and is tried again", async () => {
    const results: ChangeResult[] = [{ kind: "unknown", words: [] }, RELOADED];
    const it = holding(async () => results.shift()!);
    await it.reloader.start();
    it.save("second");
    await it.heard(2);
    it.reloader.apply();
    await it.heard(4);
    expect([it.given, it.kinds().slice(2), it.reloader.held]).toEqual([
      ["second", "second"],
      ["unknown", "reloaded"],
      undefined,
    ]);
    await it.reloader.close();
  });

  test("one that is taken back while it is applied serves, and the older rules wait", async () => {
    const it = holding();
    await it.reloader.start();
    it.save("second");
    await it.heard(2);
    it.save("first");
    it.reloader.apply();
    await it.heard(6);
    expect(it.kinds().slice(2)).toEqual(["diagnostics", "unchanged", "reloaded", "held"]);
    expect([it.given, it.reloader.held?.sources[0]?.text]).toEqual([["second"], "first"]);
    expect(it.reloader.apply()).toBe(true);
    await it.heard(7);
    expect([it.given, it.reloader.held]).toEqual([["second", "first"], undefined]);
    await it.reloader.close();
  });

  test("in whatever order: Envoy is given what was held when it was applied, and nothing else", async () => {
    const step = fc.oneof(
      fc.record({ save: fc.constantFrom("first", "a", "b", "c", undefined) }),
      fc.constantFrom("apply" as const, "refresh" as const, "wait" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const it = holding();
        await it.reloader.start();
        const allowed = new Set(["first"]);
        let last: string | undefined;
        for (const one of steps) {
          if (one === "apply") {
            const held = it.reloader.held?.sources[0]?.text;
            expect(it.reloader.apply()).toBe(held !== undefined);
            if (held !== undefined) {
              allowed.add(held);
            }
          } else if (one === "refresh") {
            it.reloader.refresh();
          } else if (one === "wait") {
            await sleep(0);
          } else {
            last = one.save;
            it.save(one.save);
          }
        }
        // Nothing here takes time: all that was begun is over.
        await sleep(0);
        expect(it.given.filter((name) => !allowed.has(name))).toEqual([]);
        const serving =
          it.events.findLast((event) => event.kind === "reloaded")?.compilation.sources[0]?.text ?? "first";
        const held = it.reloader.held?.sources[0]?.text;
        const hasSaved = steps.some((one) => typeof one === "object");
        // What was saved last serves, or is held, or is wrong.
        expect(held).toBe(!hasSaved || last === undefined || last === serving ? undefined : last);
        await it.reloader.close();
      }),
      { numRuns: thoroughly(100) },
    );
  });
});
