/** JSON objects one after another, as `kubectl get -o json | jq '.items[]'` writes them: on a line each, or on several. */

/**
 * The offsets at which the objects begin, when a text consists of more than one of them and of nothing else. YAML cannot be taken for
 * it: behind an object in braces it allows nothing but a marker.
 */
export function jsonObjects(text: string): number[] | undefined {
  const starts: number[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (depth === 0) {
      if (char === OPEN_BRACE) {
        starts.push(i);
        depth = 1;
      } else if (!isSpace(char)) {
        return undefined;
      }
    } else if (char === QUOTE) {
      i = endOfString(text, i);
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      depth += 1;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      depth -= 1;
    }
  }
  return starts.length > 1 && starts.some((start, i) => isJson(text.slice(start, starts[i + 1])))
    ? starts
    : undefined;
}

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09;
}

/** The offset of the quote that ends a string; the text's length when none does. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 0x5c) {
      i += 1;
    } else if (char === QUOTE) {
      return i;
    }
  }
  return text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
