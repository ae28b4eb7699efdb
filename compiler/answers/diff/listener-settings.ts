/** What a listener does to all of its requests and responses, whichever rule decides. A table: what is added to it is compared. */

import type { Config, Listener } from "../../ir/ir.ts";
import { changesBy, type Settings } from "./settings.ts";

export interface SettingChange {
  readonly listener: string;
  /** As people call it. */
  readonly setting: string;
  /** Absent: the listener has none. */
  readonly before?: string;
  readonly after?: string;
}

const SETTINGS: Settings<Listener> = {
  "error pages": ({ errorPages }) =>
    errorPages
      ?.map(({ statuses, contentType, body }) => {
        const ranges = statuses.map(({ least, most }) => (least === most ? least : `${least}-${most}`));
        const text = body.map((part) => (typeof part === "string" ? part : `%${part.variable}%`));
        return `${ranges.join(", ")} ${contentType}: ${text.join("")}`;
      })
      .join("; "),
  compression: ({ compression }) =>
    compression &&
    `${compression.algorithms.join(", ")} from ${compression.minimumBytes} bytes of ${compression.contentTypes.join(", ")}`,
};

/** Of listeners that both sides have. */
export function changedSettings(before: Config, after: Config): SettingChange[] {
  return changesBy(SETTINGS, before.listeners, after.listeners).map(({ name, ...change }) => ({
    listener: name,
    ...change,
  }));
}
