export type { FakeCloudOptions } from "./fake-cloud.ts";
export { FakeCloud } from "./fake-cloud.ts";
export type { FakeInstanceTypeOptions } from "./instance-types.ts";
export { FAKE_INSTANCE_TYPES, fakeInstanceType } from "./instance-types.ts";
