/** `envoy.config.core.v3.Node` as the first request of a stream has it, without the list of Envoy's extensions. */

export interface RequestNode {
  readonly id: string;
  readonly cluster: string;
  readonly locality?: { readonly region: string; readonly zone: string; readonly subZone: string };
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Of the client's Envoy, such as `1.40.0`. */
  readonly version?: string;
}
