/** The claims of a token: JSON, as the token has it. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Claims {
  readonly [name: string]: Json;
}

/**
 * The texts that a condition on a claim is compared with: that of a claim that is one, or those in a list. `path`: from the outside
 * in. Numbers, booleans and nulls are not compared at all, as in Envoy.
 */
export function claimTexts(claims: Claims, path: readonly string[]): readonly string[] {
  let value: Json | undefined = claims;
  for (const name of path) {
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  const all: readonly (Json | undefined)[] = Array.isArray(value) ? value : [value];
  return all.filter((one) => typeof one === "string");
}

function isObject(value: Json | undefined): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands in a text, if it is a JSON object; `undefined` for anything else. */
export function parseClaims(text: string): Claims | undefined {
  try {
    const parsed = JSON.parse(text) as Json;
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
