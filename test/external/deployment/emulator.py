"""Runs ministack, with small stand-ins for what it lacks and the stack needs.

Each stand-in says what AWS does and where that is documented; ministack's own behaviour is used for all else. Configured by
ministack's environment variables: GATEWAY_PORT, BIND_HOST, AUTH, USE_SSL.

FAIL_RESOURCE names a file: as long as it exists, resources whose logical id starts with its content fail to be created, as
any resource can on AWS. The file is the check's way to have a deployment roll back.
"""

import json
import os

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudwatch, eventbridge, lambda_svc, sns
from ministack.services.cloudformation import provisioners, stacks

handlers = provisioners._RESOURCE_HANDLERS


def query_definition_create(logical_id, props, stack_name):
    """A saved query: Ref is its id. It is stored nowhere, as no check reads it back.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-querydefinition.html
    """
    for required in ("Name", "QueryString"):
        if not props.get(required):
            raise ValueError(f"AWS::Logs::QueryDefinition: {required} is required")
    identifier = new_uuid()
    return identifier, {"QueryDefinitionId": identifier}


handlers["AWS::Logs::QueryDefinition"] = {
    "create": query_definition_create,
    "update": lambda physical_id, old, new, stack_name: (physical_id, {"QueryDefinitionId": physical_id}),
    "delete": lambda physical_id, props: None,
}


def by_arn(operation):
    """Has a secret's physical id, which is what Ref returns, be its ARN; ministack's own is its name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
    """

    def run(first, *rest, **named):
        name = first.rsplit(":secret:", 1)[-1].rsplit("-", 1)[0] if first.startswith("arn:") else first
        result = operation(name, *rest, **named)
        return (result[1]["Arn"], result[1]) if isinstance(result, tuple) else result

    return run


secret = handlers["AWS::SecretsManager::Secret"]
handlers["AWS::SecretsManager::Secret"] = {
    **secret,
    **{name: by_arn(secret[name]) for name in ("create", "update", "delete")},
}

alarm = handlers["AWS::CloudWatch::Alarm"]


def alarm_props(props):
    """An alarm by metric math is made as one on its first metric: it exists, with its actions, and its state is not looked at.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
    """
    metrics = props.get("Metrics")
    if not metrics:
        return props
    if sum(1 for each in metrics if each.get("ReturnData", True)) != 1:
        raise ValueError("AWS::CloudWatch::Alarm: exactly one element of Metrics returns data")
    first = next(each["MetricStat"] for each in metrics if each.get("MetricStat"))
    rest = {name: value for name, value in props.items() if name != "Metrics"}
    return {
        **rest,
        "MetricName": first["Metric"]["MetricName"],
        "Namespace": first["Metric"]["Namespace"],
        "Dimensions": first["Metric"].get("Dimensions", []),
        "Period": first["Period"],
        "Statistic": first["Stat"] if not first["Stat"].startswith("p") else None,
        "ExtendedStatistic": first["Stat"] if first["Stat"].startswith("p") else None,
    }


handlers["AWS::CloudWatch::Alarm"] = {
    **alarm,
    "create": lambda logical_id, props, stack_name: alarm["create"](logical_id, alarm_props(props), stack_name),
    "update": lambda physical_id, old, new, *rest, **named: alarm["update"](
        physical_id, alarm_props(old), alarm_props(new), *rest, **named
    ),
}

def served_here(operation):
    """Has a Function URL be where ministack serves it: AWS's own host name leads to AWS."""

    def run(*given, **named):
        physical_id, attributes = operation(*given, **named)
        identifier = attributes["FunctionUrl"].split("//", 1)[1].split(".", 1)[0]
        scheme = "https" if os.environ.get("USE_SSL") == "1" else "http"
        url = f"{scheme}://localhost:{os.environ['GATEWAY_PORT']}/_aws/lambda-url/{identifier}/"
        return physical_id, {**attributes, "FunctionUrl": url}

    return run


function_url = handlers["AWS::Lambda::Url"]
handlers["AWS::Lambda::Url"] = {
    **function_url,
    **{name: served_here(function_url[name]) for name in ("create", "update") if name in function_url},
}

def ip_set_create(logical_id, props, stack_name):
    """Networks of a firewall: Ref is name, id and scope. No request of the check is held against them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-ipset.html
    """
    for required in ("Addresses", "IPAddressVersion", "Scope"):
        if props.get(required) is None:
            raise ValueError(f"AWS::WAFv2::IPSet: {required} is required")
    identifier = new_uuid()
    name = props.get("Name") or f"{logical_id}-{identifier[:8]}"
    arn = f"arn:aws:wafv2:{get_region()}:{get_account_id()}:regional/ipset/{name}/{identifier}"
    return f"{name}|{identifier}|{props['Scope']}", {"Arn": arn, "Id": identifier}


def unchanged(physical_id, old, new, stack_name):
    return physical_id, {}


handlers.setdefault(
    "AWS::WAFv2::IPSet",
    {"create": ip_set_create, "update": unchanged, "delete": lambda physical_id, props: None},
)
# Which web ACL guards which stage: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webaclassociation.html
handlers.setdefault(
    "AWS::WAFv2::WebACLAssociation",
    {
        "create": lambda logical_id, props, stack_name: (f"{props['WebACLArn']}|{props['ResourceArn']}", {}),
        "update": unchanged,
        "delete": lambda physical_id, props: None,
    },
)

provision = provisioners._provision_resource


def provision_or_fail(resource_type, logical_id, props, stack_name):
    marker = os.environ.get("FAIL_RESOURCE", "")
    if marker and os.path.exists(marker):
        with open(marker, encoding="utf-8") as file:
            if logical_id.startswith(file.read().strip()):
                raise ValueError(f"{logical_id} fails, as the check wants it to")
    return provision(resource_type, logical_id, props, stack_name)


for module in (provisioners, stacks):
    if hasattr(module, "_provision_resource"):
        module._provision_resource = provision_or_fail

def embedded_metrics(log_text):
    """The metrics that lines of a log hold, as (namespace, data of PutMetricData).

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    for line in (log_text or "").splitlines():
        start = line.find("{")
        if start < 0 or '"CloudWatchMetrics"' not in line:
            continue
        document = json.loads(line[start:])
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = [{"Name": name, "Value": str(document[name])} for name in names]
                data = []
                for metric in directive["Metrics"]:
                    value = document[metric["Name"]]
                    data.append(
                        {
                            "MetricName": metric["Name"],
                            "Dimensions": dimensions,
                            "Values": value if isinstance(value, list) else [value],
                            "Unit": metric.get("Unit", "None"),
                        }
                    )
                yield directive["Namespace"], data


write_logs = lambda_svc._emit_lambda_logs


def write_logs_and_metrics(func, request_id, log_text, *rest, **named):
    """CloudWatch makes metrics of what functions log in the embedded metric format."""
    write_logs(func, request_id, log_text, *rest, **named)
    for namespace, data in embedded_metrics(log_text):
        cloudwatch._put_metric_data({}, {"Namespace": namespace, "MetricData": data}, True)


lambda_svc._emit_lambda_logs = write_logs_and_metrics

dispatch = cloudwatch._dispatch_alarm_actions


def dispatch_if_allowed(alarm, old_state, new_state, reason):
    """An alarm's action reaches a topic only where the topic's policy lets CloudWatch publish.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    fields = ("AlarmActions", "OKActions", "InsufficientDataActions")
    kept = dict(alarm)
    for field in fields:
        kept[field] = [
            arn
            for arn in alarm.get(field) or []
            if sns.topic_policy_allows(arn, "cloudwatch.amazonaws.com", alarm["AlarmArn"], get_account_id())
        ]
        for arn in set(alarm.get(field) or []) - set(kept[field]):
            print(f"REFUSED {alarm['AlarmName']} is not authorized to publish to {arn}", flush=True)
    dispatch(kept, old_state, new_state, reason)


cloudwatch._dispatch_alarm_actions = dispatch_if_allowed

def put_partner_events(data):
    """What a partner sends of its event source arrives on the event bus of that name.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
    """
    entries = [{**entry, "EventBusName": entry.get("Source")} for entry in data.get("Entries", [])]
    return eventbridge._put_events({**data, "Entries": entries}, allow_aws_source=True)


eventbridge._put_partner_events = put_partner_events

invoke_target = eventbridge._invoke_target


def invoke_if_allowed(target, event, rule, *rest, **named):
    """A rule invokes a function only where the function's policy lets EventBridge, for this very rule.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    function, *_ = lambda_svc._get_func_record_for_ref(target["Arn"])
    statements = function["policy"]["Statement"] if function else []
    if not any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "events.amazonaws.com"}
        and rule["Arn"] in json.dumps(statement.get("Condition", {}))
        for statement in statements
    ):
        print(f"REFUSED {rule['Arn']} is not authorized to invoke {target['Arn']}", flush=True)
        return
    invoke_target(target, event, rule, *rest, **named)


eventbridge._invoke_target = invoke_if_allowed

name_action = iam_actions.extract_iam_action
# The names that policies have: what sends, receives or deletes one message does so with several.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
batch_actions = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}


def name_action_as_aws(*given, **named):
    action = name_action(*given, **named)
    return batch_actions.get(action, action)


iam_actions.extract_iam_action = name_action_as_aws

enforce = iam_evaluator.enforce


def enforce_and_tell(access_key_id, iam_action, service, region, resource_arn="*", *rest, **named):
    """For the check to find every call that was refused, also one whose caller went on without it."""
    refusal = enforce(access_key_id, iam_action, service, region, resource_arn, *rest, **named)
    if refusal is not None:
        who = getattr(refusal, "principal_arn", "") or "an unknown caller"
        print(f"REFUSED {who} {iam_action} {resource_arn}", flush=True)
    return refusal


iam_evaluator.enforce = enforce_and_tell

if __name__ == "__main__":
    app.main()
