/**
 * The real kubectl that the dev dependency carries, unpacked once per content. Undefined where it does not run, with the reason printed.
 */
export declare function kubectlPath(): Promise<string | undefined>;
/** The real helm from the same package. */
export declare function helmPath(): Promise<string | undefined>;
