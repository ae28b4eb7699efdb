/** Who of several servers decides on roll-outs. Nothing of ours elects anybody: a lock does, of whatever kind. */

export interface Leadership {
  /**
   * The number of the term while this server decides: higher than that of everybody who did before. `undefined` as soon as
   * somebody else may have begun to, even when nobody has told yet.
   */
  readonly term: number | undefined;
  /**
   * Stands for it from now on. `onChange` is told each term that begins, and `undefined` when it is over. Resolves when it is known
   * for the first time who has it.
   */
  start(onChange: (term: number | undefined) => void): Promise<void>;
  /** Gives it up, so that another one need not wait. */
  close(): Promise<void>;
}
