/** Where the page asks: relative to where it stands, so that it also works behind a path of somebody else's server. */

export function address(path: string): string {
  return new URL(path, document.baseURI).href;
}
