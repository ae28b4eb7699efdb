/** Everything that is told of a fleet over HTTP and is no answer to a question: metrics, and events as they happen. */

import type { FleetEvent } from "../model/event.ts";
import { EventFeed } from "./event-feed.ts";
import { FleetMetrics } from "./fleet-metrics.ts";

export class FleetTelemetry {
  readonly feed = new EventFeed();
  readonly metrics = new FleetMetrics();

  /** For `onEvent` of a fleet. */
  tell(event: FleetEvent): void {
    this.metrics.tell(event);
    const { kind, ...data } = event;
    this.feed.tell(kind, event.kind === "failed" ? { message: (event.error as Error).message } : data);
  }
}
