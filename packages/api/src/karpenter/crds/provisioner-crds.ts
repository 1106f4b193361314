import type { CustomResourceDefinition } from "../../generated/kubernetes.ts";
import type { Fresh } from "../../objects.ts";
import { AWS_NODE_TEMPLATES, PROVISIONERS } from "../resources.ts";
import { ageColumn, column, customResource } from "./definition.ts";
import { blockDevice, kubeletFields, metadataOptions } from "./launch-schema.ts";
import {
  anything,
  conditions,
  flag,
  labelKey,
  list,
  mapOf,
  object,
  oneOf,
  resourceList,
  taints,
  text,
  time,
  whole,
} from "./schema.ts";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] as const;

/** CustomResourceDefinition of karpenter.sh/v1alpha5 Provisioner. */
export function provisionerCrd(): Fresh<CustomResourceDefinition> {
  return customResource(PROVISIONERS, {
    spec: object({
      annotations: mapOf(text()),
      labels: mapOf(text()),
      taints: taints(),
      startupTaints: taints(),
      requirements: list(
        object({ key: labelKey(), operator: oneOf(OPERATORS), values: list(text()) }, ["key", "operator"]),
      ),
      kubeletConfiguration: object({ ...kubeletFields(), containerRuntime: text() }),
      provider: anything(),
      providerRef: object({ apiVersion: text(), kind: text(), name: text({ minLength: 1 }) }, ["name"]),
      ttlSecondsAfterEmpty: whole(0, undefined, { format: "int64" }),
      ttlSecondsUntilExpired: whole(0, undefined, { format: "int64" }),
      limits: object({ resources: resourceList() }),
      weight: whole(1, 100, { format: "int32" }),
      consolidation: object({ enabled: flag() }),
    }),
    status: object({ lastScaleTime: time(), conditions: conditions(), resources: resourceList() }),
    deprecationWarning: "karpenter.sh/v1alpha5 Provisioner is converted on the fly; write karpenter.sh/v1 NodePool",
    columns: [
      column("Template", ".spec.providerRef.name"),
      ageColumn(),
      column("Weight", ".spec.weight", { type: "integer", wide: true }),
    ],
  });
}

/** CustomResourceDefinition of karpenter.k8s.aws/v1alpha1 AWSNodeTemplate. */
export function awsNodeTemplateCrd(): Fresh<CustomResourceDefinition> {
  const selector = mapOf(text({ minLength: 1 }));
  return customResource(AWS_NODE_TEMPLATES, {
    spec: object(
      {
        amiFamily: oneOf(["AL2", "Bottlerocket", "Ubuntu", "Custom"]),
        amiSelector: selector,
        subnetSelector: selector,
        securityGroupSelector: selector,
        instanceProfile: text(),
        launchTemplate: text(),
        userData: text(),
        context: text(),
        tags: mapOf(text()),
        // No defaults here: the old generation applied them at launch, so stored objects stay as written.
        metadataOptions: metadataOptions(),
        blockDeviceMappings: list(object({ deviceName: text(), ebs: blockDevice() })),
        detailedMonitoring: flag(),
      },
      ["subnetSelector"],
    ),
    status: object({
      subnets: list(object({ id: text(), zone: text() }, ["id", "zone"])),
      securityGroups: list(object({ id: text() }, ["id"])),
    }),
    deprecationWarning:
      "karpenter.k8s.aws/v1alpha1 AWSNodeTemplate is converted on the fly; write karpenter.k8s.aws/v1 EC2NodeClass",
    columns: [ageColumn()],
  });
}
