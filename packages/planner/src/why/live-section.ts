import { counted } from "../report/amounts.ts";
import { type TableStyle, wrapped } from "../report/table-style.ts";
import type { LiveFacts } from "./explanation.ts";
import { titled } from "./titled.ts";

/** What happened in the cluster, and what the node was bought for. */
export function liveSection(live: LiveFacts | undefined, style: TableStyle): string {
  if (live === undefined) return "";
  const { history, nodeClaim, anew } = live;
  const events = history.map(({ at, what }) =>
    wrapped(what, { first: `${at.slice(11, 19)}  `, rest: " ".repeat(10), width: style.width }),
  );
  const lines = [
    ...(events.length === 0 ? [] : [`${style.paint("bold", "WHEN      WHAT HAPPENED")}\n${events.join("")}`]),
    ...(nodeClaim === undefined
      ? []
      : [
          titled(
            "CLAIM",
            `${nodeClaim.name} allowed ${counted(nodeClaim.instanceTypes, "instance type")} with ${nodeClaim.requirements.join(", ")}`,
            style,
          ),
        ]),
    ...(anew === undefined ? [] : [titled("ANEW", anew, style)]),
  ];
  return lines.join("");
}
