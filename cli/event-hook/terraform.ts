import type { EventHookSettings } from "../../lambda/adapters/okta-api/event-hooks-api.ts";
import { findEventType, whyRefusable } from "../../lambda/core/okta/event-types.ts";

/**
 * The first version of Okta's provider that verifies a hook again after a change of its URL (6.7.0 of March 2026, by
 * its changelog, github.com/okta/terraform-provider-okta/pull/2723). With earlier versions, such a hook stays
 * unverified, and Okta does not deliver to it.
 */
const oktaProvider = { source: "okta/okta", version: "~> 6.7" } as const;
/**
 * The first version of Terraform with `replace_triggered_by`
 * (developer.hashicorp.com/terraform/language/meta-arguments/lifecycle).
 */
const terraformVersion = ">= 1.2";

/** The hook in Terraform. Terraform reads the secret from Secrets Manager, and keeps it in its state. */
export function renderTerraform(
  { name, url, eventTypes }: Omit<EventHookSettings, "secret">,
  secretArn: string | null,
): string {
  const secret =
    secretArn === null
      ? 'variable "okta_proxy_watch_secret" {\n  type      = string\n  sensitive = true\n}\n'
      : `data "aws_secretsmanager_secret_version" "okta_proxy_watch" {\n  secret_id = ${quote(secretArn)}\n}\n`;
  const value =
    secretArn === null
      ? "var.okta_proxy_watch_secret"
      : "data.aws_secretsmanager_secret_version.okta_proxy_watch.secret_string";
  return `# A module has one list of required providers: where yours has one already, move this entry there.
# Older versions of the provider leave a hook unverified whose URL was changed: Okta then delivers nothing.
terraform {
  required_version = "${terraformVersion}"

  required_providers {
    okta = {
      source  = "${oktaProvider.source}"
      version = "${oktaProvider.version}"
    }
  }
}

${secret}
resource "okta_event_hook" "okta_proxy_watch" {
  name = ${quote(name)}

  events = [
${eventTypes.map((eventType) => `${noteOn(eventType)}    ${quote(eventType)},`).join("\n")}
  ]

  channel = {
    type    = "HTTP"
    version = "1.0.0"
    uri     = ${quote(url)}
  }

  auth = {
    type  = "HEADER"
    key   = "Authorization"
    value = ${value}
  }
}

resource "okta_event_hook_verification" "okta_proxy_watch" {
  event_hook_id = okta_event_hook.okta_proxy_watch.id

  # Okta verifies the URL again, with the secret, whenever either of them or anything else of the hook changes.
  lifecycle {
    replace_triggered_by = [okta_event_hook.okta_proxy_watch]
  }
}
`;
}

function noteOn(eventType: string): string {
  const why = whyRefusable(findEventType(eventType));
  // On a line of its own, as `terraform fmt` aligns trailing comments.
  return why === null ? "" : `    # ${why}: Okta may refuse it\n`;
}

/** A string of Terraform's language, in which `${` and `%{` begin a template. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, "$&$&");
}
