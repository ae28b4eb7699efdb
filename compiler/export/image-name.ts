/** Names of images, as registries and container engines take them (https://github.com/distribution/reference). */

export interface ImageName {
  /** With its registry: `registry.example:5000/team/sluice`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

const PART = "[a-zA-Z0-9]+(?:[._-]+[a-zA-Z0-9]+)*";
const NAME = new RegExp(
  `^(${PART}(?::\\d+(?=/))?(?:/${PART})*)(?::(\\w[\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/** `undefined` when it is none. */
export function parseImageName(text: string): ImageName | undefined {
  const match = NAME.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, repository, tag, digest] = match;
  return {
    repository: repository!,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}
