import { al2UserData } from "./al2.ts";
import { al2023UserData } from "./al2023.ts";
import { bottlerocketUserData } from "./bottlerocket.ts";
import type { JoinSettings } from "./join-settings.ts";
import { windowsUserData } from "./windows.ts";

/** User data for an image family, as text. Custom: the node class's own, verbatim. Equal settings give equal text. */
export function userDataFor(family: string, settings: JoinSettings): string {
  switch (family) {
    case "AL2023":
      return al2023UserData(settings);
    case "AL2":
      return al2UserData(settings);
    case "Bottlerocket":
      return bottlerocketUserData(settings);
    case "Windows2019":
    case "Windows2022":
    case "Windows2025":
      return windowsUserData(settings);
    default:
      return settings.custom ?? "";
  }
}
