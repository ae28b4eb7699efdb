/** Everything that is told of a fleet over HTTP and is no answer to a question: metrics, and events as they happen. */

import { EventFeed } from "../../http/event-feed.ts";
import type { FleetEvent } from "../model/event.ts";
import { FleetMetrics } from "./fleet-metrics.ts";

export class FleetTelemetry {
  readonly feed = new EventFeed();
  readonly metrics = new FleetMetrics();

  /** For `onEvent` of a fleet. */
  tell(event: FleetEvent): void {
    this.metrics.tell(event);
    this.feed.tell(event.kind, dataOf(event));
  }
}

function dataOf(event: FleetEvent): object {
  switch (event.kind) {
    case "failed":
      return { message: (event.error as Error).message };
    case "rules": {
      // The findings of a large mesh are megabytes, and a thousand events are kept.
      const { revision, refused, findings } = event;
      return { revision, refused, findings: findings.summary };
    }
    default: {
      const { kind: _, ...data } = event;
      return data;
    }
  }
}
