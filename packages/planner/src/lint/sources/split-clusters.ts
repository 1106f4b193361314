import type { LintSource } from "./lint-source.ts";

const CLUSTER_CONFIG = /^\s*["']?kind["']?\s*:\s*["']?ClusterConfig\b/m;

/**
 * Sources by cluster: a repository may hold several ClusterConfigs, each with its own profiles. A file belongs to the nearest directory above
 * it that holds one; of two in one directory each file is a cluster, and the rest of the directory goes with the first. One group when
 * there is at most one ClusterConfig; files below none are a group of their own.
 */
export function splitClusters(sources: readonly LintSource[]): readonly (readonly LintSource[])[] {
  const configs = sources.filter(({ format, text }) => format === "manifest" && CLUSTER_CONFIG.test(text));
  if (configs.length < 2) return [sources];
  const rootOf = new Map<string, LintSource>();
  for (const config of configs) {
    const directory = directoryOf(config.file);
    if (!rootOf.has(directory)) rootOf.set(directory, config);
  }
  const groups = new Map<LintSource | undefined, LintSource[]>();
  for (const source of sources) {
    const key = configs.includes(source) ? source : nearestRoot(source.file, rootOf);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [source]);
    else group.push(source);
  }
  return [...groups.values()];
}

function nearestRoot(file: string, rootOf: ReadonlyMap<string, LintSource>): LintSource | undefined {
  for (let directory = directoryOf(file); ; directory = directoryOf(directory)) {
    const root = rootOf.get(directory);
    if (root !== undefined || directory === "") return root;
  }
}

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
