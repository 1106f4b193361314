/** The hour at which plans are made in these tests; objects are an hour old. */
export const NOW: Date = new Date("2026-01-01T01:00:00Z");

/** Metadata of a stored object in the namespace `default`; its uid is `uid-<name>`. */
export const meta = (
  name: string,
): {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
} => ({
  name,
  namespace: "default",
  uid: `uid-${name}`,
  resourceVersion: "1",
  generation: 1,
  creationTimestamp: "2026-01-01T00:00:00Z",
});

/** What objects are called. */
export const names = (
  objects: readonly { readonly metadata: { readonly name?: string } }[],
): readonly (string | undefined)[] => objects.map(({ metadata }) => metadata.name);
