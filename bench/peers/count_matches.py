"""
Counts what SigmaHQ's Okta rules match, as one SQL statement: what DuckDB needs to read the same file.

Usage: python bench/peers/count_matches.py FILE.jsonl [THREADS]
"""

import sys

import duckdb

connection = duckdb.connect()
connection.execute(f"SET threads = {int(sys.argv[2]) if len(sys.argv) > 2 else 1}")
# The rules ask for parts of these three as text.
columns = """{
  eventType: 'VARCHAR', displayMessage: 'VARCHAR', legacyEventType: 'VARCHAR', target: 'VARCHAR',
  actor: 'STRUCT(alternateId VARCHAR)', securityContext: 'STRUCT(isProxy VARCHAR)',
  outcome: 'STRUCT(result VARCHAR, reason VARCHAR)',
  debugContext: 'STRUCT(debugData STRUCT(requestUri VARCHAR, behaviors VARCHAR, logOnlySecurityData VARCHAR))'
}"""
types = [
    ["group.privilege.grant", "user.account.privilege.grant"],
    ["iam.resourceset.bindings.add"],
    ["system.api_token.create"],
    ["system.api_token.revoke"],
    ["application.lifecycle.update", "application.lifecycle.delete"],
    ["application.policy.sign_on.update", "application.policy.sign_on.rule.delete"],
    ["system.idp.lifecycle.create"],
    ["user.mfa.factor.deactivate", "user.mfa.factor.reset_all"],
    ["zone.deactivate", "zone.delete"],
    ["policy.lifecycle.update", "policy.lifecycle.delete"],
    ["policy.rule.update", "policy.rule.delete"],
    ["security.threat.detected"],
    ["user.account.report_suspicious_activity_by_enduser"],
    ["user.lifecycle.create"],
]
debug = "debugContext.debugData"
conditions = [
    *("lower(eventType) IN ({})".format(", ".join(f"'{each}'" for each in names)) for names in types),
    f"lower({debug}.requestUri) LIKE '%admin%' AND lower(securityContext.isProxy) = 'true'",
    "lower(outcome.reason) = 'fastpass declined phishing attempt' AND lower(outcome.result) = 'failure' "
    "AND lower(eventType) = 'user.authentication.auth_via_mfa'",
    "lower(eventType) = 'policy.evaluate_sign_on' AND lower(target) LIKE '%okta admin console%' "
    f"AND (lower({debug}.behaviors) LIKE '%positive%' OR lower({debug}.logOnlySecurityData) LIKE '%positive%')",
    "lower(legacyEventType) = 'core.user_auth.login_failed' AND NOT regexp_matches(actor.alternateId, "
    r"'(^0oa.*|[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,10})')",
    "lower(eventType) = 'user.session.impersonation.grant' AND NOT lower(actor.alternateId) LIKE '%system@okta.com%'",
    "lower(displayMessage) = 'user attempted unauthorized access to app'",
    "lower(displayMessage) = 'max sign in attempts exceeded'",
    "lower(eventType) = 'user.session.start' AND lower(securityContext.isProxy) = 'true'",
]
counts = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions)
query = f"SELECT {counts} FROM read_json(?, format = 'newline_delimited', columns = {columns})"
print(sum(connection.execute(query, [sys.argv[1]]).fetchone()), "matches")
