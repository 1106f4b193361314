import type { Event, EventsV1Event, KubernetesObject } from "@nodeless/api";

/** Drops unset fields, so that a round trip through the other form leaves nothing behind. */
function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** An event of events.k8s.io as core/v1 keeps it. Source: kubernetes/kubernetes pkg/apis/events/v1/conversion.go. */
export function eventToStorage(event: EventsV1Event): KubernetesObject {
  const { regarding, note, reportingController, deprecatedSource, deprecatedCount, series, ...rest } = event;
  const { deprecatedFirstTimestamp, deprecatedLastTimestamp, ...shared } = rest;
  return defined({
    ...shared,
    apiVersion: "v1",
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController,
    source: deprecatedSource,
    count: deprecatedCount,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    series,
  });
}

/** A stored core/v1 event as events.k8s.io shows it. */
export function eventFromStorage(stored: KubernetesObject): EventsV1Event {
  const { involvedObject, message, reportingComponent, source, count, firstTimestamp, lastTimestamp, ...rest } =
    stored as Event;
  return defined({
    ...rest,
    apiVersion: "events.k8s.io/v1",
    regarding: involvedObject,
    note: message,
    reportingController: reportingComponent,
    deprecatedSource: source,
    deprecatedCount: count,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
  }) as unknown as EventsV1Event;
}
