/** How a command that goes on until somebody ends it is ended. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Resolves at the first signal to end. */
export async function untilTold(): Promise<void> {
  await new Promise<void>((resolve) => {
    const onSignal = () => {
      for (const signal of SIGNALS) {
        process.off(signal, onSignal);
      }
      resolve();
    };
    for (const signal of SIGNALS) {
      process.on(signal, onSignal);
    }
  });
}
