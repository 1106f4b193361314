import type { InstanceType } from "@nodeless/scheduling";

const FAMILY = "karpenter.k8s.aws/instance-family";
const GENERATION = "karpenter.k8s.aws/instance-generation";

/** The family of an instance type: its label, else what stands before the dot of its name. */
export function familyOf(type: Pick<InstanceType, "name" | "requirements">): string {
  return labelOf(type, FAMILY) ?? type.name.split(".")[0] ?? type.name;
}

/** The generation of an instance type; undefined when no label says it. */
export function generationOf(type: Pick<InstanceType, "requirements">): number | undefined {
  const value = labelOf(type, GENERATION);
  return value === undefined ? undefined : Number(value);
}

/** Virtual cpus of an instance type. */
export function vcpusOf(type: Pick<InstanceType, "capacity">): number {
  return (type.capacity.get("cpu") ?? 0) / 1000;
}

function labelOf({ requirements }: Pick<InstanceType, "requirements">, key: string): string | undefined {
  const requirement = requirements.get(key);
  if (requirement === undefined || requirement.complement) return undefined;
  const [first] = requirement.values;
  return first;
}
