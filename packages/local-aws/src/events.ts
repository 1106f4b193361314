/** An event as EventBridge would deliver it; envelope fields (version, id, account, time, region) are added by the publisher. */
export interface CloudEvent {
  /** `aws.ec2` */
  readonly source: string;
  /** `EC2 Spot Instance Interruption Warning` */
  readonly detailType: string;
  /** ARNs. */
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Delivers events to every local queue whose policy lets `events.amazonaws.com` send (stands in for EventBridge rules). */
export interface EventPublisher {
  publish(event: CloudEvent): void;
}
