import type { CertificateSigningRequest } from "@nodeless/api";
import type { AdmissionPlugin } from "../server.ts";

/** A certificate request carries who made it, whatever its author wrote there. Source: kubernetes pkg/registry/certificates strategy.go. */
export function certificateRequestor(): AdmissionPlugin {
  return {
    name: "CertificateRequestor",
    admit({ operation, group, resource, subresource, user, object }) {
      const isRequest = group === "certificates.k8s.io" && resource === "certificatesigningrequests";
      if (operation !== "CREATE" || !isRequest || subresource !== "" || object === undefined) return undefined;
      const { username, groups, uid } = user;
      const request = object as CertificateSigningRequest;
      const { uid: _uid, ...spec } = request.spec;
      const requestor = { username, groups: [...groups], ...(uid === undefined ? {} : { uid }) };
      return { ...request, spec: { ...spec, ...requestor } } as CertificateSigningRequest;
    },
  };
}
