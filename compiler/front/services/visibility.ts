/** `exportTo`: the namespaces whose proxies see a resource. */

/**
 * How widely a resource that this namespace sees is exported; the private one is tried before the public one
 * where several speak of one host. `undefined`: not seen from there.
 */
export type Exposure = "private" | "exported" | "public";

export const EXPOSURES: readonly Exposure[] = ["private", "exported", "public"];

/** `*` wins over every other entry, `~` over all but that one; none at all means `*`. */
export function exposure(
  exportTo: readonly string[] | undefined,
  owner: string,
  viewer: string,
): Exposure | undefined {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes("*")) {
    return "public";
  }
  if (exportTo.includes("~")) {
    return undefined;
  }
  if (viewer === owner) {
    return exportTo.includes(".") || exportTo.includes(owner) ? "private" : undefined;
  }
  return exportTo.includes(viewer) ? "exported" : undefined;
}
