import type { CustomResourceDefinition } from "../../generated/kubernetes.ts";
import type { Fresh } from "../../objects.ts";
import { EC2_NODE_CLASSES } from "../resources.ts";
import { ageColumn, column, customResource, readyColumn } from "./definition.ts";
import { blockDevice, kubeletFields, metadataOptions } from "./launch-schema.ts";
import { anything, conditions, flag, list, mapOf, object, oneOf, type Schema, text, whole } from "./schema.ts";

const SELECTOR_TERMS_MAX = 30;
const ALIAS_PATTERN = "^(al2|al2023|bottlerocket|windows2019|windows2022|windows2025)@.+$";
const AMI_FAMILIES = ["AL2", "AL2023", "Bottlerocket", "Custom", "Windows2019", "Windows2022", "Windows2025"] as const;

/** The hop limit was 2 before v1: one hop keeps containers that are not on the host network away from the instance's role. */
const METADATA_DEFAULTS = {
  httpEndpoint: "enabled",
  httpProtocolIPv6: "disabled",
  httpPutResponseHopLimit: 1,
  httpTokens: "required",
} as const;

const tags = (): Schema => mapOf(text(), { maxProperties: 20 });

const terms = (fields: Readonly<Record<string, Schema>>): Schema =>
  list(object(fields), { minItems: 1, maxItems: SELECTOR_TERMS_MAX });

const selectorFields = (): Readonly<Record<string, Schema>> => ({
  subnetSelectorTerms: terms({ tags: tags(), id: text({ pattern: "^subnet-[0-9a-z]+$" }) }),
  securityGroupSelectorTerms: terms({ tags: tags(), id: text({ pattern: "^sg-[0-9a-z]+$" }), name: text() }),
  amiSelectorTerms: terms({
    alias: text({ pattern: ALIAS_PATTERN, maxLength: 60 }),
    tags: tags(),
    id: text({ pattern: "^ami-[0-9a-z]+$" }),
    name: text(),
    owner: text(),
    ssmParameter: text(),
  }),
  capacityReservationSelectorTerms: list(
    object({
      tags: tags(),
      id: text({ pattern: "^cr-[0-9a-z]+$" }),
      ownerID: text({ pattern: "^[0-9]{12}$" }),
      instanceMatchCriteria: oneOf(["open", "targeted"]),
    }),
    { maxItems: SELECTOR_TERMS_MAX },
  ),
  placementGroupSelector: object({ name: text(), id: text({ pattern: "^pg-[0-9a-z]+$" }) }),
});

const launchFields = (): Readonly<Record<string, Schema>> => ({
  amiFamily: oneOf(AMI_FAMILIES),
  role: text({ minLength: 1 }),
  instanceProfile: text({ minLength: 1 }),
  associatePublicIPAddress: flag(),
  ipPrefixCount: whole(0),
  userData: text(),
  context: text(),
  detailedMonitoring: flag(),
  instanceStorePolicy: oneOf(["RAID0"]),
  tags: mapOf(text()),
  // Open: Karpenter passes unknown kubelet settings on.
  kubelet: object(kubeletFields(), [], { "x-kubernetes-preserve-unknown-fields": true }),
  blockDeviceMappings: list(object({ deviceName: text(), ebs: blockDevice(), rootVolume: flag() }), { maxItems: 50 }),
  networkInterfaces: list(
    object({ networkCardIndex: whole(0), deviceIndex: whole(0), interfaceType: oneOf(["interface", "efa-only"]) }, [
      "networkCardIndex",
      "deviceIndex",
      "interfaceType",
    ]),
    { maxItems: 150 },
  ),
  metadataOptions: metadataOptions(METADATA_DEFAULTS),
  connectionTracking: object({
    tcpEstablishedTimeout: whole(60, 432_000),
    udpStreamTimeout: whole(60, 180),
    udpTimeout: whole(30, 60),
  }),
  cpuOptions: object({ nestedVirtualization: oneOf(["enabled", "disabled"]) }),
});

const status = (): Schema =>
  object({
    subnets: list(object({ id: text(), zone: text(), zoneID: text() }, ["id", "zone"])),
    securityGroups: list(object({ id: text(), name: text() }, ["id"])),
    amis: list(
      object(
        {
          id: text(),
          name: text(),
          deprecated: flag(),
          requirements: list(object({ key: text(), operator: text(), values: list(text()) }, ["key", "operator"])),
        },
        ["id", "requirements"],
      ),
    ),
    capacityReservations: list(anything()),
    instanceProfile: text(),
    conditions: conditions(),
  });

/** CustomResourceDefinition of karpenter.k8s.aws/v1 EC2NodeClass. */
export function ec2NodeClassCrd(): Fresh<CustomResourceDefinition> {
  return customResource(EC2_NODE_CLASSES, {
    spec: object({ ...selectorFields(), ...launchFields() }, [
      "amiSelectorTerms",
      "securityGroupSelectorTerms",
      "subnetSelectorTerms",
    ]),
    status: status(),
    shortNames: ["ec2nc", "ec2ncs"],
    columns: [readyColumn(), ageColumn(), column("Role", ".spec.role", { wide: true })],
  });
}
