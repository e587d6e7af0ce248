"""The service that Notebook Runner is compared with: FastAPI and papermill, written the plain way, keys cached.

It checks the token, types the parameters, prepares the notebook with papermill, stores it in a folder and redirects.
Started by bench/main.ts with its settings in the environment.
"""

import json
import os
import shutil
import time
import uuid

import jwt
import papermill
import requests
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

HERE = os.path.dirname(os.path.abspath(__file__))
ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
STORE = os.environ["STORE"]
TEMPORARY = os.environ["TEMPORARY"]
CATALOGUE = os.environ["CATALOGUE"]
for folder in (STORE, TEMPORARY):
    os.makedirs(folder, exist_ok=True)

REQUESTS = Counter("http_requests_total", "requests", ["path", "status"])
LATENCY = Histogram("http_request_seconds", "latency", ["path"])
app = FastAPI()
_keys = {}


def keys():
    if not _keys:
        found = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=5).json()
        response = requests.get(found["jwks_uri"], timeout=5)
        response.raise_for_status()
        _keys.update({key["kid"]: jwt.PyJWK(key).key for key in response.json()["keys"]})
    return _keys


def verify(authorization):
    if not authorization or not authorization.lower().startswith("bearer "):
        raise HTTPException(401, "missing bearer token")
    token = authorization[7:]
    try:
        key = keys()[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)
    except (jwt.PyJWTError, KeyError) as error:
        raise HTTPException(401, f"invalid token: {error}") from error


with open(CATALOGUE) as file:
    NOTEBOOKS = {notebook["id"]: notebook for notebook in json.load(file)["notebooks"]}

CAST = {"string": str, "integer": int, "number": float}


def typed(spec, query):
    values = {}
    for parameter in spec:
        name = parameter["name"]
        if name not in query:
            if parameter.get("required"):
                raise HTTPException(422, f"{name} is required")
            values[name] = parameter.get("default")
            continue
        try:
            if parameter["type"] == "bbox":
                values[name] = [float(x) for x in query[name].split(",")]
            else:
                values[name] = CAST[parameter["type"]](query[name])
        except ValueError as error:
            raise HTTPException(422, f"{name}: {error}") from error
    return values


@app.middleware("http")
async def observe(request: Request, call_next):
    start = time.perf_counter()
    response = await call_next(request)
    path = "/run/notebook/{id}" if request.url.path.startswith("/run/") else request.url.path
    LATENCY.labels(path).observe(time.perf_counter() - start)
    REQUESTS.labels(path, response.status_code).inc()
    return response


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.get("/metrics")
async def metrics():
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@app.get("/run/notebook/{notebook_id}")
async def run_notebook(notebook_id: str, request: Request, authorization: str = Header(None)):
    workspace = verify(authorization)["workspaces"][0]
    notebook = NOTEBOOKS.get(notebook_id)
    if notebook is None:
        raise HTTPException(404, "unknown notebook")
    parameters = typed(notebook["inputSpec"], request.query_params)
    output_id = str(uuid.uuid4())
    temporary = f"{TEMPORARY}/{output_id}.ipynb"
    source = os.path.join(os.path.dirname(CATALOGUE), notebook["path"])
    papermill.execute_notebook(source, temporary, parameters=parameters, prepare_only=True)
    folder = f"{STORE}/{workspace}/notebooks"
    os.makedirs(folder, exist_ok=True)
    shutil.copyfile(temporary, f"{folder}/{output_id}.ipynb")
    os.unlink(temporary)
    return RedirectResponse(f"/view-notebook/{notebook_id}/{output_id}?workspace={workspace}", status_code=307)
