/** Where the page begins. */

import { render } from "preact";
import { App } from "./frame/app.tsx";
import { listenToKeys } from "./frame/shortcuts.ts";
import { PageServer } from "./state/page-server.ts";
import { PageState } from "./state/page-state.ts";
import { follow } from "./state/stream.ts";

/** Narrower, everything stands in one column; `page.css` has the same. */
const NARROW = "(max-width: 820px)";

const page = new PageState(new PageServer());
const narrow = matchMedia(NARROW);
page.isNarrow.value = narrow.matches;
narrow.addEventListener("change", () => {
  page.isNarrow.value = narrow.matches;
});
render(<App page={page} />, document.getElementById("page")!);
listenToKeys(page);
follow(page);
