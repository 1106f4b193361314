export declare function currentBundle(bundle: URL, root: URL | undefined): URL | undefined;
