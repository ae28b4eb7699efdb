/** The protocols of a Gateway's server in which HTTP is read. */

const PLAIN_HTTP = new Set(["HTTP", "HTTP2", "GRPC", "GRPC-WEB"]);

export function isPlainHttp(protocol: unknown): boolean {
  return typeof protocol === "string" && PLAIN_HTTP.has(protocol.toUpperCase());
}

/** A server's protocol that is HTTP behind TLS. */
export function isHttps(protocol: unknown): boolean {
  return typeof protocol === "string" && protocol.toUpperCase() === "HTTPS";
}
