/** What `/version` says. helm reads gitVersion as a semantic version: a `+` suffix keeps chart constraints working. */
export function versionInfo(version: string): Readonly<Record<string, string>> {
  const [major = "1", minor = "35", patch = "0"] = version.split(".");
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.${patch}+nodeless`,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "none",
    compiler: "node",
    platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
  };
}
