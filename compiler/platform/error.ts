/**
 * The environment failed: no Envoy to be had, a port taken, Envoy refusing what it was given. Unlike a bug it is
 * shown without a stack, and the command line exits with 3.
 */
export class EnvironmentError extends Error {
  /** More lines that explain it: Envoy's own words, what was tried. */
  readonly details: readonly string[];

  constructor(message: string, details: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvironmentError";
    this.details = details;
  }
}
