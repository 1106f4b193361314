import type { ResourceType } from "../resources.ts";
import { resourceType } from "../resources.ts";
import type { EC2NodeClass } from "./ec2-node-class.ts";
import type { NodeClaim, NodePool } from "./node-pool.ts";
import type { AWSNodeTemplate, Provisioner } from "./provisioner.ts";

export const NODE_POOLS: ResourceType<NodePool> = resourceType("karpenter.sh/v1", "nodepools", "NodePool", "Cluster");
export const NODE_CLAIMS: ResourceType<NodeClaim> = resourceType(
  "karpenter.sh/v1",
  "nodeclaims",
  "NodeClaim",
  "Cluster",
);
export const EC2_NODE_CLASSES: ResourceType<EC2NodeClass> = resourceType(
  "karpenter.k8s.aws/v1",
  "ec2nodeclasses",
  "EC2NodeClass",
  "Cluster",
);
export const PROVISIONERS: ResourceType<Provisioner> = resourceType(
  "karpenter.sh/v1alpha5",
  "provisioners",
  "Provisioner",
  "Cluster",
);
export const AWS_NODE_TEMPLATES: ResourceType<AWSNodeTemplate> = resourceType(
  "karpenter.k8s.aws/v1alpha1",
  "awsnodetemplates",
  "AWSNodeTemplate",
  "Cluster",
);
