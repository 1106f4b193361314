import type { CheckedPod, Manifest, Profile } from "./manifest-pods.ts";
import type { PlanJson, PlanJsonFargatePod } from "./plan-checker.ts";
import { amountsOf, differences, nanosOf } from "./quantity-arithmetic.ts";

const GIB = 1024n ** 3n * 10n ** 9n;
const SYSTEM = GIB / 4n;
const STORAGE_INCLUDED = 20n * GIB;

const range = (from: number, to: number, step: number): readonly number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);

/** vCPU and the memory sizes that go with them (Amazon EKS user guide, Fargate pod configuration). */
const SIZES: readonly (readonly [vcpu: number, memoryGb: readonly number[]])[] = [
  [0.25, [0.5, 1, 2]],
  [0.5, range(1, 4, 1)],
  [1, range(2, 8, 1)],
  [2, range(4, 16, 1)],
  [4, range(8, 30, 1)],
  [8, range(16, 60, 4)],
  [16, range(32, 120, 8)],
];

/** USD per vCPU and GB hour. */
const PRICES: ReadonlyMap<string, readonly [vcpu: number, gb: number]> = new Map([
  ["us-east-1", [0.04048, 0.004445]],
  ["us-west-2", [0.04048, 0.004445]],
  ["eu-west-1", [0.04048, 0.004445]],
  ["ap-northeast-2", [0.04656, 0.00511]],
]);

/** Profiles of a cluster whose file names none. */
const DEFAULT_PROFILES: readonly Profile[] = ["karpenter", "kube-system"].map((namespace) => ({
  name: namespace,
  selectors: [{ namespace }],
}));

/** Who is on Fargate, in which size, at which price. */
export function fargateObjections(
  plan: PlanJson,
  pods: ReadonlyMap<string, CheckedPod>,
  objects: readonly Manifest[],
): readonly string[] {
  const configs = objects.filter(({ kind }) => kind === "ClusterConfig");
  const profiles =
    configs.length === 0 ? DEFAULT_PROFILES : configs.flatMap(({ fargateProfiles = [] }) => fargateProfiles);
  const rows = new Map(plan.fargate.map((row) => [row.pod, row]));
  const refused = new Set(plan.unplaced.map(({ pod }) => pod));
  return [...pods.values()].flatMap((pod): readonly string[] => {
    const row = rows.get(pod.key);
    const wanted = PRICES.has(plan.catalog.region) ? profileOf(pod, profiles) : undefined;
    if (wanted !== undefined && row === undefined)
      return refused.has(pod.key) ? [] : [`${pod.key}: profile ${wanted} selects it, and it is on a node`];
    if (row === undefined) return [];
    // Profiles that nodeless adds for system pods have names of their own.
    const isWrong = row.profile !== wanted && row.profile !== "nodeless-system";
    return [
      ...(isWrong ? [`${pod.key}: profile ${row.profile}, wanted ${wanted}`] : []),
      ...sizeObjections(row, pod, plan.catalog.region),
    ];
  });
}

function profileOf({ namespace, labels, annotations }: CheckedPod, profiles: readonly Profile[]): string | undefined {
  if (annotations["eks.amazonaws.com/compute-type"] === "ec2") return undefined;
  const matching = profiles.filter(({ selectors }) =>
    selectors.some(
      (one) =>
        like(one.namespace, namespace) &&
        Object.entries(one.labels ?? {}).every(([key, value]) =>
          Object.entries(labels).some(([own, text]) => like(key, own) && like(value, text)),
        ),
    ),
  );
  return matching.map(({ name }) => name).sort()[0];
}

/** `*` is any text, `?` one character. */
function like(pattern: string, text: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`).test(text);
}

function sizeObjections(row: PlanJsonFargatePod, { requests }: CheckedPod, region: string): readonly string[] {
  const found = differences(requests, amountsOf(row.requested)).map((name) => `${row.pod}: asks for another ${name}`);
  const cpu = requests.get("cpu") ?? 0n;
  const memory = (requests.get("memory") ?? 0n) + SYSTEM;
  const rows = SIZES.flatMap(([vcpu, sizes]) => sizes.map((memoryGb) => ({ vcpu, memoryGb })));
  const size = rows.find((one) => nanosOf(one.vcpu) >= cpu && nanosOf(one.memoryGb) * 1024n ** 3n >= memory);
  if (size?.vcpu !== row.vcpu || size.memoryGb !== row.memoryGb)
    found.push(`${row.pod}: ${row.vcpu} vCPU ${row.memoryGb} GB, wanted ${size?.vcpu} vCPU ${size?.memoryGb} GB`);
  const [perVcpu = Number.NaN, perGb = Number.NaN] = PRICES.get(region) ?? [];
  const usd = row.vcpu * perVcpu + row.memoryGb * perGb;
  const extra = (requests.get("ephemeral-storage") ?? 0n) > STORAGE_INCLUDED;
  if (extra ? row.usdPerHour <= usd : Math.abs(row.usdPerHour - usd) > 1e-6)
    found.push(`${row.pod}: costs ${row.usdPerHour}, wanted ${usd}`);
  return found;
}
