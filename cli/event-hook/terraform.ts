import type { EventHookSettings } from "../../lambda/okta-api/event-hooks-api.ts";

/** The hook for those who keep Okta in Terraform. The secret is read from Secrets Manager, and stands in the state. */
export function renderTerraform(
  { name, url, eventTypes }: Omit<EventHookSettings, "secret">,
  secretArn: string | null,
): string {
  const secret =
    secretArn === null
      ? 'variable "okta_proxy_watch_secret" {\n  type      = string\n  sensitive = true\n}\n'
      : `data "aws_secretsmanager_secret_version" "okta_proxy_watch" {\n  secret_id = ${JSON.stringify(secretArn)}\n}\n`;
  const value =
    secretArn === null
      ? "var.okta_proxy_watch_secret"
      : "data.aws_secretsmanager_secret_version.okta_proxy_watch.secret_string";
  return `${secret}
resource "okta_event_hook" "okta_proxy_watch" {
  name = ${JSON.stringify(name)}

  events = [
${eventTypes.map((eventType) => `    ${JSON.stringify(eventType)},`).join("\n")}
  ]

  channel = {
    type    = "HTTP"
    version = "1.0.0"
    uri     = ${JSON.stringify(url)}
  }

  auth = {
    type  = "HEADER"
    key   = "Authorization"
    value = ${value}
  }
}

resource "okta_event_hook_verification" "okta_proxy_watch" {
  event_hook_id = okta_event_hook.okta_proxy_watch.id
}
`;
}
