"""A server of Kubeflow Pipelines' API that keeps its state in memory.

Each request is compared with the models of kfp-server-api, which are made from the
OpenAPI document of the real server: a key that a model lacks, or a value of another
type, is rejected as by the real one. What the backend checks beyond that (types
of parameters, the schema version, names that are taken) is checked here as well.
"""

from __future__ import annotations

import io
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import kfp_server_api
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from werkzeug.exceptions import BadRequest, Conflict, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from emulation.api_models import check_model
from emulation.package import KINDS, TYPES

API = "/apis/v2beta1"
# The name that Argo gives the workflow of a run, and so its root node.
WORKFLOW = "ads-x7k2p"
# Few, so that there are several pages.
_TASKS_OF_A_PAGE = 2


@dataclass
class Server:
    """The state, and how the server behaves.

    Attributes:
      url: Where it is.
      prefix: What stands before each path.
      token: The bearer token that it asks for; None for any or none.
      cookie: The cookie of a session that it asks for.
      forbidden: Paths that the account may not use.
      failures: Statuses that the next answers have.
      pages: Whether it answers with a login page.
      version: What it says its release is.
      has_v2: Whether it has the API of version 2.
      progress: What each further question for a run finds: the states of its tasks;
        the run has ended with the last of them.
      requests: Method and path of what it was asked.
    """

    url: str = ""
    prefix: str = ""
    token: str | None = None
    cookie: str | None = None
    forbidden: tuple[str, ...] = ()
    failures: list[int] = field(default_factory=list)
    pages: bool = False
    version: str = "2.17.0"
    has_v2: bool = True
    progress: list[dict[str, str]] = field(default_factory=list)
    end: str = "SUCCEEDED"
    requests: list[str] = field(default_factory=list)
    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    experiments: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # --- What tests look at.

    def asked(self, method: str, path: str) -> int:
        """How often something was asked for."""
        return self.requests.count(f"{method} {path}")

    @property
    def schedule(self) -> dict[str, Any]:
        """The only schedule."""
        (schedule,) = self.schedules.values()
        return schedule

    @property
    def run(self) -> dict[str, Any]:
        """The only run."""
        (run,) = self.runs.values()
        return run

    # --- Pipelines and their versions.

    def list_pipelines(self, request: Request) -> Any:
        return _listed(request, "pipelines", self.pipelines, "namespace")

    def create_pipeline(self, request: Request) -> Any:
        body = _body(request, kfp_server_api.V2beta1Pipeline)
        body.setdefault("namespace", "")
        _reject_taken(body["display_name"], self.pipelines.values())
        return self._keep(self.pipelines, "pipeline_id", body)

    def upload_version(self, request: Request) -> Any:
        pipeline_id = request.args["pipelineid"]
        if pipeline_id not in self.pipelines:
            raise NotFound("pipeline not found")
        name = request.args["name"]
        _reject_taken(name, self._versions_of(pipeline_id))
        spec = _spec(request.files["uploadfile"].read())
        version = {"pipeline_id": pipeline_id, "display_name": name, "spec": spec}
        return self._keep(self.versions, "pipeline_version_id", version)

    def list_versions(self, request: Request, pipeline_id: str) -> Any:
        return _page(request, "pipeline_versions", self._versions_of(pipeline_id))

    def _versions_of(self, pipeline_id: str) -> list[dict[str, Any]]:
        every = self.versions.values()
        return [each for each in every if each["pipeline_id"] == pipeline_id]

    # --- Experiments and runs.

    def list_experiments(self, request: Request) -> Any:
        return _listed(request, "experiments", self.experiments, "namespace")

    def create_experiment(self, request: Request) -> Any:
        body = _body(request, kfp_server_api.V2beta1Experiment)
        body["namespace"] = body.get("namespace") or ""
        return self._keep(self.experiments, "experiment_id", body)

    def create_run(self, request: Request) -> Any:
        body = _body(request, kfp_server_api.V2beta1Run)
        self._check_job(body)
        body["state"] = "PENDING"
        return self._keep(self.runs, "run_id", body)

    def list_runs(self, request: Request) -> Any:
        return _listed(request, "runs", self.runs, "experiment_id")

    def get_run(self, request: Request, run_id: str) -> Any:
        del request
        run = _known(self.runs, run_id)
        states = self.progress.pop(0) if self.progress else {}
        run["state"] = "RUNNING" if self.progress else self.end
        details = run.setdefault("run_details", {"task_details": []})["task_details"]
        for name, state in states.items():
            details[:] = [task for task in details if task["display_name"] != name]
            details.append(_task(name, state))
        # All nodes of the workflow are listed, its own among them (2.17.0,
        # common/util/workflow.go:862-876).
        details[:] = [task for task in details if task["display_name"] != WORKFLOW]
        details.append(_task(WORKFLOW, run["state"]))
        return {**run, "run_details": None} if self._is_native else run

    def list_tasks(self, request: Request, run_id: str) -> Any:
        """The tasks of a run, from 3.0 on (kubeflow/pipelines#13986)."""
        if not self._is_native:
            raise NotFound("no such request")
        tasks = _known(self.runs, run_id)["run_details"]["task_details"]
        start = int(request.args.get("page_token") or 0)
        page = {"tasks": tasks[start : start + _TASKS_OF_A_PAGE]}
        if start + _TASKS_OF_A_PAGE < len(tasks):
            page["next_page_token"] = str(start + _TASKS_OF_A_PAGE)
        return page

    @property
    def _is_native(self) -> bool:
        """True for a server without ML Metadata."""
        return self.version.startswith("3.")

    # --- Recurring runs.

    def create_schedule(self, request: Request) -> Any:
        body = _body(request, kfp_server_api.V2beta1RecurringRun)
        self._check_job(body)
        if not 1 <= int(body["max_concurrency"]) <= 10:
            raise BadRequest("max_concurrency is out of range")
        body["status"] = f"{body['mode']}D"
        return self._keep(self.schedules, "recurring_run_id", body)

    def list_schedules(self, request: Request) -> Any:
        return _listed(request, "recurringRuns", self.schedules, "experiment_id")

    def delete_schedule(self, request: Request, schedule_id: str) -> Any:
        del request
        _known(self.schedules, schedule_id)
        del self.schedules[schedule_id]
        return {}

    def switch_schedule(self, request: Request, schedule_id: str, verb: str) -> Any:
        del request
        _known(self.schedules, schedule_id)["status"] = f"{verb.upper()}D"
        return {}

    # --- The state of the server.

    def healthz(self, request: Request) -> Any:
        del request
        return {"multi_user": False}

    def old_healthz(self, request: Request) -> Any:
        del request
        return {"tag_name": self.version, "multi_user": False}

    def _check_job(self, body: dict[str, Any]) -> None:
        """As the backend's `validatePipelineJobInputs` does."""
        reference = body["pipeline_version_reference"]
        version = self.versions.get(reference["pipeline_version_id"])
        if version is None or version["pipeline_id"] != reference["pipeline_id"]:
            raise NotFound("pipeline version not found")
        if body["experiment_id"] not in self.experiments:
            raise NotFound("experiment not found")
        declared = version["spec"].root.input_definitions.parameters
        given = body["runtime_config"]["parameters"]
        for name, parameter in declared.items():
            if name not in given:
                if not (parameter.HasField("default_value") or parameter.is_optional):
                    raise BadRequest(f"parameter {name} is not optional")
                continue
            kind = parameter.parameter_type
            if not isinstance(given[name], KINDS[kind]):
                title = TYPES.Name(kind)
                raise BadRequest(f"input parameter {name} requires type {title}")
        if unknown := set(given) - set(declared):
            raise BadRequest(f"parameters {unknown} are not in the pipeline")

    def _keep(
        self, store: dict[str, dict[str, Any]], key: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        number = next(self._ids)
        when = datetime.fromtimestamp(1_800_000_000 + number, timezone.utc)
        store[f"{key}-{number}"] = body
        body |= {key: f"{key}-{number}", "created_at": when.isoformat()}
        return body

    # --- HTTP.

    def __call__(self, environ: Any, start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(self.prefix)
        request = Request(environ)
        self.requests.append(f"{request.method} {request.path}")
        try:
            response = self._refusal(request) or self._answer(request)
        except HTTPException as error:
            response = _rejection(error.code or 500, error.description or "")
        return response(environ, start_response)

    def _refusal(self, request: Request) -> Response | None:
        if self.pages:
            return Response("<html>Log in</html>", mimetype="text/html")
        if self.failures:
            return _rejection(self.failures.pop(0), "on purpose")
        given = request.headers.get("Authorization")
        if self.token is not None and given != f"Bearer {self.token}":
            return _rejection(401, "no valid token")
        if self.cookie is not None and request.headers.get("Cookie") != self.cookie:
            return _rejection(401, "no session")
        if request.path.startswith(self.forbidden or ("/nothing",)):
            return _rejection(403, "User 'ann' is not authorized")
        if not self.has_v2 and request.path.startswith(API):
            return Response("page not found", 404, mimetype="text/plain")
        return None

    def _answer(self, request: Request) -> Response:
        adapter = _ROUTES.bind_to_environ(request.environ)
        endpoint, values = adapter.match()
        answer: Callable[..., Any] = getattr(self, endpoint)
        found = json.dumps(answer(request, **values), default=str)
        return Response(found, mimetype="application/json")


_ROUTES = Map(
    [
        Rule("/apis/v1beta1/healthz", endpoint="old_healthz"),
        *(
            Rule(f"{API}/{path}", endpoint=endpoint, methods=[method])
            for method, path, endpoint in (
                ("GET", "healthz", "healthz"),
                ("GET", "pipelines", "list_pipelines"),
                ("POST", "pipelines", "create_pipeline"),
                ("POST", "pipelines/upload_version", "upload_version"),
                ("GET", "pipelines/<pipeline_id>/versions", "list_versions"),
                ("GET", "experiments", "list_experiments"),
                ("POST", "experiments", "create_experiment"),
                ("GET", "runs", "list_runs"),
                ("POST", "runs", "create_run"),
                ("GET", "runs/<run_id>", "get_run"),
                ("GET", "runs/<run_id>/tasks", "list_tasks"),
                ("GET", "recurringruns", "list_schedules"),
                ("POST", "recurringruns", "create_schedule"),
                ("DELETE", "recurringruns/<schedule_id>", "delete_schedule"),
                ("POST", "recurringruns/<schedule_id>:<verb>", "switch_schedule"),
            )
        ),
    ]
)


@contextmanager
def serving() -> Iterator[Server]:
    """Runs a server until the block ends."""
    server = Server()
    http = make_server("127.0.0.1", 0, server, threaded=True)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _body(request: Request, model: Any) -> dict[str, Any]:
    body = json.loads(request.get_data())
    check_model(body, model.__name__, model.__name__)
    return dict(body)


def _spec(content: bytes) -> Any:
    documents = list(yaml.safe_load_all(io.BytesIO(content)))
    spec = json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
    if spec.schema_version != "2.1.0":
        raise BadRequest("KFP only supports schema version 2.1.0")
    return spec


def _known(store: dict[str, dict[str, Any]], key: str) -> dict[str, Any]:
    if key not in store:
        raise NotFound(f"{key} not found")
    return store[key]


def _reject_taken(name: str, others: Any) -> None:
    if any(other["display_name"] == name for other in others):
        raise Conflict(f"the name {name} already exists")


def _listed(request: Request, field: str, store: Any, key: str) -> Any:
    wanted = request.args.get(key, "")
    return _page(request, field, [v for v in store.values() if v[key] == wanted])


def _page(request: Request, field: str, found: list[dict[str, Any]]) -> Any:
    if text := request.args.get("filter"):
        (predicate,) = json.loads(text)["predicates"]
        assert predicate["operation"] == 1
        key, wanted = predicate["key"], predicate["stringValue"]
        found = [item for item in found if item[key] == wanted]
    if request.args.get("sort_by") == "created_at desc":
        found = found[::-1]
    start = int(request.args.get("page_token") or 0)
    # Never as many as were asked for: the real server has a bound of its own as well.
    end = start + min(2, int(request.args.get("page_size") or 10))
    token = str(end) if end < len(found) else ""
    return {field: found[start:end], "next_page_token": token}


def _task(name: str, state: str) -> dict[str, Any]:
    """A task that took 90 seconds; a state of `FAILED: words` has an error."""
    state, _, words = state.partition(": ")
    task = {"display_name": name, "state": state, "task_id": name}
    task |= {"start_time": "2026-01-02T03:00:00Z", "end_time": "2026-01-02T03:01:30Z"}
    return task | ({"error": {"message": words}} if words else {})


def _rejection(status: int, words: str) -> Response:
    body = {"error": words, "code": 3, "message": words, "details": []}
    return Response(json.dumps(body), status, mimetype="application/json")
