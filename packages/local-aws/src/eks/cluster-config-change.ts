import type { UpdateClusterConfigCommandInput } from "@aws-sdk/client-eks";
import { invalidParameter } from "./eks-errors.ts";
import type { ClusterRecord } from "./records.ts";
import type { ClusterChange } from "./updates.ts";

/** Authentication modes in the order a cluster may move through them. */
const AUTHENTICATION_MODES: readonly ClusterRecord["authenticationMode"][] = [
  "CONFIG_MAP",
  "API_AND_CONFIG_MAP",
  "API",
];

/** What UpdateClusterConfig asks for. Throws InvalidParameterException for none, several kinds, or nothing new. */
export function configChange(cluster: ClusterRecord, input: UpdateClusterConfigCommandInput): ClusterChange {
  const changes = [
    input.resourcesVpcConfig && vpcChange(cluster, input.resourcesVpcConfig),
    input.logging && loggingChange(cluster, input.logging),
    input.accessConfig && accessChange(cluster, input.accessConfig),
    input.upgradePolicy && upgradePolicyChange(cluster, input.upgradePolicy),
    input.deletionProtection === undefined ? undefined : protectionChange(cluster, input.deletionProtection),
  ].filter((change) => change !== undefined);
  const [change] = changes;
  if (change === undefined || changes.length > 1)
    throw invalidParameter(
      "Exactly one type of update is allowed per request: VPC configuration, logging, access configuration, upgrade policy or deletion protection",
      { clusterName: cluster.name },
    );
  return change;
}

function vpcChange(
  cluster: ClusterRecord,
  config: NonNullable<UpdateClusterConfigCommandInput["resourcesVpcConfig"]>,
): ClusterChange {
  const fields = {
    endpointPublicAccess: config.endpointPublicAccess ?? cluster.endpointPublicAccess,
    endpointPrivateAccess: config.endpointPrivateAccess ?? cluster.endpointPrivateAccess,
    publicAccessCidrs: config.publicAccessCidrs ?? cluster.publicAccessCidrs,
    subnetIds: config.subnetIds ?? cluster.subnetIds,
    securityGroupIds: config.securityGroupIds ?? cluster.securityGroupIds,
  };
  if (!fields.endpointPublicAccess && !fields.endpointPrivateAccess)
    throw invalidParameter("Private and public endpoint access cannot be false at the same time");
  const params = Object.entries(fields)
    .filter(([key, value]) => JSON.stringify(cluster[key as keyof typeof fields]) !== JSON.stringify(value))
    .map(([key, value]) => ({
      type: capitalized(key),
      value: typeof value === "object" ? JSON.stringify(value) : String(value),
    }));
  if (params.length === 0)
    throw alreadyThere(
      `endpointPrivateAccess: ${fields.endpointPrivateAccess}, endpointPublicAccess: ${fields.endpointPublicAccess}, and Public Endpoint Restrictions: [${fields.publicAccessCidrs.join(", ")}]`,
    );
  const type =
    config.subnetIds === undefined && config.securityGroupIds === undefined
      ? "EndpointAccessUpdate"
      : "VpcConfigUpdate";
  return { type, params, fields };
}

function loggingChange(
  cluster: ClusterRecord,
  logging: NonNullable<UpdateClusterConfigCommandInput["logging"]>,
): ClusterChange {
  const enabled = new Set<string>(cluster.enabledLogs ?? []);
  for (const { types = [], enabled: wanted } of logging.clusterLogging ?? [])
    for (const type of types) wanted === true ? enabled.add(type) : enabled.delete(type);
  const enabledLogs = [...enabled].sort();
  if (JSON.stringify(enabledLogs) === JSON.stringify(cluster.enabledLogs ?? []))
    throw alreadyThere("the given logging");
  const params = [{ type: "ClusterLogging", value: JSON.stringify(logging) }];
  return { type: "LoggingUpdate", params, fields: { enabledLogs } };
}

function accessChange(
  cluster: ClusterRecord,
  access: NonNullable<UpdateClusterConfigCommandInput["accessConfig"]>,
): ClusterChange {
  const wanted = AUTHENTICATION_MODES.find((mode) => mode === access.authenticationMode);
  if (wanted === undefined) throw invalidParameter(`unsupported authentication mode ${access.authenticationMode}`);
  const present = cluster.authenticationMode;
  if (wanted === present) throw alreadyThere(`authenticationMode: ${wanted}`);
  if (AUTHENTICATION_MODES.indexOf(wanted) < AUTHENTICATION_MODES.indexOf(present))
    throw invalidParameter(`Unsupported authentication mode update from ${present} to ${wanted}`);
  const params = [{ type: "AuthenticationMode", value: wanted }];
  return { type: "AccessConfigUpdate", params, fields: { authenticationMode: wanted } };
}

function upgradePolicyChange(
  cluster: ClusterRecord,
  policy: NonNullable<UpdateClusterConfigCommandInput["upgradePolicy"]>,
): ClusterChange {
  const { supportType } = policy;
  if (supportType !== "STANDARD" && supportType !== "EXTENDED")
    throw invalidParameter(`unsupported support type ${supportType}`);
  if (supportType === cluster.supportType) throw alreadyThere(`supportType: ${supportType}`);
  const params = [{ type: "UpgradePolicy", value: supportType }];
  return { type: "UpgradePolicyUpdate", params, fields: { supportType } };
}

function protectionChange(cluster: ClusterRecord, deletionProtection: boolean): ClusterChange {
  if (deletionProtection === cluster.deletionProtection)
    throw alreadyThere(`deletionProtection: ${deletionProtection}`);
  const params = [{ type: "DeletionProtection", value: String(deletionProtection) }];
  return { type: "DeletionProtectionUpdate", params, fields: { deletionProtection } };
}

function alreadyThere(what: string): Error {
  return invalidParameter(`Cluster is already at the desired configuration with ${what}`);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
