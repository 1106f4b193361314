import type { NodeSelectorRequirement } from "@nodeless/api";
import type { InstanceType } from "@nodeless/scheduling";
import type { NodeImage } from "./images.ts";

/** The newest image that the type can run, or undefined. Images come newest first. */
export function imageFor(
  type: Pick<InstanceType, "requirements">,
  images: readonly NodeImage[],
): NodeImage | undefined {
  return images.find((image) => image.requirements.every((requirement) => satisfies(type, requirement)));
}

/** A type's labels are single values or absent, so that four operators say everything images ask for. */
function satisfies(type: Pick<InstanceType, "requirements">, requirement: NodeSelectorRequirement): boolean {
  const [value] = type.requirements.get(requirement.key)?.values ?? [];
  const listed = value !== undefined && (requirement.values ?? []).includes(value);
  switch (requirement.operator) {
    case "In":
      return listed;
    case "NotIn":
      return !listed;
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
