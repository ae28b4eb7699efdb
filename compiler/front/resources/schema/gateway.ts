/** networking.istio.io Gateway: https://istio.io/latest/docs/reference/config/networking/gateway/ */

import { boolean, list, map, object, oneOf, port, resource, string } from "./build.ts";

const versions = oneOf("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3");

export const tls = object(
  {
    httpsRedirect: boolean,
    mode: oneOf("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"),
    serverCertificate: string,
    privateKey: string,
    caCertificates: string,
    caCrl: string,
    credentialName: string,
    credentialNames: list(string, { minItems: 1, maxItems: 2 }),
    caCertCredentialName: string,
    tlsCertificates: list(object({ serverCertificate: string, privateKey: string, caCertificates: string }), {
      minItems: 1,
      maxItems: 2,
    }),
    subjectAltNames: list(string),
    verifyCertificateSpki: list(string),
    verifyCertificateHash: list(string),
    minProtocolVersion: versions,
    maxProtocolVersion: versions,
    cipherSuites: list(string),
    ecdhCurves: list(string),
    insecureSkipVerify: boolean,
  },
  {
    exclusive: [
      ["credentialName", "credentialNames"],
      ["credentialNames", "tlsCertificates"],
    ],
  },
);

export const gateway = resource(
  object({
    servers: list(
      object(
        {
          port: object(
            { number: port, protocol: string, name: string, targetPort: port },
            { required: ["number", "protocol", "name"] },
          ),
          bind: string,
          hosts: list(string),
          tls,
          defaultEndpoint: string,
          name: string,
        },
        { required: ["port", "hosts"] },
      ),
    ),
    selector: map(string),
  }),
);
