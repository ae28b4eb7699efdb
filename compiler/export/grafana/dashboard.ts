/** A dashboard of what rules do, for Grafana 10 and later: for one Envoy or for many, whose instances are a variable. */

import * as queries from "./queries.ts";

/** `$__rate_interval` is never shorter than four scrapes. */
const ASKED = { where: 'instance=~"$instance"', range: "$__rate_interval" };
/** The same of what has a listener. */
const AT_LISTENER = { ...ASKED, where: `${ASKED.where},listener=~"$listener"` };
const UNUSED = { ...AT_LISTENER, range: "7d" };
const LISTENER = { ...ASKED, where: `${ASKED.where},envoy_http_conn_manager_prefix=~"$listener"` };
const DATASOURCE = { type: "prometheus", uid: "$datasource" };
const WIDTH = 24;
const HEIGHT = 8;

type Unit = "reqps" | "percentunit" | "ms" | "short";

interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly unit: Unit;
  /** By what a series is called. */
  readonly queries: readonly (readonly [query: string, legend: string])[];
  /** A list of what is there now, instead of lines over time. */
  readonly table?: true;
}

const ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    "Rules",
    [
      {
        title: "Requests by rule",
        unit: "reqps",
        queries: [[queries.requestsByRule(AT_LISTENER), "{{rule}} at {{listener}}"]],
      },
      {
        title: "Requests by destination",
        unit: "reqps",
        queries: [[queries.requestsByDestination(AT_LISTENER), "{{rule}} → {{cluster}}"]],
      },
      {
        title: "Shares of destinations",
        description: "What a destination had of the requests of its rule, and its weight.",
        unit: "percentunit",
        queries: [
          [queries.shareSeen(AT_LISTENER), "{{rule}} {{match}} → {{cluster}}"],
          [queries.shareWanted(AT_LISTENER), "weight of {{rule}} {{match}} → {{cluster}}"],
        ],
      },
      {
        title: "Faults injected",
        unit: "reqps",
        queries: [[queries.faultsByRule(AT_LISTENER), "{{fault}} by {{rule}}"]],
      },
      {
        title: "Answered by rules themselves",
        description: "Redirects, direct responses, and clients that left while a delay held their request.",
        unit: "reqps",
        queries: [
          [queries.answersByRule(AT_LISTENER), "{{kind}} by {{rule}}"],
          [queries.leftByRule(AT_LISTENER), "left {{rule}}"],
        ],
      },
      {
        title: "Without a rule",
        description:
          "No virtual host is for the host (`host`), or none of its rules took the request (`rule`).",
        unit: "reqps",
        queries: [[queries.unmatched(AT_LISTENER), "{{why}} at {{listener}}"]],
      },
      {
        title: "Rules unused for 7 days",
        description:
          "Of those that Prometheus has seen count in that time, or that split. A rule that took nothing since its Envoy started is not there: `sluice top` has it.",
        unit: "short",
        queries: [[queries.unusedRules(UNUSED), ""]],
        table: true,
      },
    ],
  ],
  [
    "Rules of listeners with Envoy's own routes (--rule-counters on)",
    [
      {
        title: "Requests by rule",
        unit: "reqps",
        queries: [[queries.requestsByRoute(AT_LISTENER), "{{rule}} at {{listener}}"]],
      },
      {
        title: "5xx by rule",
        unit: "reqps",
        queries: [[queries.errorsByRoute(AT_LISTENER), "{{rule}} at {{listener}}"]],
      },
    ],
  ],
  [
    "Clusters",
    [
      {
        title: "Requests by cluster",
        unit: "reqps",
        queries: [[queries.clusterRequests(ASKED), "{{envoy_cluster_name}}"]],
      },
      {
        title: "5xx by cluster",
        unit: "percentunit",
        queries: [[queries.clusterErrors(ASKED), "{{envoy_cluster_name}}"]],
      },
      {
        title: "Time of answers by cluster",
        unit: "ms",
        queries: [
          [queries.clusterLatency(0.5, ASKED), "p50 {{envoy_cluster_name}}"],
          [queries.clusterLatency(0.99, ASKED), "p99 {{envoy_cluster_name}}"],
        ],
      },
      {
        title: "Endpoints ejected",
        unit: "short",
        queries: [[queries.clusterEjections(ASKED), "{{envoy_cluster_name}}"]],
      },
      {
        title: "Turned away",
        description: "By a circuit breaker, or since no endpoint is healthy.",
        unit: "reqps",
        queries: [
          [queries.clusterOverflows(ASKED), "overflow {{envoy_cluster_name}}"],
          [queries.clusterNoneHealthy(ASKED), "no endpoint {{envoy_cluster_name}}"],
        ],
      },
    ],
  ],
  [
    "Listeners",
    [
      {
        title: "Answers by status",
        unit: "reqps",
        queries: [
          [
            queries.listenerAnswers(LISTENER),
            "{{envoy_response_code_class}}xx at {{envoy_http_conn_manager_prefix}}",
          ],
        ],
      },
      {
        title: "5xx by listener",
        unit: "percentunit",
        queries: [[queries.listenerErrors(LISTENER), "{{envoy_http_conn_manager_prefix}}"]],
      },
    ],
  ],
];

/** As Grafana imports it, and as a folder for its provisioning holds it. `uid` stays, so that a newer one takes its place. */
export function dashboard(): object {
  return {
    uid: "sluice-rules",
    title: "Sluice: what rules do",
    tags: ["sluice", "envoy"],
    schemaVersion: 39,
    version: 1,
    editable: true,
    time: { from: "now-1h", to: "now" },
    refresh: "15s",
    templating: {
      list: [
        { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" },
        variable("instance", "Envoy", "envoy_server_live"),
        variable("listener", "Listener", 'sluice_requests_total{instance=~"$instance"}'),
      ],
    },
    panels: panelsOf(ROWS),
  };
}

function variable(label: string, title: string, metric: string): object {
  return {
    name: label,
    label: title,
    type: "query",
    datasource: DATASOURCE,
    query: { query: `label_values(${metric}, ${label})`, refId: label },
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
  };
}

function panelsOf(rows: typeof ROWS): object[] {
  const panels: object[] = [];
  let y = 0;
  const place = (w: number, h: number, x = 0) => ({ id: panels.length + 1, gridPos: { x, y, w, h } });
  for (const [title, own] of rows) {
    panels.push({ ...place(WIDTH, 1), type: "row", title, collapsed: false, panels: [] });
    y++;
    for (const [index, panel] of own.entries()) {
      const isLeft = index % 2 === 0;
      const isAlone = isLeft && index === own.length - 1;
      panels.push({
        ...place(isAlone ? WIDTH : WIDTH / 2, HEIGHT, isLeft ? 0 : WIDTH / 2),
        ...panelOf(panel),
      });
      y += isLeft && !isAlone ? 0 : HEIGHT;
    }
  }
  return panels;
}

function panelOf({ title, description, unit, queries: asked, table }: Panel): object {
  return {
    type: table ? "table" : "timeseries",
    title,
    ...(description !== undefined && { description }),
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, ...(!table && { min: 0 }) }, overrides: [] },
    ...(!table && {
      options: { legend: { displayMode: "table", placement: "right", calcs: ["lastNotNull"] } },
    }),
    targets: asked.map(([expr, legend], index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      ...(table ? { instant: true, format: "table" } : { legendFormat: legend }),
    })),
  };
}
