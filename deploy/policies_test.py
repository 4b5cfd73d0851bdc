"""No statement is broader than its purpose: reads every policy and template under deploy/ and compares with what is allowed.

Must not need an account. A new statement, action or resource fails here until it is written down with its purpose.
"""

import json
import pathlib
import re
import sys
import unittest

import yaml

HERE = pathlib.Path(__file__).parent

OBJECTS = r"^arn:(aws|\$\{AWS::Partition\}):s3:::(BUCKET/PREFIX/|\$\{BucketName\}/\$\{Prefix\})\*$"
BUCKET = r"^arn:(aws|\$\{AWS::Partition\}):s3:::(BUCKET|\$\{BucketName\})$"
TABLE = r"^(arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE|!GetAtt Table\.Arn)$"
INDEX = r"^(arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE|\$\{Table\.Arn\})/index/by-(creation|end)$"

# What may be allowed, and on what. Nothing here writes to a bucket, deletes a table or reaches another one.
PURPOSES = {
    "s3:GetObject": OBJECTS,
    "s3:ListBucket": BUCKET,
    "kms:Decrypt": r"^!Ref ObjectKeyArn$",
    "ssm:GetParameter": r":parameter\$\{ApiKeysParameter\}$",
    "secretsmanager:GetSecretValue": r"^!Ref ApiKeysSecretArn$",
    "logs:CreateLogStream": r"^!GetAtt FunctionLogs\.Arn$",
    "logs:PutLogEvents": r"^!GetAtt FunctionLogs\.Arn$",
    "dynamodb:Query": f"{TABLE}|{INDEX}",
    **{
        f"dynamodb:{action}": TABLE
        for action in ("BatchGetItem", "BatchWriteItem", "DeleteItem", "DescribeTable", "GetItem", "PutItem", "UpdateItem")
    },
}
# The function purges nothing: DynamoDB's time to live does.
NOT_FOR_THE_FUNCTION = re.compile(r"/index/by-end$")
# Statements for everybody, and why: a Function URL is open to recipients, who have no account.
PUBLIC = {"UrlPermission": "FunctionUrlAuthType", "UrlInvokePermission": "InvokedViaFunctionUrl"}
# What an access log may hold of a request: neither path nor query nor referrer.
SECRET_FIELDS = re.compile(r"\$context\.(path|httpPath|requestOverride|identity\.(caller|user)|domainName)\b|[Rr]eferer|[Qq]uery")


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's tags as text: `!Ref X`, `!GetAtt X.Y`, and what `!Sub` would substitute."""


def tagged(loader, suffix, node):
    """A short form as text where it is text, otherwise as a mapping."""
    if isinstance(node, yaml.ScalarNode):
        return node.value if suffix == "Sub" else f"!{suffix} {node.value}"
    build = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {f"!{suffix}": build(node, deep=True)}


Loader.add_multi_constructor("!", tagged)


def templates():
    return {path: yaml.load(path.read_text(), Loader) for path in sorted(HERE.glob("*/**/template.yaml"))}


def policies(value):
    """Every policy document in a template, whatever conditions lie around it."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
        for inner in value.values():
            yield from policies(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from policies(inner)


def listed(value):
    return value if isinstance(value, list) else [value]


def statements():
    """Every statement that allows something to a role of ours, with where it stands."""
    documents = [(path, json.loads(path.read_text())) for path in sorted(HERE.glob("aws/*.json"))]
    documents += [(path, policy) for path, template in templates().items() for policy in policies(template["Resources"])]
    for path, document in documents:
        for statement in document["Statement"]:
            if "Principal" not in statement and statement["Effect"] == "Allow":
                yield path, statement


class Policies(unittest.TestCase):
    def test_every_action_has_a_purpose_and_is_allowed_on_that_only(self):
        seen = 0
        for path, statement in statements():
            self.assertTrue({"NotAction", "NotResource"}.isdisjoint(statement), f"{path}: {statement}")
            for action in listed(statement["Action"]):
                self.assertIn(action, PURPOSES, f"{path}: nobody wrote down what it is for")
                for resource in listed(statement["Resource"]):
                    self.assertRegex(resource, PURPOSES[action], f"{path}: {action}")
                    seen += 1
        self.assertGreater(seen, 30, "the policies are found at all")

    def test_a_listing_is_bound_to_the_prefix(self):
        for path, statement in statements():
            if "s3:ListBucket" in listed(statement["Action"]):
                condition = json.dumps(statement.get("Condition", {}))
                self.assertRegex(condition, r'"s3:prefix": "(PREFIX/|\$\{Prefix\})\*"', f"{path}")

    def test_a_key_decrypts_for_s3_only(self):
        for path, statement in statements():
            if "kms:Decrypt" in listed(statement["Action"]):
                self.assertIn("kms:ViaService", json.dumps(statement["Condition"]), f"{path}")

    def test_the_function_has_no_right_that_only_a_server_needs(self):
        sam = HERE / "aws/sam/template.yaml"
        resources = {resource for path, statement in statements() if path == sam for resource in listed(statement["Resource"])}
        self.assertTrue(resources and not any(map(NOT_FOR_THE_FUNCTION.search, resources)), resources)

    def test_roles_are_for_one_service_and_functions_for_one_caller(self):
        for path, template in templates().items():
            for name, resource in template["Resources"].items():
                properties = resource.get("Properties", {})
                if resource["Type"] == "AWS::IAM::Role":
                    for statement in properties["AssumeRolePolicyDocument"]["Statement"]:
                        self.assertRegex(statement["Principal"]["Service"], r"^(lambda|ecs-tasks)\.amazonaws\.com$", f"{path}: {name}")
                if resource["Type"] == "AWS::Lambda::Permission":
                    if name in PUBLIC:
                        self.assertIn(PUBLIC[name], properties, f"{path}: {name} must be for the URL only")
                    else:
                        self.assertEqual(properties["Principal"], "apigateway.amazonaws.com", f"{path}: {name}")
                        self.assertRegex(properties["SourceArn"], r"\$\{(HttpApi|RestApi)\}/\*$", f"{path}: {name}")


class Logs(unittest.TestCase):
    def test_no_access_log_holds_a_path(self):
        formats = []
        for path, template in templates().items():
            for name, resource in template["Resources"].items():
                text = json.dumps(resource)
                formats += re.findall(r'"Format": "((?:[^"\\]|\\.)*)"', text)
                self.assertNotRegex(text, r'"LoggingLevel": "(INFO|ERROR)"|"DataTraceEnabled": true', f"{path}: {name}")
                self.assertNotIn("AccessLoggingPolicy", text)
        self.assertEqual(len(formats), 2, "both APIs have one")
        for text in formats:
            self.assertNotRegex(text, SECRET_FIELDS)

    def test_every_log_is_kept_for_a_bounded_time(self):
        for path, template in templates().items():
            for name, resource in template["Resources"].items():
                if resource["Type"] == "AWS::Logs::LogGroup":
                    self.assertIn("RetentionInDays", resource["Properties"], f"{path}: {name}")

    def test_load_balancers_and_distributions_log_no_requests(self):
        for path, template in templates().items():
            for name, resource in template["Resources"].items():
                if resource["Type"].endswith("::LoadBalancer"):
                    attributes = {item["Key"]: item["Value"] for item in resource["Properties"]["LoadBalancerAttributes"]}
                    self.assertEqual(attributes["access_logs.s3.enabled"], "false", f"{path}: {name}")
                if resource["Type"] == "AWS::CloudFront::Distribution":
                    self.assertNotIn("Logging", resource["Properties"]["DistributionConfig"], f"{path}: {name}")

    def test_the_ingress_logs_and_buffers_nothing(self):
        ingress = yaml.safe_load((HERE / "kubernetes/ingress.yaml").read_text())
        annotations = ingress["metadata"]["annotations"]
        self.assertEqual(annotations["nginx.ingress.kubernetes.io/enable-access-log"], "false")
        self.assertEqual(annotations["nginx.ingress.kubernetes.io/proxy-buffering"], "off")


class Promises(unittest.TestCase):
    def test_tables_survive_their_stack_and_can_be_restored(self):
        tables = [
            resource
            for template in templates().values()
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::DynamoDB::Table"
        ]
        self.assertEqual(len(tables), 2)
        self.assertEqual(tables[0]["Properties"], tables[1]["Properties"], "one layout")
        for table in tables:
            self.assertEqual((table["DeletionPolicy"], table["UpdateReplacePolicy"]), ("Retain", "Retain"))
            self.assertTrue(table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
            self.assertEqual(table["Properties"]["TimeToLiveSpecification"], {"AttributeName": "ttl", "Enabled": True})

    def test_authorizers_remember_nothing(self):
        for template in templates().values():
            for resource in template["Resources"].values():
                if resource["Type"] == "AWS::ApiGateway::Authorizer":
                    self.assertEqual(resource["Properties"]["AuthorizerResultTtlInSeconds"], 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
