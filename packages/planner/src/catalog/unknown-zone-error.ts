/** A ClusterConfig names zones in which a cluster cannot have its subnets. Caller: show the message. */
export class UnknownZoneError extends Error {
  override readonly name = "UnknownZoneError";

  constructor(
    region: string,
    { missing, usable }: { readonly missing: readonly string[]; readonly usable: readonly string[] },
  ) {
    super(
      `availabilityZones: ${missing.join(", ")} cannot be used for Fargate in ${region}; usable are ${usable.join(", ")}`,
    );
  }
}
