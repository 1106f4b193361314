import type { HandlerMap } from "../wire/handlers.ts";
import type { Ec2Dependencies, Ec2Service } from "./contract.ts";
import { createDefaultVpcOnce } from "./default-vpc.ts";
import { bindOperations, type Ec2Core, openEc2Core } from "./ec2-core.ts";
import { Ec2Faults } from "./ec2-faults.ts";
import { ELASTIC_IP_OPERATIONS } from "./elastic-ips.ts";
import { FLEET_OPERATIONS } from "./fleets.ts";
import { IMAGE_OPERATIONS } from "./images.ts";
import { declareInstanceTransitions, interruptSpotInstance, resumeInstances } from "./instance-life.ts";
import { INSTANCE_TYPE_OPERATIONS } from "./instance-types.ts";
import { INSTANCE_OPERATIONS } from "./instances.ts";
import { INTERNET_GATEWAY_OPERATIONS } from "./internet-gateways.ts";
import { LAUNCH_TEMPLATE_OPERATIONS } from "./launch-templates.ts";
import { declareNatTransitions, NAT_GATEWAY_OPERATIONS } from "./nat-gateways.ts";
import { NETWORK_INTERFACE_OPERATIONS } from "./network-interfaces.ts";
import { checkRegion, REGION_OPERATIONS } from "./regions-and-zones.ts";
import { ROUTE_TABLE_OPERATIONS, subnetIsPublic } from "./route-tables.ts";
import { ROUTE_OPERATIONS } from "./routes.ts";
import { RUN_INSTANCES_OPERATIONS } from "./run-instances.ts";
import { SECURITY_GROUP_RULE_OPERATIONS } from "./security-group-rules.ts";
import {
  addSecurityGroup,
  allowFromItself,
  removeRulesNaming,
  removeSecurityGroup,
  SECURITY_GROUP_OPERATIONS,
} from "./security-groups.ts";
import { SUBNET_OPERATIONS, subnetForServices } from "./subnets.ts";
import { TAG_OPERATIONS } from "./tag-operations.ts";
import { VPC_OPERATIONS } from "./vpcs.ts";

/** Local EC2 with its levers for tests and simulation. */
export interface LocalEc2 extends Ec2Service {
  readonly faults: Ec2Faults;
  /** Reclaims a spot instance after the two-minute warning (or `noticeMs`). False if it is no live spot instance. */
  interruptSpot(instanceId: string, options?: { readonly noticeMs?: number }): boolean;
}

const OPERATIONS = [
  VPC_OPERATIONS,
  SUBNET_OPERATIONS,
  INTERNET_GATEWAY_OPERATIONS,
  ELASTIC_IP_OPERATIONS,
  NAT_GATEWAY_OPERATIONS,
  ROUTE_TABLE_OPERATIONS,
  ROUTE_OPERATIONS,
  SECURITY_GROUP_OPERATIONS,
  SECURITY_GROUP_RULE_OPERATIONS,
  REGION_OPERATIONS,
  TAG_OPERATIONS,
  LAUNCH_TEMPLATE_OPERATIONS,
  INSTANCE_TYPE_OPERATIONS,
  IMAGE_OPERATIONS,
  INSTANCE_OPERATIONS,
  RUN_INSTANCES_OPERATIONS,
  FLEET_OPERATIONS,
  NETWORK_INTERFACE_OPERATIONS,
];

/** Opens EC2 on the state; a new account gets its default VPC. Throws AwsError for a region without known zones. */
export function createEc2(dependencies: Ec2Dependencies, faults: Ec2Faults = new Ec2Faults()): LocalEc2 {
  checkRegion(dependencies.region);
  const core = openEc2Core(dependencies, faults);
  declareNatTransitions(core);
  declareInstanceTransitions(core);
  createDefaultVpcOnce(core);
  const handlers: HandlerMap = Object.assign({}, ...OPERATIONS.map((operations) => bindOperations(core, operations)));
  return {
    handlers,
    faults,
    ...subnetQueries(core),
    securityGroupVpc: (groupId) => core.securityGroups.get(groupId)?.vpcId,
    createClusterSecurityGroup: (vpcId, clusterName) => createClusterSecurityGroup(core, vpcId, clusterName),
    deleteClusterSecurityGroup: (groupId) => {
      removeRulesNaming(core, groupId);
      removeSecurityGroup(core, groupId);
    },
    allocateIp: (subnetId) => core.addresses.allocate(subnetId),
    releaseIp: (ip) => core.addresses.release(ip),
    adoptIp: (ip) => void core.addresses.adopt(ip),
    interruptSpot: (instanceId, options) => interruptSpotInstance(core, instanceId, options?.noticeMs),
    resume: async () => resumeInstances(core),
  };
}

function subnetQueries(
  core: Ec2Core,
): Pick<Ec2Service, "subnet" | "subnetsOf" | "defaultSubnetsOf" | "subnetIsPublic"> {
  const view = subnetForServices.bind(undefined, core);
  return {
    subnet: (subnetId) => {
      const subnet = core.subnets.get(subnetId);
      return subnet && view(subnet);
    },
    subnetsOf: (vpcId) => core.subnets.filter((subnet) => subnet.vpcId === vpcId).map(view),
    defaultSubnetsOf: (vpcId) => core.subnets.filter((subnet) => subnet.vpcId === vpcId && subnet.isDefault).map(view),
    subnetIsPublic: (subnetId) => subnetIsPublic(core, subnetId),
  };
}

function createClusterSecurityGroup(core: Ec2Core, vpcId: string, clusterName: string): string {
  const suffix = Array.from(core.random.bytes(4), (byte) => String(byte).padStart(3, "0")).join("");
  const name = `eks-cluster-sg-${clusterName}-${suffix}`;
  const description =
    "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.";
  const group = allowFromItself(core, addSecurityGroup(core, { name, description, vpcId }));
  core.tags.put({ id: group.id, type: "security-group", system: true }, [
    [`kubernetes.io/cluster/${clusterName}`, "owned"],
    ["aws:eks:cluster-name", clusterName],
    ["Name", name],
  ]);
  return group.id;
}
