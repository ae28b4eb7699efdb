/**
 * What the filter is configured with where others write Envoy's routes: the program in JSON, which is all that their
 * policies take. `filter/guest.ts` reads it.
 */

export interface GuestConfiguration {
  /** The routing program, in base64url: none of its characters is ever escaped in JSON. */
  readonly program: string;
}

export function guestConfiguration(blob: Uint8Array): GuestConfiguration {
  return { program: Buffer.from(blob).toString("base64url") };
}
