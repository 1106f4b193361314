import { type Node, TAINTS } from "@nodeless/api";
import type { AdmissionPlugin } from "../server.ts";

/** A new node takes no pods until it has proved ready. Source: kubernetes plugin/pkg/admission/nodetaint. */
export function taintNewNodes(): AdmissionPlugin {
  return {
    name: "TaintNodesByCondition",
    admit({ operation, group, resource, subresource, object }) {
      if (operation !== "CREATE" || group !== "" || resource !== "nodes" || subresource !== "" || object === undefined)
        return undefined;
      const node = object as Node;
      const taints = node.spec?.taints ?? [];
      if (taints.some(({ key, effect }) => key === TAINTS.notReady && effect === "NoSchedule")) return undefined;
      const notReady = { key: TAINTS.notReady, effect: "NoSchedule" as const };
      return { ...node, spec: { ...node.spec, taints: [...taints, notReady] } } as Node;
    },
  };
}
