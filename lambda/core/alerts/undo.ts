/*
 * What undoes an act, by Okta's event type (https://developer.okta.com/docs/reference/api/event-types/), and in which menu of
 * the admin console. Longer starts of event types come first.
 */
const undoing: readonly (readonly [start: string, undo: string])[] = [
  ["user.session.start", "clear the user's sessions"],
  ["user.session.impersonation.", "revoke Okta support's access"],
  ["user.authentication.sso", "end the session in the app, and see there what was done"],
  ["user.account.privilege.grant", "revoke the privilege, in Security / Administrators"],
  ["group.privilege.grant", "revoke the group's privilege, in Security / Administrators"],
  ["iam.", "restore the role, or its assignment, as it was"],
  ["system.api_token.create", "revoke the token, in Security / API / Tokens"],
  ["user.mfa.factor.activate", "remove the factor, unless the person enrolled it"],
  ["user.mfa.factor.", "ask the person by phone, and have the factors enrolled again"],
  ["device.enrollment.create", "deactivate the device, in Directory / Devices"],
  ["user.account.reset_password", "reset the password again, and give it to the person alone"],
  ["user.account.update_password", "reset the password, and give it to the person alone"],
  ["user.account.unlock_by_admin", "lock or suspend the account until the person is reached"],
  ["user.lifecycle.create", "deactivate the user"],
  ["user.lifecycle.activate", "deactivate the user"],
  ["user.lifecycle.reactivate", "deactivate the user"],
  ["group.user_membership.add", "remove the user from the group"],
  ["application.user_membership.add", "take the app from the user"],
  ["system.idp.lifecycle.create", "deactivate the identity provider, in Security / Identity Providers"],
  ["system.idp.lifecycle.activate", "deactivate the identity provider, in Security / Identity Providers"],
  ["system.idp.lifecycle.update", "restore the identity provider as it was, or deactivate it"],
  ["system.idp.", "restore the identity provider as it was"],
  ["system.log_stream.", "activate the log stream again, as it was, in Reports / Log Streaming"],
  ["event_hook.", "activate the event hook again, as it was, in Workflow / Event Hooks"],
  ["policy.", "restore the policy as it was"],
  ["zone.", "restore the network zone as it was, in Security / Networks"],
  ["network_zone.", "restore the network zone as it was, in Security / Networks"],
  ["application.lifecycle.create", "deactivate the app"],
  ["application.", "restore the app as it was"],
  ["oauth2.", "restore the authorization server or the client as it was"],
  ["app.oauth2.", "revoke the grant, and replace the client's secret"],
];

/** Acts of these event types change nothing that could be undone, though one of the table's starts has them. */
const nothing: ReadonlySet<string> = new Set(["policy.evaluate_sign_on", "user.mfa.factor.unsuspend"]);

/**
 * What undoes an act: `revoke the token, in Security / API / Tokens`. Null for an act that did not succeed, and where none is known.
 */
export function undoOf(eventType: string, succeeded: boolean): string | null {
  const type = eventType.toLowerCase();
  if (!succeeded || nothing.has(type)) return null;
  return undoing.find(([start]) => type.startsWith(start))?.[1] ?? null;
}
