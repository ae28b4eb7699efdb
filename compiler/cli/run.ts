/** `sluice run`: compiles rules, runs an Envoy that obeys them, and with `--watch` keeps it up to date. */

import { createWorkspace, type EnvoyLogLevel, files, rulesOf, Session } from "../index.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import { Voice } from "./run-voice.ts";
import type { Terminal } from "./terminal.ts";

export interface RunFlags extends ProxyFlags {
  readonly watch?: boolean;
  readonly envoyLogLevel: EnvoyLogLevel;
  readonly format: Format;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function runCommand(
  paths: readonly string[],
  flags: RunFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await readCommonOptions(paths, flags, { listenAddress: "127.0.0.1" });
  if (flags.watch && options.paths.includes("-")) {
    throw new UsageError("--watch: standard input cannot be watched; name files or directories");
  }
  const voice = new Voice(terminal, flags.format);
  const progress = progressBar(terminal);
  const workspace = createWorkspace({
    source: files(options.paths),
    proxies: { run: options.proxy },
    strict: options.strict,
    progress,
  });
  const { findings, compilation } = await workspace.compile();
  progress.done();
  voice.diagnostics(findings);
  if (compilation === undefined) {
    return EXIT.rules;
  }
  const session = new Session({
    rules: rulesOf(workspace),
    proxy: options.proxy,
    compilation,
    watch: flags.watch ?? false,
    envoyLogLevel: flags.envoyLogLevel,
    onEvent: (event) => voice.tell(event),
  });
  const onSignal = () => void session.stop();
  for (const signal of SIGNALS) {
    process.on(signal, onSignal);
  }
  try {
    await session.run();
    return EXIT.ok;
  } finally {
    for (const signal of SIGNALS) {
      process.off(signal, onSignal);
    }
    await workspace.dispose();
  }
}
