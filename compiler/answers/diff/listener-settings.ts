/** What a listener does to all of its requests and responses, whichever rule decides. A table: what is added to it is compared. */

import type { Config, Listener } from "../../ir/ir.ts";

export interface SettingChange {
  readonly listener: string;
  /** As people call it. */
  readonly setting: string;
  /** Absent: the listener has none. */
  readonly before?: string;
  readonly after?: string;
}

/** Each as it is shown; undefined where a listener has none. */
const SETTINGS: Readonly<Record<string, (listener: Listener) => string | undefined>> = {
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
  const old = new Map(before.listeners.map((listener) => [listener.name, listener]));
  return after.listeners.flatMap((listener) => {
    const other = old.get(listener.name);
    return other === undefined ? [] : changesOf(other, listener);
  });
}

function changesOf(old: Listener, now: Listener): SettingChange[] {
  return Object.entries(SETTINGS).flatMap(([setting, textOf]) => {
    const [before, after] = [textOf(old), textOf(now)];
    return before === after
      ? []
      : [
          {
            listener: now.name,
            setting,
            ...(before !== undefined && { before }),
            ...(after !== undefined && { after }),
          },
        ];
  });
}
