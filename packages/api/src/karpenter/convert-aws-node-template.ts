import type { ObjectMeta } from "../generated/kubernetes.ts";
import type {
  AmiSelectorTerm,
  EC2NodeClass,
  EC2NodeClassSpec,
  KubeletConfiguration,
  MetadataOptions,
} from "./ec2-node-class.ts";
import type { AWSNodeTemplate, AWSNodeTemplateSpec, ProvisionerKubeletConfiguration } from "./provisioner.ts";

export interface ConvertAwsNodeTemplateOptions {
  /** The old global setting `aws.defaultInstanceProfile`, used when the template names none. */
  readonly defaultInstanceProfile?: string;
  /** `spec.kubeletConfiguration` of the Provisioner that refers to the template; in v1 it belongs to the class. */
  readonly kubelet?: ProvisionerKubeletConfiguration;
}

/**
 * The EC2NodeClass that means what a v1alpha1 AWSNodeTemplate meant. Tag selectors become terms; the old defaults that v1 changed
 * (image family AL2, metadata hop limit 2) are written out. Without any instance profile the class has neither role nor profile, and
 * its own validation says so. {@link awsNodeTemplateLosses} tells what could not be carried over.
 * Source: Karpenter's migration guides from v1alpha1 to v1 (karpenter.md §1.3, §1.8).
 */
export function convertAwsNodeTemplate<Metadata extends Partial<ObjectMeta>>(
  template: { readonly metadata: Metadata; readonly spec: AWSNodeTemplateSpec },
  options: ConvertAwsNodeTemplateOptions = {},
): Omit<EC2NodeClass, "metadata" | "status"> & { readonly metadata: Metadata } {
  const { spec, metadata } = template;
  const instanceProfile = spec.instanceProfile ?? options.defaultInstanceProfile;
  return {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata,
    spec: {
      subnetSelectorTerms: termsOf(spec.subnetSelector),
      securityGroupSelectorTerms: termsOf(spec.securityGroupSelector ?? {}),
      ...convertImages(spec),
      ...(instanceProfile === undefined ? {} : { instanceProfile }),
      ...convertKubelet(options.kubelet),
      metadataOptions: { ...FORMER_METADATA_DEFAULTS, ...spec.metadataOptions },
      ...keep(spec, "userData", "context", "tags", "blockDeviceMappings", "detailedMonitoring"),
    },
  };
}

/** What a template says that its EC2NodeClass cannot; sentences for the user, empty when nothing is lost. */
export function awsNodeTemplateLosses(template: Pick<AWSNodeTemplate, "spec">): readonly string[] {
  const { spec } = template;
  const mixed = [spec.subnetSelector, spec.securityGroupSelector, spec.amiSelector].filter(
    (selector) => idsOf(selector).length > 0 && Object.keys(selector ?? {}).length > 1,
  );
  return [
    ...(spec.launchTemplate === undefined
      ? []
      : [
          "spec.launchTemplate is dropped: Karpenter v1 writes its own launch templates; use the other fields of the class",
        ]),
    ...(spec.amiFamily === "Ubuntu"
      ? ["spec.amiFamily Ubuntu is gone: the class selects Canonical's images and boots them like AL2"]
      : []),
    ...(mixed.length === 0 ? [] : ["a selector with ids and tags keeps the ids only: an id stands alone in v1"]),
  ];
}

const FORMER_METADATA_DEFAULTS: Required<MetadataOptions> = {
  httpEndpoint: "enabled",
  httpProtocolIPv6: "disabled",
  httpPutResponseHopLimit: 2,
  httpTokens: "required",
};

type TagSelector = Readonly<Record<string, string>>;
interface SelectorTerm {
  readonly tags?: Readonly<Record<string, string>>;
  readonly id?: string;
}

const ID_KEYS: ReadonlySet<string> = new Set(["aws-ids", "aws::ids"]);
const NAME_KEY = "aws::name";
const OWNERS_KEY = "aws::owners";
/** v1 allows no more terms; a longer selector is cut, which its own validation would refuse anyway. */
const TERMS_MAX = 30;

const splitList = (value: string): readonly string[] =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

function idsOf(selector: TagSelector | undefined): readonly string[] {
  return Object.entries(selector ?? {}).flatMap(([key, value]) => (ID_KEYS.has(key) ? splitList(value) : []));
}

/** Ids are one term each. A tag with a comma list matched any of its values, so it becomes one term per combination. */
function termsOf(selector: TagSelector): readonly SelectorTerm[] {
  const ids = idsOf(selector);
  if (ids.length > 0) return ids.slice(0, TERMS_MAX).map((id) => ({ id }));
  return tagCombinations(selector).map((tags) => ({ tags }));
}

function tagCombinations(selector: TagSelector): readonly TagSelector[] {
  let combinations: readonly TagSelector[] = [{}];
  for (const [key, list] of Object.entries(selector))
    combinations = combinations
      .flatMap((tags) => splitList(list).map((value) => ({ ...tags, [key]: value })))
      .slice(0, TERMS_MAX);
  return combinations.filter((tags) => Object.keys(tags).length > 0);
}

/** Canonical's account and the names of its EKS images. */
const UBUNTU_TERM: AmiSelectorTerm = { name: "ubuntu-eks/k8s_*", owner: "099720109477" };
const ALIASES = { AL2: "al2@latest", Bottlerocket: "bottlerocket@latest" } as const;
/** What a template that says nothing of images means. It was AL2 once; AWS builds no AL2 images from Kubernetes 1.33 on, and AL2023 is its successor. */
const DEFAULT_IMAGE = { amiFamily: "AL2023", alias: "al2023@latest" } as const;

function convertImages(spec: AWSNodeTemplateSpec): Pick<EC2NodeClassSpec, "amiFamily" | "amiSelectorTerms"> {
  if (spec.amiFamily === undefined && spec.amiSelector === undefined)
    return { amiFamily: DEFAULT_IMAGE.amiFamily, amiSelectorTerms: [{ alias: DEFAULT_IMAGE.alias }] };
  const { amiFamily = "AL2", amiSelector } = spec;
  const family = amiFamily === "Ubuntu" ? "AL2" : amiFamily;
  if (amiSelector !== undefined) return { amiFamily: family, amiSelectorTerms: imageTerms(amiSelector) };
  if (amiFamily === "Ubuntu") return { amiFamily: family, amiSelectorTerms: [UBUNTU_TERM] };
  // Custom without a selector was refused already then; the empty list keeps it refused.
  if (amiFamily === "Custom") return { amiFamily, amiSelectorTerms: [] };
  return { amiFamily, amiSelectorTerms: [{ alias: ALIASES[amiFamily] }] };
}

function imageTerms(selector: TagSelector): readonly AmiSelectorTerm[] {
  const ids = idsOf(selector);
  if (ids.length > 0) return ids.slice(0, TERMS_MAX).map((id) => ({ id }));
  const name = Object.hasOwn(selector, NAME_KEY) ? selector[NAME_KEY] : undefined;
  const owners = splitList((Object.hasOwn(selector, OWNERS_KEY) ? selector[OWNERS_KEY] : undefined) ?? "");
  const tags = tagCombinations(
    Object.fromEntries(Object.entries(selector).filter(([key]) => key !== NAME_KEY && key !== OWNERS_KEY)),
  );
  const terms: AmiSelectorTerm[] = [];
  for (const owner of owners.length === 0 ? [undefined] : owners)
    for (const tag of tags.length === 0 ? [undefined] : tags)
      terms.push({
        ...(name === undefined ? {} : { name }),
        ...(owner === undefined ? {} : { owner }),
        ...(tag === undefined ? {} : { tags: tag }),
      });
  return terms.slice(0, TERMS_MAX);
}

function convertKubelet(kubelet: ProvisionerKubeletConfiguration | undefined): Pick<EC2NodeClassSpec, "kubelet"> {
  if (kubelet === undefined) return {};
  const { containerRuntime: _dropped, ...kept } = kubelet;
  const converted: KubeletConfiguration = kept;
  return { kubelet: converted };
}

function keep<Key extends keyof AWSNodeTemplateSpec>(
  spec: AWSNodeTemplateSpec,
  ...keys: readonly Key[]
): Pick<AWSNodeTemplateSpec, Key> {
  const present = keys.filter((key) => spec[key] !== undefined).map((key) => [key, spec[key]]);
  return Object.fromEntries(present) as Pick<AWSNodeTemplateSpec, Key>;
}
