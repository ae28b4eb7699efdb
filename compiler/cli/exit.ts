/** How a command ends. The codes are a promise to scripts; they never depend on the output's format. */

export const EXIT = {
  /** Everything is fine. */
  ok: 0,
  /** The rules are wrong, or a test failed. */
  rules: 1,
  /** The call is wrong: flags, arguments, the configuration file. */
  usage: 2,
  /** The environment failed: no Envoy, a port taken, a file system that refuses. */
  environment: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The call is wrong; shown without a stack. */
export class UsageError extends Error {}
