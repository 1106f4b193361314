import type { ManifestSource } from "./documents/parsed-document.ts";
import { JSON_FILE_BYTES_MAX } from "./limits.ts";
import { type ReadSourcesOptions, readSources, type SourceRules } from "./source-reader.ts";

export type { ManifestSource } from "./documents/parsed-document.ts";

const MANIFEST = /\.(ya?ml|json)$/i;

const MANIFESTS: SourceRules = {
  takes: (name) => MANIFEST.test(name),
  nothing: "no manifests in this directory: expected files ending in .yaml, .yml or .json",
  wanted: "give the directory that holds the manifests",
  lessOfIt: "plan a part of it",
  bytesMax: () => JSON_FILE_BYTES_MAX,
  tooLarge: () => ({ problem: `larger than ${JSON_FILE_BYTES_MAX} bytes; split it` }),
  chart: (directory) => ({
    problem: `a Helm chart, which has to be rendered first: helm template ${directory} | nodeless plan -f -`,
  }),
};

/**
 * Reads manifests: files, directories (recursively, by name; hidden ones and node_modules are left out) and `-`. A file reached twice is read
 * once. Blocks while it reads. Throws InvalidManifestsError: a path that does not exist, a chart that is not rendered, a directory without
 * manifests, more than the bounds of the input.
 */
export function readManifests(paths: readonly string[], options: ReadSourcesOptions = {}): readonly ManifestSource[] {
  return readSources(paths, MANIFESTS, options).sources;
}
