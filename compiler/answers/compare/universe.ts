/**
 * Which texts a rule can be asked about at all: what Envoy lets through to the filter. Without it, a difference might be
 * shown by a request that nobody can send. Expressions of RE2, over bytes.
 */

import type { PathNormalization } from "../../options.ts";

/** No `?`, `#`, blank or control character, nor what Envoy escapes; the percent sign is apart. */
const PATH_CHARACTER = "[!$&'()*+,\\-0-9:;=@A-Z\\[\\]_a-z~]";
/** Escapes that normalisation leaves: of no letter, digit, `-`, `.`, `_` or `~`, and not NUL. */
const ESCAPE =
  "%(?:0[1-9A-Fa-f]|1[0-9A-Fa-f]|2[0-9A-Ca-cFf]|3[A-Fa-f]|40|5[B-Eb-e]|60|7[B-Db-dFf]|[89A-Fa-f][0-9A-Fa-f])";
/** An escape that is none stays as it is. */
const BROKEN_ESCAPE = "%[G-Zg-z!$&'()*+,\\-:;=@\\[\\]_~]";
const CHARACTER = `(?:${PATH_CHARACTER}|${ESCAPE}|${BROKEN_ESCAPE})`;
const WITH_DOT = `(?:${PATH_CHARACTER}|\\.|${ESCAPE}|${BROKEN_ESCAPE})`;
/** Neither `.` nor `..`, which are resolved. */
const SEGMENT = `(?:${CHARACTER}${WITH_DOT}*|\\.${CHARACTER}${WITH_DOT}*|\\.\\.${WITH_DOT}+)`;

const PATHS: Readonly<Record<PathNormalization, string>> = {
  NONE: '/[!-"$->@-~]*',
  BASE: `(?:/${SEGMENT}?)+`,
  MERGE_SLASHES: `/(?:${SEGMENT}/)*${SEGMENT}?`,
  DECODE_AND_MERGE_SLASHES: `/(?:${SEGMENT}/)*${SEGMENT}?`,
};

/** Without its query. */
export function pathUniverse(normalization: PathNormalization): string {
  return PATHS[normalization];
}

/** Also what an exact or prefix match may ask of a raw value, which Envoy does not decode. */
export const QUERY_VALUE = "[!-\"$%'-~]*";

/** Beyond ASCII: what is UTF-8. */
const HIGH =
  "[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|[\\xf1-\\xf3][\\x80-\\xbf]{3}";

/** Blanks around a value are no part of it. */
export const HEADER_VALUE = `(?:(?:[!-~]|${HIGH})(?:(?:[\\t -~]|${HIGH})*(?:[!-~]|${HIGH}))?)?`;

export const METHOD = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
export const SCHEME = "https?";
export const AUTHORITY = "[A-Za-z0-9._~:\\[\\]-]*";
