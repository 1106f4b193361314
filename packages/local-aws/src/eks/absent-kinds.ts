import type {
  DescribeNodegroupCommandInput,
  DescribeNodegroupCommandOutput,
  ListIdentityProviderConfigsCommandInput,
  ListIdentityProviderConfigsCommandOutput,
  ListNodegroupsCommandInput,
  ListNodegroupsCommandOutput,
  ListPodIdentityAssociationsCommandInput,
  ListPodIdentityAssociationsCommandOutput,
} from "@aws-sdk/client-eks";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { notFound } from "./eks-errors.ts";
import type { EksState } from "./eks-state.ts";

/** Kinds that clusters here never have, node groups first of all: lists are empty, so that tools which look for them go on. */
export function absentKindHandlers(eks: EksState): HandlerMap {
  const nodegroups: Handler<ListNodegroupsCommandInput, ListNodegroupsCommandOutput> = ({ clusterName }) => {
    eks.cluster(clusterName);
    return { nodegroups: [] };
  };
  const nodegroup: Handler<DescribeNodegroupCommandInput, DescribeNodegroupCommandOutput> = (input) => {
    const { name } = eks.cluster(input.clusterName);
    throw notFound(`No node group found for name: ${input.nodegroupName}.`, { clusterName: name });
  };
  const identityProviders: Handler<
    ListIdentityProviderConfigsCommandInput,
    ListIdentityProviderConfigsCommandOutput
  > = ({ clusterName }) => {
    eks.cluster(clusterName);
    return { identityProviderConfigs: [] };
  };
  const podIdentities: Handler<ListPodIdentityAssociationsCommandInput, ListPodIdentityAssociationsCommandOutput> = ({
    clusterName,
  }) => {
    eks.cluster(clusterName);
    return { associations: [] };
  };
  return {
    ListNodegroups: nodegroups,
    DescribeNodegroup: nodegroup,
    ListIdentityProviderConfigs: identityProviders,
    ListPodIdentityAssociations: podIdentities,
  };
}
