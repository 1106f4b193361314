import type { Cluster } from "@aws-sdk/client-eks";
import type { ClusterEndpoint } from "../contract.ts";
import type { ClusterRecord } from "./records.ts";

const LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"] as const;

/** A cluster as DescribeCluster shows it; endpoint and authority are there once its Kubernetes side answers. */
export function clusterView(record: ClusterRecord, endpoint: ClusterEndpoint | undefined): Cluster {
  return {
    name: record.name,
    arn: record.arn,
    createdAt: new Date(record.createdAt),
    version: record.version,
    platformVersion: "eks.1",
    status: record.status,
    roleArn: record.roleArn,
    ...(endpoint === undefined
      ? {}
      : {
          endpoint: endpoint.endpoint,
          certificateAuthority: { data: Buffer.from(endpoint.certificateAuthorityPem).toString("base64") },
        }),
    resourcesVpcConfig: {
      vpcId: record.vpcId,
      subnetIds: [...record.subnetIds],
      securityGroupIds: [...record.securityGroupIds],
      clusterSecurityGroupId: record.clusterSecurityGroupId,
      endpointPublicAccess: record.endpointPublicAccess,
      endpointPrivateAccess: record.endpointPrivateAccess,
      publicAccessCidrs: [...record.publicAccessCidrs],
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: record.serviceIpv4Cidr,
      ipFamily: "ipv4",
      elasticLoadBalancing: { enabled: false },
    },
    identity: { oidc: { issuer: record.oidcIssuer } },
    logging: {
      clusterLogging: [
        { types: LOG_TYPES.filter((type) => record.enabledLogs?.includes(type) === true), enabled: true },
        { types: LOG_TYPES.filter((type) => record.enabledLogs?.includes(type) !== true), enabled: false },
      ].filter(({ types }) => types.length > 0),
    },
    accessConfig: {
      authenticationMode: record.authenticationMode,
      bootstrapClusterCreatorAdminPermissions: record.creatorArn !== undefined,
    },
    upgradePolicy: { supportType: record.supportType },
    deletionProtection: record.deletionProtection,
    health: {
      issues: record.health.map((issue) => ({
        code: issue.code as never,
        message: issue.message,
        resourceIds: [...issue.resourceIds],
      })),
    },
    tags: { ...record.tags },
  };
}
