/** `POST /v1/tap`: a tap of a running session, through its door. It is closed with the connection. */

import { HttpError } from "../../http/http-error.ts";
import { LONGEST_TAP_MS, MOST_PER_SECOND, type Tap, type TapQuestion } from "../tap/tap.ts";
import { TapError } from "../tap/tap-error.ts";
import { tapLines } from "../tap/tap-lines.ts";
import type { DoorRoute } from "./route.ts";

/** The body is a `TapQuestion`, the answer one `TapLine` after another. Without a tap, what the run was started with is said. */
export function tapRoute(tap: Pick<Tap, "open"> | undefined): DoorRoute {
  return {
    method: "POST",
    path: "/v1/tap",
    async answer({ body, signal }) {
      if (tap === undefined) {
        throw new HttpError(409, "this run was started with --no-tap, so its requests cannot be sampled");
      }
      try {
        return { lines: await tapLines(tap, readQuestion(body), signal) };
      } catch (error) {
        throw error instanceof TapError ? new HttpError(400, error.message) : error;
      }
    },
  };
}

const MOST: Readonly<Record<"percent" | "mostPerSecond" | "forMs", number>> = {
  percent: 100,
  mostPerSecond: MOST_PER_SECOND,
  forMs: LONGEST_TAP_MS,
};
const TEXTS = ["rule", "status"] as const;

/** Throws a `HttpError` that names the field. */
export function readQuestion(body: unknown): TapQuestion {
  const given: Readonly<Record<string, unknown>> = Object(body ?? {});
  for (const [field, most] of Object.entries(MOST)) {
    const value = given[field];
    if (value !== undefined && !(typeof value === "number" && value > 0 && value <= most)) {
      throw new HttpError(400, `\`${field}\` has to be a number above 0, at most ${most}`);
    }
  }
  for (const field of TEXTS) {
    if (given[field] !== undefined && typeof given[field] !== "string") {
      throw new HttpError(400, `\`${field}\` has to be a text`);
    }
  }
  const known: readonly string[] = [...Object.keys(MOST), ...TEXTS];
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new HttpError(400, `unknown field \`${unknown}\`; there are ${known.join(", ")}`);
  }
  return given as TapQuestion;
}
