import { type Pod, TAINTS, type Toleration } from "@nodeless/api";
import type { AdmissionPlugin } from "../server.ts";

/** How long a pod stays on a node that stopped answering. */
const SECONDS = 300;

/** Pods survive five minutes of a lost node. Source: kubernetes plugin/pkg/admission/defaulttolerationseconds. */
export function defaultTolerations(): AdmissionPlugin {
  return {
    name: "DefaultTolerationSeconds",
    admit({ operation, group, resource, subresource, object }) {
      if (operation !== "CREATE" || group !== "" || resource !== "pods" || subresource !== "" || object === undefined)
        return undefined;
      const pod = object as Pod;
      const given = pod.spec?.tolerations ?? [];
      const missing = [TAINTS.notReady, TAINTS.unreachable].filter((taint) => !given.some((one) => covers(one, taint)));
      if (missing.length === 0) return undefined;
      const added = missing.map(
        (key): Toleration => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SECONDS }),
      );
      return { ...pod, spec: { ...pod.spec, tolerations: [...given, ...added] } } as Pod;
    },
  };
}

function covers({ key = "", effect = "" }: Toleration, taint: string): boolean {
  return (key === taint || key === "") && (effect === "NoExecute" || effect === "");
}
