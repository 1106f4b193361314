export { createAwsCloudProvider } from "./aws-cloud-provider.ts";
export type { AwsClients, AwsCloudOptions, AwsCloudSettings } from "./options.ts";
export { DEFAULT_AWS_CLOUD_SETTINGS } from "./options.ts";
