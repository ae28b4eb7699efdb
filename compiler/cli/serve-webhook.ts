/** `sluice serve --webhook`: where API servers ask whether an object may be applied. */

import { type Command, Option } from "commander";
import {
  type AdmissionWebhook,
  type AdmissionWebhookOptions,
  checkWebhookListen,
  ListenError,
  startAdmissionWebhook,
} from "../index.ts";
import { UsageError } from "./exit.ts";

export interface WebhookFlags {
  readonly webhook?: string;
  readonly webhookCert?: string;
  readonly webhookKey?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

type WebhookFiles = Pick<AdmissionWebhookOptions, "listen" | "certificate" | "key">;

export function addWebhookOptions(command: Command): Command {
  const options = [
    new Option(
      "--webhook <addr:port>",
      "where API servers ask (/validate) whether an object may be applied; see docs/kubernetes.md",
    ),
    new Option(
      "--webhook-cert <file>",
      "certificate chain of the webhook, PEM; read again when it changes (default: that of --tls-cert)",
    ),
    new Option("--webhook-key <file>", "private key of that certificate (default: that of --tls-key)"),
  ];
  for (const option of options) {
    command.addOption(option.helpGroup("Who may apply what:"));
  }
  return command;
}

/** Undefined where no webhook is asked for. */
export function readWebhook(flags: WebhookFlags): WebhookFiles | undefined {
  const { webhook, webhookCert, webhookKey } = flags;
  if ((webhookCert === undefined) !== (webhookKey === undefined)) {
    throw new UsageError("--webhook-cert and --webhook-key belong together; name both");
  }
  if (webhook === undefined) {
    if (webhookCert !== undefined) {
      throw new UsageError("--webhook-cert is for --webhook; name the address, such as 0.0.0.0:15017");
    }
    return undefined;
  }
  const [certificate, key] =
    webhookCert === undefined ? [flags.tlsCert, flags.tlsKey] : [webhookCert, webhookKey];
  if (certificate === undefined || key === undefined) {
    throw new UsageError(
      "--webhook needs a certificate, since API servers ask by HTTPS only; name --webhook-cert and --webhook-key",
    );
  }
  try {
    checkWebhookListen(webhook);
  } catch (error) {
    throw error instanceof ListenError ? new UsageError(error.message) : error;
  }
  return { listen: webhook, certificate, key };
}

/** Nothing where there are no files. */
export async function startWebhook(
  files: WebhookFiles | undefined,
  options: Omit<AdmissionWebhookOptions, keyof WebhookFiles>,
): Promise<AdmissionWebhook | undefined> {
  return files && (await startAdmissionWebhook({ ...files, ...options }));
}
