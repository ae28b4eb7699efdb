/** What an API server says differently each time, made the same each time: what remains is what it means. */

const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
const UID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
const VERSION = /(\\?"resourceVersion\\?":\s*\\?"|resourceVersion=)(\d{2,})/g;
/** The oldest version that a server still has in memory: what it wrote when its watch began is chance. */
const OLDEST = /(too old resource version: \d+) \(\d+\)/g;
const TOKEN = /(\\?"continue\\?":\s*\\?")[^"\\]+/g;
/** The lowest version that is left. */
const FIRST = 1002;

/** Numbers of versions and of objects keep their order, and which are the same. */
export function normalized<T>(answers: T): T {
  const text = JSON.stringify(answers);
  const versions = [...new Set([...text.matchAll(VERSION)].map((match) => Number(match[2])))].sort(
    (a, b) => a - b,
  );
  const uids = [...new Set(text.match(UID))];
  return JSON.parse(
    text
      .replace(TIME, "2026-01-01T00:00:00Z")
      .replace(UID, (uid) => `00000000-0000-4000-8000-${String(uids.indexOf(uid) + 1).padStart(12, "0")}`)
      .replace(VERSION, (_, before, version) => `${before}${FIRST + versions.indexOf(Number(version))}`)
      .replace(OLDEST, `$1 (${FIRST - 1})`)
      .replace(TOKEN, "$1TOKEN"),
  );
}
