/**
 * Bounds of the input. Each is far above what a real cluster needs and low enough that a hostile or mistaken input ends in one message
 * instead of an exhausted machine.
 */

/** `kubectl get pods -A -o json` of 20,000 pods with managed fields is about 150 MB; JSON parses at the speed of reading. */
export const JSON_FILE_BYTES_MAX: number = 256 * 1024 * 1024;
/** A YAML parser keeps about 25 bytes per byte and needs 0.7 s per megabyte; larger dumps come as JSON. */
export const YAML_FILE_BYTES_MAX: number = 32 * 1024 * 1024;
/** All files together. */
export const INPUT_BYTES_MAX: number = 512 * 1024 * 1024;
/** A repository of everything a company runs has some thousand manifests. */
export const FILES_MAX = 10_000;
/** Directories within directories; deeper ones are a mistake such as a mounted root. */
export const DIRECTORY_DEPTH_MAX = 32;
/** As many as pods may be planned, and their owners. */
export const DOCUMENTS_MAX = 200_000;
/** The deepest field of any Kubernetes type is at about 20. */
export const NESTING_MAX = 64;
/** YAML aliases may blow a small file up; no real manifest needs more. */
export const ALIASES_MAX = 100;
/** The largest clusters Kubernetes supports hold 150,000 pods; one plan is for less. */
export const PODS_MAX = 100_000;
/** More problems than anyone reads; the rest is counted. */
export const PROBLEMS_MAX = 100;
