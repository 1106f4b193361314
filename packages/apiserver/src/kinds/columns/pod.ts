import type { Pod } from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { ageText } from "./age.ts";
import { AGE, column, NAME, NONE, wide } from "./plain.ts";
import { summarizePod } from "./pod-status.ts";

/** Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go (release 1.36). */
export const POD_COLUMNS: readonly ColumnRule<Pod>[] = [
  NAME,
  column("Ready", (pod) => {
    const { ready, total } = summarizePod(pod);
    return `${ready}/${total}`;
  }),
  column("Status", (pod) => summarizePod(pod).status),
  column("Restarts", restartsText),
  AGE,
  wide("IP", ({ status }) => textOr(status?.podIPs?.[0]?.ip ?? status?.podIP)),
  wide("Node", ({ spec }) => textOr(spec.nodeName)),
  wide("Nominated Node", ({ status }) => textOr(status?.nominatedNodeName)),
  wide("Readiness Gates", readinessGates),
];

const textOr = (text: string | undefined): string => (text === undefined || text === "" ? NONE : text);

function restartsText(pod: Pod, now: Date): string {
  const { restarts, lastRestart } = summarizePod(pod);
  return restarts === 0 || lastRestart === undefined ? `${restarts}` : `${restarts} (${ageText(lastRestart, now)} ago)`;
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const passed = gates.filter(({ conditionType }) =>
    (status?.conditions ?? []).some(({ type, status: value }) => type === conditionType && value === "True"),
  );
  return `${passed.length}/${gates.length}`;
}
