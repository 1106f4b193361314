import type { EventPublisher } from "../events.ts";
import type { HandlerMap } from "../wire/handlers.ts";
import { messageHandlers } from "./message-operations.ts";
import { queueHandlers } from "./queue-operations.ts";
import { Queues, type SqsOptions } from "./queues.ts";

/** Queues with visibility and long poll. Queues are durable; messages live in memory. Also stands in for EventBridge. */
export interface SqsService extends EventPublisher {
  readonly handlers: HandlerMap;
  /** Ends long polls, now and from now on. */
  close(): void;
}

export function createSqs(options: SqsOptions): SqsService {
  const queues = new Queues(options);
  return {
    handlers: { ...queueHandlers(queues), ...messageHandlers(queues) },
    publish: (event) => queues.publish(event),
    close: () => queues.close(),
  };
}
