/** Who asks what is explained: its address, and the token that it has, or only what that says. */

import { usePage } from "../parts/page-context.ts";

const FIELDS = [
  { part: "from", label: "Client address", placeholder: "203.0.113.7", type: "text" },
  { part: "jwt", label: "Token (JWT)", placeholder: "", type: "password" },
  {
    part: "claims",
    label: "Claims in place of a token, taken to be verified",
    placeholder: '{"sub": "ada"}',
    type: "text",
  },
] as const;

export function AskerFields() {
  const { asker } = usePage();
  const said = [
    asker.from.value.trim() && "address",
    asker.jwt.value.trim() && "token",
    asker.claims.value.trim() && "claims",
  ].filter(Boolean);
  return (
    <details class="asker">
      <summary>Who asks{said.length > 0 && `: ${said.join(", ")}`}</summary>
      {FIELDS.map(({ part, label, placeholder, type }) => (
        <label key={part}>
          {label}
          <input
            type={type}
            placeholder={placeholder}
            autoComplete="off"
            spellcheck={false}
            value={asker[part].value}
            onInput={(event) => {
              asker[part].value = event.currentTarget.value;
            }}
          />
        </label>
      ))}
    </details>
  );
}
