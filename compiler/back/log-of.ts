/** The access log of a proxy: as its own options say, else as the rules do. */

import type { AccessLog } from "../ir/access-log.ts";
import type { Config } from "../ir/ir.ts";
import { readLogFormat } from "../options/log-format.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../options.ts";

/** Absent: none is written. */
export function logOf(
  { accessLog }: Pick<Config, "accessLog">,
  own: Pick<ProxyOptions, "accessLog" | "accessLogFormat">,
): AccessLog | undefined {
  const path = own.accessLog || (accessLog?.path ?? "");
  const isFormatSaid = own.accessLogFormat !== DEFAULT_PROXY_OPTIONS.accessLogFormat;
  const format = isFormatSaid ? undefined : accessLog?.format;
  return path === "" ? undefined : { path, format: format ?? readLogFormat(own.accessLogFormat) };
}
