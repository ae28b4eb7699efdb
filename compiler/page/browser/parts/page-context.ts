/** The one page that everything drawn is of. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { PageState } from "../state/page-state.ts";

export const PageContext = createContext<PageState | undefined>(undefined);

export function usePage(): PageState {
  const page = useContext(PageContext);
  if (page === undefined) {
    throw new Error("drawn outside of a page");
  }
  return page;
}
