import type { ResourceAmounts } from "@nodeless/api";
import { FARGATE_SIZES, type FargateSize, fargatePriceUsdPerHour } from "@nodeless/fargate";

const GIB = 2 ** 30;
/** What Fargate adds to every pod for kubelet, kube-proxy and containerd. Source: fargate.md §6. */
export const FARGATE_SYSTEM_BYTES: number = 256 * 2 ** 20;
/** A request may be lowered by this share before the advice is no longer about rounding. */
const REDUCTION_MAX = 0.25;
/** Any region's prices order the sizes alike. */
const PRICED_REGION = "us-east-1";

/** What is asked for, what is sold, and what the difference is. */
export interface FargateRounding {
  readonly askedMillicores: number;
  /** Without the system's share. */
  readonly askedBytes: number;
  readonly size: FargateSize;
  readonly unusedMillicores: number;
  readonly unusedBytes: number;
  /** A smaller size that a little less of a request would get. */
  readonly hint: FargateHint | undefined;
}

export interface FargateHint {
  readonly millicores: number;
  readonly bytes: number;
  readonly size: FargateSize;
}

/** How a pod's requests become a size that is sold. */
export function fargateRounding(requests: ResourceAmounts, size: FargateSize): FargateRounding {
  const askedMillicores = requests.get("cpu") ?? 0;
  const askedBytes = requests.get("memory") ?? 0;
  return {
    askedMillicores,
    askedBytes,
    size,
    unusedMillicores: Math.max(0, size.vcpuMillicores - askedMillicores),
    unusedBytes: Math.max(0, size.memoryGb * GIB - FARGATE_SYSTEM_BYTES - askedBytes),
    hint: hintFor({ askedMillicores, askedBytes, size }),
  };
}

/** The cheapest size for which no request has to shrink by more than a quarter. */
function hintFor({
  askedMillicores,
  askedBytes,
  size,
}: Pick<FargateRounding, "askedMillicores" | "askedBytes" | "size">): FargateHint | undefined {
  let best: FargateHint | undefined;
  let bestPrice = priceOf(size);
  for (const [vcpuMillicores, memories] of FARGATE_SIZES)
    for (const memoryGb of memories) {
      const millicores = Math.min(askedMillicores, vcpuMillicores);
      const bytes = Math.min(askedBytes, memoryGb * GIB - FARGATE_SYSTEM_BYTES);
      const small = { ...size, vcpuMillicores, memoryGb };
      const price = priceOf(small);
      if (price >= bestPrice) continue;
      if (millicores < askedMillicores * (1 - REDUCTION_MAX) || bytes < askedBytes * (1 - REDUCTION_MAX)) continue;
      best = { millicores, bytes, size: small };
      bestPrice = price;
    }
  return best;
}

function priceOf(size: FargateSize): number {
  return fargatePriceUsdPerHour(size, PRICED_REGION) ?? 0;
}
