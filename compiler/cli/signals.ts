/** How a command that goes on until somebody ends it is ended. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `told` at each signal to end, until the function that it gives is called. */
export function onSignals(told: () => void): () => void {
  for (const signal of SIGNALS) {
    process.on(signal, told);
  }
  return () => {
    for (const signal of SIGNALS) {
      process.off(signal, told);
    }
  };
}

/** Resolves at the first signal to end. */
export async function untilTold(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = onSignals(() => {
      stop();
      resolve();
    });
  });
}
