import { AssociateAccessPolicyCommand, CreateAccessEntryCommand } from "@aws-sdk/client-eks";
import type { AccessEntryConfig } from "../spec/cluster-file/cluster-config.ts";
import { fact, type Step, type StepContext, unlessNamed } from "./step.ts";

/** Lets the provisioner's nodes join (type EC2_LINUX) and adds the file's own entries. */
export const accessEntriesStep: Step = {
  id: "access",
  title: "access entries",
  async run(context) {
    const entries: readonly AccessEntryConfig[] = [
      { principalARN: fact(context, "nodeRoleArn"), type: "EC2_LINUX" },
      ...context.spec.accessEntries,
    ];
    let created = 0;
    for (const entry of entries) if (await ensureEntry(context, entry)) created += 1;
    return {
      change: created > 0 ? "created" : "unchanged",
      detail: `${entries.length} ${entries.length === 1 ? "entry" : "entries"}`,
    };
  },
};

async function ensureEntry({ aws, spec }: StepContext, entry: AccessEntryConfig): Promise<boolean> {
  const principalArn = entry.principalARN ?? "";
  const created = await unlessNamed(
    ["ResourceInUseException"],
    async () => {
      await aws.eks.send(
        new CreateAccessEntryCommand({
          clusterName: spec.name,
          principalArn,
          ...(entry.type === undefined ? {} : { type: entry.type }),
          ...(entry.kubernetesUsername === undefined ? {} : { username: entry.kubernetesUsername }),
          ...(entry.kubernetesGroups === undefined ? {} : { kubernetesGroups: [...entry.kubernetesGroups] }),
        }),
      );
      return true;
    },
    async () => false,
  );
  for (const { policyARN, accessScope } of entry.accessPolicies ?? []) {
    await aws.eks.send(
      new AssociateAccessPolicyCommand({
        clusterName: spec.name,
        principalArn,
        policyArn: policyARN ?? "",
        accessScope: {
          type: accessScope?.type ?? "cluster",
          ...(accessScope?.namespaces === undefined ? {} : { namespaces: [...accessScope.namespaces] }),
        },
      }),
    );
  }
  return created;
}
