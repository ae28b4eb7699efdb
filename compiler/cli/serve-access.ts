/** The flags of `sluice serve` that say who may ask it, and where. */

import { type Command, Option } from "commander";
import { checkListening, type FleetHttp, ListenError, type ServeFleetOptions } from "../index.ts";
import { UsageError } from "./exit.ts";

/** Where `sluice fleet` looks for a server unless told. */
export const DEFAULT_HTTP = "127.0.0.1:15014";

export interface AccessFlags {
  readonly http: string;
  readonly httpName?: readonly string[];
  readonly httpTokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly tokenFile?: string;
  readonly clients?: string;
  readonly plainText?: true;
  readonly ruleMetrics?: "on" | "off";
}

export interface Access extends Pick<ServeFleetOptions, "identity" | "allowPlainText"> {
  readonly http?: Omit<FleetHttp, "telemetry">;
}

const GROUP = "Who may ask:";

export function addAccessOptions(command: Command): Command {
  const options = [
    new Option("--tls-cert <file>", "certificate chain of the server, PEM; read again when it changes"),
    new Option("--tls-key <file>", "private key of that certificate"),
    new Option(
      "--tls-client-ca <file>",
      "certificates of the authorities that clients' certificates must be of",
    ),
    new Option("--token-file <file>", "tokens, one a line: whoever has one may be any proxy"),
    new Option("--clients <file>", "which client may claim which namespaces, labels and ids"),
    new Option("--plain-text", "serve other machines without TLS, since the network itself encrypts"),
    new Option("--http <addr:port>", "where health, metrics and the HTTP API are; off for nowhere").default(
      DEFAULT_HTTP,
    ),
    new Option(
      "--http-token-file <file>",
      "tokens with which the fleet may be changed over HTTP (default: those of --token-file)",
    ),
    new Option("--http-name <name>", "DNS name by which clients ask, beside addresses; repeatable").argParser(
      (value: string, previous: readonly string[] = []) => [...previous, value],
    ),
    new Option(
      "--rule-metrics <when>",
      "show in /metrics what rules have counted at all proxies, a series for each rule and cluster (default: on)",
    ).choices(["on", "off"]),
  ];
  for (const option of options) {
    command.addOption(option.helpGroup(GROUP));
  }
  return command;
}

export function readAccess(flags: AccessFlags & { readonly listen: string }): Access {
  const {
    tlsCert,
    tlsKey,
    tlsClientCa,
    tokenFile,
    clients,
    httpTokenFile,
    plainText,
    http,
    httpName,
    ruleMetrics,
  } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key belong together; name both");
  }
  if (tlsClientCa !== undefined && tlsCert === undefined) {
    throw new UsageError("--tls-client-ca needs --tls-cert and --tls-key");
  }
  const access: Access = {
    identity: {
      ...(tlsCert !== undefined && { certificate: tlsCert }),
      ...(tlsKey !== undefined && { key: tlsKey }),
      ...(tlsClientCa !== undefined && { clientCa: tlsClientCa }),
      ...(tokenFile !== undefined && { tokens: tokenFile }),
      ...(clients !== undefined && { clients }),
      ...(httpTokenFile !== undefined && { httpTokens: httpTokenFile }),
    },
    allowPlainText: plainText ?? false,
    ...(http !== "off" && {
      http: {
        listen: http,
        ...(ruleMetrics !== undefined && { ruleMetrics: ruleMetrics === "on" }),
        ...(httpName !== undefined && { names: httpName.map((name) => name.toLowerCase()) }),
      },
    }),
  };
  try {
    checkListening({ listen: flags.listen, ...access });
  } catch (error) {
    throw error instanceof ListenError ? new UsageError(error.message) : error;
  }
  return access;
}
