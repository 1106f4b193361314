/** A zone of a region under its account-specific name and its global id. */
export interface ZoneFacts {
  /** `ap-northeast-2a` */
  readonly name: string;
  /** `apne2-az1` */
  readonly id: string;
}

/**
 * Zone letters and the numbers behind them. AWS assigns letters per account; these are one account's, held constant. us-east-1e is
 * use1-az3, the zone in which EKS places no control plane.
 */
const ZONE_NUMBERS: ReadonlyMap<string, readonly [idPrefix: string, zones: string]> = new Map([
  ["us-east-1", ["use1", "a6 b1 c2 d4 e3 f5"]],
  ["us-east-2", ["use2", "a1 b2 c3"]],
  ["us-west-2", ["usw2", "a2 b1 c3 d4"]],
  ["eu-west-1", ["euw1", "a3 b1 c2"]],
  ["eu-central-1", ["euc1", "a2 b3 c1"]],
  ["ap-northeast-1", ["apne1", "a4 c1 d2"]],
  ["ap-northeast-2", ["apne2", "a1 b2 c3 d4"]],
  ["ap-southeast-1", ["apse1", "a1 b2 c3"]],
]);

/** Zone ids in which EKS runs no Fargate pods (EKS user guide, "Fargate considerations"). */
const ZONE_IDS_WITHOUT_FARGATE: ReadonlySet<string> = new Set(["use1-az3", "usw1-az2", "cac1-az3"]);

/** Whether EKS runs Fargate pods in a zone, by its global id, which is the same zone in every account. */
export function hasFargate(zoneId: string): boolean {
  return !ZONE_IDS_WITHOUT_FARGATE.has(zoneId);
}

/** The availability zones of a region, by name; empty for a region the catalog does not know. */
export function zonesOf(region: string): readonly ZoneFacts[] {
  const [idPrefix, zones] = ZONE_NUMBERS.get(region) ?? ["", ""];
  if (zones === "") return [];
  return zones.split(" ").map((zone) => ({ name: `${region}${zone[0]}`, id: `${idPrefix}-az${zone.slice(1)}` }));
}
