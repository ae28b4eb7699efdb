/** What the emitter needs to know beyond the IR: which proxy, and where the build will stand on its disk. */

import type { Secret } from "../../ir/ir.ts";
import type { ProxyOptions } from "../../options.ts";

export interface EmitOptions extends ProxyOptions {
  /** The routing blob of each listener, by the listener's name. Not read for the native target. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Absolute path of the filter's module. Not read for the native target. */
  readonly filterPath: string;
  /** Absolute path of the folder that will hold what this emitter names `xds/…`. */
  readonly xdsDirectory: string;
  /**
   * The directory in which a move tells Envoy to read every file again: the one that holds `..data`. The
   * parent of `xdsDirectory` unless said otherwise.
   */
  readonly watchedDirectory?: string;
  /** Secrets that have no file of their own, by name: they are written where they are used. */
  readonly inlineSecrets?: ReadonlyMap<string, Secret>;
  /** File for a line about each request, `/dev/stdout` say. None unless said. */
  readonly accessLogPath?: string;
}

/** Contents by path relative to the build directory, sorted by path. */
export type EnvoyFiles = ReadonlyMap<string, string>;
