/** What two things of one name do otherwise, told setting by setting. */

interface Named {
  readonly name: string;
}

/** Each as it is shown; undefined where a thing has none. */
export type Settings<Thing> = Readonly<Record<string, (thing: Thing) => string | undefined>>;

/** A setting that is shown otherwise. Absent: there is none. */
export interface ChangedSetting {
  /** Of the thing. */
  readonly name: string;
  /** As people call it. */
  readonly setting: string;
  readonly before?: string;
  readonly after?: string;
}

/** Of the things that both sides have, in the order of `after`. */
export function changesBy<Thing extends Named>(
  settings: Settings<Thing>,
  before: readonly Thing[],
  after: readonly Thing[],
): ChangedSetting[] {
  const old = new Map(before.map((thing) => [thing.name, thing]));
  return after.flatMap((thing) => {
    const other = old.get(thing.name);
    // What did not change is mostly the same object.
    return other === undefined || other === thing ? [] : changesOf(settings, other, thing);
  });
}

function changesOf<Thing extends Named>(settings: Settings<Thing>, old: Thing, now: Thing): ChangedSetting[] {
  return Object.entries(settings).flatMap(([setting, textOf]) => {
    const [before, after] = [textOf(old), textOf(now)];
    return before === after
      ? []
      : [
          {
            name: now.name,
            setting,
            ...(before !== undefined && { before }),
            ...(after !== undefined && { after }),
          },
        ];
  });
}
