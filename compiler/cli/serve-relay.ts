/** `sluice serve --upstream`: a relay beside an Envoy, which stands in for its server while that is away. */

import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { AddressError, parseServerAddress, staysHere } from "../fleet/join/server-address.ts";
import { checkListening, ListenError, type RelayEvent, type RelayOptions, startRelay } from "../index.ts";
import { UsageError } from "./exit.ts";
import type { ServeVoice } from "./serve-voice.ts";
import { untilTold } from "./signals.ts";
import { readToken } from "./token-file.ts";

export interface RelayFlags {
  readonly listen: string;
  readonly state?: string;
  readonly upstream?: string;
  readonly upstreamTlsCa?: string;
  readonly upstreamTlsCert?: string;
  readonly upstreamTlsKey?: string;
  readonly upstreamTlsServerName?: string;
  readonly upstreamTokenFile?: string;
}

const GROUP = "As a relay beside an Envoy:";

export function addRelayOptions(command: Command): Command {
  const options = [
    new Option(
      "--upstream <addr:port>",
      "pass on what that server says, and stand in for it while it is away, out of --state; no rules are named then",
    ),
    new Option(
      "--upstream-tls-ca <file>",
      "certificates of the authorities that the server's must be of: the connection uses TLS",
    ),
    new Option("--upstream-tls-cert <file>", "certificate that the relay shows to the server"),
    new Option("--upstream-tls-key <file>", "private key of that certificate"),
    new Option(
      "--upstream-tls-server-name <name>",
      "name in the server's certificate: a DNS name, an IP address, or a SPIFFE id (default: the host of --upstream)",
    ),
    new Option(
      "--upstream-token-file <file>",
      "file with the bearer token that the server knows the relay by, where the Envoy brings none of its own",
    ),
  ];
  for (const option of options) {
    command.addOption(option.helpGroup(GROUP));
  }
  return command;
}

/** What the relay is to do; `undefined` when none is wanted. Throws a `UsageError`. */
export function readRelay(
  flags: RelayFlags,
): Pick<RelayOptions, "listen" | "upstream" | "directory"> | undefined {
  const { upstream, state, listen, upstreamTokenFile } = flags;
  const { upstreamTlsCa: ca, upstreamTlsCert: certificate, upstreamTlsKey: key } = flags;
  if (upstream === undefined) {
    return undefined;
  }
  if (state === undefined) {
    throw new UsageError("--upstream needs --state, where the relay keeps what its Envoy has accepted");
  }
  if ((certificate === undefined) !== (key === undefined)) {
    throw new UsageError("--upstream-tls-cert and --upstream-tls-key belong together; name both");
  }
  if (certificate !== undefined && ca === undefined) {
    throw new UsageError("--upstream-tls-cert needs --upstream-tls-ca");
  }
  const server = addressOf(upstream);
  if (ca === undefined && !staysHere(server)) {
    throw new UsageError(`--upstream: ${upstream} is not on this machine; name --upstream-tls-ca`);
  }
  try {
    checkListening({ listen });
  } catch (error) {
    // An Envoy beside it is on this machine.
    throw error instanceof ListenError ? new UsageError(error.message) : error;
  }
  return {
    listen,
    directory: state,
    upstream: {
      server,
      ...(upstreamTokenFile !== undefined && {
        token: readToken(upstreamTokenFile, "--upstream-token-file"),
      }),
      ...(ca !== undefined && {
        tls: {
          ca: read("--upstream-tls-ca", ca),
          ...(certificate !== undefined && { certificate: read("--upstream-tls-cert", certificate) }),
          ...(key !== undefined && { key: read("--upstream-tls-key", key) }),
          ...(flags.upstreamTlsServerName !== undefined && { serverName: flags.upstreamTlsServerName }),
        },
      }),
    },
  };
}

/** Relays until it is told to stop. */
export async function relay(options: Omit<RelayOptions, "onEvent">, voice: ServeVoice): Promise<void> {
  const onEvent = (event: RelayEvent) =>
    event.kind === "notice" ? voice.problem(event.line) : voice.relayed(event);
  const running = await startRelay({ ...options, onEvent });
  voice.listening(options.listen, running.port);
  try {
    await untilTold();
  } finally {
    await running.close();
  }
}

function addressOf(text: string): ReturnType<typeof parseServerAddress> {
  try {
    return parseServerAddress(text);
  } catch (error) {
    throw error instanceof AddressError ? new UsageError(`--upstream: ${error.message}`) : error;
  }
}

function read(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${flag}: ${file} cannot be read: ${(error as Error).message}`);
  }
}
