/** One option, whole: everything that flags, `sluice.yaml`, its schema, help, documents and programs need of it. */

import type { Form, GivenByForm, OptionKind } from "./kinds.ts";

export interface OptionEntry<T, F extends Form = Form> {
  readonly kind: OptionKind<T, F>;
  readonly default: T;
  /** How `--help` calls the flag's value; kinds of the form `flag` have none. */
  readonly argument?: string;
  /** What it does, as `--help` says it: no capital, no stop. */
  readonly help: string;
  /** What its `--no-…` does, which a command has where it is on unless said. */
  readonly helpOff?: string;
  /** The same for `sluice.yaml`, where what is said of the flag does not hold. */
  readonly inFile?: string;
  /** Said in the place of a default that is not what holds in the end. */
  readonly defaultSaid?: string;
}

/** Options by the key that they have in `sluice.yaml` and in programs. */
export type OptionTable = Readonly<Record<string, OptionEntry<unknown>>>;

/** What a table's options are once they are read. */
export type ValuesOf<Table extends OptionTable> = {
  readonly [K in keyof Table]: Table[K] extends OptionEntry<infer T> ? T : never;
};

/** What flags or a file give of a table's options before they are read. */
export type GivenOf<Table extends OptionTable> = {
  readonly [K in keyof Table]?: GivenByForm[Table[K]["kind"]["form"]];
};

/** Has the compiler infer what an entry is, and hold its default to its kind. */
export function option<T, F extends Form>(
  kind: OptionKind<T, F>,
  rest: Omit<OptionEntry<NoInfer<T>, F>, "kind">,
): OptionEntry<T, F> {
  return { kind, ...rest };
}

/** `meshPort` → `--mesh-port` */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What holds when nothing is said, for people; undefined when there is nothing to say. */
export function defaultText<T>({ kind, defaultSaid, ...entry }: OptionEntry<T>, value = entry.default) {
  return defaultSaid ?? (kind.show?.(value) || undefined);
}

/** What it does, as a sentence that holds for `sluice.yaml`. */
export function description({ help, inFile = help }: OptionEntry<unknown>): string {
  return `${inFile[0]!.toUpperCase()}${inFile.slice(1)}.`;
}

export function defaultsOf<Table extends OptionTable>(table: Table): ValuesOf<Table> {
  return mapTable(table, (entry) => entry.default) as ValuesOf<Table>;
}

/** One result for each option, under its key. */
export function mapTable<T>(
  table: OptionTable,
  make: (entry: OptionEntry<unknown>, key: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(table).map(([key, entry]) => [key, make(entry, key)]));
}
