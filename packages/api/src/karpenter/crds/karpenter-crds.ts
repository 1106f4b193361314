import type { CustomResourceDefinition } from "../../generated/kubernetes.ts";
import type { Fresh } from "../../objects.ts";
import { ec2NodeClassCrd } from "./ec2-node-class-crd.ts";
import { nodeClaimCrd, nodePoolCrd } from "./node-pool-crds.ts";
import { awsNodeTemplateCrd, provisionerCrd } from "./provisioner-crds.ts";

/**
 * The five CustomResourceDefinitions the provisioner serves, ready to be created: NodePool, NodeClaim, EC2NodeClass and, of the
 * first generation, Provisioner and AWSNodeTemplate. Rules across fields are not in the schemas; {@link validateNodePool} has them.
 */
export function karpenterCrds(): readonly Fresh<CustomResourceDefinition>[] {
  return [nodePoolCrd(), nodeClaimCrd(), ec2NodeClassCrd(), provisionerCrd(), awsNodeTemplateCrd()];
}
