/**
 * Text of others, such as paths, hosts and names of rules, made harmless for the eye. The page only ever makes text nodes
 * of it, so it cannot become markup; but a control character would vanish, one that turns the direction of writing would
 * swap what stands beside it, and 8 KiB would bury the rest.
 */

/** Control characters, those that have no width or change the direction of what follows, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** As much as is worth showing in one line. */
export const LONGEST = 240;

/** The text with every character that has no shape of its own written as its number: `⟨U+202E⟩`. */
export function inert(text: string, longest = LONGEST): string {
  const cut = text.length > longest ? text.slice(0, longest) : text;
  const shown = cut.replace(
    UNSEEN,
    (found) => `⟨U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
  return cut === text ? shown : `${shown}… (${text.length} characters)`;
}
