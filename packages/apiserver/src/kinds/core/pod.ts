import type { Draft, Pod } from "@nodeless/api";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { POD_COLUMNS } from "../columns/pod.ts";
import { requestsFromLimits } from "../defaults/container.ts";
import { applyPodSpecDefaults } from "../defaults/pod-spec.ts";
import { qosClass } from "../defaults/qos-class.ts";
import { validatePodSpec } from "../validation/pod-spec.ts";
import { validatePodUpdate } from "../validation/pod-update.ts";

export const POD: AnyBehaviour = behaviour<Pod>({
  applyDefaults(draft) {
    draft.spec ??= { containers: [] };
    draft.spec.containers ??= [];
    applyPodSpecDefaults(draft.spec);
    draft.spec.enableServiceLinks ??= true;
    for (const { resources } of [...draft.spec.containers, ...(draft.spec.initContainers ?? [])])
      requestsFromLimits(resources);
    requestsFromLimits(draft.spec.resources);
  },
  prepareForCreate(draft) {
    // After admission, which may have set these from the priority class and the service account.
    draft.spec.priority ??= 0;
    draft.spec.preemptionPolicy ??= "PreemptLowerPriority";
    if (draft.spec.serviceAccountName === undefined) {
      draft.spec.serviceAccountName = "default";
      draft.spec.serviceAccount = "default";
    }
    draft.status = { phase: "Pending", qosClass: qosClass(draft.spec as Pod["spec"]) };
    if ((draft.spec.schedulingGates ?? []).length > 0)
      draft.status.conditions = [
        {
          type: "PodScheduled",
          status: "False",
          reason: "SchedulingGated",
          message: "Scheduling is blocked due to non-empty scheduling gates",
        },
      ];
  },
  prepareForStatusUpdate(status, old) {
    const qos = old.status?.qosClass;
    if (qos !== undefined) status.qosClass = qos;
  },
  subresources: {
    ephemeralcontainers(draft, { spec }) {
      draft.spec.ephemeralContainers = (spec.ephemeralContainers ?? []) as Draft<
        NonNullable<typeof spec.ephemeralContainers>
      >;
    },
    resize: takeResources,
  },
  validate: ({ spec }, errors) => validatePodSpec(spec, "spec", errors),
  validateUpdate: validatePodUpdate,
  columns: POD_COLUMNS,
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.host": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => `${spec.hostNetwork ?? false}`,
    "status.phase": ({ status }) => status?.phase ?? "",
    "status.podIP": ({ status }) => status?.podIP ?? status?.podIPs?.[0]?.ip ?? "",
    "status.podIPs": ({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip).join(","),
    "status.nominatedNodeName": ({ status }) => status?.nominatedNodeName ?? "",
  },
});

/** `pods/resize` changes nothing but the resources of containers. */
function takeResources(draft: Draft<Pod>, { spec }: Pod): void {
  for (const list of ["containers", "initContainers"] as const)
    for (const container of draft.spec[list] ?? []) {
      const wanted = spec[list]?.find(({ name }) => name === container.name);
      if (wanted?.resources !== undefined) container.resources = wanted.resources as Draft<typeof wanted.resources>;
    }
}
