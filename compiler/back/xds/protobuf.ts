/** Protobuf's JSON forms that several messages share. */

/** A `google.protobuf.Any`: the members of the message beside its type. */
export type TypedConfig<Message extends object = object> = { readonly "@type": string } & Message;

/** An extension as Envoy wants it: a name for people and statistics, a type that decides. */
export interface Extension<Message extends object = object> {
  readonly name: string;
  readonly typed_config: TypedConfig<Message>;
}

/** Packs a message into an `Any`. `type` is the full name, `envoy.config.cluster.v3.Cluster`. */
export function typed<Message extends object>(type: string, message: Message): TypedConfig<Message> {
  return { "@type": typeUrl(type), ...message };
}

/** How an `Any` names a type. */
export function typeUrl(type: string): string {
  return `type.googleapis.com/${type}`;
}

/** A `google.protobuf.Duration`, exact to the microsecond. */
export function duration(milliseconds: number): string {
  const micros = Math.round(milliseconds * 1000);
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = String(micros % 1_000_000)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return fraction === "" ? `${seconds}s` : `${seconds}.${fraction}s`;
}

/** `envoy.type.v3.FractionalPercent` in parts per million. */
export interface FractionalPercent {
  readonly numerator: number;
  readonly denominator: "MILLION";
}

export function fractionalPercent(perMillion: number): FractionalPercent {
  return { numerator: perMillion, denominator: "MILLION" };
}
