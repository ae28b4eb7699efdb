/** The flags that say how a change of rules reaches a fleet, and what they become. */

import { parseDuration } from "../front/resources/schema/duration.ts";
import { atOnce, DEFAULT_PLAN, parseWaves, type RolloutPlan, WaveError } from "../index.ts";
import { labels } from "../options/kinds.ts";
import { UsageError } from "./exit.ts";

export interface PlanFlags {
  readonly waves?: string;
  readonly bake?: string;
  readonly canaryLabels?: string;
  readonly max5xx?: string;
  readonly now?: boolean;
}

const LONGEST_BAKE_MS = 7 * 86_400_000;

export function readPlan({ waves, bake, canaryLabels, max5xx, now }: PlanFlags): RolloutPlan {
  const plan: RolloutPlan = {
    ...DEFAULT_PLAN,
    ...(waves !== undefined && { waves: readWaves(waves) }),
    ...(bake !== undefined && { bakeMs: readBake(bake) }),
    ...(canaryLabels !== undefined && { canaryLabels: readLabels(canaryLabels) }),
    ...(max5xx !== undefined && { max5xx: readShare(max5xx) }),
  };
  return now ? atOnce(plan) : plan;
}

function readWaves(text: string): readonly string[] {
  try {
    return parseWaves(text);
  } catch (error) {
    throw error instanceof WaveError ? new UsageError(`--waves: ${error.message}`) : error;
  }
}

function readBake(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0 || ms > LONGEST_BAKE_MS) {
    throw new UsageError(`--bake: "${text}" is not valid; use a number and a unit, such as 30s, up to 168h`);
  }
  return ms;
}

function readLabels(text: string): Readonly<Record<string, string>> {
  return labels.read(text, (message) => {
    throw new UsageError(`--canary-labels: ${message}`);
  });
}

function readShare(text: string): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined || Number(percent) > 100) {
    throw new UsageError(`--max-5xx: "${text}" is not valid; use a percentage, such as 0.5%`);
  }
  return Number(percent) / 100;
}
