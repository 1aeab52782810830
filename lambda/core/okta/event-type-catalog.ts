// Written by `npm run event-types`. A change made by hand is lost the next time.

/** The release of Okta whose catalog of event types this is (developer.okta.com/docs/reference/api/event-types). */
export const catalogRelease = "2026.08.1";

/** The event types with the tag `event-hook-eligible`: Okta can deliver them to event hooks. Divided by white space. */
export const hookEligibleNames = `
access.request.cancel access.request.condition.activate access.request.condition.create
access.request.condition.deactivate access.request.condition.delete access.request.condition.invalidate
access.request.condition.update access.request.create access.request.expire access.request.reject access.request.resolve
access.request.sequence.create access.request.sequence.delete access.request.sequence.update
access.request.settings.update access.request.update access.review.action access.review.close access.review.create
access.review.remediate access.review.start access.review.update app.access_request.approver.approve
app.access_request.approver.deny app.access_request.delete app.access_request.deny app.access_request.expire
app.access_request.grant app.access_request.request app.ad.password_migration_campaign.user.migrate.end
app.ai_agent_provider.activate app.ai_agent_provider.create app.ai_agent_provider.credential.validate
app.ai_agent_provider.deactivate app.ai_agent_provider.delete app.ai_agent_provider.import.complete
app.ai_agent_provider.import.start app.ai_agent_provider.import_staging.confirm
app.ai_agent_provider.import_staging.ignore app.ai_agent_provider.priority.update app.ai_agent_provider.update
app.interclient_mapping.create app.interclient_mapping.delete app.interclient_mapping.delete_all
app.oauth2.as.consent.grant app.oauth2.as.consent.revoke app.oauth2.as.consent.revoke.implicit.as
app.oauth2.as.consent.revoke.implicit.client app.oauth2.as.consent.revoke.implicit.scope
app.oauth2.as.consent.revoke.implicit.user app.oauth2.as.consent.revoke.user app.oauth2.as.consent.revoke.user.client
app.oauth2.as.token.grant.interclient_token app.oauth2.client.privilege.grant app.oauth2.client.privilege.revoke
app.oauth2.token.grant.interclient_token app.oauth2.trusted_server.add app.oauth2.trusted_server.delete
app.user_management app.user_management.user_group_import.upsert_success application.account.decision.confirm
application.account.decision.ignore application.account.decision.revoke application.account.detect
application.account.match.update application.account.remove application.lifecycle.activate application.lifecycle.create
application.lifecycle.deactivate application.lifecycle.delete application.lifecycle.update
application.policy.sign_on.deny_access application.provision.group_push.mapping.update.or.delete.failed.with.error
application.provision.user.delete application.provision.user.delete.schedule application.provision.user.import_profile
application.provision.user.push application.provision.user.push_profile application.provision.user.reactivate
application.provision.user.remove_entitlements application.provision.user.remove_entitlements.schedule
application.provision.user.sync application.user_membership.add application.user_membership.change_password
application.user_membership.remove application.user_membership.update certification.campaign.close
certification.campaign.context.update certification.campaign.item.decide certification.campaign.item.remediate
certification.campaign.launch device.enrollment.create device.lifecycle.activate device.lifecycle.deactivate
device.lifecycle.delete device.lifecycle.suspend device.lifecycle.unsuspend device.user.add device.user.remove
entitlement.migration.complete entitlement.migration.fail entitlement.migration.start
governance.principal.settings.update governance.settings.update group.application_assignment.add
group.application_assignment.remove group.application_assignment.update group.lifecycle.create group.lifecycle.delete
group.privilege.grant group.privilege.revoke group.profile.update group.user_membership.add group.user_membership.remove
iam.policy.assignee_configuration.update iam.policy.configuration.update iam.resourceset.bindings.add
iam.resourceset.bindings.delete iam.resourceset.create iam.resourceset.delete iam.resourceset.resources.add
iam.resourceset.resources.delete iam.resourceset.resources.update iam.resourceset.update iam.role.create iam.role.delete
iam.role.permission.conditions.add iam.role.permission.conditions.delete iam.role.permissions.add
iam.role.permissions.delete iam.role.subscriptions.update iam.role.update inline_hook.executed
policy.auth_reevaluate.fail policy.branch.lifecycle.promote policy.branch.lifecycle.rollback
policy.branch.lifecycle.stage policy.branch.lifecycle.update policy.branch.rule.activate policy.branch.rule.add
policy.branch.rule.deactivate policy.branch.rule.delete policy.branch.rule.update policy.lifecycle.activate
policy.lifecycle.deactivate policy.lifecycle.update policy.rule.activate policy.rule.add policy.rule.deactivate
policy.rule.delete policy.rule.update resource.collection.assign resource.collection.create resource.collection.delete
resource.collection.unassign resource.collection.update resource.entitlement.create resource.entitlement.delete
resource.entitlement.update resource.entitlement_bundle.create resource.entitlement_bundle.delete
resource.entitlement_bundle.update resource.entitlement_policy.activate resource.entitlement_policy.draft.create
resource.entitlement_policy.draft.delete resource.entitlement_policy.draft.update resource.governance_engine.disable
resource.governance_engine.enable resource.label.assignment.update resource.label.update resource.owner.update
resource.risk_rule.create resource.risk_rule.delete resource.risk_rule.update resource.user_entitlements.drift.detect
resource.user_entitlements.drift.revert resource.user_entitlements.update resource_servers.a2a_server.auth_server.add
resource_servers.a2a_server.auth_server.remove resource_servers.a2a_server.delete resource_servers.a2a_server.register
resource_servers.api_server.activate resource_servers.api_server.auth_server.add
resource_servers.api_server.auth_server.remove resource_servers.api_server.auth_server.update
resource_servers.api_server.deactivate resource_servers.api_server.delete resource_servers.api_server.register
resource_servers.api_server.update resource_servers.client_authentication_settings.create
resource_servers.client_authentication_settings.delete resource_servers.client_authentication_settings.update
resource_servers.mcp_server.activate resource_servers.mcp_server.auth_server.create
resource_servers.mcp_server.auth_server.delete resource_servers.mcp_server.auth_server.update
resource_servers.mcp_server.capability.discover resource_servers.mcp_server.deactivate
resource_servers.mcp_server.delete resource_servers.mcp_server.register resource_servers.mcp_server.update
resource_servers.virtual_mcp_server.auth_server.add resource_servers.virtual_mcp_server.auth_server.remove
resource_servers.virtual_mcp_server.capability.add resource_servers.virtual_mcp_server.capability.remove
resource_servers.virtual_mcp_server.capability.update security.authenticator.lifecycle.activate
security.authenticator.lifecycle.create security.authenticator.lifecycle.deactivate
security.authenticator.lifecycle.update security.breached_credential.detected security.trusted_origin.activate
security.trusted_origin.create security.trusted_origin.deactivate security.trusted_origin.delete
security.trusted_origin.update system.api_token.create system.api_token.request_outside_allowed_range
system.api_token.revoke system.email.delivery system.idp.key.create system.idp.key.delete system.idp.key.update
system.idp.lifecycle.activate system.idp.lifecycle.create system.idp.lifecycle.deactivate system.idp.lifecycle.delete
system.idp.lifecycle.read_client_secret system.idp.lifecycle.update system.import.complete
system.import.entitlement.upper_limit_exceeded system.import.group.create system.import.group.delete
system.import.roadblock system.import.start system.log_stream.lifecycle.activate system.log_stream.lifecycle.create
system.log_stream.lifecycle.deactivate system.log_stream.lifecycle.delete system.log_stream.lifecycle.update
system.mfa.preregister.initiate system.oauth2.token.request_outside_allowed_range system.org.rate_limit.violation
system.org.rate_limit.warning system.sms.send_phone_verification_message system.voice.send_phone_verification_call
user.account.lock user.account.privilege.grant user.account.privilege.revoke
user.account.report_suspicious_activity_by_enduser user.account.reset_password user.account.subscriptions.update
user.account.unlock user.account.unlock_by_admin user.account.update_password user.account.update_profile
user.authentication.auth_via_IDP user.authentication.auth_via_mfa user.authentication.auth_via_social
user.authentication.authenticate user.authentication.sso user.authentication.universal_logout
user.authentication.universal_logout.scheduled user.behavior.profile.reset user.chrome.data.clear user.credential.enroll
user.identity_verification user.identity_verification.start user.import.password user.lifecycle.activate
user.lifecycle.create user.lifecycle.deactivate user.lifecycle.delete.initiated user.lifecycle.reactivate
user.lifecycle.suspend user.lifecycle.unsuspend user.mfa.factor.activate user.mfa.factor.deactivate
user.mfa.factor.reset_all user.mfa.factor.suspend user.mfa.factor.unsuspend user.mfa.factor.update
user.mfa.promote_enrollment user.risk.change user.risk.detect user.session.clear user.session.context.change
user.session.end user.session.start workload_principal.activate workload_principal.ai_agent.activate
workload_principal.ai_agent.credential.activate workload_principal.ai_agent.credential.create
workload_principal.ai_agent.credential.deactivate workload_principal.ai_agent.credential.delete
workload_principal.ai_agent.deactivate workload_principal.ai_agent.delete workload_principal.ai_agent.register
workload_principal.ai_agent.sign_on_provider.add workload_principal.ai_agent.sign_on_provider.remove
workload_principal.ai_agent.update workload_principal.deactivate workload_principal.delegation_link.create
workload_principal.delegation_link.delete workload_principal.delete workload_principal.register
workload_principal.resource_connection.activate workload_principal.resource_connection.create
workload_principal.resource_connection.deactivate workload_principal.resource_connection.delete
workload_principal.resource_connection.update workload_principal.sign_on_provider.add
workload_principal.sign_on_provider.remove workload_principal.update
`;

/** All others, which are in the System Log only. Divided by white space. */
export const systemLogOnlyNames = `
account.aerial_template_condition.apply account.aerial_template_condition.create
account.aerial_template_condition.delete account.aerial_template_condition.remove
account.aerial_template_condition.update account.org.add account.org.consent.grant account.org.consent.revoke
account.org.delete.cancel account.org.delete.request account.org.product.update account.org.status.update
account.org_group.create account.org_group.delete account.org_group.org.assign account.org_group.org.revoke
account.org_group.update account.user.classify analytics.feedback.provide analytics.reports.export.download
analytics.reports.export.generate analytics.reports.export.request app.ad.api.user_import.account_locked
app.ad.api.user_import.warn.skipped_contact.attribute_invalid_value
app.ad.api.user_import.warn.skipped_user.attribute_invalid_value
app.ad.api.user_import.warn.skipped_user.missing_required_attribute app.ad.credential.verify
app.ad.password_migration_campaign.cancel.end app.ad.password_migration_campaign.cancel.start
app.ad.password_migration_campaign.create app.ad.password_migration_campaign.finish.end
app.ad.password_migration_campaign.finish.start app.ad.password_migration_campaign.group.add
app.ad.password_migration_campaign.user.capture_password app.ad.password_migration_campaign.user.migrate.start
app.app_instance.csr.generate app.app_instance.csr.publish app.app_instance.csr.revoke
app.app_instance.provision_sync_job.completed app.app_instance.provision_sync_job.failed
app.app_instance.provision_sync_job.started app.cross_app_access.connection.create
app.cross_app_access.connection.delete app.cross_app_access.connection.update app.generic.unauth_app_access_attempt
app.inbound_del_auth.login_success app.kerberos_rich_client.account_not_found
app.kerberos_rich_client.instance_not_found app.kerberos_rich_client.multiple_accounts_found
app.kerberos_rich_client.user_authentication_successful app.keys.clone app.keys.delete app.keys.generate app.keys.rotate
app.ldap.import.tracking_attribute_missing app.ldap.password.change.failed app.ldap.read_schema
app.oauth2.admin.consent.grant app.oauth2.admin.consent.revoke app.oauth2.as.authorize app.oauth2.as.authorize.code
app.oauth2.as.authorize.implicit.access_token app.oauth2.as.authorize.implicit.id_token
app.oauth2.as.authorize.scope_denied app.oauth2.as.evaluate.claim app.oauth2.as.interact.interaction_code
app.oauth2.as.interact.interaction_handle app.oauth2.as.key.rollover
app.oauth2.as.resource_server.credentials.lifecycle.activate app.oauth2.as.resource_server.credentials.lifecycle.create
app.oauth2.as.resource_server.credentials.lifecycle.deactivate
app.oauth2.as.resource_server.credentials.lifecycle.delete app.oauth2.as.token.detect_reuse app.oauth2.as.token.grant
app.oauth2.as.token.grant.access_token app.oauth2.as.token.grant.device_secret app.oauth2.as.token.grant.id_token
app.oauth2.as.token.grant.refresh_token app.oauth2.as.token.revoke app.oauth2.authorize app.oauth2.authorize.code
app.oauth2.authorize.implicit.access_token app.oauth2.authorize.implicit.id_token app.oauth2.client.lifecycle.activate
app.oauth2.client.lifecycle.create app.oauth2.client.lifecycle.deactivate app.oauth2.client.lifecycle.delete
app.oauth2.client.lifecycle.update app.oauth2.client.read_client_secret app.oauth2.client_id_rate_limit_warning
app.oauth2.consent.grant app.oauth2.credentials.lifecycle.activate app.oauth2.credentials.lifecycle.create
app.oauth2.credentials.lifecycle.deactivate app.oauth2.credentials.lifecycle.delete app.oauth2.interact.interaction_code
app.oauth2.interact.interaction_handle app.oauth2.invalid_client_credentials app.oauth2.key.rollover app.oauth2.signon
app.oauth2.token.detect_reuse app.oauth2.token.grant app.oauth2.token.grant.access_token app.oauth2.token.grant.id_jag
app.oauth2.token.grant.id_token app.oauth2.token.grant.oauth_sts app.oauth2.token.grant.refresh_token
app.oauth2.token.grant.service_account app.oauth2.token.grant.vaulted_secret app.oauth2.token.oauth_sts.request_token
app.oauth2.token.revoke app.oauth2.token.revoke.implicit.as app.oauth2.token.revoke.implicit.client
app.oauth2.token.revoke.implicit.user app.office365.api.change.domain.federation.success app.office365.api.error.ad.user
app.office365.api.error.check.user.exists app.office365.api.error.create.user app.office365.api.error.deactivate.user
app.office365.api.error.download.custom.objects app.office365.api.error.download.groups
app.office365.api.error.download.users app.office365.api.error.endpoint.unavailable
app.office365.api.error.get.company.dirsync.failure app.office365.api.error.get.company.dirsync.status.failure
app.office365.api.error.get.company.dirsync.status.pending app.office365.api.error.get.object.ids.by.group.id
app.office365.api.error.group.create.failure app.office365.api.error.group.create.failure.name.in.use
app.office365.api.error.group.delete.failure app.office365.api.error.group.membership.update.failure
app.office365.api.error.group.membership.update.group.not.found.failure app.office365.api.error.group.update.failure
app.office365.api.error.group.update.failure.not.found app.office365.api.error.import.profile
app.office365.api.error.push.password app.office365.api.error.push.profile app.office365.api.error.reactivate.user
app.office365.api.error.remove.domain.federation.failure
app.office365.api.error.remove.domain.federation.failure.access.denied
app.office365.api.error.remove.domain.federation.failure.domain.not.found app.office365.api.error.revoke.refresh.token
app.office365.api.error.set.company.dirsync.failure app.office365.api.error.set.company.dirsync.status.failure
app.office365.api.error.set.domain.federation.failure
app.office365.api.error.set.domain.federation.failure.access.denied
app.office365.api.error.set.domain.federation.failure.domain.default
app.office365.api.error.set.domain.federation.failure.domain.not.found app.office365.api.error.sync.contact
app.office365.api.error.sync.finalize app.office365.api.error.sync.group app.office365.api.error.sync.not.activated
app.office365.api.error.sync.set.attribute app.office365.api.error.sync.user
app.office365.api.error.unable.to.create.graph.client app.office365.api.error.validate.admin.creds
app.office365.api.error.validate.creds app.office365.api.error.x-ms-forwarded-client-ip-header.absent
app.office365.api.remove.domain.federation.success app.office365.api.set.domain.federation.success
app.office365.api.sync.complete app.office365.api.sync.heartbeat.sent app.office365.api.sync.job.complete
app.office365.api.sync.job.complete.contact app.office365.api.sync.job.complete.group
app.office365.api.sync.job.complete.user app.office365.clientplatform.conversion.job.processing.app.instance
app.office365.clientplatform.conversion.job.skipping.migration app.office365.dirsync.skipping.conflict-object
app.office365.dirsync.skipping.critical-system-object app.office365.dirsync.skipping.non-security-group-invalid-mail
app.office365.dirsync.skipping.reserved-attribute-value app.office365.dirsync.skipping.systemmailbox
app.office365.dirsync.skipping.without-name-and-displayname app.office365.error.importing.user
app.office365.graph.api.error.no.mailbox.found app.office365.graph.api.error.rate-limit.exceeded
app.office365.graph.api.error.service.principal.creation.failed
app.office365.graph.api.error.service.principal.msgraph.authentication.failure app.office365.provisioning_app.create
app.office365.provisioning_app_credential.rotate app.office365.service.principal.cleanup.job.complete
app.office365.service.principal.cleanup.job.invalid.credentials app.office365.service.principal.cleanup.job.processing
app.office365.service.principal.cleanup.job.skipping.missing.creds
app.office365.service.principal.cleanup.job.skipping.no.service.principal
app.office365.service.principal.cleanup.job.unable.to.delete.service.principal app.office365.user.delete.success
app.office365.user.lifecycle.action.failed app.office365.user.remove.licenses.success app.policy.sign_on.update
app.radius.agent.listener.failed app.radius.agent.listener.succeeded app.radius.agent.port_inaccessible
app.radius.agent.port_reaccessible app.radius.info_access.no_permission app.radius.info_access.partial_permission
app.realtimesync.import.details.add_user app.realtimesync.import.details.delete_user
app.realtimesync.import.details.update_user app.realtimesync.import_failed app.request_new.notify
app.rum.config.validation.error app.rum.is.api.account.error app.rum.package.thrown.error app.rum.validation.error
app.saml.sensitive.attribute.update app.user_management.grouppush.mapping.created.from.rule
app.user_management.grouppush.mapping.created.from.rule.error.duplicate
app.user_management.grouppush.mapping.created.from.rule.error.validation
app.user_management.grouppush.mapping.created.from.rule.errors app.user_management.grouppush.mapping.okta.users.ignored
app.user_management.import.csv.line.error app.user_management.push_new_user_success
app.user_management.update_from_master_failed app.user_management.user_group_import.create_failure
app.user_management.user_group_import.delete_success app.user_management.user_group_import.update_failure
app.user_management.user_group_import.upsert_fail application.appuser.mapping.invalid.expression
application.cache.invalidate application.configuration.detect_error application.configuration.disable_delauth_outbound
application.configuration.disable_fed_broker_mode application.configuration.enable_delauth_outbound
application.configuration.enable_fed_broker_mode application.configuration.import_schema
application.configuration.read_client_secret application.configuration.reset_logo application.configuration.update
application.configuration.update_api_credentials_for_pass_change application.configuration.update_logo
application.configuration.update_rate_limits application.integration.api_query
application.integration.authentication_failure application.integration.general_failure
application.integration.rate_limit_exceeded application.integration.transfer_files
application.policy.sign_on.rule.create application.policy.sign_on.rule.delete application.policy.sign_on.update
application.provision.field_mapping_rule.change application.provision.group.add application.provision.group.import
application.provision.group.remove application.provision.group.update application.provision.group.verify_exists
application.provision.group_membership.add application.provision.group_membership.import
application.provision.group_membership.remove application.provision.group_membership.update
application.provision.group_push.activate_mapping application.provision.group_push.deactivate_mapping
application.provision.group_push.delete_appgroup
application.provision.group_push.mapping.and.groups.deleted.rule.deleted
application.provision.group_push.mapping.app.group.renamed
application.provision.group_push.mapping.app.group.renamed.failed application.provision.group_push.mapping.created
application.provision.group_push.mapping.created.from.rule.warning.duplicate.name
application.provision.group_push.mapping.created.from.rule.warning.duplicate.name.tobecreated
application.provision.group_push.mapping.created.from.rule.warning.upsertGroup.duplicate.name
application.provision.group_push.mapping.deactivated.source.group.renamed
application.provision.group_push.mapping.deactivated.source.group.renamed.failed
application.provision.group_push.mapping.update.or.delete.failed application.provision.group_push.push_memberships
application.provision.group_push.pushed application.provision.group_push.removed
application.provision.group_push.updated application.provision.integration.call_api application.provision.user.activate
application.provision.user.deactivate application.provision.user.deprovision application.provision.user.import
application.provision.user.password application.provision.user.push_okta_password
application.provision.user.push_password application.provision.user.verify_exists
application.registration_policy.lifecycle.create application.registration_policy.lifecycle.update
application.user_membership.approve application.user_membership.change_username application.user_membership.deprovision
application.user_membership.provision application.user_membership.restore application.user_membership.restore_password
application.user_membership.revoke application.user_membership.show_password certification.campaign.create
certification.campaign.delete certification.campaign.update certification.remediation.open
core.concurrency.org.limit.violation core.el.evaluate core.user_auth.idp.x509.crl_download_failure credential.register
credential.revoke device.assurance.policy.add device.assurance.policy.delete device.assurance.policy.update
device.custom_push.send_notification device.desktop_mfa.configuration.update device.desktop_mfa.device_logout.completed
device.desktop_mfa.device_logout.started device.desktop_mfa.enrollment.create device.desktop_mfa.recovery_pin.generate
device.desktop_mfa.recovery_pin.rotate_secret device.integration.endpoint_security.activate
device.integration.endpoint_security.deactivate device.local_account.create device.password_sync.authentication
device.password_sync.enrollment.create device.platform.add device.platform.delete device.platform.renew
device.platform.secret_key.reset device.platform.update device.platform_sso.authentication
device.platform_sso.enrollment.create device.platform_sso.keys.register device.posture.check.add
device.posture.check.delete device.posture.check.update device.push.provider.create device.push.provider.delete
device.push.provider.update device.signals.status.timeout device.token.enrollment.create device.user_os_account.sync
directory.app_user_profile.bootstrap directory.app_user_profile.update directory.external.group.membership.add
directory.external.group.membership.remove directory.linked_object.create directory.linked_object.delete
directory.mapping.update directory.non_default_user_profile.create directory.realm.assignment.create
directory.realm.assignment.delete directory.realm.assignment.execution_completed
directory.realm.assignment.execution_started directory.realm.assignment.update directory.realm.lifecycle.create
directory.realm.lifecycle.delete directory.realm.lifecycle.update directory.user_profile.bootstrap
directory.user_profile.update event_hook.activated event_hook.created event_hook.deactivated event_hook.deleted
event_hook.delivery event_hook.updated event_hook.verified group.application_assignment.skip_assignment_reconcile
group.user_membership.rule.add_exclusion group.user_membership.rule.deactivated group.user_membership.rule.error
group.user_membership.rule.evaluation group.user_membership.rule.invalidate group.user_membership.rule.trigger
inline_hook.activated inline_hook.created inline_hook.deactivated inline_hook.deleted inline_hook.response.processed
inline_hook.updated inline_hook.verified integration.api_service.lifecycle.authorize
integration.api_service.lifecycle.revoke master_application.user_membership.add mim.command.generic.acknowledged
mim.command.generic.cancelled mim.command.generic.delegated mim.command.generic.error mim.command.generic.new
mim.command.generic.notnow mim.command.ios.acknowledged mim.command.ios.cancelled mim.command.ios.error
mim.command.ios.formaterror mim.command.ios.new mim.createEnrollment.ANDROID mim.createEnrollment.IOS
mim.createEnrollment.OSX mim.createEnrollment.UNKNOWN mim.createEnrollment.WINDOWS mim.streamDevicesCSVDownload
network_zone.rule.disabled oauth2.as.activated oauth2.as.created oauth2.as.deactivated oauth2.as.deleted
oauth2.as.updated oauth2.claim.created oauth2.claim.deleted oauth2.claim.updated oauth2.scope.created
oauth2.scope.deleted oauth2.scope.updated org.not_configured_origin.redirection.usage
pam.active_directory.account_discovery.complete pam.active_directory.account_rule.applied
pam.active_directory.account_rule.update pam.active_directory.connection.update pam.ad_connection.create
pam.ad_connection.delete pam.ad_connection.update pam.ad_task_settings.create pam.ad_task_settings.delete
pam.ad_task_settings.update pam.ad_task_settings.update_schedule pam.ad_user_sync_task_settings.activate
pam.ad_user_sync_task_settings.create pam.ad_user_sync_task_settings.deactivate pam.ad_user_sync_task_settings.delete
pam.ad_user_sync_task_settings.update pam.ad_user_sync_task_settings.update_schedule pam.apikey.delete pam.apikey.rotate
pam.app.update pam.auth_token.issue pam.billing_contact.create pam.client.assign pam.client.enroll pam.client.remove
pam.client.state.update pam.client_enrollment_policies.create pam.client_enrollment_policies.delete
pam.client_enrollment_policies.update pam.client_enrollment_policy_token.delete
pam.client_enrollment_policy_token.rotate pam.cloud_account.create pam.cloud_account.delete pam.cloud_account.update
pam.credential_verification.end pam.credential_verification.start pam.entitlement_sudo.add_to_project
pam.entitlement_sudo.create pam.entitlement_sudo.remove pam.entitlement_sudo.remove_from_project
pam.entitlement_sudo.update pam.gateway.create pam.gateway.delete pam.gateway.setup_token.create
pam.gateway.setup_token.delete pam.gateway.setup_token.update pam.gateway.update pam.gateway_creds.issue
pam.group.bulk_membership_change pam.group.create pam.group.delete pam.incoming_federation.approve
pam.incoming_federation.request pam.integration.account_rule.create pam.integration.account_rule.delete
pam.integration.account_rule.update pam.integration.create pam.integration.delete pam.integration.health_change
pam.integration.update pam.member.add pam.member.remove pam.offline_disabled_event pam.offline_enabled_event
pam.offline_group.secrets.rotate pam.outgoing_federation.approve pam.password.change pam.password.reset
pam.permission.change pam.preauthorization.create pam.preauthorization.update pam.project.add_group pam.project.create
pam.project.delete pam.project.remove_group pam.project.update pam.project_group_selector.update
pam.resource.checkin.end pam.resource.checkin.start pam.resource.checkout pam.resource_group.create
pam.resource_group.delete pam.resource_group.update pam.secret.create pam.secret.delete pam.secret.move
pam.secret.reveal pam.secret.update pam.secret_folder.create pam.secret_folder.delete pam.secret_folder.update
pam.security_policy.create pam.security_policy.delete pam.security_policy.evaluate pam.security_policy.update
pam.server.enroll pam.server.reassign pam.server.remove pam.server.ssh_login pam.server_account.discovered
pam.server_account.password.reveal pam.server_account.password_change.initiated
pam.server_account.password_change.out_of_band pam.server_account.password_change.update pam.server_account.update
pam.server_labels.update pam.service.create pam.service.remove pam.service_account.assign pam.service_account.create
pam.service_account.delete pam.service_account.password.reveal pam.service_account.password.update
pam.service_account.password_rotation.end pam.service_account.password_rotation.start pam.service_account.update
pam.sudo_command_bundle.create pam.sudo_command_bundle.delete pam.sudo_command_bundle.update pam.team.create
pam.team.delete pam.team_group_attribute.create pam.team_group_attribute.delete pam.team_group_attribute.update
pam.team_invitation.create pam.team_project_group_attribute.create pam.team_project_group_attribute.delete
pam.team_project_group_attribute.update pam.team_project_user_attribute.create pam.team_project_user_attribute.delete
pam.team_project_user_attribute.update pam.team_settings.update pam.team_user_attribute.create
pam.team_user_attribute.delete pam.team_user_attribute.update pam.unbound_client.enroll pam.unmanaged_server.create
pam.user.create pam.user.remove pam.user.update pam.user_creds.issue pam.workload_connection.api_key.create
pam.workload_connection.api_key.revoke pam.workload_connection.api_key.rotation.activate
pam.workload_connection.api_key.rotation.create pam.workload_connection.api_key.rotation.delete
pam.workload_connection.api_key.update pam.workload_connection.create pam.workload_connection.delete
pam.workload_connection.update pam.workload_role.create pam.workload_role.delete pam.workload_role.update
personal.admin.configuration.update personal.user.app_migration.export pki.ca.add pki.ca.delete pki.ca.expiration.warn
pki.ca.renew pki.ca.scope.mapping.update pki.cert.bind pki.cert.crl_download_failure pki.cert.issue
pki.cert.lifecycle.activate pki.cert.lifecycle.delete pki.cert.lifecycle.hold pki.cert.lifecycle.revoke
pki.cert.lifecycle.suspend pki.cert.renew pki.cert.revoke plugin.downloaded plugin.script_status
policy.auth_reevaluate.action policy.auth_reevaluate.enforce policy.branch.lifecycle.create
policy.branch.lifecycle.delete policy.continuous_access.action policy.continuous_access.evaluate
policy.entity_risk.action policy.entity_risk.evaluate policy.evaluate_sign_on policy.execute.user.start
policy.lifecycle.create policy.lifecycle.delete policy.lifecycle.overwrite policy.mapping.create
policy.rule.action.execute policy.rule.invalidate policy.scheduled.execute scheduled_action.user_suspension.canceled
scheduled_action.user_suspension.completed scheduled_action.user_suspension.scheduled
scheduled_action.user_suspension.updated security.attack.end security.attack.start
security.attack_protection.settings.update security.behavior.settings.create security.behavior.settings.delete
security.behavior.settings.update security.bot_protection.settings.update security.bot_protection.status.update
security.device.add_request_blacklist_policy security.device.remove_request_blacklist_policy
security.device.temporarily_disable_blacklisting security.events.provider.activate security.events.provider.create
security.events.provider.deactivate security.events.provider.delete security.events.provider.receive_event
security.events.provider.update security.events.transmitter.create security.events.transmitter.delete
security.events.transmitter.update security.internal.authentication security.internal.dco_malicious_ip_report
security.internal.dco_user_risk_report security.internal.threat.detected
security.internal.valid_password_sprayed.detected security.origin.auto_whitelisted security.password_spray.detected
security.protected_action.attempt security.protected_action.settings.update security.request.blocked
security.session.detect_client_roaming security.session_protection.status.update security.threat.configuration.update
security.threat.detected security.voice.add_country_blacklist security.voice.remove_country_blacklist
security.zone.make_blacklist security.zone.remove_blacklist self_service.disabled self_service.enabled
support.org.update support.org.view system.agent.ad.config_change_detected system.agent.ad.connect
system.agent.ad.create system.agent.ad.deactivate system.agent.ad.delete system.agent.ad.dirsync.verify
system.agent.ad.import_ou system.agent.ad.import_user system.agent.ad.invoke-powershell system.agent.ad.invoke_dir
system.agent.ad.reactivate system.agent.ad.read_config system.agent.ad.read_dirsync system.agent.ad.read_ldap
system.agent.ad.read_schema system.agent.ad.read_topology system.agent.ad.realtimesync
system.agent.ad.reset_user_password system.agent.ad.start system.agent.ad.unlock_user_account system.agent.ad.update
system.agent.ad.update_user system.agent.ad.upgrade system.agent.ad.upload_iwa_log system.agent.ad.upload_log
system.agent.ad.write_ldap system.agent.auto_update system.agent.connector.connect system.agent.connector.deactivate
system.agent.connector.delete system.agent.connector.reactivate system.agent.ldap.change_user_password
system.agent.ldap.config_change_detected system.agent.ldap.create_user_JIT system.agent.ldap.disconnect
system.agent.ldap.realtimesync system.agent.ldap.reconnect system.agent.ldap.reset_user_password
system.agent.ldap.unlock_user_account system.agent.ldap.update_user system.agent.ldap.update_user_password
system.agent.register system.agent_pools.auto_update system.api_token.enable system.api_token.update
system.beta.feature.enable system.brand.create system.brand.delete system.brand.update system.captcha.create
system.captcha.delete system.captcha.update system.client.concurrency_rate_limit.notification
system.client.concurrency_rate_limit.violation system.client.rate_limit.notification system.client.rate_limit.violation
system.csv.import_user system.custom_email_server.lifecycle.activate system.custom_email_server.lifecycle.create
system.custom_email_server.lifecycle.deactivate system.custom_email_server.lifecycle.delete
system.custom_email_server.lifecycle.update system.custom_error.delete system.custom_error.update
system.custom_signin.delete system.custom_signin.update system.custom_signout.update system.custom_url_domain.cert_renew
system.custom_url_domain.cert_upload system.custom_url_domain.delete system.custom_url_domain.initiate
system.custom_url_domain.update system.custom_url_domain.verify system.directory.debugger.extend
system.directory.debugger.grant system.directory.debugger.query_executed system.directory.debugger.revoke
system.dr.failback system.dr.failover system.email.account_unlock.sent_message system.email.bounce.removal
system.email.challenge_factor_redeemed system.email.mfa_enroll_notification.sent_message
system.email.mfa_reset_notification.sent_message system.email.new_device_notification.sent_message
system.email.password_reset.sent_message system.email.send_factor_verify_message system.email.template.create
system.email.template.delete system.email.template.settings_changed system.email.template.update
system.email_domain.create system.email_domain.delete system.email_domain.update system.email_domain.verify
system.feature.disable system.feature.ea_auto_enroll system.feature.enable system.hook.key.created
system.hook.key.deleted system.hook.key.updated system.identity_sources.bulk_delete
system.identity_sources.bulk_device_delete system.identity_sources.bulk_device_upsert
system.identity_sources.bulk_group_delete system.identity_sources.bulk_group_membership_delete
system.identity_sources.bulk_group_membership_upsert system.identity_sources.bulk_group_upsert
system.identity_sources.bulk_upsert system.identity_sources.group.create system.identity_sources.group.delete
system.identity_sources.group.update system.identity_sources.group.user.assign system.identity_sources.group.user.revoke
system.identity_sources.user.create system.identity_sources.user.delete system.identity_sources.user.update
system.import.clear.unconfirmed.users.summary system.import.complete_batch system.import.custom_object.complete
system.import.custom_object.create system.import.custom_object.delete system.import.custom_object.update
system.import.download.complete system.import.download.start system.import.entitlement
system.import.entitlement.capacity_warning system.import.entitlement.mismatch system.import.entitlement.schema.update
system.import.full_import_required system.import.group.complete system.import.group.start system.import.group.update
system.import.group_membership.complete system.import.implicit_deletion.complete system.import.implicit_deletion.start
system.import.import_profile system.import.import_provisioning_info system.import.incremental_converted_to_full
system.import.membership_processing.complete system.import.membership_processing.start
system.import.object_creation.complete system.import.object_creation.start system.import.roadblock.reschedule_and_resume
system.import.roadblock.resume system.import.roadblock.updated system.import.schedule system.import.session.cancelled
system.import.session.created system.import.session.expired system.import.session.triggered system.import.user.complete
system.import.user.create system.import.user.delete system.import.user.match system.import.user.start
system.import.user.suspend system.import.user.unsuspend system.import.user.unsuspend_after_confirm
system.import.user.update system.import.user.update_user_lifecycle_from_master system.import.user_csv.complete
system.import.user_csv.start system.import.user_match.confirm system.import.user_match.unignore
system.import.user_match.update system.import.user_matching.complete system.import.user_matching.start
system.internal.classify.user system.internal.devorg.create system.internal.migrate.appuser system.iwa.create
system.iwa.go_offline system.iwa.go_online system.iwa.promote_primary system.iwa.remove system.iwa.update
system.iwa.use_default system.iwa_agentless.auth system.iwa_agentless.auth_after_redirect system.iwa_agentless.redirect
system.iwa_agentless.update system.iwa_agentless.user.not_found system.iwa_agentless_kerberos.update
system.ldapi.admin_limit_exceeded system.ldapi.bind system.ldapi.search system.ldapi.unbind system.mfa.factor.activate
system.mfa.factor.deactivate system.operation.concurrency_limit.violation system.operation.rate_limit.violation
system.operation.rate_limit.warning system.org.captcha.activate system.org.captcha.deactivate
system.org.lifecycle.create system.org.rate_limit.burst system.org.rate_limit.expiration.warning system.org.task.remove
system.push.send_factor_verify_push system.rate_limit.configuration.update system.self_service.configuration.update
system.sms.receive_status system.sms.send_account_unlock_message system.sms.send_factor_verify_message
system.sms.send_okta_push_verify_message system.sms.send_password_reset_message system.theme.update
system.voice.receive_status system.voice.send_account_unlock_call system.voice.send_call
system.voice.send_mfa_challenge_call system.voice.send_password_reset_call system.well_known_uri.update
task.lifecycle.activate task.lifecycle.create task.lifecycle.deactivate task.lifecycle.delete task.lifecycle.update
user.account.access_support_user_app user.account.expire_password user.account.lock.limit user.account.preference_update
user.account.unlock_failure user.account.unlock_token user.account.update_primary_email
user.account.update_secondary_email user.account.update_user_type user.account.use_token user.authentication.auth
user.authentication.auth_identifier_not_in_policy user.authentication.auth_unconfigured_identifier
user.authentication.auth_via_AD_agent user.authentication.auth_via_LDAP_agent user.authentication.auth_via_inbound_SAML
user.authentication.auth_via_inbound_delauth user.authentication.auth_via_iwa user.authentication.auth_via_radius
user.authentication.auth_via_richclient user.authentication.dsso_via_non_priority_source user.authentication.slo
user.authentication.verify user.device_session.end user.device_session.start user.identity_snapshot.attestation.create
user.internal.authentication.telemetry user.internal.risk.change user.internal.risk.detect
user.internal.session_context_change user.lifecycle.delete.completed user.lifecycle.jit.error.read_only
user.lifecycle.password_mass_expiry user.mfa.attempt_bypass user.mfa.okta_verify user.mfa.okta_verify.deny_push
user.mfa.okta_verify.deny_push_upgrade_needed user.privileged_account.privilege.grant
user.privileged_account.privilege.revoke user.privileged_account.update_profile user.realm.update
user.session.access_admin_app user.session.expire user.session.impersonation.end user.session.impersonation.extend
user.session.impersonation.grant user.session.impersonation.initiate user.session.impersonation.revoke
workflows.org.step_execution_limit.violation workflows.org.step_execution_limit.warning workflows.user.connection.create
workflows.user.connection.delete workflows.user.connection.reauthorize workflows.user.connection.revoke
workflows.user.delegatedflow.run workflows.user.execution_log_stream_connection.activate
workflows.user.execution_log_stream_connection.deactivate workflows.user.execution_log_stream_connection.update
workflows.user.flow.activate workflows.user.flow.create workflows.user.flow.deactivate workflows.user.flow.delete
workflows.user.flow.execution.cancel workflows.user.flow.execution_history.activate
workflows.user.flow.execution_history.deactivate workflows.user.flow.execution_history.delete
workflows.user.flow.execution_log_stream.activate workflows.user.flow.execution_log_stream.deactivate
workflows.user.flow.export workflows.user.flow.import workflows.user.flow.move workflows.user.flow.save
workflows.user.flow.version.revert workflows.user.flow.version.update workflows.user.flow.view
workflows.user.folder.create workflows.user.folder.delete workflows.user.folder.duplicate workflows.user.folder.export
workflows.user.folder.import workflows.user.folder.move workflows.user.folder.rename workflows.user.role.group.add
workflows.user.role.group.remove workflows.user.role.user.add workflows.user.role.user.remove
workflows.user.table.create workflows.user.table.delete workflows.user.table.export workflows.user.table.import
workflows.user.table.move workflows.user.table.schema.export workflows.user.table.schema.import
workflows.user.table.update workflows.user.table.view workflows.user.truststore.create workflows.user.truststore.delete
workflows.user.truststore.update workflows.user.truststore.view zone.activate zone.create zone.deactivate zone.delete
zone.make_blacklist zone.remove_blacklist zone.update
`;

/** Of those for event hooks the ones in beta: an org has them where it has the feature. Divided by white space. */
export const betaNames = `
entitlement.migration.complete entitlement.migration.fail entitlement.migration.start
governance.principal.settings.update governance.settings.update policy.branch.lifecycle.promote
policy.branch.lifecycle.rollback policy.branch.lifecycle.stage policy.branch.lifecycle.update
policy.branch.rule.activate policy.branch.rule.add policy.branch.rule.deactivate policy.branch.rule.delete
policy.branch.rule.update resource.collection.assign resource.collection.create resource.collection.delete
resource.collection.unassign resource.collection.update resource.entitlement.create resource.entitlement.delete
resource.entitlement.update resource.entitlement_bundle.create resource.entitlement_bundle.delete
resource.entitlement_bundle.update resource.entitlement_policy.activate resource.entitlement_policy.draft.create
resource.entitlement_policy.draft.delete resource.entitlement_policy.draft.update resource.governance_engine.disable
resource.governance_engine.enable resource.label.assignment.update resource.label.update resource.owner.update
resource.risk_rule.create resource.risk_rule.delete resource.risk_rule.update resource.user_entitlements.drift.detect
resource.user_entitlements.drift.revert resource.user_entitlements.update system.import.entitlement.upper_limit_exceeded
system.mfa.preregister.initiate user.chrome.data.clear workload_principal.ai_agent.activate
workload_principal.ai_agent.deactivate workload_principal.ai_agent.delete workload_principal.ai_agent.register
workload_principal.ai_agent.sign_on_provider.add workload_principal.ai_agent.sign_on_provider.remove
workload_principal.ai_agent.update
`;
