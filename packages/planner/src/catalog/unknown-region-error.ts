/** The region is not in the built-in catalogue. Caller: show the message. */
export class UnknownRegionError extends Error {
  override readonly name = "UnknownRegionError";
  readonly region: string;
  readonly known: readonly string[];

  constructor(region: string, known: readonly string[]) {
    super(
      `no prices are built in for region ${JSON.stringify(region)}: known are ${known.join(", ")}; for others give a catalogue with --catalog`,
    );
    this.region = region;
    this.known = known;
  }
}
