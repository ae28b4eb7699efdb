/** Text of others: a text node, apart from the direction of what stands beside it. */

import { inert } from "../format/inert.ts";

export function Text({
  of,
  longest,
  class: name,
}: {
  readonly of: string;
  readonly longest?: number;
  readonly class?: string;
}) {
  return <bdi class={name === undefined ? "text" : `text ${name}`}>{inert(of, longest)}</bdi>;
}
