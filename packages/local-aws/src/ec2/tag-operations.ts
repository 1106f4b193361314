import type {
  CreateTagsCommandInput,
  DeleteTagsCommandInput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { cutPage, type Ec2Core, type Operations } from "./ec2-core.ts";
import { missingParameter, notFound, RESOURCE_KINDS, type ResourceKind } from "./ec2-error.ts";
import { applyFilters } from "./filters.ts";
import { tagPairs } from "./resource-tags.ts";

export const TAG_OPERATIONS: Operations = {
  CreateTags: createTags,
  DeleteTags: deleteTags,
  DescribeTags: describeTags,
};

/** All resources are checked before the first is changed. */
function createTags(core: Ec2Core, input: CreateTagsCommandInput): object {
  const resources = resourcesOf(core, input.Resources);
  if (input.Tags === undefined || input.Tags.length === 0) throw missingParameter("tagSet");
  for (const resource of resources) core.tags.put(resource, tagPairs(input.Tags));
  return {};
}

/** Without tags in the request, all of the user's tags go; `aws:` tags stay. */
function deleteTags(core: Ec2Core, input: DeleteTagsCommandInput): object {
  for (const { id } of resourcesOf(core, input.Resources)) {
    const wanted = input.Tags ?? core.tags.list(id).filter(({ Key }) => !Key?.startsWith("aws:"));
    for (const { Key, Value } of wanted) core.tags.remove(id, Key ?? "", input.Tags === undefined ? undefined : Value);
  }
  return {};
}

function resourcesOf(
  core: Ec2Core,
  ids: readonly string[] | undefined,
): readonly { readonly id: string; readonly type: string }[] {
  if (ids === undefined || ids.length === 0) throw missingParameter("resourceIdSet");
  return ids.map((id) => {
    const kind = kindOf(id);
    if (kind === undefined) throw new AwsError("InvalidID", `The ID '${id}' is not valid`);
    if (!exists(core, kind, id)) throw notFound(kind, id);
    return { id, type: RESOURCE_KINDS[kind].tagType };
  });
}

const KINDS = Object.keys(RESOURCE_KINDS) as ResourceKind[];

function kindOf(id: string): ResourceKind | undefined {
  const prefix = id.slice(0, Math.max(0, id.indexOf("-")));
  return KINDS.find((kind) => RESOURCE_KINDS[kind].prefix === prefix);
}

function exists(core: Ec2Core, kind: ResourceKind, id: string): boolean {
  switch (kind) {
    case "vpc":
      return core.vpcs.has(id);
    case "subnet":
      return core.subnets.has(id);
    case "internetGateway":
      return core.internetGateways.has(id);
    case "elasticIp":
      return core.elasticIps.has(id);
    case "natGateway":
      return core.natGateways.has(id);
    case "routeTable":
      return core.routeTables.has(id);
    case "securityGroup":
      return core.securityGroups.has(id);
    case "securityGroupRule":
      return core.securityGroups.find((group) => group.rules.some((rule) => rule.id === id)) !== undefined;
    case "launchTemplate":
      return core.launchTemplates.has(id);
    case "instance":
      return core.launchedInstances.has(id);
    case "volume":
      return (
        core.launchedInstances.find(({ volumes }) => volumes.some(({ volumeId }) => volumeId === id)) !== undefined
      );
    case "networkInterface":
      return core.launchedInstances.find(({ eniId }) => eniId === id) !== undefined;
    case "fleet":
      return false; // Instant fleets are not kept.
  }
}

function describeTags(core: Ec2Core, input: DescribeTagsCommandInput): Answer<DescribeTagsCommandOutput> {
  const all = [...core.tags.all()].flatMap(({ resourceId, resourceType, tags }) =>
    tags.map(([key, value]) => ({ resourceId, resourceType, key, value })),
  );
  const matching = applyFilters(all, input.Filters, {
    names: {
      key: (tag) => tag.key,
      value: (tag) => tag.value,
      "resource-id": (tag) => tag.resourceId,
      "resource-type": (tag) => tag.resourceType,
    },
    tagsOf: (tag) => new Map([[tag.key, tag.value]]),
  });
  const page = cutPage(matching, { key: (tag) => `${tag.resourceId}/${tag.key}`, request: input });
  return {
    Tags: page.items.map((tag) => ({
      ResourceId: tag.resourceId,
      ResourceType: tag.resourceType as "vpc",
      Key: tag.key,
      Value: tag.value,
    })),
    NextToken: page.nextToken,
  };
}
