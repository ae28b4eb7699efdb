/** What Envoy says of a token that it refuses, in its own words: the body of the answer (jwt_verify_lib's `getStatusString`). */

export const MISSING = "Jwt is missing";
export const AUDIENCE_NOT_ALLOWED = "Audiences in Jwt are not allowed";
export const UNKNOWN_ISSUER = "Jwt issuer is not configured";

export const REFUSALS = {
  badFormat: "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  headerBase64: "Jwt header is an invalid Base64url encoded",
  headerJson: "Jwt header is an invalid JSON",
  alg: "Jwt header [alg] field is required and must be a string",
  unknownAlg: "Jwt header [alg] is not supported",
  kid: "Jwt header [kid] field is not a string",
  payloadBase64: "Jwt payload is an invalid Base64url encoded",
  payloadJson: "Jwt payload is an invalid JSON",
  iss: "Jwt payload [iss] field is not a string",
  sub: "Jwt payload [sub] field is not a string",
  iat: "Jwt payload [iat] field is not an integer",
  iatRange: "Jwt payload [iat] field is not a positive 64 bit integer",
  nbf: "Jwt payload [nbf] field is not an integer",
  nbfRange: "Jwt payload [nbf] field is not a positive 64 bit integer",
  exp: "Jwt payload [exp] field is not an integer",
  expRange: "Jwt payload [exp] field is not a positive 64 bit integer",
  jti: "Jwt payload [jti] field is not a string",
  aud: "Jwt payload [aud] field is not a string or string list",
  signatureBase64: "Jwt signature is an invalid Base64url encoded",
  notYetValid: "Jwt not yet valid",
  expired: "Jwt is expired",
  noKey: "Jwks doesn't have key to match kid or alg from Jwt",
  noKeys: "Jwks doesn't have any valid public key",
  signatureLength: "Jwt ED25519 signature is wrong length",
  signature: "Jwt verification fails",
} as const;
