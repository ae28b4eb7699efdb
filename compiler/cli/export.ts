/** `sluice export`: rules for where they will live in Kubernetes. */

import path from "node:path";
import { type Command, Option } from "commander";
import {
  type ClusterSourceOptions,
  type Compilation,
  chart,
  compile,
  emitBuild,
  extensionPolicy,
  filterImage,
  fleetChart,
  fleetKustomization,
  foreignFilesOf,
  formatDiagnostics,
  grafanaFiles,
  type ImageName,
  kustomization,
  NEWEST_ENVOY,
  type OciImage,
  type OutputFiles,
  type ProxyOptions,
  parseImageName,
  readAtMost,
  TooLargeError,
  wasmPlugins,
  whyUnreadable,
  writeTree,
} from "../index.ts";
import { type CommandContext, PATHS } from "./command.ts";
import { readConfigFile } from "./config-file.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { addProxyOptions, type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import { ruleFiles } from "./rule-files.ts";
import type { Terminal } from "./terminal.ts";

const TARGETS = ["kubernetes", "istio", "oci", "envoy-gateway", "grafana"] as const;
type ExportTarget = (typeof TARGETS)[number];

export interface ExportFlags extends ProxyFlags {
  readonly to: ExportTarget;
  readonly output?: string;
  readonly name: string;
  readonly image?: string;
  readonly rulesIn: "configmap" | "image";
  readonly mountPath: string;
  readonly gateway?: string;
  readonly section?: string;
  readonly at?: string;
  readonly fleet?: boolean;
  readonly serverImage?: string;
  readonly format: "kustomize" | "helm";
  readonly kubernetesSource?: boolean;
  readonly namespaces?: string;
  readonly failurePolicy?: "Ignore" | "Fail";
  readonly webhookCa?: string;
}

export function addExportCommand(program: Command, { terminal, done }: CommandContext): void {
  addProxyOptions(
    program
      .command("export")
      .summary("write files for Kubernetes, Istio, Envoy Gateway, Prometheus and Grafana")
      .description(
        "Writes files that bring rules to Kubernetes, or show what they do:\n" +
          "  kubernetes     a kustomization that runs an Envoy with the rules; with\n" +
          "                 --fleet a server with the rules, and Envoys that join it\n" +
          "  oci            the filter as an image (OCI layout), without any rules\n" +
          "  istio          a WasmPlugin for each port of the gateway (of sidecars:\n" +
          "                 --mesh-listeners), with that image; if the gateway's Service maps\n" +
          "                 a port to another one in the Pod: --port-map 80=8080\n" +
          "  envoy-gateway  an EnvoyExtensionPolicy for a Gateway, with that image\n" +
          "  grafana        a dashboard of what rules do and alert rules for Prometheus,\n" +
          "                 the same for all rules; Envoys have --metrics-port",
      )
      .argument("[paths...]", PATHS)
      .addOption(new Option("--to <what>", "what to write").choices(TARGETS).makeOptionMandatory())
      .option("-o, --output <dir>", "directory to write to")
      .option("--name <name>", "name of the resources", "sluice")
      .option(
        "--image <name>",
        "kubernetes: image of Envoy (default: the official one); otherwise: image of the filter",
      )
      .addOption(
        new Option(
          "--rules-in <where>",
          "kubernetes: rules are mounted, or part of the image, as built by envoy/Dockerfile",
        )
          .choices(["configmap", "image"])
          .default("configmap"),
      )
      .option("--fleet", "kubernetes: a `sluice serve` with the rules, and Envoys that join it")
      .option(
        "--server-image <name>",
        "kubernetes, with --fleet: image of the server, envoy/Dockerfile's stage cli",
      )
      .option(
        "--kubernetes-source",
        "kubernetes, with --fleet: the server reads its rules from the cluster; those that are given only say which ports and Secrets there are",
      )
      .option("--namespaces <list>", "with --kubernetes-source: whose rules are read (default: all)")
      .addOption(
        new Option(
          "--failure-policy <policy>",
          "with --kubernetes-source: whether rules that are applied while the webhook is away are taken or refused (default: Ignore)",
        ).choices(["Ignore", "Fail"]),
      )
      .option(
        "--webhook-ca <file>",
        "with --kubernetes-source: authority of the server's certificate, PEM (default: cert-manager tells the API server)",
      )
      .addOption(
        new Option("--format <tool>", "kubernetes: a kustomization, or a Helm chart")
          .choices(["kustomize", "helm"])
          .default("kustomize"),
      )
      .option("--mount-path <path>", "kubernetes: path of the rules in the container", "/etc/sluice")
      .option(
        "--gateway <name>",
        "envoy-gateway: the Gateway (gateway.networking.k8s.io) that the policy targets",
      )
      .option("--section <name>", "envoy-gateway: which listener of that Gateway, if it has several")
      .option(
        "--at <listener>",
        "envoy-gateway: the listener whose rules to use, if there are several, such as gateway_80",
      ),
  ).action(async (args, flags) => done(await exportCommand(args, flags, terminal)));
}

export async function exportCommand(
  paths: readonly string[],
  flags: ExportFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (flags.output === undefined) {
    throw new UsageError("no output; name a directory with --output");
  }
  if (!/^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$/.test(flags.name)) {
    throw new UsageError(`--name: "${flags.name}" is not a valid Kubernetes name; use one such as "edge"`);
  }
  if (!path.posix.isAbsolute(flags.mountPath)) {
    throw new UsageError(`--mount-path: "${flags.mountPath}" is not an absolute path`);
  }
  const image = flags.image === undefined ? undefined : readImageName(flags.image);
  if (flags.fleet && flags.to !== "kubernetes") {
    throw new UsageError("--fleet is for --to kubernetes");
  }
  if (flags.fleet !== (flags.serverImage !== undefined ? true : undefined)) {
    throw new UsageError(
      flags.fleet
        ? "--fleet needs --server-image, an image of envoy/Dockerfile's stage cli"
        : "--server-image is for --fleet",
    );
  }
  const fromCluster = readClusterSource(flags);
  if (flags.format === "helm" && flags.to !== "kubernetes") {
    throw new UsageError("--format helm is for --to kubernetes");
  }
  if (flags.to === "grafana") {
    if (paths.length > 0) {
      throw new UsageError(
        "--to grafana does not use rules; it is the same for all of them. Remove the paths",
      );
    }
    const exported = grafanaFiles();
    await writeTree(flags.output, exported);
    terminal.out(`${terminal.outColors.green("exported")} ${flags.output}\n`);
    for (const name of exported.keys()) {
      terminal.out(`  ${name}\n`);
    }
    return EXIT.ok;
  }
  const filter = await filterImage();
  if (flags.to === "oci") {
    if (paths.length > 0) {
      throw new UsageError(
        "--to oci does not use rules; its image contains only the filter. Remove the paths",
      );
    }
    await writeTree(flags.output, filter.files);
    terminal.out(`${terminal.outColors.green("exported")} ${flags.output}\n  ${filter.digest}\n`);
    return EXIT.ok;
  }

  const {
    paths: inputs,
    exclude,
    meshConfig,
    strict,
    quiet,
    proxy,
  } = await readCommonOptions(paths, withDefaults(flags));
  if (proxy.target !== "wasm" && flags.to !== "kubernetes") {
    throw new UsageError(
      `--target ${proxy.target}: --to ${flags.to} needs the filter at every listener; remove --target`,
    );
  }
  const progress = progressBar(terminal);
  // A plugin is one filter of Istio's own proxy, which enforces its policies before it.
  const allowUnenforced = proxy.allowUnenforced || flags.to === "istio";
  const { findings, compilation } = await compile({
    source: ruleFiles(inputs, { exclude, meshConfig }),
    proxy: { ...proxy, allowUnenforced },
    strict,
    quiet,
    progress,
  });
  progress.done();
  terminal.err(formatDiagnostics(findings, terminal.errLook));
  if (compilation === undefined) {
    terminal.err(`nothing was written to ${flags.output}\n`);
    return EXIT.rules;
  }
  try {
    const exported = await filesOf(compilation, proxy, flags, filter, image, fromCluster);
    await writeTree(flags.output, exported);
    terminal.out(`${terminal.outColors.green("exported")} ${flags.output}\n`);
    for (const name of exported.keys()) {
      if (!name.includes("/")) {
        terminal.out(`  ${name}\n`);
      }
    }
    const foreign =
      flags.to === "kubernetes" ? foreignFilesOf(compilation.config, proxy.secretsDirectory) : [];
    for (const file of foreign) {
      terminal.err(
        `${terminal.errColors.yellow("warning:")} the rules use the file ${file}; add a volume that contains it, since Envoy waits for it\n`,
      );
    }
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof TooLargeError)) {
      throw error;
    }
    terminal.err(
      `${terminal.errColors.red("error:")} ${error.message}\nnothing was written to ${flags.output}\n`,
    );
    return EXIT.rules;
  }
}

/** Bytes of a file with authorities. */
const LARGEST_AUTHORITY = 1 << 20;

/** Undefined where the rules are in files. */
function readClusterSource(flags: ExportFlags): ClusterSourceOptions | undefined {
  const { namespaces, failurePolicy, webhookCa } = flags;
  if (!flags.kubernetesSource) {
    const stray = {
      "--namespaces": namespaces,
      "--failure-policy": failurePolicy,
      "--webhook-ca": webhookCa,
    };
    const [name] = Object.entries(stray).find(([, value]) => value !== undefined) ?? [];
    if (name !== undefined) {
      throw new UsageError(`${name} is for --kubernetes-source`);
    }
    return undefined;
  }
  if (!flags.fleet) {
    throw new UsageError("--kubernetes-source is for --fleet, whose server reads the rules");
  }
  if (flags.rulesIn === "image") {
    throw new UsageError("--kubernetes-source and --rules-in image exclude each other; remove one");
  }
  const names = namespaces?.split(",");
  const wrong = names?.find((one) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(one));
  if (wrong !== undefined) {
    throw new UsageError(
      `--namespaces: "${wrong}" is not a valid namespace; use a list such as default,team`,
    );
  }
  return {
    ...(names && { namespaces: names }),
    ...(failurePolicy && { failurePolicy }),
    ...(webhookCa !== undefined && { webhookAuthority: readAuthority(webhookCa) }),
  };
}

function readAuthority(file: string): string {
  let text: string;
  try {
    text = Buffer.from(readAtMost(file, LARGEST_AUTHORITY)).toString();
  } catch (error) {
    throw new UsageError(`--webhook-ca ${file}: cannot be read: ${whyUnreadable(error)}`);
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(`--webhook-ca ${file}: there is no certificate in it; name a PEM file`);
  }
  return text;
}

function readImageName(text: string): ImageName {
  const name = parseImageName(text.replace(/^oci:\/\//, ""));
  if (name === undefined) {
    throw new UsageError(
      `--image: "${text}" is not a valid image name; use one such as registry.example/sluice:1.0`,
    );
  }
  return name;
}

const ENVOY_IMAGE = `envoyproxy/envoy:v${NEWEST_ENVOY}`;
/** That of Istio's own gateways, which load balancers may have been told. */
const READY_PORT = "15021";
/** Of the Pod's loopback address, for what drains it. */
const ADMIN_PORT = "9901";
/** That of Istio's own gateways. */
const METRICS_PORT = "15090";

/**
 * A proxy of its own serves the edge, unless a port is given for the mesh as well; Kubernetes asks it whether it is ready. Where
 * others have the listeners, there is no explicit proxy; `--mesh-listeners` means sidecars then, which no Gateway selects by the
 * labels of an edge.
 */
function withDefaults(flags: ExportFlags): ExportFlags {
  const file = flags.config === undefined ? {} : readConfigFile(flags.config);
  const isGuest = flags.to !== "kubernetes";
  const meshPort = isGuest ? "0" : (flags.meshPort ?? file.meshPort ?? "0");
  const isSidecar = isGuest && (flags.meshListeners ?? file.meshListeners) === true;
  return {
    ...flags,
    meshPort,
    ...(!isGuest && {
      readyPort: flags.readyPort ?? file.readyPort ?? READY_PORT,
      adminPort: flags.adminPort ?? file.adminPort ?? ADMIN_PORT,
      metricsPort: flags.metricsPort ?? file.metricsPort ?? METRICS_PORT,
    }),
    ...(isSidecar && { proxyLabels: flags.proxyLabels ?? file.proxyLabels ?? "" }),
  };
}

async function filesOf(
  compilation: Compilation,
  proxy: ProxyOptions,
  flags: ExportFlags,
  filter: OciImage,
  named: ImageName | undefined,
  fromCluster: ClusterSourceOptions | undefined,
): Promise<OutputFiles> {
  const { config } = compilation;
  if (flags.to === "kubernetes") {
    if (config.listeners.length + (config.tcpChains?.length ?? 0) === 0) {
      throw new UsageError("nothing to serve; no Gateway selects this proxy (see --proxy-labels)");
    }
    if (proxy.readyPort === 0) {
      throw new UsageError("--to kubernetes needs --ready-port, which the probes of the Pod ask");
    }
    if (flags.fleet) {
      return (flags.format === "helm" ? fleetChart : fleetKustomization)(compilation, proxy, {
        name: flags.name,
        image: flags.image ?? ENVOY_IMAGE,
        serverImage: flags.serverImage!,
        rulesInImage: flags.rulesIn === "image",
        mountPath: flags.mountPath,
        ...(fromCluster && { fromCluster }),
      });
    }
    if (flags.rulesIn === "image" && flags.image === undefined) {
      throw new UsageError("--rules-in image needs --image, the image that contains the rules");
    }
    const build = await emitBuild(compilation, proxy, flags.mountPath);
    return (flags.format === "helm" ? chart : kustomization)(compilation, build, proxy, {
      name: flags.name,
      image: flags.image ?? ENVOY_IMAGE,
      rulesInImage: flags.rulesIn === "image",
      mountPath: flags.mountPath,
    });
  }
  if (named === undefined) {
    throw new UsageError(
      `--to ${flags.to} needs --image, the name under which the image of --to oci is pushed`,
    );
  }
  const image = { ...named, digest: filter.digest };
  if (named.digest !== undefined && named.digest !== image.digest) {
    throw new UsageError(`--image: this filter has the digest ${image.digest}, not ${named.digest}`);
  }
  if (config.listeners.length === 0) {
    throw new UsageError("nothing to export; this proxy has no http rules (see --proxy-labels)");
  }
  if (flags.to === "istio") {
    return wasmPlugins(compilation, image, { name: flags.name, labels: proxy.proxyLabels });
  }
  if (flags.gateway === undefined) {
    throw new UsageError("--to envoy-gateway needs --gateway, the name of the Gateway");
  }
  const names = config.listeners.map(({ name }) => name);
  const listener = flags.at ?? (names.length === 1 ? names[0] : undefined);
  if (listener === undefined || !names.includes(listener)) {
    throw new UsageError(
      flags.at === undefined
        ? `several listeners have rules; name one with --at: ${names.join(" or ")}`
        : `--at: unknown listener "${flags.at}"; use ${names.join(" or ")}`,
    );
  }
  return extensionPolicy(compilation, listener, image, {
    name: flags.name,
    gateway: flags.gateway,
    ...(flags.section !== undefined && { section: flags.section }),
  });
}
