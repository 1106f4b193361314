export type { Clock, Timer } from "./clock.ts";
export { sleepOn, systemClock } from "./clock.ts";
export type { LogFields, Logger } from "./logger.ts";
export { describeError, jsonLogger, silentLogger } from "./logger.ts";
export { ManualClock } from "./manual-clock.ts";
export type { Random } from "./random.ts";
export { nameSuffix, seededRandom, systemRandom, uuid } from "./random.ts";
