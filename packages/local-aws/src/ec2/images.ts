import type { DescribeImagesCommandInput, DescribeImagesCommandOutput, Filter, Image } from "@aws-sdk/client-ec2";
import { type KnownImage, KUBERNETES_VERSIONS, knownImages } from "../images.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { cutPage, type Ec2Core, type Operations } from "./ec2-core.ts";
import { applyFilters, type FilterTable } from "./filters.ts";

export const IMAGE_OPERATIONS: Operations = { DescribeImages: describeImages };

let byId: ReadonlyMap<string, KnownImage> | undefined;

function allImages(): ReadonlyMap<string, KnownImage> {
  byId ??= new Map(KUBERNETES_VERSIONS.flatMap(knownImages).map((image) => [image.imageId, image]));
  return byId;
}

/** An image that SSM names. Throws InvalidAMIID.Malformed and InvalidAMIID.NotFound. */
export function existingImage(id: string): KnownImage {
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) throw new AwsError("InvalidAMIID.Malformed", `Invalid id: "${id}"`);
  const image = allImages().get(id);
  if (image === undefined) throw new AwsError("InvalidAMIID.NotFound", `The image id '[${id}]' does not exist`);
  return image;
}

/** As {@link existingImage}, for instances whose image a later release may have dropped. */
export function findImage(id: string): KnownImage | undefined {
  return allImages().get(id);
}

const FILTERS: FilterTable<KnownImage> = {
  names: {
    "image-id": (image) => image.imageId,
    name: (image) => image.name,
    description: (image) => image.description,
    architecture: (image) => image.architecture,
    "creation-date": (image) => image.creationDate,
    "owner-id": (image) => image.ownerId,
    "owner-alias": () => "amazon",
    platform: (image) => (image.platform === "windows" ? "windows" : undefined),
    "platform-details": platformDetails,
    "is-public": () => "true",
    "image-type": () => "machine",
    state: () => "available",
    "root-device-name": (image) => image.rootDeviceName,
    "root-device-type": () => "ebs",
    "virtualization-type": () => "hvm",
    hypervisor: () => "xen",
    "ena-support": () => "true",
  },
  tagsOf: () => new Map(),
};

/** Owners are alternatives: account ids, `amazon`, and `self`, which owns none of these. */
function describeImages(_core: Ec2Core, input: DescribeImagesCommandInput): Answer<DescribeImagesCommandOutput> {
  const named = input.ImageIds?.map(existingImage);
  const owned = (named ?? [...allImages().values()]).filter(
    (image) =>
      input.Owners === undefined || input.Owners.some((owner) => owner === "amazon" || owner === image.ownerId),
  );
  const request: { Filters?: Filter[] | undefined; MaxResults?: number | undefined; NextToken?: string | undefined } =
    input;
  const matching = applyFilters(owned, request.Filters, FILTERS);
  const page = cutPage(matching, { key: (image) => image.imageId, request });
  return { Images: page.items.map(imageView), NextToken: page.nextToken };
}

function platformDetails(image: KnownImage): string {
  return image.platform === "windows" ? "Windows" : "Linux/UNIX";
}

function imageView(image: KnownImage): Image {
  return {
    ImageId: image.imageId,
    Name: image.name,
    Description: image.description,
    Architecture: image.architecture,
    CreationDate: image.creationDate,
    OwnerId: image.ownerId,
    ImageOwnerAlias: "amazon",
    ImageLocation: `amazon/${image.name}`,
    ImageType: "machine",
    PlatformDetails: platformDetails(image),
    ...(image.platform === "windows" && { Platform: "Windows" as const }),
    Public: true,
    State: "available",
    RootDeviceName: image.rootDeviceName,
    RootDeviceType: "ebs",
    VirtualizationType: "hvm",
    Hypervisor: "xen",
    EnaSupport: true,
    BlockDeviceMappings: [
      {
        DeviceName: image.rootDeviceName,
        Ebs: { DeleteOnTermination: true, VolumeSize: 20, VolumeType: "gp3", Encrypted: false },
      },
    ],
    Tags: [],
  };
}
