/** The views of the page. A new one is an entry here. */

import type { FunctionComponent } from "preact";
import { FleetTab } from "../fleet/fleet-tab.tsx";
import { FlowTab } from "../flow/flow-tab.tsx";
import { RulesTab } from "../rule-list/rules-tab.tsx";
import type { PageState } from "../state/page-state.ts";

export interface Tab {
  readonly id: string;
  readonly title: string;
  /** After `g`: the short cut that leads here. */
  readonly key: string;
  readonly Body: FunctionComponent;
  /** Whether this page has it; absent: every page has. */
  readonly isThere?: (page: PageState) => boolean;
}

export const TABS: readonly Tab[] = [
  { id: "rules", title: "Rules", key: "r", Body: RulesTab },
  { id: "flow", title: "Flow", key: "f", Body: FlowTab },
  {
    id: "fleet",
    title: "Fleet",
    key: "p",
    Body: FleetTab,
    isThere: (page) => page.view.value?.scope !== undefined,
  },
];

export function tabsOf(page: PageState): readonly Tab[] {
  return TABS.filter(({ isThere }) => isThere?.(page) ?? true);
}
