"""A JupyterHub for tests, on 127.0.0.1: what differs from test to test is in the JSON of HUB."""

import asyncio
import json
import os
import sys

c = get_config()  # noqa: F821
hub = json.loads(os.environ["HUB"])
folder = hub["folder"]

c.JupyterHub.bind_url = hub["url"]
c.JupyterHub.hub_bind_url = hub["hubUrl"]
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie_secret"
# The proxy is started by the test, so that either can be stopped without the other.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = hub["proxyApi"]
c.ConfigurableHTTPProxy.auth_token = hub["proxyToken"]
# How soon it puts back a route that the proxy has lost.
c.JupyterHub.last_activity_interval = hub["activitySeconds"]

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = hub["password"]
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = folder + "/home/{username}"
c.Spawner.cmd = [os.path.join(sys.prefix, "bin", "jupyterhub-singleuser")]
# As Jupyter comes, it drops output that is faster than 1 MB/s; the tests want to see all of it.
c.Spawner.args = ["--allow-root", "--ZMQChannelsWebsocketConnection.limit_rate=False"]
c.Spawner.environment = hub["environment"]
c.Spawner.start_timeout = 30
c.Spawner.http_timeout = 30
c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = 4


async def before_spawn(spawner):
    """`slow…` and `broken…` are names of people whose servers start late, and never."""
    if spawner.user.name.startswith("slow"):
        await asyncio.sleep(12)
    if spawner.user.name.startswith("broken"):
        raise RuntimeError("no machine has room for it")


c.Spawner.pre_spawn_hook = before_spawn

c.JupyterHub.services = [
    {"name": name, "api_token": service["token"], **service.get("more", {})}
    for name, service in hub["services"].items()
]
c.JupyterHub.load_roles = [
    {"name": f"service-{name}", "services": [name], "scopes": service["scopes"]}
    for name, service in hub["services"].items()
] + hub["roles"]

for name, traits in hub["traits"].items():
    c[name].update(traits)
