import type {
  AttachInternetGatewayCommandInput,
  CreateInternetGatewayCommandInput,
  CreateInternetGatewayCommandOutput,
  DeleteInternetGatewayCommandInput,
  DescribeInternetGatewaysCommandInput,
  DescribeInternetGatewaysCommandOutput,
  DetachInternetGatewayCommandInput,
  InternetGateway,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { describePage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { dependencyViolation, required } from "./ec2-error.ts";
import type { FilterTable } from "./filters.ts";
import type { InternetGatewayRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";

export const INTERNET_GATEWAY_OPERATIONS: Operations = {
  CreateInternetGateway: createInternetGateway,
  DescribeInternetGateways: describeInternetGateways,
  AttachInternetGateway: attachInternetGateway,
  DetachInternetGateway: detachInternetGateway,
  DeleteInternetGateway: deleteInternetGateway,
};

function createInternetGateway(
  core: Ec2Core,
  input: CreateInternetGatewayCommandInput,
): Answer<CreateInternetGatewayCommandOutput> {
  const tags = specifiedTags(input.TagSpecifications, "internet-gateway");
  const id = newId(core, "internetGateway");
  core.tags.put({ id, type: "internet-gateway" }, tags);
  return { InternetGateway: gatewayView(core, core.internetGateways.put(id, { id, vpcId: undefined })) };
}

const FILTERS = (core: Ec2Core): FilterTable<InternetGatewayRecord> => ({
  names: {
    "internet-gateway-id": (gateway) => gateway.id,
    "attachment.vpc-id": (gateway) => gateway.vpcId,
    "attachment.state": (gateway) => (gateway.vpcId === undefined ? undefined : "available"),
    "owner-id": () => core.accountId,
  },
  tagsOf: (gateway) => core.tags.of(gateway.id),
});

function describeInternetGateways(
  core: Ec2Core,
  input: DescribeInternetGatewaysCommandInput,
): Answer<DescribeInternetGatewaysCommandOutput> {
  const page = describePage({
    items: core.internetGateways.values(),
    kind: "internetGateway",
    ids: input.InternetGatewayIds,
    request: input,
    filters: FILTERS(core),
  });
  return { InternetGateways: page.items.map((item) => gatewayView(core, item)), NextToken: page.nextToken };
}

function gatewayView(core: Ec2Core, gateway: InternetGatewayRecord): InternetGateway {
  return {
    InternetGatewayId: gateway.id,
    OwnerId: core.accountId,
    // EC2 says "available" where its own model says "attached".
    Attachments: gateway.vpcId === undefined ? [] : [{ VpcId: gateway.vpcId, State: "available" as "attached" }],
    Tags: core.tags.list(gateway.id),
  };
}

function attachInternetGateway(core: Ec2Core, input: AttachInternetGatewayCommandInput): object {
  const gateway = existing(
    core.internetGateways,
    "internetGateway",
    required(input.InternetGatewayId, "internetGatewayId"),
  );
  const vpc = existing(core.vpcs, "vpc", required(input.VpcId, "vpcId"));
  if (gateway.vpcId !== undefined)
    throw new AwsError(
      "Resource.AlreadyAssociated",
      `resource ${gateway.id} is already attached to network ${gateway.vpcId}`,
    );
  if (core.internetGateways.find((other) => other.vpcId === vpc.id) !== undefined)
    throw new AwsError("InvalidParameterValue", `Network ${vpc.id} already has an internet gateway attached`);
  core.internetGateways.put(gateway.id, { ...gateway, vpcId: vpc.id });
  return {};
}

/** Public addresses inside the VPC hold the attachment. */
function detachInternetGateway(core: Ec2Core, input: DetachInternetGatewayCommandInput): object {
  const gateway = existing(
    core.internetGateways,
    "internetGateway",
    required(input.InternetGatewayId, "internetGatewayId"),
  );
  const vpcId = required(input.VpcId, "vpcId");
  if (gateway.vpcId !== vpcId)
    throw new AwsError("Gateway.NotAttached", `resource ${gateway.id} is not attached to network ${vpcId}`);
  const mapped =
    core.natGateways.find((nat) => nat.vpcId === vpcId && nat.state !== "deleted" && nat.publicIp !== undefined) ??
    core.launchedInstances.find(
      (instance) => instance.vpcId === vpcId && instance.state !== "terminated" && instance.publicIp !== undefined,
    );
  if (mapped !== undefined)
    throw new AwsError(
      "DependencyViolation",
      `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
    );
  core.internetGateways.put(gateway.id, { ...gateway, vpcId: undefined });
  return {};
}

function deleteInternetGateway(core: Ec2Core, input: DeleteInternetGatewayCommandInput): object {
  const gateway = existing(
    core.internetGateways,
    "internetGateway",
    required(input.InternetGatewayId, "internetGatewayId"),
  );
  if (gateway.vpcId !== undefined) throw dependencyViolation("internetGateway", gateway.id);
  core.internetGateways.delete(gateway.id);
  core.tags.drop(gateway.id);
  return {};
}
