import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "@nodeless/api";
import { compareQuantities, matchesLabelSelector } from "@nodeless/api";

/** Key of a claim: `namespace/name`. */
export const claimKey = (namespace: string | undefined, name: string): string => `${namespace ?? "default"}/${name}`;

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/**
 * Claims as they will be once everything is applied: those without a class get the default one, those that a volume of the input waits for
 * are bound to it (the one reserved for them, else the smallest that fits). Claims that say more keep it.
 * Source: kubernetes plugin DefaultStorageClass and pkg/controller/volume/persistentvolume (findMatchingVolume).
 */
export function bindClaims(
  claims: readonly PersistentVolumeClaim[],
  volumes: readonly PersistentVolume[],
  storageClasses: readonly StorageClass[],
): readonly PersistentVolumeClaim[] {
  const defaultClass = storageClasses.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === "true");
  const shelf = new VolumeShelf(claims, volumes);
  return claims.map((claim): PersistentVolumeClaim => {
    const storageClassName = claim.spec?.storageClassName ?? defaultClass?.metadata.name;
    const spec = { ...claim.spec, ...(storageClassName === undefined ? {} : { storageClassName }) };
    const volumeName = shelf.take({ ...claim, spec });
    if (volumeName === undefined) return { ...claim, spec };
    return { ...claim, spec: { ...spec, volumeName }, status: { phase: "Bound", ...claim.status } };
  });
}

/** Volumes that are still free, by class, smallest first. */
class VolumeShelf {
  readonly #names: ReadonlySet<string>;
  readonly #reserved = new Map<string, PersistentVolume>();
  readonly #free = new Map<string, PersistentVolume[]>();

  constructor(claims: readonly PersistentVolumeClaim[], volumes: readonly PersistentVolume[]) {
    this.#names = new Set(volumes.map(({ metadata }) => metadata.name));
    const taken = new Set(claims.map(({ spec }) => spec?.volumeName));
    for (const volume of [...volumes].sort(bySize)) {
      const { claimRef, storageClassName = "" } = volume.spec ?? {};
      if (claimRef !== undefined) this.#reserved.set(claimKey(claimRef.namespace, claimRef.name ?? ""), volume);
      else if (!taken.has(volume.metadata.name)) {
        const shelf = this.#free.get(storageClassName);
        if (shelf === undefined) this.#free.set(storageClassName, [volume]);
        else shelf.push(volume);
      }
    }
  }

  /** The volume of the input that the claim gets, no longer free then. */
  take(claim: PersistentVolumeClaim): string | undefined {
    const { spec, metadata } = claim;
    const given = spec?.volumeName ?? "";
    if (given !== "") return this.#names.has(given) ? given : undefined;
    const reserved = this.#reserved.get(claimKey(metadata.namespace, metadata.name));
    if (reserved !== undefined) return reserved.metadata.name;
    const free = this.#free.get(spec?.storageClassName ?? "") ?? [];
    const index = free.findIndex((volume) => fits(volume, claim));
    return index < 0 ? undefined : free.splice(index, 1)[0]?.metadata.name;
  }
}

const sizeOf = ({ spec }: PersistentVolume): string => spec?.capacity?.["storage"] ?? "0";

function bySize(a: PersistentVolume, b: PersistentVolume): number {
  return compareQuantities(sizeOf(a), sizeOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

function fits(volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean {
  const offered = new Set(volume.spec?.accessModes ?? []);
  return (
    (volume.spec?.volumeMode ?? "Filesystem") === (spec?.volumeMode ?? "Filesystem") &&
    (spec?.accessModes ?? []).every((mode) => offered.has(mode)) &&
    compareQuantities(sizeOf(volume), spec?.resources?.requests?.["storage"] ?? "0") >= 0 &&
    (spec?.selector === undefined || matchesLabelSelector(spec.selector, volume.metadata.labels))
  );
}
