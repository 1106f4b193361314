import type {
  CreateLaunchTemplateCommandInput,
  CreateLaunchTemplateCommandOutput,
  CreateLaunchTemplateVersionCommandInput,
  CreateLaunchTemplateVersionCommandOutput,
  DeleteLaunchTemplateCommandInput,
  DeleteLaunchTemplateCommandOutput,
  DescribeLaunchTemplatesCommandInput,
  DescribeLaunchTemplatesCommandOutput,
  DescribeLaunchTemplateVersionsCommandInput,
  DescribeLaunchTemplateVersionsCommandOutput,
  LaunchTemplate,
  LaunchTemplateVersion,
  ModifyLaunchTemplateCommandInput,
  ModifyLaunchTemplateCommandOutput,
  RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer, CallContext } from "../wire/handlers.ts";
import { cutPage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { idempotencyMismatch, invalidParameter, required } from "./ec2-error.ts";
import { applyFilters, type FilterTable } from "./filters.ts";
import type { LaunchTemplateRecord, LaunchTemplateVersionRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";
import { checkUserData } from "./user-data.ts";

export const LAUNCH_TEMPLATE_OPERATIONS: Operations = {
  CreateLaunchTemplate: createLaunchTemplate,
  CreateLaunchTemplateVersion: createLaunchTemplateVersion,
  DescribeLaunchTemplates: describeLaunchTemplates,
  DescribeLaunchTemplateVersions: describeLaunchTemplateVersions,
  ModifyLaunchTemplate: modifyLaunchTemplate,
  DeleteLaunchTemplate: deleteLaunchTemplate,
};

const TEMPLATE_NAME = /^[a-zA-Z0-9().\-/_]{3,128}$/;

/** How a request names a template. */
export interface TemplateReference {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
}

function createLaunchTemplate(
  core: Ec2Core,
  input: CreateLaunchTemplateCommandInput,
  context: CallContext,
): Answer<CreateLaunchTemplateCommandOutput> {
  const id = core.state.tokens.once(
    { operation: "CreateLaunchTemplate", token: input.ClientToken, input },
    () => addLaunchTemplate(core, input, context.callerArn).id,
    idempotencyMismatch,
  );
  return { LaunchTemplate: templateView(core, existing(core.launchTemplates, "launchTemplate", id)) };
}

function addLaunchTemplate(
  core: Ec2Core,
  input: CreateLaunchTemplateCommandInput,
  createdBy: string,
): LaunchTemplateRecord {
  const name = required(input.LaunchTemplateName, "LaunchTemplateName");
  if (!TEMPLATE_NAME.test(name))
    throw new AwsError(
      "InvalidLaunchTemplateName.MalformedException",
      "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the characters ( ) . - / _",
    );
  if (core.launchTemplates.find((template) => template.name === name) !== undefined)
    throw new AwsError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.");
  const tags = specifiedTags(input.TagSpecifications, "launch-template");
  const data = templateData(required(input.LaunchTemplateData, "LaunchTemplateData"));
  const id = newId(core, "launchTemplate");
  const createdAt = core.clock.now().toISOString();
  const description = input.VersionDescription;
  core.tags.put({ id, type: "launch-template" }, tags);
  return core.launchTemplates.put(id, {
    id,
    name,
    createdAt,
    createdBy,
    defaultVersion: 1,
    latestVersion: 1,
    versions: [{ version: 1, createdAt, createdBy, description, data }],
  });
}

/** EC2 checks little of the data before a launch: user data must be base64 and not too long. */
function templateData(data: RequestLaunchTemplateData): Readonly<Record<string, unknown>> {
  checkUserData(data.UserData);
  return JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
}

function createLaunchTemplateVersion(
  core: Ec2Core,
  input: CreateLaunchTemplateVersionCommandInput,
  context: CallContext,
): Answer<CreateLaunchTemplateVersionCommandOutput> {
  const template = findTemplate(core, input);
  const given = templateData(required(input.LaunchTemplateData, "LaunchTemplateData"));
  const base = input.SourceVersion === undefined ? {} : versionOf(template, input.SourceVersion).data;
  const version: LaunchTemplateVersionRecord = {
    version: template.latestVersion + 1,
    createdAt: core.clock.now().toISOString(),
    createdBy: context.callerArn,
    description: input.VersionDescription,
    data: { ...base, ...given },
  };
  const versions = [...template.versions, version];
  const updated = core.launchTemplates.put(template.id, { ...template, latestVersion: version.version, versions });
  return { LaunchTemplateVersion: versionView(updated, version) };
}

/** The template by id or name. */
export function findTemplate(core: Ec2Core, reference: TemplateReference): LaunchTemplateRecord {
  const { LaunchTemplateId: id, LaunchTemplateName: name } = reference;
  if (id !== undefined && name !== undefined)
    throw invalidParameter(
      "Either the launch template ID or the launch template name must be specified, but not both.",
    );
  if (id !== undefined) {
    const template = core.launchTemplates.get(id);
    if (template !== undefined) return template;
    throw new AwsError(
      "InvalidLaunchTemplateId.NotFound",
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  }
  const template = core.launchTemplates.find((candidate) => candidate.name === required(name, "LaunchTemplateName"));
  if (template !== undefined) return template;
  throw new AwsError(
    "InvalidLaunchTemplateName.NotFoundException",
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}

/** A version by number, `$Default` or `$Latest`; absent = default. */
export function versionOf(template: LaunchTemplateRecord, version: string | undefined): LaunchTemplateVersionRecord {
  const number =
    version === undefined || version === "" || version === "$Default"
      ? template.defaultVersion
      : version === "$Latest"
        ? template.latestVersion
        : Number(version);
  const found = template.versions.find((candidate) => candidate.version === number);
  if (found !== undefined) return found;
  throw new AwsError(
    "InvalidLaunchTemplateId.VersionNotFound",
    `Could not find the specified version ${version} for the launch template with ID ${template.id}.`,
  );
}

const FILTERS = (core: Ec2Core): FilterTable<LaunchTemplateRecord> => ({
  names: {
    "create-time": (template) => template.createdAt,
    "launch-template-id": (template) => template.id,
    "launch-template-name": (template) => template.name,
  },
  tagsOf: (template) => core.tags.of(template.id),
});

function describeLaunchTemplates(
  core: Ec2Core,
  input: DescribeLaunchTemplatesCommandInput,
): Answer<DescribeLaunchTemplatesCommandOutput> {
  const named = [
    ...(input.LaunchTemplateIds ?? []).map((id) => findTemplate(core, { LaunchTemplateId: id })),
    ...(input.LaunchTemplateNames ?? []).map((name) => findTemplate(core, { LaunchTemplateName: name })),
  ];
  const wanted = named.length > 0 ? named : [...core.launchTemplates.values()];
  const matching = applyFilters(wanted, input.Filters, FILTERS(core));
  const page = cutPage(matching, { key: (template) => template.id, request: input, sizeMax: 200 });
  return { LaunchTemplates: page.items.map((template) => templateView(core, template)), NextToken: page.nextToken };
}

function describeLaunchTemplateVersions(
  core: Ec2Core,
  input: DescribeLaunchTemplateVersionsCommandInput,
): Answer<DescribeLaunchTemplateVersionsCommandOutput> {
  const template = findTemplate(core, input);
  const versions = input.Versions?.map((version) => versionOf(template, version)) ?? template.versions;
  const page = cutPage(versions, {
    key: (version) => String(version.version).padStart(8, "0"),
    request: input,
    sizeMax: 200,
  });
  return {
    LaunchTemplateVersions: page.items.map((version) => versionView(template, version)),
    NextToken: page.nextToken,
  };
}

function modifyLaunchTemplate(
  core: Ec2Core,
  input: ModifyLaunchTemplateCommandInput,
): Answer<ModifyLaunchTemplateCommandOutput> {
  const template = findTemplate(core, input);
  const { version: defaultVersion } = versionOf(template, input.DefaultVersion);
  return { LaunchTemplate: templateView(core, core.launchTemplates.put(template.id, { ...template, defaultVersion })) };
}

function deleteLaunchTemplate(
  core: Ec2Core,
  input: DeleteLaunchTemplateCommandInput,
): Answer<DeleteLaunchTemplateCommandOutput> {
  const template = findTemplate(core, input);
  const view = templateView(core, template);
  core.launchTemplates.delete(template.id);
  core.tags.drop(template.id);
  return { LaunchTemplate: view };
}

function templateView(core: Ec2Core, template: LaunchTemplateRecord): LaunchTemplate {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    CreateTime: new Date(template.createdAt),
    CreatedBy: template.createdBy,
    DefaultVersionNumber: template.defaultVersion,
    LatestVersionNumber: template.latestVersion,
    Tags: core.tags.list(template.id),
  };
}

function versionView(template: LaunchTemplateRecord, version: LaunchTemplateVersionRecord): LaunchTemplateVersion {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    VersionNumber: version.version,
    VersionDescription: version.description,
    CreateTime: new Date(version.createdAt),
    CreatedBy: version.createdBy,
    DefaultVersion: version.version === template.defaultVersion,
    // Request and response shapes have the same members for everything this service keeps.
    LaunchTemplateData: version.data as NonNullable<LaunchTemplateVersion["LaunchTemplateData"]>,
  };
}
