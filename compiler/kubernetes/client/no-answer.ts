/** Why no answer came from an API server, as one line for whoever can mend it. */

import { EnvironmentError } from "../../platform/error.ts";
import type { ClusterAccess } from "../credentials/cluster-access.ts";

/** An error of Node's sockets, names and TLS, in words. What it knows nothing of keeps its own message. */
export function noAnswer(error: unknown, access: ClusterAccess): EnvironmentError {
  if (error instanceof EnvironmentError) {
    return error;
  }
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  const why = REASONS[code]?.(access) ?? TLS_REASONS[code]?.(access) ?? plainReason(code, message);
  return new EnvironmentError(
    `no answer from the API server ${access.server.origin} (${access.origin}): ${why}`,
    [],
    {
      cause: error,
    },
  );
}

type Reason = (access: ClusterAccess) => string;

const REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: () => "connection refused; is it running, and is the address right?",
  ENOTFOUND: ({ server }) => `the name "${server.hostname}" cannot be resolved; is it spelled right?`,
  EAI_AGAIN: ({ server }) =>
    `the name "${server.hostname}" cannot be resolved now; is the name server reachable?`,
  ETIMEDOUT: () => "it does not answer in time; is a firewall or a VPN in the way?",
  EHOSTUNREACH: () => "there is no route to its host; is the network or the VPN up?",
  ENETUNREACH: () => "there is no route to its network; is the network or the VPN up?",
  ECONNRESET: () => "the connection was cut",
  EPIPE: () => "the connection was cut",
  EPROTO: ({ server }) =>
    server.protocol === "https:"
      ? "what answers does not speak TLS; is it http:// on this port, or is a proxy in between?"
      : "what answers does not speak HTTP",
};

const TLS_REASONS: Readonly<Record<string, Reason>> = {
  CERT_HAS_EXPIRED: () =>
    "its certificate has expired; renew it, or look whether this machine's clock is right",
  CERT_NOT_YET_VALID: () => "its certificate is not valid yet; is this machine's clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: ({ server, serverName }) =>
    `its certificate is for other names than "${serverName ?? server.hostname}"; use one of its names as \`server\`, or write it as \`tls-server-name\``,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: () => "it asks for a client certificate, and none is named",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: () => "it refuses the client certificate, which has expired",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: () => "it refuses the client certificate, whose authority it does not know",
  ERR_SSL_WRONG_VERSION_NUMBER: () =>
    "what answers does not speak TLS; is it http:// on this port, or is a proxy in between?",
};

function unknownAuthority(): string {
  return "its certificate is of an authority that is not known here; name that authority's certificate as `certificate-authority`; or is a proxy in between?";
}

function plainReason(code: string, message: string): string {
  const text = message.replace(/\s+/g, " ").slice(0, 300);
  return code === "" || text.includes(code) ? text : `${text} (${code})`;
}
