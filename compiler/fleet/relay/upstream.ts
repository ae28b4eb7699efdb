/** The server behind a relay: a connection to it, the streams and the calls on that. Bytes in, bytes out. */

import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type {
  ChannelOptions,
  Client,
  ClientDuplexStream,
  connectivityState,
  Metadata,
  ServiceError,
} from "@grpc/grpc-js";
import type { ServerAddress } from "../../run/delivery/ads/bootstrap.ts";

/** PEM. */
export interface UpstreamTls {
  /** Whoever signs the server's certificate. */
  readonly ca: Buffer;
  readonly certificate?: Buffer;
  readonly key?: Buffer;
  /** A DNS name, an address or a SPIFFE id in the server's certificate, if not its address; of several, one is enough. */
  readonly serverName?: string | readonly string[];
}

export interface UpstreamOptions {
  readonly server: ServerAddress;
  /** Without it, plain text: for a server on this machine. */
  readonly tls?: UpstreamTls;
  /** What is opened, `/package.Service/Method`. Default: delta ADS. */
  readonly method?: string;
  /** By which the server knows the relay, where an Envoy brings none of its own. */
  readonly token?: string;
}

export interface UpstreamStream {
  send(bytes: Uint8Array): void;
  end(): void;
}

export interface StreamHandlers {
  onMessage(bytes: Uint8Array): void;
  /** The stream is over, for whatever reason. */
  onEnd(why: string): void;
}

const ADS = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

const OPTIONS: ChannelOptions = {
  // One that is gone without a word is found out.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.initial_reconnect_backoff_ms": 500,
  "grpc.min_reconnect_backoff_ms": 500,
  "grpc.max_reconnect_backoff_ms": 5_000,
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc.enable_channelz": 0,
};

/** What a server is asked for that is known by something else than a DNS name. */
const NO_NAME = "sluice";

const asIs = (bytes: Buffer) => bytes;
const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export class Upstream {
  readonly #client: Client;
  readonly #method: string;
  readonly #makeMetadata: () => Metadata;
  readonly #token: string | undefined;
  readonly #states: typeof connectivityState;

  private constructor(
    client: Client,
    method: string,
    makeMetadata: () => Metadata,
    token: string | undefined,
    states: typeof connectivityState,
  ) {
    this.#client = client;
    this.#method = method;
    this.#makeMetadata = makeMetadata;
    this.#token = token;
    this.#states = states;
  }

  static async create({ server, tls, token, method = ADS }: UpstreamOptions): Promise<Upstream> {
    const grpc = await import("@grpc/grpc-js");
    const target = server.address.startsWith("unix:")
      ? server.address
      : `${server.address.includes(":") ? `[${server.address}]` : server.address}:${server.port}`;
    const names = [tls?.serverName ?? server.address].flat();
    const credentials =
      tls === undefined
        ? grpc.credentials.createInsecure()
        : grpc.credentials.createSsl(tls.ca, tls.key ?? null, tls.certificate ?? null, {
            checkServerIdentity: (_host, certificate) => checkNames(names, certificate),
          });
    const client = new grpc.Client(target, credentials, {
      ...OPTIONS,
      // Else it were the address, which is not a name (RFC 6066, 3), and Node warns about that.
      "grpc.ssl_target_name_override": names.find(isDnsName) ?? NO_NAME,
    });
    return new Upstream(client, method, () => new grpc.Metadata(), token, grpc.connectivityState);
  }

  /** Whether it was found not to be there, and has not been found since. Asking makes it try. */
  get isAway(): boolean {
    return this.#client.getChannel().getConnectivityState(true) === this.#states.TRANSIENT_FAILURE;
  }

  /** Whether there is a connection within that time; false as soon as it is found not to be there, if that is new. */
  ready(withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    const channel = this.#client.getChannel();
    const wasAway = this.isAway;
    return new Promise((resolve) => {
      this.#client.waitForReady(deadline, (error) => resolve(error === undefined));
      const look = () => {
        const state = channel.getConnectivityState(true);
        if (state === this.#states.SHUTDOWN || (state === this.#states.TRANSIENT_FAILURE && !wasAway)) {
          resolve(false);
        } else if (Date.now() < deadline) {
          channel.watchConnectivityState(state, deadline, (error) => error === undefined && look());
        }
      };
      look();
    });
  }

  /** Opens a stream; `token` is the Envoy's own. */
  open(token: string | undefined, { onMessage, onEnd }: StreamHandlers): UpstreamStream {
    const call: ClientDuplexStream<Buffer, Buffer> = this.#client.makeBidiStreamRequest(
      this.#method,
      asIs,
      asIs,
      this.#metadata(token),
    );
    let isOver = false;
    const over = (why: string) => {
      if (!isOver) {
        isOver = true;
        call.cancel();
        onEnd(why);
      }
    };
    call.on("data", (bytes: Buffer) => {
      if (!isOver) {
        onMessage(bytes);
      }
    });
    call.on("end", () => over("it has ended the stream"));
    call.on("error", (error: ServiceError) => over(error.details || error.message));
    return {
      send: (bytes) => void call.write(asBuffer(bytes)),
      end() {
        isOver = true;
        call.cancel();
      },
    };
  }

  /** Calls a method with one answer, which nobody waits for; what is lost is lost. */
  tell(path: string, bytes: Uint8Array, token: string | undefined): void {
    this.#client.makeUnaryRequest(path, asIs, asIs, asBuffer(bytes), this.#metadata(token), () => {});
  }

  close(): void {
    this.#client.close();
  }

  #metadata(token = this.#token): Metadata {
    const metadata = this.#makeMetadata();
    if (token !== undefined) {
      metadata.set("authorization", `Bearer ${token}`);
    }
    return metadata;
  }
}

function checkNames(names: readonly string[], certificate: PeerCertificate): Error | undefined {
  const problems = names.map((name) => checkName(name, certificate));
  return problems.includes(undefined) ? undefined : problems[0];
}

function isDnsName(name: string): boolean {
  return isIP(name) === 0 && !name.includes(":");
}

/** Node knows names and addresses; a SPIFFE id is a URI. */
function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  if (!name.startsWith("spiffe://")) {
    return checkServerIdentity(name, certificate);
  }
  const names = (certificate.subjectaltname ?? "").split(", ");
  return names.includes(`URI:${name}`)
    ? undefined
    : new Error(`the certificate of the server is not of ${name}`);
}
