import type { Event } from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { ageText } from "./age.ts";
import { column, wide } from "./plain.ts";

export const EVENT_COLUMNS: readonly ColumnRule<Event>[] = [
  column("Last Seen", lastSeen),
  column("Type", ({ type }) => type ?? ""),
  column("Reason", ({ reason }) => reason ?? ""),
  column("Object", objectText),
  wide("Subobject", ({ involvedObject }) => involvedObject.fieldPath ?? ""),
  wide("Source", sourceText),
  column("Message", ({ message }) => (message ?? "").trim()),
  wide("First Seen", firstSeen),
  wide("Count", ({ count, series }) => series?.count ?? (count === undefined || count === 0 ? 1 : count)),
  wide("Name", ({ metadata }) => metadata.name),
];

function firstSeen({ firstTimestamp, eventTime }: Event, now: Date): string {
  return ageText(firstTimestamp ?? eventTime, now);
}

function lastSeen(event: Event, now: Date): string {
  const seen = event.series?.lastObservedTime ?? event.lastTimestamp;
  return seen === undefined ? firstSeen(event, now) : ageText(seen, now);
}

function objectText({ involvedObject: { kind = "", name = "" } }: Event): string {
  return name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function sourceText({ source, reportingComponent = "", reportingInstance = "" }: Event): string {
  const component = source?.component ?? reportingComponent;
  const host = source?.component === undefined ? reportingInstance : (source.host ?? "");
  return host === "" ? component : `${component}, ${host}`;
}
