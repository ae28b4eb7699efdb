/** What a proxy is given to join a fleet with: an option is an entry of this table, as those of `options.ts` are. */

import path from "node:path";
import { choice, dnsName, flag, folder, type OptionKind, upTo } from "../../options/kinds.ts";
import { type GivenOf, option, type ValuesOf } from "../../options/option.ts";
import { PROXY_OPTIONS } from "../../options.ts";
import { REPORT_INTERVAL_MS } from "../signal/stats-sink.ts";

/** An id is part of logs, file names and addresses. */
const LONGEST_ID = 253;

const nodeName: OptionKind<string, "text"> = {
  form: "text",
  read: (given, fail) =>
    isNodeName(given)
      ? given
      : fail(`"${given}" is not valid; use up to ${LONGEST_ID} characters without spaces`),
  accepts: isNodeName,
  expected: `a text of 1 to ${LONGEST_ID} characters without spaces`,
  show: String,
  schema: { type: "string" },
};

function isNodeName(value: unknown): value is string {
  return typeof value === "string" && /^[^\s\p{C}]+$/u.test(value) && value.length <= LONGEST_ID;
}

/** A file that need not be here: it is where Envoy runs. */
const pemFile: OptionKind<string, "path"> = {
  ...folder,
  accepts: (value) => typeof value === "string" && path.isAbsolute(value),
  expected: "an absolute path",
};

/** Between two reports. A longer one would tell a roll-out too late. */
const LONGEST_INTERVAL_S = 60;

const seconds: OptionKind<number, "text"> = {
  ...upTo(LONGEST_INTERVAL_S),
  read: (given, fail) =>
    /^\d{1,2}$/.test(given) && isInterval(Number(given))
      ? Number(given)
      : fail(`"${given}" is not valid; use a number of seconds from 1 to ${LONGEST_INTERVAL_S}`),
  accepts: isInterval,
  expected: `an integer from 1 to ${LONGEST_INTERVAL_S}`,
};

function isInterval(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_INTERVAL_S;
}

const aFile = { argument: "file", default: "" };
const ofServer = { defaultSaid: "the server's" };

export const JOIN_OPTIONS = {
  /** One for each running Envoy of the fleet. */
  id: option(nodeName, {
    default: "",
    argument: "id",
    help: "name of this Envoy, of which there is one in the fleet",
  }),
  /** For people: what kind of proxy it is. */
  cluster: option(nodeName, {
    default: "sluice",
    argument: "name",
    help: "node.cluster of the Envoy, for statistics and logs",
  }),
  labels: option(PROXY_OPTIONS.proxyLabels.kind, {
    ...ofServer,
    default: {},
    argument: "k=v,…",
    help: "labels of the proxy, for a Gateway's selector and a rule's sourceLabels",
  }),
  namespace: option(dnsName, { ...ofServer, default: "", argument: "ns", help: "namespace of the proxy" }),
  locality: option(PROXY_OPTIONS.proxyLocality.kind, {
    ...ofServer,
    default: "",
    argument: "region/zone/subzone",
    help: "where the proxy runs",
  }),
  target: option(choice("wasm", "native", "auto"), { ...PROXY_OPTIONS.target, ...ofServer }),
  listenAddress: option(PROXY_OPTIONS.listenAddress.kind, { ...PROXY_OPTIONS.listenAddress, ...ofServer }),
  portMap: option(PROXY_OPTIONS.portMap.kind, { ...PROXY_OPTIONS.portMap, ...ofServer }),
  meshPort: option(upTo(65535), { ...PROXY_OPTIONS.meshPort, ...ofServer }),
  meshListeners: option(flag, { ...PROXY_OPTIONS.meshListeners, ...ofServer }),
  memoryLimit: PROXY_OPTIONS.memoryLimit,
  maxConnections: option(PROXY_OPTIONS.maxConnections.kind, {
    default: 0,
    defaultSaid: "no limit",
    argument: "n",
    help: PROXY_OPTIONS.maxConnections.help,
  }),
  adminSocket: PROXY_OPTIONS.adminSocket,
  adminPort: PROXY_OPTIONS.adminPort,
  readyPort: PROXY_OPTIONS.readyPort,
  metricsPort: PROXY_OPTIONS.metricsPort,
  /** `answers` is what roll-outs are watched by; `rules` adds what rules and clusters have counted. */
  reports: option(choice("rules", "answers"), {
    default: "rules",
    help: "what the proxy reports to the server: what rules and clusters count, or its answers alone",
  }),
  /** Also what a roll-out waits for until it notices errors. */
  reportInterval: option(seconds, {
    default: REPORT_INTERVAL_MS / 1000,
    argument: "seconds",
    help: "time between two reports",
  }),
  /** Counterpart of the option of `sluice serve`. */
  plainText: option(flag, {
    default: false,
    help: "reach a server on another machine without TLS, since the network itself encrypts",
  }),
  /** PEM files, by their paths where Envoy runs; it follows their changes. */
  tlsCa: option(pemFile, {
    ...aFile,
    help: "certificates of the authorities that the server's must be of: the connection uses TLS",
  }),
  tlsCert: option(pemFile, { ...aFile, help: "certificate that the proxy shows to the server" }),
  tlsKey: option(pemFile, { ...aFile, help: "private key of that certificate" }),
  tlsServerName: option(nodeName, {
    default: "",
    defaultSaid: "the host of --server",
    argument: "name",
    help: "name in the server's certificate: a DNS name, an IP address, or a SPIFFE id",
  }),
};

/** Absent is what the server's own options say, or its default. */
export type JoinOptions = Partial<ValuesOf<typeof JOIN_OPTIONS>>;

/** The same before it is read. */
export type JoinFlags = GivenOf<typeof JOIN_OPTIONS>;

/** Of `fleetBootstrap`. */
export interface FleetBootstrapOptions extends JoinOptions {
  /** `ADDR:PORT` of the servers, of which any will do. */
  readonly server: string | readonly string[];
  /** A bearer token, by which the server knows the proxy. */
  readonly token?: string;
  /** Absolute path at which Envoy will read the bootstrap. Only with `tlsCa` does it matter. */
  readonly file?: string;
}
