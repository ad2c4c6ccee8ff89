"""The manifests are what Kubernetes takes, and their parts fit together."""

from __future__ import annotations

import copy
import shutil
import subprocess

import pytest
import yaml

from tests.manifests import MODELS, as_read

KINDS = (
    *("Deployment", "Service", "PersistentVolumeClaim"),
    *("HorizontalPodAutoscaler", "PodDisruptionBudget"),
)
# What KServe adds to a container.
KSERVE_FIELDS = {"modelFormat", "runtimeVersion", "storageUri"}


def pod_labels(manifests):
    return manifests["Deployment"]["spec"]["template"]["metadata"]["labels"]


@pytest.mark.parametrize("kind", KINDS)
def test_manifests_follow_the_kubernetes_schema(manifests, kind):
    version, model = MODELS[kind]
    assert manifests[kind]["apiVersion"] == version
    assert as_read(manifests[kind], model) == manifests[kind]


def test_an_unknown_kubernetes_field_is_found(manifests):
    manifest = copy.deepcopy(manifests["Deployment"])
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    container["ports"][0]["port"] = 8500
    assert as_read(manifest, "V1Deployment") != manifest


def test_all_kinds_of_manifests_exist(manifests):
    assert manifests.keys() == set(KINDS)


def test_selectors_find_the_pods(manifests):
    labels = pod_labels(manifests).items()
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert manifests[kind]["spec"]["selector"]["matchLabels"].items() <= labels
    assert manifests["Service"]["spec"]["selector"].items() <= labels
    (spread,) = manifests["Deployment"]["spec"]["template"]["spec"][
        "topologySpreadConstraints"
    ]
    assert spread["labelSelector"]["matchLabels"].items() <= labels


def test_autoscaler_scales_the_deployment(manifests, container):
    deployment = manifests["Deployment"]
    target = manifests["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
    }
    # It would undo what the autoscaler decides.
    assert "replicas" not in deployment["spec"]
    # Its share is of this.
    assert "cpu" in container["resources"]["requests"]


def test_service_leads_to_the_ports(manifests, container):
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for port in manifests["Service"]["spec"]["ports"]:
        assert ports[port["targetPort"]] == port["port"]
    assert container["livenessProbe"]["tcpSocket"]["port"] in ports


def test_volumes_are_those_that_are_mounted(manifests, container, deploy):
    spec = manifests["Deployment"]["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes.keys() == {mount["name"] for mount in container["volumeMounts"]}
    claim = volumes["models"]["persistentVolumeClaim"]["claimName"]
    assert claim == manifests["PersistentVolumeClaim"]["metadata"]["name"]
    folder = deploy / "kubernetes"
    (made,) = yaml.safe_load((folder / "kustomization.yaml").read_text())[
        "configMapGenerator"
    ]
    assert volumes["config"]["configMap"]["name"] == made["name"]
    assert sorted(made["files"]) == sorted(path.name for path in folder.glob("*.pbtxt"))


def built(folder):
    """The manifests that kustomize makes of a folder, by kind."""
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl")
    text = subprocess.check_output(["kubectl", "kustomize", str(folder)], text=True)
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def test_kustomize_lists_all_manifests(deploy):
    made = built(deploy / "kubernetes")
    assert made.keys() == {*KINDS, "ConfigMap"}
    volumes = made["Deployment"]["spec"]["template"]["spec"]["volumes"]
    (config,) = (volume for volume in volumes if volume["name"] == "config")
    # With a hash of what is in it.
    assert config["configMap"]["name"] == made["ConfigMap"]["metadata"]["name"]


def test_the_newer_stack_differs_in_the_image_alone(deploy):
    older, newer = built(deploy / "kubernetes"), built(deploy / "tfx-1.21")
    (container,) = older["Deployment"]["spec"]["template"]["spec"]["containers"]
    container["image"] = "tensorflow/serving:2.20.0"
    assert newer == older


def test_kserve_serves_the_same(deploy, manifests, container):
    service = yaml.safe_load((deploy / "kserve.yaml").read_text())
    assert service["apiVersion"] == "serving.kserve.io/v1beta1"
    assert service["kind"] == "InferenceService"
    predictor = service["spec"]["predictor"]
    assert predictor.keys() == {"minReplicas", "maxReplicas", "model"}
    model = predictor["model"]
    assert model["modelFormat"] == {"name": "tensorflow"}
    assert container["image"].endswith(f":{model['runtimeVersion']}")
    claim = manifests["PersistentVolumeClaim"]["metadata"]["name"]
    assert model["storageUri"] == f"pvc://{claim}/ad_click"
    # The rest of it is a container, whose name KServe fills in.
    rest = {key: model[key] for key in model if key not in KSERVE_FIELDS}
    assert as_read({**rest, "name": "x"}, "V1Container") == {**rest, "name": "x"}
    scaled = manifests["HorizontalPodAutoscaler"]["spec"]
    for bound in ("minReplicas", "maxReplicas"):
        assert predictor[bound] == scaled[bound]
    assert rest["resources"] == container["resources"]
