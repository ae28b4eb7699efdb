/**
 * The bootstrap with which a stock Envoy joins a fleet: where its servers are and how it proves who it is, what it says of itself,
 * and its own admin interface. Everything else it is told.
 */

import path from "node:path";
import { emitAdminInterface } from "../../back/xds/admin-interface.ts";
import { emitBootstrap } from "../../back/xds/bootstrap.ts";
import { printJson } from "../../back/xds/json.ts";
import type { ConfigSource } from "../../back/xds/places.ts";
import type { Extension } from "../../back/xds/protobuf.ts";
import { emitSecret } from "../../back/xds/secrets.ts";
import { emitClientTls } from "../../back/xds/tls.ts";
import { Confidential } from "../../ir/confidential.ts";
import type { Secret } from "../../ir/ir.ts";
import type { PortMap } from "../../options/port-map.ts";
import { ADS_CLUSTER, adsBootstrap, type ServerAddress } from "../../run/delivery/ads/bootstrap.ts";
import { STREAM } from "../../run/delivery/ads/places.ts";
import { adminSocketOf } from "../../run/delivery/folder/build.ts";
import type { FileContents, OutputFiles } from "../../run/delivery/output-files.ts";
import { checkNames, wrong } from "../../wrong-call.ts";
import { readTokens, TokenFileError } from "../identity/tokens.ts";
import { statsSink } from "../signal/stats-sink.ts";
import { type FleetBootstrapOptions, JOIN_OPTIONS, type JoinOptions } from "./options.ts";
import { joinProblem } from "./problem.ts";
import { parseServerAddress } from "./server-address.ts";

const AUTHORITY = "sluice_ads_authority";
const CERTIFICATE = "sluice_ads_certificate";
const DEFAULT_FILE = "/etc/envoy/envoy.json";

/**
 * The files by their names, that of the bootstrap first; those of certificates lie beside it. What has a token in it is
 * `Confidential`. Throws a `TypeError` that names the option.
 */
export function fleetBootstrap(options: FleetBootstrapOptions): OutputFiles {
  check(options);
  const { server, token, file = DEFAULT_FILE, ...join } = options;
  const servers = (typeof server === "string" ? [server] : server).map(parseServerAddress);
  const secrets = secretsOf(join, path.posix.dirname(file), path.posix.basename(file, ".json"));
  const initialMetadata = token === undefined ? [] : [{ key: "authorization", value: `Bearer ${token}` }];
  const text = printJson({
    ...adsBootstrap(
      {
        ...emitBootstrap({
          places: { listeners: STREAM, clusters: STREAM },
          overload: {
            memoryLimit: join.memoryLimit ?? JOIN_OPTIONS.memoryLimit.default,
            maxConnections: join.maxConnections ?? JOIN_OPTIONS.maxConnections.default,
          },
        }),
        ...emitAdminInterface({
          socket: adminSocketOf({ adminSocket: join.adminSocket ?? "" }, `${file}#${join.id ?? ""}`),
          adminPort: join.adminPort ?? 0,
          readyPort: join.readyPort ?? 0,
          metricsPort: join.metricsPort ?? 0,
          listenAddress: join.listenAddress ?? JOIN_OPTIONS.listenAddress.default,
        }),
      },
      {
        servers,
        ...(join.tlsCa !== undefined && { transportSocket: tlsTo(servers, join.tlsServerName, secrets) }),
        initialMetadata,
      },
    ),
    ...statsSink({
      ...(join.id !== undefined && { proxyId: join.id }),
      clusterName: ADS_CLUSTER,
      initialMetadata,
      countsRules: (join.reports ?? JOIN_OPTIONS.reports.default) === "rules",
      intervalMs: (join.reportInterval ?? JOIN_OPTIONS.reportInterval.default) * 1000,
    }),
    node: nodeOf(join),
  });
  return new Map<string, FileContents>([
    [path.posix.basename(file), token === undefined ? text : new Confidential(text)],
    ...secrets.map(({ secret, name }): [string, FileContents] => [
      name,
      printJson({ resources: [emitSecret(secret)] }),
    ]),
  ]);
}

/** `envoy.config.core.v3.Node`; what is not claimed is left out, and the server's own options hold. */
function nodeOf({ id, cluster, labels, namespace, locality, ...claims }: JoinOptions): object {
  const [region, zone, sub_zone] = locality ? locality.split("/") : [];
  return {
    ...(id !== undefined && { id }),
    cluster: cluster ?? JOIN_OPTIONS.cluster.default,
    ...(region !== undefined && { locality: { region, zone, sub_zone } }),
    metadata: {
      NAMESPACE: namespace,
      LABELS: labels,
      TARGET: claims.target,
      LISTEN_ADDRESS: claims.listenAddress,
      PORT_MAP: claims.portMap && portMapClaim(claims.portMap),
      MESH_PORT: claims.meshPort,
      MESH_LISTENERS: claims.meshListeners,
    },
  };
}

function portMapClaim(map: PortMap): Readonly<Record<string, number>> {
  return Object.fromEntries([...map].map(([from, to]) => [String(from), to]));
}

interface SecretFile {
  readonly secret: Secret;
  readonly name: string;
  readonly source: ConfigSource;
}

/** Envoy follows certificates that change only where it asks for them (SDS), so each has a file that names the PEM files. */
function secretsOf({ tlsCa, tlsCert, tlsKey }: JoinOptions, directory: string, stem: string): SecretFile[] {
  const made = (secret: Secret, what: string): SecretFile => {
    const name = `${stem}.${what}.json`;
    const path_config_source = { path: path.posix.join(directory, name) };
    return { secret, name, source: { resource_api_version: "V3", path_config_source } as ConfigSource };
  };
  const authority = tlsCa === undefined ? undefined : ({ kind: "authority", trusted: tlsCa } as const);
  const certificate =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : ({ kind: "certificate", chain: tlsCert, key: new Confidential(tlsKey) } as const);
  return [
    ...(authority ? [made({ name: AUTHORITY, content: authority, inFiles: true }, "authority")] : []),
    ...(certificate ? [made({ name: CERTIFICATE, content: certificate, inFiles: true }, "certificate")] : []),
  ];
}

function tlsTo(
  servers: readonly ServerAddress[],
  serverName: string | undefined,
  secrets: readonly SecretFile[],
): Extension {
  const names = serverName === undefined ? servers.map(({ address }) => address) : [serverName];
  const sources = new Map(secrets.map(({ secret, source }) => [secret.name, source]));
  const sni =
    names.length === 1 && /[a-z]/i.test(names[0]!) && !/[:/]/.test(names[0]!) ? names[0] : undefined;
  return emitClientTls(
    {
      subjectAltNames: names,
      authority: AUTHORITY,
      ...(sources.has(CERTIFICATE) && { certificate: CERTIFICATE }),
      ...(sni !== undefined && { sni }),
    },
    {
      places: { sourceOf: (_, name) => sources.get(name) },
      secrets: new Map(secrets.map(({ secret }) => [secret.name, secret])),
    },
  );
}

const CALL = "fleetBootstrap";

function check(options: FleetBootstrapOptions): void {
  checkNames(CALL, options, ["server", "token", "file", ...Object.keys(JOIN_OPTIONS)]);
  for (const [name, { kind }] of Object.entries(JOIN_OPTIONS)) {
    const value = options[name as keyof JoinOptions];
    if (value !== undefined && !kind.accepts(value)) {
      throw wrong(`${CALL}: ${name}`, kind.expected, value);
    }
  }
  const { server, token, file } = options;
  if (file !== undefined && !path.posix.isAbsolute(file)) {
    throw wrong(`${CALL}: file`, "an absolute path", file);
  }
  if (
    typeof server !== "string" &&
    !(Array.isArray(server) && server.every((one) => typeof one === "string"))
  ) {
    throw wrong(`${CALL}: server`, "an address and a port, or a list of them", server);
  }
  if (token !== undefined) {
    checkToken(token);
  }
  const problem = joinProblem(options, (name) => name);
  if (problem !== undefined) {
    throw new TypeError(`${CALL}: ${problem}`);
  }
}

function checkToken(token: string): void {
  try {
    readTokens(token);
  } catch (error) {
    // It quotes no token.
    throw error instanceof TokenFileError
      ? new TypeError(`${CALL}: token is not valid: ${error.message}`)
      : error;
  }
}
