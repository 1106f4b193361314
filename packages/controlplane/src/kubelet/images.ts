import { seededRandom } from "@nodeless/environment";

/** Facts about simulated images: made up from the name alone, so that every node and every run agrees. */

const SIZE_BYTES_MIN = 5_000_000;
const SIZE_BYTES_SPAN = 195_000_000;

/** The full reference, as containerd reports it: `nginx` → `docker.io/library/nginx:latest`. */
export function normalizedImage(image: string): string {
  const first = image.split("/", 1)[0] ?? "";
  const hasRegistry = image.includes("/") && (first.includes(".") || first.includes(":") || first === "localhost");
  const path = hasRegistry ? image : `docker.io/${image.includes("/") ? "" : "library/"}${image}`;
  return hasTagOrDigest(path) ? path : `${path}:latest`;
}

/** The image without tag and digest: `public.ecr.aws/x/y:v1@sha256:…` → `public.ecr.aws/x/y`. */
export function repositoryOf(image: string): string {
  const named = image.split("@", 1)[0] ?? "";
  return hasTag(named) ? named.slice(0, named.lastIndexOf(":")) : named;
}

const hasTagOrDigest = (image: string): boolean => image.includes("@") || hasTag(image);
const hasTag = (image: string): boolean => image.lastIndexOf(":") > image.lastIndexOf("/");

/** Repository with a digest. */
export function imageIdOf(image: string): string {
  const full = normalizedImage(image);
  if (full.includes("@")) return full;
  return `${repositoryOf(full)}@sha256:${Buffer.from(seededRandom(full).bytes(32)).toString("hex")}`;
}

/** Between 5 and 200 MB. */
export function imageSizeBytes(image: string): number {
  return SIZE_BYTES_MIN + seededRandom(`size of ${normalizedImage(image)}`).integer(SIZE_BYTES_SPAN);
}

/** What must happen before a container of an image can start on a node. */
export interface PullPlan {
  /** True: `Pulling` and `Pulled` are reported; false: the image is already present. */
  readonly pulls: boolean;
  readonly waitMs: number;
}

/** An image that is present is only checked against the registry: a manifest, not its layers. */
const CHECK_DIVISOR = 10;

/** The images of one node. */
export class ImageCache {
  /** Image → monotonic time at which it is complete. */
  readonly #readyAtMs = new Map<string, number>();

  /** Plans (and books) a pull. `policy` is `Always`, `IfNotPresent` or `Never`; simulated images exist everywhere, so Never never fails. */
  plan(
    image: string,
    { policy, nowMs, pullMs }: { readonly policy: string; readonly nowMs: number; readonly pullMs: number },
  ): PullPlan {
    const name = normalizedImage(image);
    const readyAtMs = this.#readyAtMs.get(name);
    if (readyAtMs === undefined && policy !== "Never") {
      this.#readyAtMs.set(name, nowMs + pullMs);
      return { pulls: true, waitMs: pullMs };
    }
    const remainingMs = Math.max(0, (readyAtMs ?? 0) - nowMs);
    return policy === "Always"
      ? { pulls: true, waitMs: Math.max(remainingMs, Math.round(pullMs / CHECK_DIVISOR)) }
      : { pulls: false, waitMs: remainingMs };
  }

  /** Takes up an image that a running container must have come from. */
  adopt(image: string): void {
    this.#readyAtMs.set(normalizedImage(image), 0);
  }
}
