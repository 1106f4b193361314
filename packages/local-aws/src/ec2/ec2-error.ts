import { AwsError } from "../wire/aws-error.ts";

/** Kinds of resources: id prefix, tag type, the code for an unknown id, and the words EC2 uses for it. */
export const RESOURCE_KINDS = {
  vpc: { prefix: "vpc", tagType: "vpc", notFound: "InvalidVpcID.NotFound", words: "vpc ID" },
  subnet: { prefix: "subnet", tagType: "subnet", notFound: "InvalidSubnetID.NotFound", words: "subnet ID" },
  internetGateway: {
    prefix: "igw",
    tagType: "internet-gateway",
    notFound: "InvalidInternetGatewayID.NotFound",
    words: "internetGateway ID",
  },
  elasticIp: {
    prefix: "eipalloc",
    tagType: "elastic-ip",
    notFound: "InvalidAllocationID.NotFound",
    words: "allocation ID",
  },
  natGateway: { prefix: "nat", tagType: "natgateway", notFound: "NatGatewayNotFound", words: "NatGateway" },
  routeTable: {
    prefix: "rtb",
    tagType: "route-table",
    notFound: "InvalidRouteTableID.NotFound",
    words: "routeTable ID",
  },
  securityGroup: {
    prefix: "sg",
    tagType: "security-group",
    notFound: "InvalidGroup.NotFound",
    words: "security group",
  },
  securityGroupRule: {
    prefix: "sgr",
    tagType: "security-group-rule",
    notFound: "InvalidSecurityGroupRuleId.NotFound",
    words: "security group rule ID",
  },
  launchTemplate: {
    prefix: "lt",
    tagType: "launch-template",
    notFound: "InvalidLaunchTemplateId.NotFound",
    words: "launch template ID",
  },
  instance: { prefix: "i", tagType: "instance", notFound: "InvalidInstanceID.NotFound", words: "instance ID" },
  volume: { prefix: "vol", tagType: "volume", notFound: "InvalidVolume.NotFound", words: "volume" },
  networkInterface: {
    prefix: "eni",
    tagType: "network-interface",
    notFound: "InvalidNetworkInterfaceID.NotFound",
    words: "networkInterface ID",
  },
  fleet: { prefix: "fleet", tagType: "fleet", notFound: "InvalidFleetId.NotFound", words: "fleet ID" },
} as const;

export type ResourceKind = keyof typeof RESOURCE_KINDS;

/** The resource that an id names does not exist. */
export function notFound(kind: ResourceKind, id: string): AwsError {
  const { notFound: code, words } = RESOURCE_KINDS[kind];
  return new AwsError(code, `The ${words} '${id}' does not exist`);
}

/** A parameter has a value EC2 does not take. */
export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message);
}

/** A required parameter is absent. */
export function missingParameter(name: string): AwsError {
  return new AwsError("MissingParameter", `The request must contain the parameter ${name}`);
}

/** Returns the value or refuses the request. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined || value === "") throw missingParameter(name);
  return value;
}

/** Something else still needs the resource. */
export function dependencyViolation(words: string, id: string): AwsError {
  return new AwsError("DependencyViolation", `The ${words} '${id}' has dependencies and cannot be deleted.`);
}

/** The same client token came with another request. */
export function idempotencyMismatch(): AwsError {
  return new AwsError(
    "IdempotentParameterMismatch",
    "The client token you have provided is associated with a resource for which the original request had different parameters.",
  );
}
