import type { EC2NodeClassSpec } from "@nodeless/api";
import type { MachineFacts } from "./machine-facts.ts";

/** Image families as `amiFamily` spells them, by the alias's word. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ["al2", "AL2"],
  ["al2023", "AL2023"],
  ["bottlerocket", "Bottlerocket"],
  ["windows2019", "Windows2019"],
  ["windows2022", "Windows2022"],
  ["windows2025", "Windows2025"],
]);

/** `al2023@latest` → family and version; undefined for anything else. */
export function parseImageAlias(alias: string): { readonly family: string; readonly version: string } | undefined {
  const [word = "", version = "", ...rest] = alias.split("@");
  const family = FAMILIES.get(word.toLowerCase());
  return family === undefined || version === "" || rest.length > 0 ? undefined : { family, version };
}

/** The image family of a node class: said, or named by the alias; Custom without either. */
export function imageFamily(spec: Pick<EC2NodeClassSpec, "amiFamily" | "amiSelectorTerms">): string {
  if (spec.amiFamily !== undefined) return spec.amiFamily;
  const alias = spec.amiSelectorTerms.find((term) => term.alias !== undefined)?.alias;
  return (alias === undefined ? undefined : parseImageAlias(alias)?.family) ?? "Custom";
}

/**
 * True if the published images of the family boot on the type. Standard images come for both architectures, those for accelerators only as
 * listed. Nothing is known about custom images: they boot everywhere. Source: karpenter.md §5.2.
 */
export function imageFamilyBoots(
  family: string,
  { architecture, gpus, accelerators }: Pick<MachineFacts, "architecture" | "gpus" | "accelerators">,
): boolean {
  const amd64 = architecture === "amd64";
  switch (family) {
    case "AL2":
      return amd64 || (gpus === undefined && accelerators === undefined);
    case "AL2023":
      return amd64 || accelerators === undefined;
    case "Bottlerocket":
      return accelerators === undefined;
    case "Windows2019":
    case "Windows2022":
    case "Windows2025":
      return amd64;
    default:
      return true;
  }
}
