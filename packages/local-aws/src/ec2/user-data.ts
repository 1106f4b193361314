import { gunzipSync } from "node:zlib";
import { AwsError } from "../wire/aws-error.ts";
import { invalidParameter } from "./ec2-error.ts";

/** EC2's limit on user data, before base64. */
const USER_DATA_BYTES_MAX = 16_384;
/** What a compressed script may grow to: far above any bootstrap script, below what would hurt. */
const UNZIPPED_BYTES_MAX = 1024 * 1024;

/** Refuses user data that is not base64 or too long. */
export function checkUserData(userData: string | undefined): void {
  if (userData === undefined || userData === "") return;
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData))
    throw new AwsError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  if (Buffer.from(userData, "base64").length > USER_DATA_BYTES_MAX)
    throw invalidParameter(`User data is limited to ${USER_DATA_BYTES_MAX} bytes`);
}

/** The text an instance finds: base64 undone, gzip undone as cloud-init does. Damaged gzip is handed over as it is. */
export function userDataText(userData: string | undefined): string {
  const bytes = Buffer.from(userData ?? "", "base64");
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString("utf8");
  try {
    return gunzipSync(bytes, { maxOutputLength: UNZIPPED_BYTES_MAX }).toString("utf8");
  } catch {
    return bytes.toString("utf8");
  }
}
