import { CreateAddonCommand, DescribeAddonCommand } from "@aws-sdk/client-eks";
import type { AddonConfig } from "../spec/cluster-file/cluster-config.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { type Step, type StepContext, unlessNamed } from "./step.ts";

/** CoreDNS on the smallest Fargate size: 256M with the 256 MiB overhead is exactly 0.5 GB (fargate.md §2.1). */
const COREDNS_ON_FARGATE = JSON.stringify({
  computeType: "Fargate",
  resources: { requests: { cpu: "0.25", memory: "256M" }, limits: { cpu: "0.25", memory: "256M" } },
});

/** One step per add-on. It is not waited for here: CoreDNS is ACTIVE only once its pods run. */
export function addonStep(addon: ClusterSpec["addons"][number]): Step {
  return {
    id: `addon/${addon.name}`,
    title: `add-on ${addon.name}`,
    async run(context) {
      const existing = await describe(context, addon.name);
      if (existing !== undefined) return { change: "unchanged", detail: existing };
      return { change: "created", detail: await create(context, addon) };
    },
  };
}

async function describe({ aws, spec }: StepContext, addonName: string): Promise<string | undefined> {
  return unlessNamed(
    ["ResourceNotFoundException"],
    async () =>
      (await aws.eks.send(new DescribeAddonCommand({ clusterName: spec.name, addonName }))).addon?.addonVersion ?? "",
    async () => undefined,
  );
}

async function create({ aws, spec }: StepContext, addon: AddonConfig & { readonly name: string }): Promise<string> {
  const configurationValues = addon.configurationValues ?? (addon.name === "coredns" ? COREDNS_ON_FARGATE : undefined);
  const answer = await aws.eks.send(
    new CreateAddonCommand({
      clusterName: spec.name,
      addonName: addon.name,
      resolveConflicts: (addon.resolveConflicts ?? "overwrite").toUpperCase() as "NONE" | "OVERWRITE" | "PRESERVE",
      ...(addon.version === undefined ? {} : { addonVersion: addon.version }),
      ...(configurationValues === undefined ? {} : { configurationValues }),
      ...(addon.serviceAccountRoleARN === undefined ? {} : { serviceAccountRoleArn: addon.serviceAccountRoleARN }),
      ...(addon.tags === undefined ? {} : { tags: { ...addon.tags } }),
    }),
  );
  return answer.addon?.addonVersion ?? "";
}
