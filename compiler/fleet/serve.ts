/**
 * Opens what a fleet is reached by, and hands over whoever comes: what a proxy says of itself is read here, once, at its first
 * message, and held against what it may claim.
 */

import { adsCodec } from "../run/ads/codec.ts";
import { type Greeting, greet } from "../run/ads/greeting.ts";
import { type AdsServerOptions, type StreamMethod, startAdsServer } from "../run/ads/server.ts";
import type { Fleet } from "./fleet.ts";
import type { FleetTelemetry } from "./http/fleet-telemetry.ts";
import { type FleetHttpServer, startFleetHttp } from "./http/http-server.ts";
import { Admissions } from "./identity/admissions.ts";
import { Identity, type IdentityFiles } from "./identity/identity.ts";
import { isLocal, type ListenAddress, ListenError, protectedListen } from "./identity/listening.ts";
import { NodeError, readNode } from "./model/node.ts";
import type { PeerReport } from "./peer-proxies.ts";
import { leaderStreams } from "./replica/leader-stream.ts";
import { REPLICA_METHOD, type Replicas } from "./replica/replicas.ts";
import { metricsService } from "./signal/metrics-service.ts";

export interface ServeFleetOptions extends Pick<AdsServerOptions, "listen" | "mostStreams" | "methods"> {
  readonly fleet: Fleet;
  /** Certificates, tokens, and who may claim what. Default: none, which is for loopback addresses and Unix sockets. */
  readonly identity?: IdentityFiles;
  /** Serve other machines in plain text, since the network itself encrypts. Default: false. */
  readonly allowPlainText?: boolean;
  /** Servers that share no folder with this one, and are reached here as proxies are. */
  readonly replicas?: Replicas<PeerReport>;
  /** Absent: no HTTP interface. */
  readonly http?: FleetHttp;
  /** Told, in a line, of whoever was not served. */
  readonly onProblem: (line: string) => void;
}

export interface FleetHttp {
  /** `address:port`, where port 0 is any that is free, or `unix:/path`. */
  readonly listen: string;
  /** DNS names by which clients know the server, beside addresses and `localhost`. */
  readonly names?: readonly string[];
  /** Is told every event of the fleet by whoever made it. */
  readonly telemetry: FleetTelemetry;
  /** Whether `/metrics` has what rules have counted. Default: true. */
  readonly ruleMetrics?: boolean;
  /** Of what runs beside the fleet, on the same page. */
  readonly moreMetrics?: () => string;
}

export interface FleetServer {
  /** Where proxies join; 0 for a Unix socket. */
  readonly port: number;
  /** Of the HTTP interface; 0 for a Unix socket, and where there is none. */
  readonly httpPort: number;
  /** Whether a token may change the fleet; `undefined` where there are none. */
  mayChange(token: string | undefined): boolean | undefined;
  /** Ends all streams. */
  close(): Promise<void>;
}

/**
 * Reads the addresses. Throws a `ListenError` for one that is not valid, or that what is given does not protect: whoever has
 * much to do before it serves can ask first.
 */
export function checkListening({
  listen,
  http,
  identity = {},
  allowPlainText = false,
  handsOverState = false,
}: Pick<ServeFleetOptions, "listen" | "identity" | "allowPlainText"> & {
  readonly http?: Pick<FleetHttp, "listen">;
  /** Other servers of the fleet get the state from this one. */
  readonly handsOverState?: boolean;
}): { readonly listen: ListenAddress; readonly http?: ListenAddress } {
  const { certificate, clientCa, tokens, clients } = identity;
  const protection = {
    hasTls: certificate !== undefined,
    hasProof: (clientCa ?? tokens ?? clients) !== undefined,
    allowsPlainText: allowPlainText,
  };
  const own = protectedListen("--listen", listen, protection);
  if (handsOverState && clientCa === undefined && !isLocal(own)) {
    throw new ListenError(
      "--lease needs --tls-client-ca: servers hand each other their state, with keys in it, and know each other by their certificates",
    );
  }
  return {
    listen: own,
    ...(http && { http: protectedListen("--http", http.listen, protection) }),
  };
}

/**
 * Serves a fleet until it is closed. Throws an `EnvironmentError` when an address cannot be listened on or a file is not usable,
 * and a `ListenError` when what is given does not protect an address.
 */
export async function serveFleet(options: ServeFleetOptions): Promise<FleetServer> {
  checkListening({ ...options, handsOverState: options.replicas !== undefined });
  const { identity: files = {}, onProblem } = options;
  const identity = new Identity(files, onProblem);
  try {
    return await serve(options, identity);
  } catch (error) {
    identity.close();
    throw error;
  }
}

async function serve(options: ServeFleetOptions, identity: Identity): Promise<FleetServer> {
  const { fleet, listen, mostStreams, http, replicas } = options;
  const onProblem = (line: string) => {
    http?.telemetry.metrics.turnedAway();
    options.onProblem(line);
  };
  const codec = await adsCodec();
  const admissions = new Admissions(identity, onProblem);
  const reports = metricsService((report, peer) => {
    const { proxyId } = report;
    // What somebody else says of a proxy could stop a roll-out, or hide that it should be.
    if (!admissions.speaksFor(proxyId, peer)) {
      throw new Error(`this client has no stream of the proxy ${JSON.stringify(proxyId)}`);
    }
    fleet.reported(report);
  });
  const { certificate } = identity;
  const server = await startAdsServer({
    listen,
    ...(certificate !== undefined && { tls: certificate }),
    ...(mostStreams !== undefined && { mostStreams }),
    methods: [reports],
    ...(replicas && { streamMethods: [followers(replicas, identity, onProblem)] }),
    onProblem,
    onStream: (stream) =>
      greet({ stream, codec, onProblem, onGreeting: (one) => welcome(one, fleet, admissions, onProblem) }),
  });
  identity.onChange(() => {
    if (identity.certificate !== undefined) {
      server.renewTls(identity.certificate);
    }
  });
  replicas?.reachBy(leaderStreams(identity));
  let questions: FleetHttpServer | undefined;
  try {
    questions =
      http &&
      (await startFleetHttp({
        fleet,
        feed: http.telemetry.feed,
        metrics({ mayRead }) {
          const showsRules = (http.ruleMetrics ?? true) && mayRead;
          const text = http.telemetry.metrics.text(fleet, server, { showsRules });
          return `${text}${http.moreMetrics?.() ?? ""}`;
        },
        waitsFor: () => (fleet.status().revision === undefined ? ["rules"] : []),
        listen: checkListening(options).http!,
        identity,
        ...(http.names !== undefined && { names: http.names }),
        onProblem: options.onProblem,
      }));
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    port: server.port,
    httpPort: questions?.port ?? 0,
    mayChange: (token) => identity.mayChange(token),
    async close() {
      identity.close();
      server.close();
      await questions?.close();
    },
  };
}

/** What the state holds, keys among it, is for servers of the fleet alone. */
function followers(
  replicas: Replicas<PeerReport>,
  identity: Identity,
  onProblem: (line: string) => void,
): StreamMethod {
  return {
    path: REPLICA_METHOD,
    onStream(stream) {
      if (identity.isServer(stream.peer)) {
        replicas.serve(stream);
        return;
      }
      const words =
        "only a server of the fleet may follow: its certificate has a name that this one's has too";
      onProblem(`${stream.peer.address} was sent away: ${words}`);
      stream.end("PERMISSION_DENIED", words);
    },
  };
}

function welcome(
  { stream, node, first }: Greeting,
  fleet: Fleet,
  admissions: Admissions,
  onProblem: (line: string) => void,
): void {
  try {
    const proxy = readNode(node);
    const { proxyNamespace, proxyLabels } = fleet.optionsOf(proxy);
    if (admissions.admit(stream, { id: proxy.id, namespace: proxyNamespace, labels: proxyLabels })) {
      fleet.join(proxy, stream, first, onProblem);
    }
  } catch (error) {
    if (!(error instanceof NodeError)) {
      throw error;
    }
    onProblem(`${stream.peer.address} was let go: ${error.message}`);
    stream.end("INVALID_ARGUMENT", error.message);
  }
}
