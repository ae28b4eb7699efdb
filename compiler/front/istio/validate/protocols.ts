/** Port protocols as Istio names them, upper and lower case alike. */

export const PROTOCOLS = [
  "HTTP",
  "HTTP2",
  "GRPC",
  "GRPC-WEB",
  "HTTPS",
  "TLS",
  "TCP",
  "UDP",
  "MONGO",
  "REDIS",
  "MYSQL",
  "HTTP_PROXY",
];

/** An undeclared protocol is known where it may be detected. */
export function isKnownProtocol(protocol: string, declared: boolean): boolean {
  return protocol === "" ? !declared : PROTOCOLS.includes(protocol.toUpperCase());
}

export function isHttp(protocol: string | undefined): boolean {
  return ["HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY"].includes((protocol ?? "").toUpperCase());
}

/** What is routed by connections. An undeclared protocol is none of them, and UDP is not, either. */
export function isTcp(protocol: string | undefined): boolean {
  return ["TCP", "HTTPS", "TLS", "MONGO", "REDIS", "MYSQL"].includes((protocol ?? "").toUpperCase());
}

export function isTls(protocol: string | undefined): boolean {
  return ["HTTPS", "TLS"].includes((protocol ?? "").toUpperCase());
}
