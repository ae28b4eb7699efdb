/**
 * kube-apiserver, built from the Go module proxy by the Go module in `../apiserver`, and the custom resource definitions of Istio as
 * they were published. It is built to be built, not to be fast: a compiler that does not optimize needs less time, and no test asks
 * for more than an API server that was so made can answer. Kubernetes 1.37 would need half as much again: every package of it that uses
 * an informer compiles the methods of a generic type for all kinds there are (`DeletedObject` in `client-go/tools/cache`).
 */

import { createHash } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import path from "node:path";
import { packageRoot } from "../../../compiler/platform/package-root.ts";
import { type Log, madeOnce } from "./made-once.ts";
import { run } from "./run.ts";

export interface KubeApiserver {
  readonly binary: string;
  /** A file of Istio's custom resource definitions. */
  readonly istioCrds: string;
}

const KUBERNETES = "k8s.io/kubernetes";
const ISTIO = "istio.io/api";
const FLAGS = ["-trimpath", "-buildvcs=false", "-gcflags=all=-N -l -dwarf=false", "-ldflags=-s -w"];
const ENVIRONMENT = {
  // Nothing in it needs a compiler of C.
  CGO_ENABLED: "0",
  // A compiler ends before it would have to collect its garbage; those that do not, do.
  GOGC: "off",
  GOMEMLIMIT: "1500MiB",
  GOFLAGS: "-mod=readonly",
  GOWORK: "off",
};

/** Made once for these versions; some minutes of a processor. */
export async function kubeApiserver(log: Log): Promise<KubeApiserver> {
  const module = path.join(packageRoot().directory, "test", "kubernetes", "apiserver");
  const hash = createHash("sha256").update(JSON.stringify([FLAGS, ENVIRONMENT]));
  for (const file of ["go.mod", "go.sum", "main.go"]) {
    hash.update(await readFile(path.join(module, file)));
  }
  const version = versionIn(await readFile(path.join(module, "go.mod"), "utf8"), KUBERNETES);
  const name = `kube-apiserver-${version}-${hash.digest("hex").slice(0, 8)}`;
  const home = await madeOnce(name, log, async (folder) => {
    const go = (...args: string[]) => run("go", args, { cwd: module, env: ENVIRONMENT });
    await go("build", ...FLAGS, "-o", path.join(folder, "kube-apiserver"), ".");
    const istio = (await go("list", "-m", "-f", "{{.Dir}}", ISTIO)).trim();
    await copyFile(
      path.join(istio, "kubernetes", "customresourcedefinitions.gen.yaml"),
      path.join(folder, "istio-crds.yaml"),
    );
  });
  return { binary: path.join(home, "kube-apiserver"), istioCrds: path.join(home, "istio-crds.yaml") };
}

function versionIn(goMod: string, module: string): string {
  return new RegExp(`^\\s*(?:require )?${module.replaceAll(".", "\\.")} v(\\S+)`, "m").exec(goMod)![1]!;
}
