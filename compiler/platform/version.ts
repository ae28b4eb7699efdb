/** Which Envoys Sluice works with, and how a version is read from what `envoy --version` prints. */

// JSON, since scripts that run before anything is built read it, too (scripts/envoy-versions.mjs).
import versions from "./envoy-versions.json" with { type: "json" };

export interface EnvoyVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `-dev` and the like; empty for a release. */
  readonly suffix: string;
}

/** The oldest Envoy that the tests run against. */
export const OLDEST_ENVOY: string = versions.oldest;
/** The newest one, which is also the wheel that is installed. */
export const NEWEST_ENVOY: string = versions.newest;

/** How the range is said to people: `1.36.2 to 1.40.x`. */
export const SUPPORTED_ENVOYS = `${OLDEST_ENVOY} to ${NEWEST_ENVOY.replace(/\d+$/, "x")}`;

/** Reads the version out of `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`. */
export function readVersionOutput(output: string): EnvoyVersion | undefined {
  const match = /\bversion:\s+[^/\s]*\/([^/\s]+)\//.exec(output);
  return match === null ? undefined : parseVersion(match[1]!);
}

export function parseVersion(text: string): EnvoyVersion | undefined {
  const match = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})([-+][0-9A-Za-z.-]+)?$/.exec(text.trim());
  if (match === null) {
    return undefined;
  }
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3]),
    suffix: match[4] ?? "",
  };
}

export function formatVersion(version: EnvoyVersion): string {
  return `${version.major}.${version.minor}.${version.patch}${version.suffix}`;
}

/** Whether a release is that one, or came after it. Both as `1.40.0`. */
export function isAtLeast(version: string, first: string): boolean {
  const [a, b] = [parseVersion(version), parseVersion(first)];
  if (a === undefined || b === undefined) {
    return false;
  }
  const ahead = [a.major - b.major, a.minor - b.minor, a.patch - b.patch].find((by) => by !== 0) ?? 0;
  return ahead >= 0;
}

/** From the oldest tested patch to any patch of the newest tested minor. */
export function isSupported(version: EnvoyVersion): boolean {
  const oldest = parseVersion(OLDEST_ENVOY)!;
  const newest = parseVersion(NEWEST_ENVOY)!;
  if (version.major !== oldest.major || version.minor > newest.minor || version.minor < oldest.minor) {
    return false;
  }
  return version.minor > oldest.minor || version.patch >= oldest.patch;
}
