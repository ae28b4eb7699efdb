/**
 * What every HTTP server of the tests is made with. Node's own closes a connection that was idle for five seconds, and on a busy
 * machine that is just when an Envoy sends its next request over it: a 503 that is no mistake of anybody.
 */
export const KEPT_CONNECTIONS = { keepAliveTimeout: 0 } as const;
