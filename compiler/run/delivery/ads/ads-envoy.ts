/**
 * An Envoy that is told by a stream what it is to do, from its start on: its server on a socket in a folder of this user, the
 * process, and what it has. Whatever was opened is closed again, however it ends.
 */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { printJson } from "../../../back/xds/json.ts";
import { EnvironmentError } from "../../../platform/error.ts";
import { AdsClient } from "../../ads/client.ts";
import { adsCodec } from "../../ads/codec.ts";
import { type AdsServer, startAdsServer, type UnaryMethod } from "../../ads/server.ts";
import { type EnvoyProcess, type StartEnvoyOptions, startEnvoy } from "../../envoy/start.ts";
import { LiveConfiguration } from "../live-configuration.ts";
import { NOTHING } from "../nothing.ts";
import type { RetirementTimes } from "../retirement.ts";
import { AdsDelivery } from "./ads-delivery.ts";
import { type AdsBuild, AdsBuilder } from "./build.ts";

export interface AdsEnvoyOptions extends Omit<StartEnvoyOptions, "configPath"> {
  /** For the socket and the bootstrap: of this user alone, and with a path short enough for a socket. */
  readonly folder: string;
  /** What it starts with. */
  build(builder: AdsBuilder): AdsBuild | Promise<AdsBuild>;
  /** What Envoy tells on the way on which it is told what to do, such as its requests. */
  readonly methods?: readonly UnaryMethod[];
  /** How long what only older rules use stays, if not as long as it takes. */
  readonly times?: RetirementTimes;
  /** How long Envoy may take for one step of a change, if not as long as usual. */
  readonly stepTimeoutMs?: number;
}

export interface AdsEnvoy {
  readonly process: EnvoyProcess;
  readonly live: LiveConfiguration;
  readonly builder: AdsBuilder;
  /** Ends Envoy, and then what it was told by. */
  stop(graceMs?: number): Promise<void>;
}

const SOCKET = "ads.sock";
const BOOTSTRAP = "envoy.json";
/** Longer than Envoy is waited for. */
const START_TIMEOUT_MS = 60_000;
/** Resolves when Envoy serves. Throws an `EnvironmentError` with Envoy's own words when it will not. */
export async function startAdsEnvoy({ methods = [], ...options }: AdsEnvoyOptions): Promise<AdsEnvoy> {
  const socket = path.join(options.folder, SOCKET);
  const client = new AdsClient({ codec: await adsCodec() });
  const server = await startAdsServer({
    listen: `unix:${socket}`,
    onStream: (stream) => client.attach(stream),
    methods,
  });
  try {
    return await start(options, socket, client, server);
  } catch (error) {
    server.close();
    throw error;
  }
}

async function start(
  { folder, build: make, times, stepTimeoutMs, ...options }: Omit<AdsEnvoyOptions, "methods">,
  socket: string,
  client: AdsClient,
  server: AdsServer,
): Promise<AdsEnvoy> {
  const builder = await AdsBuilder.create(socket);
  const build = await make(builder);
  const configPath = path.join(folder, BOOTSTRAP);
  await writeFile(configPath, printJson(build.bootstrap), { mode: 0o600 });
  // Envoy takes it while it starts; a refusal ends the start at once.
  const giveUp = new AbortController();
  const said: string[] = [];
  let running: EnvoyProcess | undefined;
  const log = () => running?.log ?? said;
  const envoyVersion = () => options.binary.version;
  const first = new AdsDelivery({ client, log, envoyVersion, stepTimeoutMs: START_TIMEOUT_MS })
    .take({ name: "listeners", from: NOTHING, to: build.resources }, giveUp.signal)
    .then((answer) => {
      if (answer.kind !== "accepted") {
        throw new EnvironmentError("Envoy rejected its configuration", answer.words);
      }
    })
    .catch((error) => giveUp.abort(error));
  const signals = [giveUp.signal, ...(options.signal === undefined ? [] : [options.signal])];
  let envoy: EnvoyProcess | undefined;
  try {
    envoy = await startEnvoy({
      ...options,
      configPath,
      onLog(line) {
        if (running === undefined) {
          said.push(line);
        }
        options.onLog?.(line);
      },
      directories: [folder, ...(options.directories ?? [])],
      signal: AbortSignal.any(signals),
    });
    await first;
    giveUp.signal.throwIfAborted();
  } catch (error) {
    giveUp.abort();
    await first;
    await envoy?.stop(0);
    throw error;
  }
  running = envoy;
  const live = new LiveConfiguration({
    delivery: new AdsDelivery({
      client,
      log,
      envoyVersion,
      ...(stepTimeoutMs !== undefined && { stepTimeoutMs }),
    }),
    build,
    ...(times && { times }),
  });
  return {
    process: envoy,
    live,
    builder,
    async stop(graceMs) {
      await live.close();
      await envoy.stop(graceMs);
      server.close();
    },
  };
}
