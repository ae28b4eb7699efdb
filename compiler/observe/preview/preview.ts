/** What a change of rules would do, before it is applied: requests that show each difference, and the last sampled ones decided again. */

import { diffConfigs } from "../../answers/diff/diff.ts";
import { headersReadBy } from "../../back/headers-read.ts";
import type { Compilation } from "../../compile.ts";
import type { Config } from "../../ir/ir.ts";
import type { SampledRequest } from "../tap/read-sample.ts";
import { Decider } from "./decider.ts";
import { type Replay, replay } from "./replay.ts";
import { type ShownDecision, shownDecision } from "./shown-decision.ts";
import { Turns } from "./turns.ts";

export interface ChangePreview {
  /** One request for each way in which the rules decide differently; at most 20. */
  readonly witnesses: readonly ShownDecision[];
  /** How many ways there are. */
  readonly differences: number;
  /** Why there may be more. Absent: there are none. */
  readonly incomplete?: string;
  /** Absent: no request was sampled. */
  readonly replay?: Replay & {
    /** Headers that the change reads and samples do not have: those requests are decided as if they had none of them. */
    readonly unseen: readonly string[];
  };
}

export interface PreviewOptions {
  /** The filter. */
  readonly module: WebAssembly.Module;
  readonly samples: readonly SampledRequest[];
  /** Whose values samples have. */
  readonly sampledHeaders: readonly string[];
  /** Nobody wants it any more. */
  readonly signal: AbortSignal;
}

const MOST_WITNESSES = 20;
/** Comparing takes longer the more rules there are, and a proxy is served meanwhile: `sluice diff` takes its time. */
const MOST_ROUTES = 4_000;
/** Of each host; see `DiffOptions`. */
const MAX_WORK = 20_000;

/** Throws the signal's reason once it is aborted. */
export async function previewOf(
  before: Compilation,
  after: Compilation,
  { module, samples, sampledHeaders, signal }: PreviewOptions,
): Promise<ChangePreview> {
  const turns = new Turns(signal);
  await turns.now();
  const decided =
    samples.length === 0
      ? undefined
      : await replay(samples, new Decider(module, before), new Decider(module, after), turns);
  const compared = await compare(before.config, after.config, turns);
  return {
    ...compared,
    ...(decided !== undefined && {
      replay: {
        ...decided,
        unseen: headersReadBy(after.config).filter((name) => !sampledHeaders.includes(name)),
      },
    }),
  };
}

/** Listener by listener, so that others have their turn. */
async function compare(
  before: Config,
  after: Config,
  turns: Turns,
): Promise<Pick<ChangePreview, "witnesses" | "differences" | "incomplete">> {
  if (routesOf(before) + routesOf(after) > MOST_ROUTES) {
    const incomplete = `more than ${MOST_ROUTES} rules are not compared while they serve; sluice diff compares them`;
    return { witnesses: [], differences: 0, incomplete };
  }
  const witnesses: ShownDecision[] = [];
  let differences = 0;
  let isCut = false;
  for (const listener of after.listeners) {
    await turns.now();
    const found = diffConfigs(
      { ...before, listeners: before.listeners.filter(({ name }) => name === listener.name) },
      { ...after, listeners: [listener] },
      { maxWork: MAX_WORK },
    );
    differences += found.differences.length;
    isCut ||= found.cuts.length > 0;
    for (const { request, before: was, after: is } of found.differences) {
      if (witnesses.length < MOST_WITNESSES) {
        witnesses.push(shownDecision(request, was, is));
      }
    }
  }
  return {
    witnesses,
    differences,
    ...(isCut && {
      incomplete: "rules have too many combinations to compare while they serve; sluice diff goes on",
    }),
  };
}

function routesOf({ listeners }: Config): number {
  return listeners
    .flatMap(({ routes }) => routes.virtualHosts)
    .reduce((sum, { routes }) => sum + routes.length, 0);
}
