"""Our templates, reduced to what moto's CloudFormation models; the rest is listed, and held by lint and assertions.

What is referred to and left out becomes a text that says so. Nothing else is changed.
"""

import json
from collections.abc import Collection
from typing import Any

from moto.cloudformation.parsing import get_model_map

from mart.deploying.templates import Template

# moto says nothing of these: templates with them are linted and asserted on (test_templates.py, test_access.py).
NOT_MODELLED = {
    "AWS::Athena::WorkGroup",
    "AWS::CloudWatch::Alarm",
    "AWS::EMRServerless::Application",
    "AWS::Glue::Crawler",
    "AWS::Glue::Database",
    "AWS::Glue::Job",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::MSK::Cluster",
    "AWS::MSK::Configuration",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::SecretsManager::Secret",
}
# moto knows event source mappings of queues and Kinesis, not of Kafka.
NOT_OF_KAFKA = {"AWS::Lambda::EventSourceMapping"}
# moto makes these and does not remove them with their stack.
NOT_REMOVED = {
    "AWS::EC2::EIP",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EMR::Cluster",
    "AWS::EMR::SecurityConfiguration",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::AccessPoint",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::Lambda::Permission",
}


def modelled(kind: str) -> bool:
    """Tell whether moto makes such a resource."""
    return kind in get_model_map()


def reduced(template: Template, but: Collection[str] = ()) -> Template:
    """Leave out what moto does not model, and other types."""
    out = {name for name, one in template.resources.items() if not modelled(one["Type"])}
    out |= {name for name, one in template.resources.items() if one["Type"] in NOT_OF_KAFKA | set(but)}
    document: dict[str, Any] = _without(template.document, out)
    document["Resources"] = {name: one for name, one in document["Resources"].items() if name not in out}
    return Template(template.name, json.dumps(document), document)


def _without(node: Any, names: set[str]) -> Any:  # noqa: ANN401 any part of a document
    if isinstance(node, list):
        return [_without(one, names) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("Ref") in names:
        return f"{node['Ref']}-left-out"
    if (found := node.get("Fn::GetAtt")) and found[0] in names:
        return f"{'.'.join(found)}-left-out"
    kept = {key: _without(value, names) for key, value in node.items() if key != "DependsOn"}
    awaited = [one for one in _listed(node.get("DependsOn", [])) if one not in names]
    return kept | ({"DependsOn": awaited} if awaited else {})


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names
