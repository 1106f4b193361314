export { createAwsCloudProvider } from "./aws-cloud-provider.ts";
export type { AskCatalogOptions, CatalogClients, CatalogProgress } from "./instance-types/ask-catalog.ts";
export { askCatalog, createCatalogClients } from "./instance-types/ask-catalog.ts";
export type { AwsClients, AwsCloudOptions, AwsCloudSettings } from "./options.ts";
export { DEFAULT_AWS_CLOUD_SETTINGS } from "./options.ts";
