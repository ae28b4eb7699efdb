/** The authorities that the machine trusts, where Debian, Ubuntu and Envoy's images have them. */
export const SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";
