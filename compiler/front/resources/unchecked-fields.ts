/** Fields of documents that no schema has looked at: whoever reads one takes what it finds, and is never surprised. */

/** The value of a field; undefined where there is none. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === "object" && found !== null && Object.hasOwn(found, name)
        ? (found as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

/** The items of a list; none where it is no list. */
export function itemsOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = fieldOf(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts of a mapping, as labels are; none where it is no mapping. */
export function textsOf(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const found = fieldOf(value, ...path);
  return typeof found === "object" && found !== null && !Array.isArray(found)
    ? Object.fromEntries(Object.entries(found).map(([name, text]) => [name, String(text)]))
    : {};
}
