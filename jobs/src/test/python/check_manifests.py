"""check_manifests.py FILE...: Kubernetes manifests, strictly: no unknown field, no wrong type, nothing missing.

SparkApplications are held against the operator's own API models (kubeflow-spark-api), everything else against Kubernetes'
own schemas. Prints kind and name of each.
"""

import sys
import typing

import kubernetes_validate
import yaml
from kubeflow_spark_api import models
from pydantic import BaseModel

KUBERNETES = "1.34"


def model_of(annotation):
    """The API model somewhere inside Optional, List or Dict."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := model_of(part))), None)


def require_known(model, data, path):
    """The models alone pass over what they do not know."""
    for value in data if isinstance(data, list) else [data]:
        if not isinstance(value, dict):
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        unknown = set(value) - set(fields)
        if unknown:
            raise SystemExit(f"{path}: unknown {', '.join(sorted(unknown))}; there are {', '.join(sorted(fields))}")
        for key, inner in value.items():
            nested = model_of(fields[key].annotation)
            if nested is not None:
                require_known(nested, inner, f"{path}.{key}")


for file in sys.argv[1:]:
    with open(file) as text:
        for manifest in yaml.safe_load_all(text):
            if manifest["kind"] == "SparkApplication":
                assert manifest["apiVersion"] == "sparkoperator.k8s.io/v1beta2", manifest["apiVersion"]
                require_known(models.SparkV1beta2SparkApplication, manifest, file)
                models.SparkV1beta2SparkApplication.model_validate(manifest)
            elif manifest["apiVersion"].startswith("kustomize."):
                continue
            else:
                kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
            print(manifest["kind"], manifest["metadata"]["name"])
