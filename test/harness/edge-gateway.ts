/** A Gateway at which all hosts are served, as rules of tests begin with it: the document and the `---` behind it. */
export function edgeGateway(port = 80): string {
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: ${port}, name: http, protocol: HTTP }, hosts: ["*"] }]
---
`;
}
