import { expect, test, vi } from "vitest";
import type { Compilation } from "../compile.ts";
import { Report } from "../diagnostics/render/report.ts";
import { DEFAULT_PROXY_OPTIONS } from "../options.ts";
import type { FolderBuild } from "./delivery/folder/build.ts";
import type { FolderChangeResult } from "./delivery/folder/folder-delivery.ts";
import { Reloader } from "./reloader.ts";
import type { ReloadEvent } from "./session-event.ts";

const compilation = (name: string): Compilation => ({
  sources: [{ path: "rules.yaml", text: name }],
  config: { listeners: [], clusters: [] } as unknown as Compilation["config"],
  blobs: new Map(),
});

/** Rules that change when the test says so, and an Envoy that takes them as the test says. */
function reloading(
  compile: () => Compilation | undefined,
  take: (signals: { hurry?: AbortSignal; signal?: AbortSignal }) => Promise<FolderChangeResult>,
) {
  const events: ReloadEvent[] = [];
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
    folder: {
      build: async () => ({}) as FolderBuild,
      changeTo: async (_build, options = {}) => {
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
    reloader,
    close,
    change: () => change(),
    outdate: () => {
      isCurrent = false;
    },
    kinds: () => events.map(({ kind }) => kind),
  };
}

const RELOADED = { kind: "reloaded", removed: true } as FolderChangeResult;

test("what changed while Envoy was started is taken at once", async () => {
  const it = reloading(
    () => compilation("second"),
    async () => RELOADED,
  );
  it.outdate();
  await it.reloader.start();
  await vi.waitFor(() => expect(it.kinds()).toEqual(["diagnostics", "reloaded"]));
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
  await vi.waitFor(() => expect(it.kinds()).toEqual(["diagnostics", "refused"]));
  expect(take).not.toHaveBeenCalled();
  await it.reloader.close();
});

test.each([
  { kind: "unchanged" },
  { kind: "restartNeeded" },
  { kind: "rejected", step: "rules", words: ["no such cluster"] },
] as const)("what Envoy makes of a change is told: $kind", async (result) => {
  const it = reloading(
    () => compilation("second"),
    async () => result,
  );
  await it.reloader.start();
  it.change();
  await vi.waitFor(() => expect(it.events.at(-1)).toEqual(result));
  await it.reloader.close();
});

test("a mistake of ours is told with its error, and the next change is taken", async () => {
  const mistake = new TypeError("undefined is not a function");
  const take = vi.fn(async () => RELOADED).mockRejectedValueOnce(mistake);
  const it = reloading(() => compilation("second"), take);
  await it.reloader.start();
  it.change();
  await vi.waitFor(() => expect(it.events.at(-1)).toEqual({ kind: "failed", error: mistake }));
  it.change();
  await vi.waitFor(() => expect(it.kinds().at(-1)).toBe("reloaded"));
  await it.reloader.close();
});

test("changes that come while one is taken hurry it, and are one change after it", async () => {
  let first = true;
  const hurried = vi.fn();
  const it = reloading(
    () => compilation("second"),
    async ({ hurry }) => {
      if (first) {
        first = false;
        await new Promise((resolve) => hurry!.addEventListener("abort", resolve));
        hurried();
      }
      return RELOADED;
    },
  );
  await it.reloader.start();
  it.change();
  await vi.waitFor(() => expect(it.kinds()).toEqual(["diagnostics"]));
  it.change();
  it.change();
  await vi.waitFor(() => expect(it.kinds().filter((kind) => kind === "reloaded")).toHaveLength(2));
  await it.reloader.close();
  expect(hurried).toHaveBeenCalledOnce();
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
  await vi.waitFor(() => expect(it.kinds()).toEqual(["diagnostics"]));
  await it.reloader.close();
  expect(ended).toBe(true);
  expect(it.kinds()).toEqual(["diagnostics"]);
});
