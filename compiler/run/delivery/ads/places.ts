/**
 * Where an Envoy reads what it is told when it is told by a stream (ADS): everything that can be asked for by name has a name,
 * however many there are, and the stream brings the filter's module along with its program.
 */

import type { ConfigSource, Places } from "../../../back/xds/places.ts";

export interface StreamSource extends ConfigSource {
  readonly ads: object;
  readonly initial_fetch_timeout: string;
}

/** Rather than serve without its rules, a listener waits for them: the stream gives up a step that takes too long. */
export const STREAM: StreamSource = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };

/** `module` is the filter's. */
export function adsPlaces(module: Uint8Array): Places {
  return {
    listeners: STREAM,
    clusters: STREAM,
    sourceOf: () => STREAM,
    filtersInAdvance: true,
    module: { local: { inline_bytes: Buffer.from(module).toString("base64") } },
  };
}
