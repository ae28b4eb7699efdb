/** `npm start`: sets everything up and runs the demo mesh. Arguments go to the demo: `npm start -- --once`. */

import { spawn } from "node:child_process";
import path from "node:path";
import { ROOT, setup } from "./setup.mjs";

await setup();

const child = spawn(process.execPath, [path.join(ROOT, "dist", "demo.js"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
// Ctrl-C reaches the demo through the terminal; it ends first, and takes its processes with it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) {
      child.kill(signal);
    }
  });
}
child.on("close", (code) => {
  process.exitCode = code ?? 1;
});
