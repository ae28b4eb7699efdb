/**
 * Where an Envoy reads what it is told: the only thing that differs between one way to deliver a configuration and
 * another. Emitters ask here, and know neither files nor streams.
 */

/** What Envoy can ask for by name, when somebody names it. Listeners and clusters it asks for as a whole. */
export type DiscoveredType = "endpoints" | "routes" | "extension" | "secret";

export interface Places {
  /** Where all listeners come from, and all clusters. */
  readonly listeners: ConfigSource;
  readonly clusters: ConfigSource;
  /**
   * Where a resource comes from. `undefined`: it stands inside of whatever uses it. What is used together is treated
   * alike: the certificates of one TLS context, the routes and the program of one listener.
   */
  sourceOf(type: DiscoveredType, name: string): ConfigSource | undefined;
  /** How Envoy gets the filter's module. */
  readonly module: ModuleSource;
  /**
   * Whether listeners have the filters of CORS before any rule needs them. A connection keeps the filters that it was made with,
   * so where rules come while connections are open, they have to be there.
   */
  readonly filtersInAdvance: boolean;
  /** Who takes samples of requests. Absent: nobody. */
  readonly tap?: TapPlace;
}

/** Where samples of requests go, and what they are to have. */
export interface TapPlace {
  /** The cluster of the server that takes them. */
  readonly cluster: string;
  /** Headers whose values are wanted, in lower case. */
  readonly headers: readonly string[];
}

/** `envoy.config.core.v3.ConfigSource`. Of what kind it is, a delivery knows; emitters pass it on. */
export interface ConfigSource {
  readonly resource_api_version: "V3";
}

/** `envoy.config.core.v3.AsyncDataSource`: a file, or a URL with a digest. Passed on like a `ConfigSource`. */
export type ModuleSource = object;
